//! From typed sections to one configuration: what a row alone can't check. Every problem is found, not only the first.

use std::{
    ffi::OsString,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use accounts::{PasswordCost, PasswordRule, SignInRates};
use protocol::uri;
use server::{DeviceFlow, MutualTls, PushedRequests, RequestObjects, Settings};
use serving::{Network, TlsFiles};
use tracing_subscriber::filter::Targets;

use super::{
    duration,
    env::{self, environment},
    jwt_bearer,
    layers::Layers,
    problem::{Origin, Problems},
    registration,
    sections::{Sections, branding::Branding, log::Log, pkce::PkcePolicy},
    tls,
    value::Value,
};
use crate::storage::{self, Database};

/// A checked configuration. [`server::Settings`] and everything else is made of it.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// The only public URL.
    pub(crate) issuer: String,
    /// Where requests come in.
    pub(crate) listen: Vec<SocketAddr>,
    /// Whose `X-Forwarded-For` is trusted.
    pub(crate) trusted_proxies: Vec<Network>,
    /// TLS on the public listeners.
    pub(crate) tls: Option<TlsFiles>,
    /// Where client certificates are asked for.
    pub(crate) mutual_tls: Vec<SocketAddr>,
    /// Who issues certificates to clients.
    pub(crate) client_ca_file: Option<PathBuf>,
    /// Whether trusted proxies pass the certificate of a client on.
    pub(crate) client_cert_header: bool,
    /// Where health is answered; nowhere unless it is set.
    pub(crate) management: Option<SocketAddr>,
    /// Where state is kept.
    pub(crate) database: Arc<dyn Database>,
    /// Where the master key is.
    pub(crate) master_key_file: PathBuf,
    /// What is logged, as `tracing` writes filters.
    pub(crate) log: String,
    /// Lifetimes and policies of the server.
    pub(crate) settings: Settings,
    /// What failed sign-ins cost.
    pub(crate) sign_in: SignInRates,
    /// What a new password must be.
    pub(crate) password_rule: PasswordRule,
    /// What the hash of a password costs.
    pub(crate) password_cost: PasswordCost,
    /// Whose pages users see.
    pub(crate) branding: Branding,
    /// Whether this is `--dev`: seeded, and never reachable from another machine.
    pub(crate) dev: bool,
}

