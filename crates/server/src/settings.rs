//! Validated settings of one issuer. Present means enabled; every default is argued in `docs/defaults.md`.

mod mutual_tls;
mod registration;
mod requests;

use jose::SignatureAlgorithm;
use protocol::{Issuer, uri};

pub use mutual_tls::MutualTls;
pub use registration::{ClientDocuments, DynamicRegistration, RegistrationPolicy, StatementIssuer};
pub use requests::{PushedRequests, RequestObjects};

/// What the first start makes: one key for access tokens, one for clients that registered nothing.
pub(crate) const FIRST_ALGORITHMS: [SignatureAlgorithm; 2] =
    [SignatureAlgorithm::Es256, SignatureAlgorithm::Rs256];

/// What an issuer is, and the lifetimes of what it issues, in seconds.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The only public URL, as it stands in tokens and metadata.
    pub issuer: Issuer,
    /// Lifetime of a code (RFC 6749 §4.1.2: at most ten minutes).
    pub code_lifetime: i64,
    /// Lifetime of an access token whose resource sets none.
    pub access_token_lifetime: i64,
    /// Lifetime of an ID token.
    pub id_token_lifetime: i64,
    /// Lifetime of a refresh token that is not used.
    pub refresh_idle_lifetime: i64,
    /// Lifetime of all refresh tokens of one grant together.
    pub refresh_absolute_lifetime: i64,
    /// The same for public web clients, where a script in a page holds them (RFC 9700 §4.14).
    pub refresh_absolute_lifetime_public_web: i64,
    /// Within this time after a rotation, the rotated token gets the same successor again.
    pub refresh_grace: i64,
    /// Lifetime of a session that is not used.
    pub session_idle_lifetime: i64,
    /// Lifetime of a session, used or not.
    pub session_absolute_lifetime: i64,
    /// Whether browsers keep the session cookie when they are closed, as long as the session can last.
    pub session_cookie_persistent: bool,
    /// Lifetime of an interaction: how long a sign-in, consent or sign-out page can be answered.
    pub interaction_lifetime: i64,
    /// How far the clocks of clients may be off.
    pub clock_skew: i64,
    /// Who must use PKCE.
    pub pkce: PkcePolicy,
    /// Whether clients may be sent tokens by the authorization endpoint, where browsers and their histories see them (RFC
    /// 9700 §2.1.2 advises against it). A client must register the response types, too.
    pub danger_front_channel_tokens: bool,
    /// Whether authorization responses may be sent as a message to the page that opened or framed the endpoint.
    pub web_messages: bool,
    /// Pushed authorization requests (RFC 9126); `None`: clients can't push any.
    pub pushed_requests: Option<PushedRequests>,
    /// Request objects (RFC 9101); `None`: `request` and `request_uri` are refused.
    pub request_objects: Option<RequestObjects>,
    /// Seconds after which a signing key is replaced.
    pub key_rotation_interval: i64,
    /// Whether a client with a redirect URI at `http://localhost` is answered at any port and path there, and its pages
    /// may come from any port. Only for development: any program of this machine can listen on a port.
    pub any_localhost_redirect: bool,
    /// Whether the answer to a refused request says what differed from what was expected. Only for development: it tells
    /// whoever asks what is registered.
    pub explain_refusals: bool,
    /// Whether signing out also ends grants with `offline_access`.
    pub logout_ends_offline: bool,
    /// Whether a token for more than one resource is refused.
    pub one_resource_per_token: bool,
    /// Whether every DPoP proof needs a nonce of this server, so that none can be made in advance (RFC 9449 §8).
    pub require_dpop_nonce: bool,
    /// Whether clients may show a certificate, by a listener or a proxy of the host; `None` if it never inserts a
    /// [`ClientCertificate`](crate::ClientCertificate).
    pub mutual_tls: Option<MutualTls>,
    /// Schemes without a dot that native clients may register redirect URIs of ([`uri::is_private_scheme`]).
    pub redirect_schemes: Vec<String>,
    /// Whether clients may register themselves (RFC 7591), and as what. `None`: they may not.
    pub dynamic_registration: Option<DynamicRegistration>,
    /// The device grant (RFC 8628), if it is served.
    pub device: Option<DeviceFlow>,
    /// Token exchange (RFC 8693), if it is served.
    pub token_exchange: Option<TokenExchange>,
    /// Whether a `client_id` may be the URL of the client's metadata (Client ID Metadata Document). `None`: it may not.
    pub client_documents: Option<ClientDocuments>,
    /// Assertions of other issuers that speak for users here (RFC 7523 §2.1), if they are accepted.
    pub jwt_bearer: Option<JwtBearer>,
    /// Backchannel authentication (CIBA), if it is served.
    pub backchannel: Option<BackchannelAuthentication>,
    /// Where the host's pages are, relative to the issuer.
    pub pages: PagePaths,
}

impl Settings {
    /// The defaults for an issuer.
    ///
    /// # Errors
    /// [`SettingsError`] where the issuer is neither `https` nor `http` to loopback (RFC 8414 §2).
    pub fn new(issuer: &str) -> Result<Self, SettingsError> {
        uri::check_issuer(issuer).map_err(SettingsError::Issuer)?;
        if issuer.ends_with('/') {
            return Err(SettingsError::TrailingSlash);
        }
        Ok(Self {
            issuer: Issuer::new(issuer),
            code_lifetime: 60,
            access_token_lifetime: 600,
            id_token_lifetime: 600,
            refresh_idle_lifetime: 14 * 86_400,
            refresh_absolute_lifetime: 30 * 86_400,
            refresh_absolute_lifetime_public_web: 86_400,
            refresh_grace: 10,
            session_idle_lifetime: 3_600,
            session_absolute_lifetime: 12 * 3_600,
            session_cookie_persistent: false,
            interaction_lifetime: 900,
            clock_skew: 30,
            pkce: PkcePolicy::Required,
            danger_front_channel_tokens: false,
            web_messages: false,
            pushed_requests: Some(PushedRequests::default()),
            request_objects: Some(RequestObjects::default()),
            key_rotation_interval: 90 * 86_400,
            any_localhost_redirect: false,
            explain_refusals: false,
            logout_ends_offline: false,
            one_resource_per_token: false,
            require_dpop_nonce: false,
            mutual_tls: None,
            redirect_schemes: Vec::new(),
            dynamic_registration: None,
            device: None,
            token_exchange: None,
            client_documents: None,
            jwt_bearer: None,
            backchannel: None,
            pages: PagePaths::default(),
        })
    }

