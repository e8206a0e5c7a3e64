//! Builds a guard. All settings are checked when it is built, and nothing is fetched.

mod dpop;
mod introspection;
mod judging;
mod provider;
mod resource;
mod shape;

pub use provider::Provider;

use std::sync::Arc;
use std::time::Duration;

use fetching::{Clock, Fetch, FetchLimits, Http, SystemClock};
use jose::{DecryptionKey, SignatureAlgorithm};
use protocol::uri::check_issuer;
use protocol::{Audience, Issuer, ResourceMetadata, Scopes};
use zeroize::Zeroizing;

use crate::answer::challenge::{Challenger, RefusalForm, Style};
use crate::answer::refuser::Refuser;
use crate::face::error::GuardError;
use crate::face::guard::{Guard, Inner};
use crate::face::metadata::{self, MetadataService};
use crate::face::proofs::{self, DpopSettings};
use crate::judging::audience::{AudienceRule, ExpectedAudience, OwnAudience};
use crate::judging::expected::ExpectedToken;
use crate::judging::introspection::{AnswerForm, ClientAuth, Credentials};
use crate::judging::issuers::{Issuers, SubjectClaim, Trusted};
use crate::judging::jwt::JwtVerifier;
use crate::judging::opaque::OpaqueNotice;
use crate::judging::policy::Policy;
use crate::judging::remote::Remote;
use crate::judging::shape::TokenShape;
use crate::judging::verifier::{Mode, Verifier};
use crate::limits::{CACHE_SECONDS, TOKEN_BYTES_MAX};
use crate::proof::bearer::Places;
use crate::proof::dpop::Dpop;
use crate::trust::discovery::{Endpoints, endpoint_url};
use crate::trust::own_keys::OwnKeys;

/// The default algorithms of access tokens and answers: all that need no shared secret.
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

/// Builds a [`Guard`]. It has no `Debug`, since it holds a secret.
///
/// A setting concerns one issuer or the whole guard ([`GuardBuilder::and`]); all are checked by
/// [`GuardBuilder::build`].
///
/// ```
/// use passavant_resource::{AnswerForm, Guard, Policy};
/// use std::time::Duration;
///
/// let builder = Guard::builder("https://id.example.org", "https://notes.example.org")
///     .introspect("notes-rs", "its-secret")
///     .response(AnswerForm::Json)
///     .cache(Duration::from_secs(5))
///     .require(Policy::any_of("notes.read notes.admin"))
///     .realm("notes");
/// # let _ = builder;
/// ```
#[must_use = "a builder does nothing until it is built"]
pub struct GuardBuilder {
    issuer: String,
    audience: String,
    mode: Mode,
    endpoints: Endpoints,
    secret: Option<(String, Zeroizing<String>)>,
    client_auth: ClientAuth,
    credentials: Option<Credentials>,
    form: AnswerForm,
    decryption_keys: Vec<DecryptionKey>,
    kept_keys: Vec<DecryptionKey>,
    algorithms: Vec<SignatureAlgorithm>,
    required_scopes: String,
    required: Policy,
    supported_scopes: String,
    audience_required: bool,
    /// Whether introspection requests name the audience.
    names_audience: bool,
    audience_rule: AudienceRule,
    own_audience: Option<OwnAudience>,
    exp_ignored: bool,
    token_in_query: bool,
    subject: SubjectClaim,
    metadata: ResourceMetadata,
    style: Style,
    shape: TokenShape,
    preset: shape::Preset,
    /// Whether tokens are checked at a `tokeninfo` endpoint.
    asks_tokeninfo: bool,
    /// Whether a claim without a name was given.
    claim_empty: bool,
    cache: Duration,
    last_answer: Duration,
    limits: FetchLimits,
    fetch: Option<Arc<dyn Fetch>>,
    clock: Option<Arc<dyn Clock>>,
    dpop: DpopSettings,
    others: Vec<GuardBuilder>,
}