impl Config {
    /// Reads all layers and checks them.
    ///
    /// # Errors
    /// Every problem at once.
    pub(crate) fn load(file: Option<&Path>, flags: &[(&'static str, Value)]) -> Result<Self, Problems> {
        let mut layers = Layers::read(file, &environment(), flags)?;
        Self::of(&mut layers)
    }

    /// The configuration of these layers.
    ///
    /// # Errors
    /// Every problem of every layer.
    pub(crate) fn of(layers: &mut Layers) -> Result<Self, Problems> {
        CHECKS.iter().for_each(|(key, check)| run(layers, key, *check));
        let sections = Sections::read(layers);
        let config = sections.and_then(|sections| Self::made_of(sections, layers));
        let problems = std::mem::take(&mut layers.problems);
        match config {
            Some(config) if problems.is_empty() => Ok(config),
            Some(_) | None => Err(Problems(problems)),
        }
    }

    /// Checks what must be true of several keys together, and converts the sections.
    fn made_of(mut sections: Sections, layers: &mut Layers) -> Option<Self> {
        if sections.http.listen.is_empty() {
            layers.refuse("http.listen", "must name at least one address");
        }
        let issuer = sections.top.issuer.clone();
        if uri::Parts::of(&issuer).is_ok_and(|parts| parts.scheme == "http") {
            let warning = format!("issuer {issuer} is plain http, which is safe on this machine only");
            layers.warnings.push(warning);
        }
        let tls = tls::files(&sections, layers)?;
        if issuer.starts_with("https:") && sections.http.trusted_proxies.is_empty() && tls.is_none() {
            // TLS ends in front of us.
            layers.warnings.push(NO_PROXY.to_owned());
        }
        if sections.registration.danger_loopback_documents && issuer.starts_with("https:") {
            let key = "clients.registration.danger_loopback_documents";
            layers.refuse(key, "is only for an issuer that is plain http itself, on this machine".to_owned());
        }
        for Within { key, duration, most, other } in limited(&mut sections) {
            let is_default = layers.value(key).is_some_and(|(_, origin)| *origin == Origin::Default);
            if *duration > most && is_default {
                *duration = most;
            } else if *duration > most {
                layers.refuse(key, format!("must not be longer than {other} ({})", duration::print(most)));
            }
        }
        contradictions(&sections, layers);
        let settings = settings(&sections)?;
        let Sections { http, mtls, management, database, secrets, sign_in, passwords, branding, log, .. } =
            sections;
        let memory_kib = passwords.memory_mib * 1024;
        Some(Self {
            issuer,
            listen: http.listen,
            trusted_proxies: http
                .trusted_proxies
                .iter()
                .map(|text| Network::parse(text))
                .collect::<Option<_>>()?,
            tls,
            mutual_tls: mtls.listen,
            client_ca_file: mtls.client_ca_file,
            client_cert_header: mtls.client_cert_header,
            management: management.listen,
            database: storage::parse(&database.url.text, database.url.folder.as_deref()).ok()?,
            master_key_file: secrets.master_key_file,
            log: log.filter.join(","),
            settings,
            sign_in: SignInRates {
                account_failures: sign_in.account_failures,
                address_failures: sign_in.address_failures,
                window: sign_in.window,
                wait_max: sign_in.wait_max,
            },
            password_rule: PasswordRule { length_min: passwords.length_min },
            password_cost: PasswordCost::new(memory_kib, passwords.passes, PASSWORD_LANES).ok()?,
            branding,
            dev: false,
        })
    }
}

/// What is required and not accepted.
fn contradictions(sections: &Sections, layers: &mut Layers) {
    let authorization = &sections.authorization;
    if jwt_bearer::trusted(&sections.jwt_bearer.issuers).is_none() {
        layers.refuse("jwt_bearer.issuers", jwt_bearer::EXPECTED);
    }
    if authorization.require_pushed_requests && !authorization.pushed_requests {
        let text = "needs authorization.pushed_requests (RFC 9126 section 5)";
        layers.refuse("authorization.require_pushed_requests", text);
    }
    if authorization.require_request_objects && !authorization.request_objects {
        let text = "needs authorization.request_objects (RFC 9101 section 10.5)";
        layers.refuse("authorization.require_request_objects", text);
    }
}

/// What an installation behind TLS is told that trusts no proxy.
const NO_PROXY: &str = "http.trusted_proxies is empty: the proxy in front of the server is not believed, so the clients \
    behind it are not told apart. Name its address, such as http.trusted_proxies = [\"127.0.0.1\"], and have it set \
    X-Forwarded-For";

/// Lanes of a password hash: one, since concurrent sign-ins use the cores already.
const PASSWORD_LANES: u32 = 1;

/// A duration that is within another. A default that is longer is shortened to it.
struct Within<'s> {
    key: &'static str,
    duration: &'s mut Duration,
    most: Duration,
    other: &'static str,
}

fn limited(sections: &mut Sections) -> [Within<'_>; 3] {
    let (sessions, refresh) = (&mut sections.sessions, &mut sections.refresh_tokens);
    let within = |key, duration, most, other| Within { key, duration, most, other };
    let (session, tokens) = (sessions.absolute, refresh.absolute);
    [
        within("sessions.idle", &mut sessions.idle, session, "sessions.absolute"),
        within("refresh_tokens.idle", &mut refresh.idle, tokens, "refresh_tokens.absolute"),
        within(
            "refresh_tokens.absolute_public_web",
            &mut refresh.absolute_public_web,
            tokens,
            "refresh_tokens.absolute",
        ),
    ]
}

fn settings(sections: &Sections) -> Option<Settings> {
    let Sections {
        top,
        clients,
        registration,
        audience,
        authorization,
        device,
        token_exchange,
        backchannel_authentication: backchannel,
        jwt_bearer: bearer,
        sessions,
        interactions,
        tokens,
        refresh_tokens,
        pkce,
        dpop,
        mtls,
        signing_keys,
        ..
    } = sections;
    let seconds = |duration: Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
    Some(Settings {
        code_lifetime: seconds(tokens.code_lifetime),
        access_token_lifetime: seconds(tokens.access_token_lifetime),
        id_token_lifetime: seconds(tokens.id_token_lifetime),
        clock_skew: seconds(tokens.clock_skew),
        refresh_idle_lifetime: seconds(refresh_tokens.idle),
        refresh_absolute_lifetime: seconds(refresh_tokens.absolute),
        refresh_absolute_lifetime_public_web: seconds(refresh_tokens.absolute_public_web),
        refresh_grace: seconds(refresh_tokens.grace),
        session_idle_lifetime: seconds(sessions.idle),
        session_absolute_lifetime: seconds(sessions.absolute),
        session_cookie_persistent: sessions.remember,
        logout_ends_offline: sessions.logout_ends_offline,
        one_resource_per_token: audience.one_resource_per_token,
        danger_front_channel_tokens: authorization.danger_front_channel_tokens,
        web_messages: authorization.web_messages,
        pushed_requests: authorization.pushed_requests.then(|| PushedRequests {
            lifetime: seconds(authorization.pushed_request_lifetime),
            required: authorization.require_pushed_requests,
        }),
        request_objects: authorization.request_objects.then_some(RequestObjects {
            required: authorization.require_request_objects,
            by_reference: authorization.fetch_request_objects,
        }),
        jwt_bearer: jwt_bearer::trusted(&bearer.issuers)?,
        backchannel: backchannel.enabled.then(|| server::BackchannelAuthentication {
            request_lifetime: seconds(backchannel.request_lifetime),
            interval: seconds(backchannel.interval),
        }),
        token_exchange: token_exchange.enabled.then(|| server::TokenExchange {
            token_lifetime_max: seconds(token_exchange.token_lifetime_max),
        }),
        device: device.enabled.then(|| DeviceFlow {
            code_lifetime: seconds(device.code_lifetime),
            interval: seconds(device.interval),
        }),
        redirect_schemes: clients.redirect_schemes.clone(),
        require_dpop_nonce: dpop.require_nonce,
        mutual_tls: (!mtls.listen.is_empty() || mtls.client_cert_header)
            .then(|| MutualTls { url: mtls.url.clone() }),
        dynamic_registration: registration::dynamic(registration),
        client_documents: registration::documents(registration),
        interaction_lifetime: seconds(interactions.lifetime),
        key_rotation_interval: seconds(signing_keys.rotate_every),
        pkce: match pkce.policy {
            PkcePolicy::Required => server::settings::PkcePolicy::Required,
            PkcePolicy::Public => server::settings::PkcePolicy::Public,
        },
        ..Settings::new(&top.issuer).ok()?
    })
}

/// What is logged where no file is read: as the environment says, or by default.
///
/// # Errors
/// A filter that `tracing` does not understand.
pub(crate) fn log_filter(environment: Vec<(String, OsString)>) -> Result<String, Problems> {
    let mut layers = Layers::read(None, &env::logging(environment), &[])?;
    run(&mut layers, "log.filter", filter);
    match Log::read(&mut layers) {
        Some(log) if layers.problems.is_empty() => Ok(log.filter.join(",")),
        Some(_) | None => Err(Problems(layers.problems)),
    }
}

/// Checks of texts that need more than `std`, which the rows are limited to.
const CHECKS: &[(&str, Check)] = &[
    ("issuer", issuer),
    ("http.trusted_proxies", network),
    ("database.url", database),
    ("log.filter", filter),
    ("clients.redirect_schemes", scheme),
    ("clients.registration.auth_methods", registration::auth_method),
    ("clients.registration.scopes", registration::open_scope),
    ("clients.registration.statement_issuers", registration::statement_issuer),
];

/// What is wrong with a text.
type Check = fn(&str) -> Result<(), String>;

fn run(layers: &mut Layers, key: &str, check: Check) {
    let texts = match layers.value(key) {
        Some((Value::Text(text), _)) => vec![text.clone()],
        Some((Value::List(texts), _)) => texts.clone(),
        Some(_) | None => Vec::new(),
    };
    for problem in texts.iter().filter(|text| !text.is_empty()).filter_map(|text| check(text).err()) {
        layers.refuse(key, problem);
    }
}

fn issuer(issuer: &str) -> Result<(), String> {
    let checked = Settings::new(issuer).map_err(|error| error.to_string());
    checked.map(|_| ()).map_err(|text| text.trim_start_matches("issuer ").to_owned())
}

fn network(text: &str) -> Result<(), String> {
    let wrong = || format!("expected an address or a network such as \"10.0.0.0/8\", got \"{text}\"");
    Network::parse(text).map(|_| ()).ok_or_else(wrong)
}

fn database(url: &str) -> Result<(), String> {
    storage::parse(url, None).map(|_| ())
}

fn scheme(text: &str) -> Result<(), String> {
    let wrong = || {
        format!(
            "expected a scheme in lowercase that no browser handles itself, such as \"cursor\", got \"{text}\""
        )
    };
    if uri::is_private_scheme(text) { Ok(()) } else { Err(wrong()) }
}

fn filter(text: &str) -> Result<(), String> {
    text.parse::<Targets>().map(|_| ()).map_err(|error| format!("\"{text}\": {error}"))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn file(text: &str) -> tempfile::NamedTempFile {
        let mut file = tempfile::Builder::new().suffix(".toml").tempfile().expect("a file");
        file.write_all(text.as_bytes()).expect("written");
        file
    }

    fn read(file: &tempfile::NamedTempFile) -> Result<Config, Problems> {
        Config::of(&mut Layers::read(Some(file.path()), &[], &[]).expect("reads"))
    }

    #[test]
    fn a_whole_file_is_read() {
        let file = file(
            "issuer = \"https://id.example.org\"\n[http]\nlisten = [\"127.0.0.1:1\", \"[::1]:1\"]\n\
             trusted_proxies = [\"10.0.0.0/8\"]\n[management]\nlisten = \"127.0.0.1:2\"\n\
             [database]\nurl = \"sqlite:data/p.db\"\n[secrets]\nmaster_key_file = \"/k\"\n",
        );
        let mut layers = Layers::read(Some(file.path()), &[], &[]).expect("reads");
        let config = Config::of(&mut layers).expect("fine");
        assert_eq!(config.issuer, "https://id.example.org");
        assert_eq!(config.listen.len(), 2);
        assert_eq!(config.management, Some("127.0.0.1:2".parse().expect("an address")));
        let database = file.path().parent().expect("a folder").join("data/p.db");
        assert_eq!(config.database.to_string(), format!("sqlite:{}", database.display()));
        assert_eq!(config.master_key_file, Path::new("/k"));
        assert!(layers.warnings.is_empty());
    }

    #[test]
    fn every_problem_is_told_with_its_key_and_line() {
        let file = file(
            "isuer = \"x\"\nissuer = \"http://id.example.org\"\n[http]\nlisten = \"4000\"\n\
             [database]\nurl = 3\n[mail]\nsmtp = \"x\"\n",
        );
        let problems = read(&file).expect_err("four");
        let text = problems.to_string();
        for (line, key, words) in [
            (1, "isuer", "did you mean `issuer`?"),
            (2, "issuer", "plain http is only for loopback"),
            (4, "http.listen", "expected an address and port such as \"127.0.0.1:4000\", got \"4000\""),
            (
                6,
                "database.url",
                "expected `sqlite:` and a path such as \"sqlite:/var/lib/passavant/passavant.db\", got 3",
            ),
            (7, "mail", "unknown key"),
        ] {
            let place = format!("{}:{line}: {key}: ", file.path().display());
            let found = text.lines().find(|found| found.contains(&place));
            assert!(found.is_some_and(|found| found.contains(words)), "{place} {words} in {text}");
        }
    }

    #[test]
    fn a_list_is_refused_where_one_text_is_wanted() {
        let file = file(
            "issuer = [\"https://id.example.org\", \"https://other.example\"]\n[management]\nlisten = []\n\
             [log]\nfilter = [\"info\", \"hyper=warn\"]\n",
        );
        let problems = read(&file).expect_err("two");
        let text = problems.to_string();
        assert!(
            text.contains(":1: issuer: must be one value, not a list") && !text.contains("log.filter"),
            "{text}"
        );
        assert!(text.contains(":3: management.listen: must be one value, not a list"), "{text}");
    }

    #[test]
    fn every_example_of_the_reference_is_valid() {
        let page = super::super::reference::page();
        let whole = page.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a file");
        let file = file(whole);
        let config = read(&file).expect("fine");
        assert_eq!(config.issuer, "https://id.example.org");
        assert!(config.management.is_some() && config.trusted_proxies.len() == 1);
    }

    #[test]
    fn flag_overrides_environment_overrides_file_overrides_default() {
        let file = file("issuer = \"https://file.example\"\n[http]\nlisten = \"127.0.0.1:1\"\n");
        let environment = [("PASSAVANT_HTTP__LISTEN".to_owned(), "127.0.0.1:2".into())];
        let layers = Layers::read(Some(file.path()), &environment, &[]).expect("reads");
        assert_eq!(layers.value("http.listen").expect("set").0, Value::Text("127.0.0.1:2".into()));
        let flags = [("http.listen", Value::Text("127.0.0.1:3".into()))];
        let mut layers = Layers::read(Some(file.path()), &environment, &flags).expect("reads");
        let config = Config::of(&mut layers).expect("fine");
        assert_eq!((config.listen[0].port(), config.issuer.as_str()), (3, "https://file.example"));
    }

    #[test]
    fn an_http_issuer_on_loopback_is_taken_with_a_warning() {
        let mut layers =
            Layers::read(None, &[("PASSAVANT_ISSUER".to_owned(), "http://localhost:4000".into())], &[])
                .expect("no file");
        Config::of(&mut layers).expect("fine");
        assert_eq!(layers.warnings.len(), 1);
    }
}