    /// Whether cookies are `Secure` and carry the `__Host-` prefix.
    pub fn is_https(&self) -> bool {
        self.issuer.as_str().starts_with("https://")
    }

    /// Whether every authorization request must be pushed (RFC 9126 §5).
    pub(crate) fn requires_pushed_requests(&self) -> bool {
        self.pushed_requests.is_some_and(|pushed| pushed.required)
    }

    /// Whether every authorization request must be signed (RFC 9101 §10.5).
    pub(crate) fn requires_signed_requests(&self) -> bool {
        self.request_objects.is_some_and(|objects| objects.required)
    }

    /// The host of the issuer, with its port if it names one.
    pub fn host(&self) -> &str {
        let issuer = self.issuer.as_str();
        let host = issuer.split_once("://").map_or(issuer, |(_, rest)| rest);
        host.split('/').next().unwrap_or(host)
    }

    /// The URL of a path below the issuer.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.issuer)
    }
}

/// Backchannel authentication (OpenID Connect Client-Initiated Backchannel Authentication 1.0).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackchannelAuthentication {
    /// Longest lifetime of a request, in seconds (`expires_in`).
    pub request_lifetime: i64,
    /// Seconds that a client waits between two polls (`interval`).
    pub interval: i64,
}

impl Default for BackchannelAuthentication {
    fn default() -> Self {
        Self { request_lifetime: 300, interval: 5 }
    }
}

/// Assertions that speak for users (RFC 7523 §2.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JwtBearer {
    /// Whose assertions are accepted.
    pub issuers: Vec<TrustedIssuer>,
}

/// An issuer whose assertions speak for users of this server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedIssuer {
    /// Its `iss`.
    pub issuer: String,
    /// Where its keys are. The operator names it: `https`, or `http` to loopback beside an issuer that is `http`.
    pub jwks_uri: String,
    /// The claim that holds the subject of the account here.
    pub subject_claim: String,
}

impl TrustedIssuer {
    /// Reads `ISSUER JWKS_URI`, and the name of a claim if that is not `sub`, separated by spaces.
    pub fn parse(text: &str) -> Option<Self> {
        let words: Vec<&str> = text.split_ascii_whitespace().collect();
        let (issuer, jwks_uri, subject_claim) = match words.as_slice() {
            [issuer, jwks_uri] => (issuer, jwks_uri, "sub"),
            [issuer, jwks_uri, claim] => (issuer, jwks_uri, *claim),
            _ => return None,
        };
        let is_absolute = |text: &str| uri::Parts::of(text).is_ok_and(|parts| parts.host.is_some());
        (is_absolute(issuer) && is_absolute(jwks_uri)).then(|| Self {
            issuer: (*issuer).to_owned(),
            jwks_uri: (*jwks_uri).to_owned(),
            subject_claim: subject_claim.to_owned(),
        })
    }
}

/// Token exchange (RFC 8693).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenExchange {
    /// Longest lifetime of an exchanged token, in seconds. It never outlives the token that it was exchanged for.
    pub token_lifetime_max: i64,
}

impl Default for TokenExchange {
    fn default() -> Self {
        Self { token_lifetime_max: 600 }
    }
}

/// The device grant (RFC 8628).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceFlow {
    /// Lifetime of a device code and its user code, in seconds (`expires_in`).
    pub code_lifetime: i64,
    /// Seconds that a device waits between two polls (`interval`).
    pub interval: i64,
}

impl Default for DeviceFlow {
    fn default() -> Self {
        Self { code_lifetime: 600, interval: 5 }
    }
}

/// Who must use PKCE (RFC 9700 §2.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PkcePolicy {
    /// Every client.
    Required,
    /// Public clients; a confidential one may leave it out when it sends `openid` and a `nonce`.
    Public,
}

/// Where the host's pages are, below the issuer.
#[derive(Clone, Debug)]
pub struct PagePaths {
    /// The sign-in page.
    pub sign_in: String,
    /// The consent page.
    pub consent: String,
    /// The page where a user types the code of a device, and confirms what it asks for (RFC 8628 §3.3).
    pub device: String,
    /// The page that asks before signing out.
    pub sign_out: String,
    /// The page that confirms it, where the client named no URI to return to.
    pub signed_out: String,
    /// The page that lists what clients ask the user for from elsewhere.
    pub requests: String,
    /// The page of whoever is signed in, where no client waits for an answer.
    pub account: String,
}

impl Default for PagePaths {
    fn default() -> Self {
        Self {
            sign_in: "/login".into(),
            consent: "/consent".into(),
            device: "/device".into(),
            sign_out: "/logout/confirm".into(),
            signed_out: "/logout/done".into(),
            requests: "/account/requests".into(),
            account: "/account".into(),
        }
    }
}

/// Why settings are invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// RFC 8414 §2
    #[error("issuer {0}")]
    Issuer(uri::UriError),
    /// `https://a` and `https://a/` would be two issuers to half of all clients.
    #[error("issuer must not end with a slash")]
    TrailingSlash,
}
