//! Setting up a guard. Everything is checked when it is built, and nothing is fetched.

use std::sync::Arc;
use std::time::Duration;

use jose::{DecryptionKey, SignatureAlgorithm};
use protocol::uri::{UriError, check_issuer};
use protocol::{Audience, Issuer, Scopes};
use zeroize::Zeroizing;

use crate::challenge::Challenger;
use crate::claims::Expected;
use crate::clock::{Clock, SystemClock};
use crate::discovery::{EndpointError, Endpoints, Http, endpoint_url};
use crate::fetch::{Fetch, FetchLimits};
use crate::guard::{Guard, Inner};
use crate::introspection::{AnswerForm, Asking, ClientAuth, Credentials, Introspector};
use crate::jwt::JwtVerifier;
use crate::limits::{CACHE_SECONDS, CACHE_SECONDS_MAX};
use crate::metadata::{self, MetadataService};
use crate::remote::Remote;
use crate::verifier::{Mode, Verifier};

/// The algorithms of access tokens and answers unless the builder says otherwise: all that need no shared secret.
const ALGORITHMS: [SignatureAlgorithm; 10] = [
    SignatureAlgorithm::Rs256,
    SignatureAlgorithm::Rs384,
    SignatureAlgorithm::Rs512,
    SignatureAlgorithm::Ps256,
    SignatureAlgorithm::Ps384,
    SignatureAlgorithm::Ps512,
    SignatureAlgorithm::Es256,
    SignatureAlgorithm::Es384,
    SignatureAlgorithm::Es512,
    SignatureAlgorithm::EdDsa,
];

/// A guard in the making. It has no `Debug`, since it holds a secret.
#[must_use = "a builder does nothing until it is built"]
pub struct GuardBuilder {
    issuer: String,
    audience: String,
    mode: Mode,
    endpoints: Endpoints,
    credentials: Option<(String, Zeroizing<String>)>,
    client_auth: ClientAuth,
    form: AnswerForm,
    decryption_keys: Vec<DecryptionKey>,
    algorithms: Vec<SignatureAlgorithm>,
    required_scopes: String,
    supported_scopes: String,
    audience_required: bool,
    cache: Duration,
    limits: FetchLimits,
    fetch: Option<Arc<dyn Fetch>>,
    clock: Arc<dyn Clock>,
}

impl GuardBuilder {
    pub(super) fn new(issuer: &str, audience: &str) -> Self {
        Self {
            issuer: issuer.to_owned(),
            audience: audience.to_owned(),
            mode: Mode::default(),
            endpoints: Endpoints::default(),
            credentials: None,
            client_auth: ClientAuth::default(),
            form: AnswerForm::default(),
            decryption_keys: Vec::new(),
            algorithms: ALGORITHMS.to_vec(),
            required_scopes: String::new(),
            supported_scopes: String::new(),
            audience_required: false,
            cache: Duration::from_secs(CACHE_SECONDS),
            limits: FetchLimits::default(),
            fetch: None,
            clock: Arc::new(SystemClock::default()),
        }
    }

    /// Introspects what is no JWT of the issuer, as this client. For [`ClientAuth::Bearer`] the secret is the token.
    pub fn introspect(mut self, id: &str, secret: &str) -> Self {
        self.credentials = Some((id.to_owned(), Zeroizing::new(secret.to_owned())));
        self
    }

    /// How the guard authenticates for that; [`ClientAuth::Basic`] unless said otherwise.
    pub fn client_auth(mut self, method: ClientAuth) -> Self {
        self.client_auth = method;
        self
    }

    /// The form of introspection answers; [`AnswerForm::Auto`] unless said otherwise.
    pub fn response(mut self, form: AnswerForm) -> Self {
        self.form = form;
        self
    }

    /// Adds a key to decrypt introspection answers with. From then on a JWT answer must be encrypted (RFC 9701 §5).
    pub fn decryption_key(mut self, key: DecryptionKey) -> Self {
        self.decryption_keys.push(key);
        self
    }

