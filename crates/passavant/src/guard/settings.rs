//! The flags of the guard, and the environment variables that they share with `Guard::from_env`.

use std::{fmt::Display, net::SocketAddr, path::PathBuf, time::Duration};

use resource::{Guard, GuardBuilder};
use serving::{HeadLimits, Network, TrustedProxies};
use zeroize::Zeroizing;

use super::{
    cors::{self, CorsOrigins},
    forward::ForwardOptions,
    identity::Identity,
    limits::{HEADERS_MAX, SECRET_BYTES_MAX},
    paths::PublicPaths,
    shape_args::ShapeArgs,
    upstream::Origin,
    values::{self, ClientAuthMethod, DpopMode, ResponseForm, TokenMode, word},
};
use crate::{
    client_certificates::ProxiedCertificates,
    config::{environment, log_filter},
    terminal::{Exit, Failure, Source, misused},
};

/// The flags of the guard. A flag takes precedence over its variable.
#[derive(Debug, clap::Args)]
pub(crate) struct GuardArgs {
    /// Issuer whose tokens are accepted (or PASSAVANT_ISSUER)
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
    /// Audience that tokens must have (or PASSAVANT_AUDIENCE); without --upstream it may be repeated
    #[arg(long, value_name = "AUDIENCE")]
    audience: Vec<String>,
    /// URL of the server behind the guard; without one, only /check is answered
    #[arg(long, value_name = "URL", value_parser = values::origin)]
    upstream: Option<Origin>,
    /// Address to listen on
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:4180")]
    listen: SocketAddr,
    /// Address to answer /check on beside an upstream
    #[arg(long, value_name = "ADDRESS:PORT", requires = "upstream")]
    check_listen: Option<SocketAddr>,
    /// Address to answer /health/live and /health/ready on
    #[arg(long, value_name = "ADDRESS:PORT")]
    management_listen: Option<SocketAddr>,
    #[command(flatten)]
    tokens: TokenArgs,
    #[command(flatten)]
    shape: ShapeArgs,
    #[command(flatten)]
    passing: PassingArgs,
}

/// How tokens are judged.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Tokens")]
struct TokenArgs {
    /// How tokens are judged (or PASSAVANT_TOKEN) [default: auto]
    #[arg(long, value_name = "MODE")]
    token: Option<TokenMode>,
    /// URL of the issuer's keys; by default from discovery (or PASSAVANT_JWKS_URL)
    #[arg(long, value_name = "URL")]
    jwks_url: Option<String>,
    /// URL of the introspection endpoint; by default from discovery (or PASSAVANT_INTROSPECTION_URL)
    #[arg(long, value_name = "URL")]
    introspection_url: Option<String>,
    /// Form of introspection answers (or PASSAVANT_INTROSPECTION_RESPONSE) [default: auto]
    #[arg(long, value_name = "FORM")]
    introspection_response: Option<ResponseForm>,
    /// Client ID for introspection (or PASSAVANT_CLIENT_ID)
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
    /// Client secret: - for standard input, or @FILE (or PASSAVANT_CLIENT_SECRET)
    #[arg(long, value_name = "@FILE")]
    client_secret: Option<Source>,
    /// How the client authenticates (or PASSAVANT_CLIENT_AUTH) [default: basic]
    #[arg(long, value_name = "METHOD")]
    client_auth: Option<ClientAuthMethod>,
    /// A private key for encrypted answers, PEM or JWK (or PASSAVANT_DECRYPTION_KEY_FILE)
    #[arg(long, value_name = "FILE")]
    decryption_key_file: Option<PathBuf>,
    /// Scopes that every request needs, separated by spaces (or PASSAVANT_REQUIRED_SCOPES)
    #[arg(long, value_name = "SCOPES")]
    required_scopes: Option<String>,
    /// How long introspection answers are kept, at most 1 hour (or PASSAVANT_CACHE_SECONDS) [default: 10 s]
    #[arg(long, value_name = "DURATION", value_parser = values::cache)]
    cache_seconds: Option<Duration>,
    /// Tokens that are bound to a key (or PASSAVANT_DPOP) [default: off]
    #[arg(long, value_name = "MODE")]
    dpop: Option<DpopMode>,
    /// Require a nonce of the guard in DPoP proofs, made with this secret of at least 32 bytes, which nodes of one API
    /// share: - for standard input, or @FILE (or PASSAVANT_DPOP_NONCE_SECRET)
    #[arg(long, value_name = "@FILE")]
    dpop_nonce_secret: Option<Source>,
}