impl Guard {
    /// A guard that verifies JWT access tokens, with the ready HTTP client of the feature `client`. Nothing is fetched
    /// before the first token arrives.
    ///
    /// # Errors
    ///
    /// [`GuardError`] if the issuer is not an `https` URL (or `http` to loopback) or the audience is empty.
    #[cfg(feature = "client")]
    pub fn new(issuer: &str, audience: &str) -> Result<Self, GuardError> {
        Self::builder(issuer, audience).build()
    }

    /// A builder, for introspection, more issuers, another HTTP client, or requirements of every request.
    pub fn builder(issuer: &str, audience: &str) -> GuardBuilder {
        GuardBuilder::new(issuer, audience)
    }
}

impl GuardBuilder {
    fn new(issuer: &str, audience: &str) -> Self {
        Self {
            issuer: issuer.to_owned(),
            audience: audience.to_owned(),
            mode: Mode::default(),
            endpoints: Endpoints::default(),
            secret: None,
            client_auth: ClientAuth::default(),
            credentials: None,
            form: AnswerForm::default(),
            decryption_keys: Vec::new(),
            kept_keys: Vec::new(),
            algorithms: ALGORITHMS.to_vec(),
            required_scopes: String::new(),
            required: Policy::default(),
            supported_scopes: String::new(),
            audience_required: false,
            names_audience: false,
            audience_rule: AudienceRule::default(),
            own_audience: None,
            exp_ignored: false,
            token_in_query: false,
            subject: SubjectClaim::default(),
            metadata: ResourceMetadata::default(),
            style: Style::default(),
            shape: TokenShape::default(),
            preset: shape::Preset::default(),
            asks_tokeninfo: false,
            claim_empty: false,
            cache: Duration::from_secs(CACHE_SECONDS),
            last_answer: Duration::ZERO,
            limits: FetchLimits::default(),
            fetch: None,
            clock: None,
            dpop: DpopSettings::default(),
            others: Vec::new(),
        }
    }

    /// Introspects tokens that are not JWTs of the issuer, as this client. For [`ClientAuth::Bearer`] the secret is
    /// the token.
    pub fn introspect(mut self, id: &str, secret: &str) -> Self {
        self.secret = Some((id.to_owned(), Zeroizing::new(secret.to_owned())));
        self
    }

    /// How the guard authenticates to introspect; [`ClientAuth::Basic`] by default.
    pub fn client_auth(mut self, method: ClientAuth) -> Self {
        self.client_auth = method;
        self
    }

    /// The form of introspection answers; [`AnswerForm::Auto`] by default.
    pub fn response(mut self, form: AnswerForm) -> Self {
        self.form = form;
        self
    }

    /// How long an introspection answer is cached, and so how long a revocation may stay unnoticed; and how long the
    /// result of a signature check is cached, while the issuer's keys are the same. 10 s by default, at most
    /// [`crate::limits::CACHE_SECONDS_MAX`]; zero disables the cache. Nothing is cached past its `exp`. Fractions of a
    /// second are dropped.
    pub fn cache(mut self, time: Duration) -> Self {
        self.cache = time;
        self
    }