    /// How tokens are judged; [`Mode::Auto`] unless said otherwise.
    pub fn mode(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    /// The algorithms that are accepted, in place of all that need no shared secret.
    pub fn algorithms(mut self, algorithms: &[SignatureAlgorithm]) -> Self {
        self.algorithms = algorithms.to_vec();
        self
    }

    /// Scopes that every request needs, separated by spaces, all of them.
    pub fn required_scopes(mut self, scopes: &str) -> Self {
        scopes.clone_into(&mut self.required_scopes);
        self
    }

    /// Scopes that the metadata names (RFC 9728 §2), beside the required ones.
    pub fn scopes_supported(mut self, scopes: &str) -> Self {
        scopes.clone_into(&mut self.supported_scopes);
        self
    }

    /// Refuses introspection answers that do not name the audience. A JWT must always name it.
    pub fn require_audience(mut self) -> Self {
        self.audience_required = true;
        self
    }

    /// How long an introspection answer is kept, and a revocation may stay unseen: 10 s unless said otherwise, at
    /// most [`CACHE_SECONDS_MAX`], zero keeps none. Fractions of a second are dropped.
    pub fn cache(mut self, time: Duration) -> Self {
        self.cache = time;
        self
    }

    /// How long one request to the authorization server may take; 5 s unless said otherwise.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.limits.deadline = deadline;
        self
    }

    /// Where the issuer's keys are, in place of discovery.
    pub fn jwks_url(mut self, url: &str) -> Self {
        self.endpoints.jwks = Some(url.to_owned());
        self
    }

    /// Where tokens are introspected, in place of discovery.
    pub fn introspection_url(mut self, url: &str) -> Self {
        self.endpoints.introspection = Some(url.to_owned());
        self
    }

    /// How the authorization server is reached. Needed without the feature `client`.
    pub fn fetch(mut self, fetch: Arc<dyn Fetch>) -> Self {
        self.fetch = Some(fetch);
        self
    }

    /// Another clock than the system's.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// The guard.
    ///
    /// # Errors
    ///
    /// [`GuardError`]: the first thing that is wrong.
    pub fn build(self) -> Result<Guard, GuardError> {
        check_issuer(&self.issuer).map_err(GuardError::Issuer)?;
        let issuer = Issuer::new(&*self.issuer);
        let audience = audience(&self.audience)?;
        let required = scopes(&self.required_scopes)?;
        let supported = required.iter().chain(scopes(&self.supported_scopes)?.iter()).collect();
        let metadata = MetadataService::new(&issuer, &audience, &supported, &self.decryption_keys);
        let challenger = Challenger::new(metadata::url(audience.as_str()));
        let remote = Arc::new(self.remote(&issuer, &audience)?);
        let introspector = self.introspector(&remote)?;
        let verifier = Verifier { mode: self.mode, jwt: JwtVerifier(remote), introspector };
        Ok(Guard(Arc::new(Inner { issuer, audience, required, verifier, challenger, metadata })))
    }

    fn remote(&self, issuer: &Issuer, audience: &Audience) -> Result<Remote, GuardError> {
        if self.algorithms.is_empty() || self.algorithms.iter().any(|algorithm| algorithm.is_symmetric()) {
            return Err(GuardError::Algorithms);
        }
        let endpoint = |name, url: &Option<String>| match url {
            Some(url) => endpoint_url(issuer, url).map(Some).map_err(|why| GuardError::Endpoint(name, why)),
            None => Ok(None),
        };
        let endpoints = Endpoints {
            jwks: endpoint("JWKS", &self.endpoints.jwks)?,
            introspection: endpoint("introspection", &self.endpoints.introspection)?,
            ..Endpoints::default()
        };
        let expected = Expected {
            issuer: issuer.clone(),
            audience: audience.clone(),
            audience_required: self.audience_required,
        };
        let http = Http { fetch: self.own_fetch()?, limits: self.limits };
        Ok(Remote::new(expected, self.algorithms.clone(), endpoints, http, Arc::clone(&self.clock)))
    }