/// How requests are passed on.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Requests")]
struct PassingArgs {
    /// Let requests below this path through without a token; may be repeated
    #[arg(long, value_name = "PATH", requires = "upstream")]
    public: Vec<String>,
    /// Let CORS preflights through without a token, which browsers never send with them
    #[arg(long)]
    public_preflights: bool,
    /// Let pages of this origin read what the guard answers, and answer their preflights; * for every origin; may be
    /// repeated
    #[arg(long, value_name = "ORIGIN", value_parser = cors::origin)]
    cors_origin: Vec<String>,
    /// Send all claims as well: X-Auth-Claims, base64url of their JSON
    #[arg(long)]
    claims: bool,
    /// Pass the Authorization header on
    #[arg(long, requires = "upstream")]
    keep_authorization: bool,
    /// Send the upstream's own name as Host, instead of the one in the request
    #[arg(long, requires = "upstream")]
    upstream_host: bool,
    /// Trust X-Forwarded-For, -Proto and -Host of this address or network; may be repeated
    #[arg(long, value_name = "NETWORK", value_parser = values::network)]
    trusted_proxy: Vec<Network>,
    /// Take the client's certificate from Client-Cert (RFC 9440) of a --trusted-proxy, which removes the header from what
    /// it receives
    #[arg(long, requires = "trusted_proxy")]
    client_cert_header: bool,
    /// How long the upstream's answer may take to begin, at most 1 hour
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = values::upstream_deadline)]
    upstream_seconds: Duration,
    /// Longest request body
    #[arg(long, value_name = "SIZE", default_value = "4GiB", value_parser = values::size)]
    body_bytes_max: u64,
    /// Longest head of a request, from 8 KiB to 128 KiB
    #[arg(long, value_name = "SIZE", default_value = "64KiB", value_parser = values::head_bytes)]
    head_bytes_max: usize,
    /// Most header fields of a request, at most 1000
    #[arg(long, value_name = "NUMBER", default_value_t = HEADERS_MAX, value_parser = clap::value_parser!(u16).range(1..=1000))]
    headers_max: u16,
}

/// The checked settings.
pub(super) struct Settings {
    /// One for each audience, and at least one; with an upstream exactly one.
    pub(super) guards: Vec<Guard>,
    pub(super) upstream: Option<Origin>,
    pub(super) listen: SocketAddr,
    pub(super) check_listen: Option<SocketAddr>,
    pub(super) management_listen: Option<SocketAddr>,
    pub(super) public: PublicPaths,
    pub(super) public_preflights: bool,
    pub(super) identity: Identity,
    pub(super) forward: ForwardOptions,
    pub(super) certificates: Option<ProxiedCertificates>,
    pub(super) cors: CorsOrigins,
    pub(super) head: HeadLimits,
    pub(super) deadline: Duration,
    pub(super) log: String,
}

impl Settings {
    /// Reads and checks everything. Nothing is fetched or connected.
    ///
    /// # Errors
    /// [`Exit::Usage`] for an invalid flag, [`Exit::Config`] for invalid settings.
    pub(super) fn read(args: GuardArgs) -> Result<Self, Failure> {
        let GuardArgs { upstream, listen, check_listen, management_listen, .. } = &args;
        let (listen, check_listen, management_listen) = (*listen, *check_listen, *management_listen);
        let upstream = upstream.clone();
        if upstream.is_some() && args.audience.len() > 1 {
            return Err(misused("one upstream has one audience: several are only for /check"));
        }
        let has_use = upstream.is_some() || args.passing.client_cert_header;
        if !args.passing.trusted_proxy.is_empty() && !has_use {
            return Err(misused("--trusted-proxy needs --upstream or --client-cert-header"));
        }
        let variables = Variables::of(&args)?;
        let passing = args.passing;
        let log =
            log_filter(environment()).map_err(|problems| Failure::new(Exit::Config, problems.into()))?;
        Ok(Self {
            guards: variables.guards(&args.audience)?,
            upstream,
            listen,
            check_listen,
            management_listen,
            public: PublicPaths::new(&passing.public).map_err(misused)?,
            public_preflights: passing.public_preflights,
            identity: Identity { with_claims: passing.claims },
            certificates: passing.client_cert_header.then(|| ProxiedCertificates {
                proxies: TrustedProxies::from(passing.trusted_proxy.clone()),
                authorities: None,
            }),
            forward: ForwardOptions {
                keep_authorization: passing.keep_authorization,
                upstream_host: passing.upstream_host,
                trusted_proxies: TrustedProxies::from(passing.trusted_proxy),
                body_bytes_max: passing.body_bytes_max,
            },
            cors: CorsOrigins::new(passing.cors_origin),
            head: HeadLimits {
                bytes_max: passing.head_bytes_max,
                fields_max: usize::from(passing.headers_max),
            },
            deadline: passing.upstream_seconds,
            log,
        })
    }