    /// Deadline of each request to the authorization server; 5 s by default.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.limits.deadline = deadline;
        self
    }

    /// The introspection endpoint, instead of discovery.
    pub fn introspection_url(mut self, url: &str) -> Self {
        self.endpoints.introspection = Some(url.to_owned());
        self
    }

    /// The HTTP client. Required without the feature `client`.
    pub fn fetch(mut self, fetch: Arc<dyn Fetch>) -> Self {
        self.fetch = Some(fetch);
        self
    }

    /// A clock to use instead of the system's.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Trusts another issuer as well, with its own audience, mode, keys and credentials. A JWT is verified with the
    /// issuer that it names; all other tokens go to the issuer that introspects, of which there is at most one. The
    /// first builder represents the API: its audience is the resource, and settings of the whole guard (clock, realm,
    /// refusals, description) belong there.
    ///
    /// ```
    /// use passavant_resource::Guard;
    ///
    /// let api = "https://notes.example.org";
    /// let partner = Guard::builder("https://partner.example", api).introspect("notes-rs", "a-secret");
    /// let builder = Guard::builder("https://id.example.org", api).and(partner);
    /// # let _ = builder;
    /// ```
    pub fn and(mut self, other: Self) -> Self {
        self.others.push(other);
        self
    }

    /// Builds the guard.
    ///
    /// # Errors
    ///
    /// [`GuardError`] for the first invalid setting.
    pub fn build(mut self) -> Result<Guard, GuardError> {
        let mut others = Vec::new();
        flatten(std::mem::take(&mut self.others), &mut others)?;
        let clock = self.clock.clone().unwrap_or_else(|| Arc::new(SystemClock::default()));
        let all = || std::iter::once(&self).chain(&others);
        let published: Vec<_> = all().flat_map(|one| one.decryption_keys.iter().cloned()).collect();
        let kept: Vec<_> = all().flat_map(|one| one.kept_keys.iter().cloned()).collect();
        let own_keys = OwnKeys::new(&published, &kept)?;
        let fetch = if all().all(|one| one.fetch.is_some()) { None } else { Some(self.own_fetch()?) };
        let mut trusted = Vec::new();
        let mut supported = scopes(&self.metadata.scopes_supported.join(" "))?;
        for one in all() {
            let fetch = one.fetch.clone().or_else(|| fetch.clone()).ok_or(GuardError::FetchMissing)?;
            let shared = Shared { clock: Arc::clone(&clock), fetch, own_keys: own_keys.clone() };
            trusted.push(Arc::new(one.trusted(&shared)?));
            let (required, known) = (scopes(&one.required_scopes)?, scopes(&one.supported_scopes)?);
            supported = supported.iter().chain(required.iter()).chain(known.iter()).collect();
        }
        let issuers = Issuers::new(trusted)?;
        let (dpop, proofs) = (self.dpop.mode, self.dpop.proofs(&self.audience, &clock)?);
        let token_bytes_max = all().map(|one| one.shape.token_bytes_max).max().unwrap_or(TOKEN_BYTES_MAX);
        let places = Places { dpop, query: self.token_in_query, token_bytes_max };
        let style = Style { schemes: proofs::accepted(dpop, proofs.as_ref()), ..self.style.clone() };
        let challenger = Challenger::new(metadata::url(&self.audience), style);
        let document = ResourceMetadata {
            resource: self.audience.clone(),
            authorization_servers: all().map(|one| one.issuer.clone()).collect(),
            scopes_supported: supported.iter().map(str::to_owned).collect(),
            bearer_methods_supported: places.names(),
            dpop_signing_alg_values_supported: proofs::algorithm_names(proofs.as_ref()),
            dpop_bound_access_tokens_required: dpop == Dpop::Require,
            ..self.metadata.clone()
        };
        let metadata = MetadataService::new(document, &own_keys);
        let issuer = issuers.first().expected.issuer.clone();
        let refuser = Arc::new(Refuser { challenger, proofs, clock, issuer });
        Ok(Guard(Arc::new(Inner { issuers, places, refuser, metadata, own_keys })))
    }

    /// This builder's issuer, with everything that judges its tokens.
    fn trusted(&self, shared: &Shared) -> Result<Trusted, GuardError> {
        check_issuer(&self.issuer).map_err(GuardError::Issuer)?;
        let (issuer, audience) = (Issuer::new(&*self.issuer), audience(&self.audience)?);
        let shape = self.checked_shape()?;
        match &self.audience_rule {
            AudienceRule::UrlPrefix if protocol::uri::origin(audience.as_str()).is_none() => {
                return Err(GuardError::AudienceRule);
            }
            AudienceRule::Claim { name, values } if name.is_empty() || values.is_empty() => {
                return Err(GuardError::AudienceRule);
            }
            AudienceRule::Exact
            | AudienceRule::ExactOrAbsent
            | AudienceRule::ExactOrClient
            | AudienceRule::UrlPrefix
            | AudienceRule::Claim { .. } => {}
        }
        let audience = ExpectedAudience {
            name: audience,
            is_required: self.audience_required,
            rule: self.audience_rule.clone(),
            own_rule: self.own_audience.clone(),
            client: shape.client.clone(),
        };
        let expected = ExpectedToken { issuer, audience, exp_ignored: self.exp_ignored, shape };
        let required = Policy::all_of(scopes(&self.required_scopes)?.as_str()).and(&self.required);
        let remote = Arc::new(self.remote(&expected, shared)?);
        let introspector = self.introspector(&remote, &shared.own_keys)?;
        let verifier = Verifier {
            mode: self.mode,
            tokeninfo: self.tokeninfo(&remote)?,
            jwt: JwtVerifier(remote),
            introspector,
            opaque: OpaqueNotice::default(),
        };
        Ok(Trusted { expected, required, subject: self.subject, verifier })
    }

    fn remote(&self, expected: &ExpectedToken, shared: &Shared) -> Result<Remote, GuardError> {
        if self.algorithms.is_empty() || self.algorithms.iter().any(|algorithm| algorithm.is_symmetric()) {
            return Err(GuardError::Algorithms);
        }
        let issuer = &expected.issuer;
        let endpoint = |name, url: &Option<String>| match url {
            Some(url) => endpoint_url(issuer, url).map(Some).map_err(|why| GuardError::Endpoint(name, why)),
            None => Ok(None),
        };
        let endpoints = Endpoints {
            jwks: endpoint("JWKS", &self.endpoints.jwks)?,
            introspection: endpoint("introspection", &self.endpoints.introspection)?,
            token: endpoint("token", &self.endpoints.token)?,
            ..Endpoints::default()
        };
        let http = Http { fetch: Arc::clone(&shared.fetch), limits: self.limits };
        let clock = Arc::clone(&shared.clock);
        let remote = Remote::new(expected.clone(), self.algorithms.clone(), endpoints, http, clock);
        Ok(remote.keeping(self.lifetimes()?))
    }

    #[cfg(feature = "client")]
    fn own_fetch(&self) -> Result<Arc<dyn Fetch>, GuardError> {
        match &self.fetch {
            Some(fetch) => Ok(Arc::clone(fetch)),
            None => Ok(Arc::new(fetching::ReqwestFetch::new().map_err(GuardError::Client)?)),
        }
    }

    #[cfg(not(feature = "client"))]
    fn own_fetch(&self) -> Result<Arc<dyn Fetch>, GuardError> {
        self.fetch.clone().ok_or(GuardError::FetchMissing)
    }
}

/// What all issuers of a guard share.
struct Shared {
    clock: Arc<dyn Clock>,
    fetch: Arc<dyn Fetch>,
    own_keys: OwnKeys,
}

/// Collects the builders of the other issuers in one list, and refuses settings of the whole guard in them.
fn flatten(builders: Vec<GuardBuilder>, all: &mut Vec<GuardBuilder>) -> Result<(), GuardError> {
    for mut builder in builders {
        let misplaced = [
            ("clock", builder.clock.is_some()),
            ("realm", builder.style.realm.is_some()),
            ("refusals", builder.style.form != RefusalForm::default()),
            ("dpop", builder.dpop.mode != Dpop::Off),
            ("danger_token_in_query", builder.token_in_query),
            ("describe", builder.metadata != ResourceMetadata::default()),
        ];
        if let Some((name, _)) = misplaced.iter().find(|(_, is_set)| *is_set) {
            return Err(GuardError::NotFirst(name));
        }
        let others = std::mem::take(&mut builder.others);
        all.push(builder);
        flatten(others, all)?;
    }
    Ok(())
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
