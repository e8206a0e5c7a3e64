//! What the operator says: flags first, then the same variables as `Guard::from_env` takes.

use std::{fmt::Display, net::SocketAddr, time::Duration};

use resource::{Guard, GuardBuilder};
use serving::{Network, TrustedProxies};
use zeroize::Zeroizing;

use super::{
    forward::ForwardOptions,
    identity::Identity,
    limits::{BODY_BYTES_MAX, SECRET_BYTES_MAX, UPSTREAM_SECONDS, UPSTREAM_SECONDS_MAX},
    paths::PublicPaths,
    upstream::Origin,
};
use crate::{
    config::environment,
    terminal::{Exit, Failure, Source, misused},
};

/// How the guard runs. A flag wins over its variable.
#[derive(Debug, clap::Args)]
pub(crate) struct GuardArgs {
    /// Whose tokens are accepted (or PASSAVANT_ISSUER)
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
    /// Whom tokens must be for (or PASSAVANT_AUDIENCE); for /check alone, several may be given
    #[arg(long, value_name = "AUDIENCE")]
    audience: Vec<String>,
    /// The server behind the guard; without one, only /check is answered
    #[arg(long, value_name = "URL")]
    upstream: Option<String>,
    /// Where to listen
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:4180")]
    listen: SocketAddr,
    /// Where to answer /check beside an upstream
    #[arg(long, value_name = "ADDRESS:PORT", requires = "upstream")]
    check_listen: Option<SocketAddr>,
    /// Where to answer /health/live and /health/ready
    #[arg(long, value_name = "ADDRESS:PORT")]
    management_listen: Option<SocketAddr>,
    #[command(flatten)]
    tokens: TokenArgs,
    #[command(flatten)]
    passing: PassingArgs,
}

/// How tokens are judged.
#[derive(Debug, clap::Args)]
struct TokenArgs {
    /// How tokens are judged: auto, jwt or introspection (or PASSAVANT_TOKEN)
    #[arg(long, value_name = "MODE")]
    token: Option<String>,
    /// Where the issuer's keys are; else by discovery (or PASSAVANT_JWKS_URL)
    #[arg(long, value_name = "URL")]
    jwks_url: Option<String>,
    /// Where tokens are introspected; else by discovery (or PASSAVANT_INTROSPECTION_URL)
    #[arg(long, value_name = "URL")]
    introspection_url: Option<String>,
    /// The form of introspection answers: auto, json or jwt (or PASSAVANT_INTROSPECTION_RESPONSE)
    #[arg(long, value_name = "FORM")]
    introspection_response: Option<String>,
    /// Who introspects (or PASSAVANT_CLIENT_ID)
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
    /// Its secret: - for standard input, or @FILE (or PASSAVANT_CLIENT_SECRET)
    #[arg(long, value_name = "@FILE")]
    client_secret: Option<Source>,
    /// How it authenticates: basic, post or bearer (or PASSAVANT_CLIENT_AUTH)
    #[arg(long, value_name = "METHOD")]
    client_auth: Option<String>,
    /// A private key for encrypted answers, PEM or JWK (or PASSAVANT_DECRYPTION_KEY_FILE)
    #[arg(long, value_name = "FILE")]
    decryption_key_file: Option<String>,
    /// Scopes that every request needs, separated by spaces (or PASSAVANT_REQUIRED_SCOPES)
    #[arg(long, value_name = "SCOPES")]
    required_scopes: Option<String>,
    /// How long introspection answers are kept (or PASSAVANT_CACHE_SECONDS)
    #[arg(long, value_name = "SECONDS")]
    cache_seconds: Option<String>,
    /// Tokens that are bound to a key: off, accept or require (or PASSAVANT_DPOP)
    #[arg(long, value_name = "MODE")]
    dpop: Option<String>,
}

/// How requests are passed on.
#[derive(Debug, clap::Args)]
struct PassingArgs {
    /// Let requests below this path through without a token; may be repeated
    #[arg(long, value_name = "PATH", requires = "upstream")]
    public: Vec<String>,
    /// Let CORS preflights through without a token, which browsers never send with them
    #[arg(long, requires = "upstream")]
    public_preflights: bool,
    /// Tell all claims as well: X-Auth-Claims, base64url of their JSON
    #[arg(long)]
    claims: bool,
    /// Pass the Authorization header on
    #[arg(long, requires = "upstream")]
    keep_authorization: bool,
    /// Send the upstream's own name as Host, instead of the one that was asked for
    #[arg(long, requires = "upstream")]
    upstream_host: bool,
    /// Believe X-Forwarded-For, -Proto and -Host of this address or network; may be repeated
    #[arg(long, value_name = "NETWORK", requires = "upstream")]
    trusted_proxy: Vec<String>,
    /// How long the upstream's answer may take to begin
    #[arg(long, value_name = "SECONDS", default_value_t = UPSTREAM_SECONDS, value_parser = clap::value_parser!(u64).range(1..=UPSTREAM_SECONDS_MAX))]
    upstream_seconds: u64,
    /// Longest request body
    #[arg(long, value_name = "BYTES", default_value_t = BODY_BYTES_MAX)]
    body_bytes_max: u64,
}