    /// What the start prints of them.
    pub(super) fn described(&self) -> String {
        let mut text = String::new();
        let mut line = |name: &str, value: &dyn Display| text.push_str(&format!("{name:10} {value}\n"));
        if let Some(guard) = self.guards.first() {
            line("issuer", guard.issuer());
        }
        for guard in &self.guards {
            line("audience", guard.audience());
        }
        if let Some(origin) = &self.upstream {
            line("upstream", origin);
        }
        text
    }
}

/// The variables of `Guard::from_env`, as flags and environment together have them: a flag is checked by the command
/// line, and what must be true of several together is checked in one place, whether they are flags or variables.
struct Variables {
    flags: Vec<(&'static str, Zeroizing<String>)>,
    environment: Vec<(String, std::ffi::OsString)>,
}

impl Variables {
    fn of(args: &GuardArgs) -> Result<Self, Failure> {
        let tokens = &args.tokens;
        let secret =
            tokens.client_secret.as_ref().map(|source| source.read("a client secret", SECRET_BYTES_MAX));
        let nonces = tokens.dpop_nonce_secret.as_ref();
        let nonces = nonces.map(|source| source.read("a secret for nonces", SECRET_BYTES_MAX)).transpose()?;
        let cache = tokens.cache_seconds.map(|time| time.as_secs().to_string());
        let key_file = tokens.decryption_key_file.as_ref().map(|path| path.display().to_string());
        let plain = [
            ("PASSAVANT_ISSUER", args.issuer.clone()),
            ("PASSAVANT_TOKEN", tokens.token.and_then(word)),
            ("PASSAVANT_JWKS_URL", tokens.jwks_url.clone()),
            ("PASSAVANT_INTROSPECTION_URL", tokens.introspection_url.clone()),
            ("PASSAVANT_INTROSPECTION_RESPONSE", tokens.introspection_response.and_then(word)),
            ("PASSAVANT_CLIENT_ID", tokens.client_id.clone()),
            ("PASSAVANT_CLIENT_AUTH", tokens.client_auth.and_then(word)),
            ("PASSAVANT_DECRYPTION_KEY_FILE", key_file),
            ("PASSAVANT_REQUIRED_SCOPES", tokens.required_scopes.clone()),
            ("PASSAVANT_CACHE_SECONDS", cache),
            ("PASSAVANT_DPOP", tokens.dpop.and_then(word)),
        ];
        let given = plain
            .into_iter()
            .chain(args.shape.variables())
            .filter_map(|(name, value)| Some((name, Zeroizing::new(value?))));
        let secrets = secret.transpose()?.map(|secret| ("PASSAVANT_CLIENT_SECRET", secret)).into_iter();
        let nonces = nonces.map(|secret| ("PASSAVANT_DPOP_NONCE_SECRET", secret));
        let flags = given.chain(secrets.chain(nonces)).collect();
        Ok(Self { flags, environment: environment() })
    }

    fn find(&self, name: &str) -> Option<String> {
        let flag = self.flags.iter().find(|(known, _)| *known == name).map(|(_, value)| value.to_string());
        flag.or_else(|| {
            let (_, value) = self.environment.iter().find(|(known, _)| known == name)?;
            value.to_str().map(str::to_owned)
        })
    }

    /// A guard for each audience, or for that of the environment where no flag names one. Where there are several, a
    /// token must name its audience: credentials that introspect for all of them would accept it for each.
    fn guards(&self, audiences: &[String]) -> Result<Vec<Guard>, Failure> {
        let guard = |audience: Option<&String>| {
            let named = |name: &str| audience.filter(|_| name == "PASSAVANT_AUDIENCE").cloned();
            let builder = GuardBuilder::from_lookup(|name| named(name).or_else(|| self.find(name)))
                .map_err(|error| Failure::new(Exit::Config, error.into()))?;
            let builder = if audiences.len() > 1 { builder.require_audience() } else { builder };
            builder.build().map_err(|error| Failure::new(Exit::Config, error.into()))
        };
        if audiences.is_empty() {
            return Ok(vec![guard(None)?]);
        }
        audiences.iter().map(|audience| guard(Some(audience))).collect()
    }
}