    fn introspector(&self, remote: &Arc<Remote>) -> Result<Option<Arc<Introspector>>, GuardError> {
        let Some((id, secret)) = &self.credentials else {
            return match self.mode {
                Mode::Introspection => Err(GuardError::CredentialsMissing),
                Mode::Auto | Mode::Jwt => Ok(None),
            };
        };
        let credentials = Credentials::new(id, secret, self.client_auth).ok_or(GuardError::Credentials)?;
        if self.form == AnswerForm::Jwt && credentials.id().is_none() {
            return Err(GuardError::AnswerAudience);
        }
        if self.cache.as_secs() > CACHE_SECONDS_MAX {
            return Err(GuardError::Cache);
        }
        let asking = Asking {
            remote: Arc::clone(remote),
            credentials,
            form: self.form,
            decryption_keys: self.decryption_keys.clone(),
        };
        Ok(Some(Arc::new(Introspector::new(asking, self.cache.as_secs()))))
    }

    #[cfg(feature = "client")]
    fn own_fetch(&self) -> Result<Arc<dyn Fetch>, GuardError> {
        match &self.fetch {
            Some(fetch) => Ok(Arc::clone(fetch)),
            None => Ok(Arc::new(crate::client::ReqwestFetch::new().map_err(GuardError::Client)?)),
        }
    }

    #[cfg(not(feature = "client"))]
    fn own_fetch(&self) -> Result<Arc<dyn Fetch>, GuardError> {
        self.fetch.clone().ok_or(GuardError::FetchMissing)
    }
}

fn audience(text: &str) -> Result<Audience, GuardError> {
    let fits = !text.is_empty() && text.len() <= protocol::limits::URI_BYTES_MAX;
    if !fits || text.chars().any(|character| character.is_control() || character.is_whitespace()) {
        return Err(GuardError::Audience);
    }
    Ok(Audience::new(text))
}

fn scopes(text: &str) -> Result<Scopes, GuardError> {
    Scopes::parse(text).map_err(GuardError::Scopes)
}

/// Why a guard can't be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GuardError {
    /// No `https` URL, and no `http` to loopback (RFC 8414 §2).
    #[error("the issuer {0}")]
    Issuer(UriError),
    /// The audience is empty, too long, or holds spaces.
    #[error("the audience must be a text without spaces, best the URL of this API")]
    Audience,
    /// A configured address that may not be asked.
    #[error("the {0} URL {1}")]
    Endpoint(&'static str, EndpointError),
    /// Required or supported scopes that are none (RFC 6749 §3.3).
    #[error("the scopes: {0}")]
    Scopes(protocol::scope::ScopeError),
    /// No algorithm, or one with a shared secret, which no API should hold.
    #[error("the algorithms must be asymmetric ones, and at least one")]
    Algorithms,
    /// Introspection is wanted, and there are no credentials for it.
    #[error("introspection needs credentials")]
    CredentialsMissing,
    /// Id or secret is empty, or can't stand in a header.
    #[error("the credentials for introspection are incomplete, or hold characters that can't be sent")]
    Credentials,
    /// A signed answer is addressed to our client id (RFC 9701 §5), and there is none.
    #[error("JWT introspection answers need a client id, to which they are addressed")]
    AnswerAudience,
    /// Longer than [`CACHE_SECONDS_MAX`].
    #[error("introspection answers are kept for at most {CACHE_SECONDS_MAX} seconds")]
    Cache,
    /// There is nothing to fetch with.
    #[error("there is no HTTP client: enable the feature `client`, or fill the port with `fetch`")]
    FetchMissing,
    /// The ready HTTP client could not be set up.
    #[error("the HTTP client could not be set up: {0}")]
    Client(String),
}