/// All of it, checked.
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
    pub(super) deadline: Duration,
    pub(super) log: String,
}

impl Settings {
    /// Reads and checks everything. Nothing is fetched or connected.
    ///
    /// # Errors
    /// [`Exit::Usage`] for a flag, [`Exit::Config`] for what the guard is told.
    pub(super) fn read(args: GuardArgs) -> Result<Self, Failure> {
        let GuardArgs { upstream, listen, check_listen, management_listen, .. } = &args;
        let (listen, check_listen, management_listen) = (*listen, *check_listen, *management_listen);
        let upstream = upstream.as_deref().map(Origin::parse).transpose().map_err(misused)?;
        if upstream.is_some() && args.audience.len() > 1 {
            return Err(misused("one upstream has one audience: several are for /check alone"));
        }
        let variables = Variables::of(&args)?;
        let passing = args.passing;
        let networks = passing.trusted_proxy.iter().map(|text| {
            Network::parse(text).ok_or_else(|| misused(format!("{text} is no address and no network")))
        });
        Ok(Self {
            guards: variables.guards(&args.audience)?,
            upstream,
            listen,
            check_listen,
            management_listen,
            public: PublicPaths::new(&passing.public).map_err(misused)?,
            public_preflights: passing.public_preflights,
            identity: Identity { with_claims: passing.claims },
            forward: ForwardOptions {
                keep_authorization: passing.keep_authorization,
                upstream_host: passing.upstream_host,
                trusted_proxies: TrustedProxies::from(networks.collect::<Result<Vec<_>, _>>()?),
                body_bytes_max: passing.body_bytes_max,
            },
            deadline: Duration::from_secs(passing.upstream_seconds),
            log: variables.find("PASSAVANT_LOG__FILTER").unwrap_or_else(|| "info".to_owned()),
        })
    }

    /// What the start says of it.
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

/// The variables of `Guard::from_env`, as flags and environment together have them.
struct Variables {
    flags: Vec<(&'static str, Zeroizing<String>)>,
    environment: Vec<(String, std::ffi::OsString)>,
}

impl Variables {
    fn of(args: &GuardArgs) -> Result<Self, Failure> {
        let tokens = &args.tokens;
        let secret =
            tokens.client_secret.as_ref().map(|source| source.read("a client secret", SECRET_BYTES_MAX));
        let plain = [
            ("PASSAVANT_ISSUER", &args.issuer),
            ("PASSAVANT_TOKEN", &tokens.token),
            ("PASSAVANT_JWKS_URL", &tokens.jwks_url),
            ("PASSAVANT_INTROSPECTION_URL", &tokens.introspection_url),
            ("PASSAVANT_INTROSPECTION_RESPONSE", &tokens.introspection_response),
            ("PASSAVANT_CLIENT_ID", &tokens.client_id),
            ("PASSAVANT_CLIENT_AUTH", &tokens.client_auth),
            ("PASSAVANT_DECRYPTION_KEY_FILE", &tokens.decryption_key_file),
            ("PASSAVANT_REQUIRED_SCOPES", &tokens.required_scopes),
            ("PASSAVANT_CACHE_SECONDS", &tokens.cache_seconds),
            ("PASSAVANT_DPOP", &tokens.dpop),
        ];
        let given =
            plain.into_iter().filter_map(|(name, value)| Some((name, Zeroizing::new(value.clone()?))));
        let flags =
            given.chain(secret.transpose()?.map(|secret| ("PASSAVANT_CLIENT_SECRET", secret))).collect();
        Ok(Self { flags, environment: environment() })
    }

    fn find(&self, name: &str) -> Option<String> {
        let flag = self.flags.iter().find(|(known, _)| *known == name).map(|(_, value)| value.to_string());
        flag.or_else(|| {
            let (_, value) = self.environment.iter().find(|(known, _)| known == name)?;
            value.to_str().map(str::to_owned)
        })
    }

    /// A guard for each audience; for that of the environment where no flag names one. Where there are several, a token
    /// must say for which it is: credentials that introspect for all of them would see it as good for each.
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
