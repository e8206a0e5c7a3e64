//! Responses to refused requests: the challenges of RFC 6750 §3, RFC 9449 §7.1 and RFC 9470 §3 with the metadata of
//! RFC 9728 §5.1, and a body.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{Response, StatusCode};
use http_body_util::Full;
use protocol::{Challenge, Difference, ErrorCode, Scopes};
use serde_json::json;

use crate::judging::policy::{Needs, TokenRefusal};
use crate::proof::bearer::Scheme;
use crate::proof::dpop::NONCE_HEADER;
use crate::reason::Reason;

/// The form of refusals. Failures of the server are 503 in all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RefusalForm {
    /// Status and challenge of RFC 6750, and a JSON body with `error` and `error_description`.
    #[default]
    Standard,
    /// 403 without challenge and body, as the plain decorators of django-oauth-toolkit respond. Clients can't tell
    /// that they must renew an expired token: only for those that expect it.
    Bare,
    /// As [`RefusalForm::Standard`], with the realm `api` and the body `{"detail": ..}` of Django REST framework.
    DjangoRest {
        /// Whether the body of a 403 lists the scopes as `required_scopes`.
        required_scopes: bool,
    },
}

/// A refused request, with everything that its response needs. Handlers of axum and actix-web can return it, in tonic
/// it converts to a `Status`, and elsewhere there is [`Denied::response`].
#[derive(Clone, PartialEq, Eq)]
pub struct Denied {
    reason: Reason,
    challenge: Option<HeaderValue>,
    dpop_nonce: Option<HeaderValue>,
    form: RefusalForm,
    needed: Scopes,
    difference: Option<Box<Difference>>,
}

impl Denied {
    /// What differs from what was expected, where that is known: the issuer, the audience, a time, the scopes. For the log
    /// of the API: the caller is not told, and there is never a token in it.
    pub fn difference(&self) -> Option<&Difference> {
        self.difference.as_deref()
    }

    /// Why it was refused.
    pub fn reason(&self) -> Reason {
        self.reason
    }

    /// 400, 401, 403 or 503; 500 if a handler extracts a token on a route without a guard.
    pub fn status(&self) -> StatusCode {
        match (self.form, self.reason.status()) {
            (RefusalForm::Bare, 400..=499) => StatusCode::FORBIDDEN,
            (_, status) => StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
        }
    }

    /// The value of `WWW-Authenticate`, with a challenge for each accepted scheme; `None` if the caller is not at
    /// fault (503, 500), and in [`RefusalForm::Bare`].
    pub fn challenge(&self) -> Option<&HeaderValue> {
        self.challenge.as_ref()
    }

    /// The value of `DPoP-Nonce`, if the next proof needs one (RFC 9449 §9).
    pub fn dpop_nonce(&self) -> Option<&HeaderValue> {
        self.dpop_nonce.as_ref()
    }

    /// The whole response: status, challenge, nonce, `no-store`, and the body of the guard's [`RefusalForm`].
    pub fn response(&self) -> Response<Full<Bytes>> {
        let body = self.body();
        let has_body = !body.is_empty();
        let mut response = Response::new(Full::new(body));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if has_body {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        if let Some(challenge) = &self.challenge {
            headers.insert(WWW_AUTHENTICATE, challenge.clone());
        }
        if let Some(nonce) = &self.dpop_nonce {
            headers.insert(NONCE_HEADER, nonce.clone());
        }
        if self.status() == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, HeaderValue::from(self.reason.retry_after()));
        }
        response
    }

    /// The same refusal with a nonce for the next proof.
    pub(crate) fn with_nonce(mut self, nonce: Option<&str>) -> Self {
        self.dpop_nonce = nonce.and_then(|nonce| HeaderValue::from_str(nonce).ok());
        self
    }

    /// A refusal without a guard, and therefore without a challenge.
    pub(crate) fn without_guard() -> Self {
        tracing::error!(
            "a handler extracts a token on a route that no guard covers: add `guard.layer()` or \
             `guard.require(..)` to the route; the request is refused"
        );
        Self {
            reason: Reason::GuardMissing,
            challenge: None,
            dpop_nonce: None,
            form: RefusalForm::Standard,
            needed: Scopes::default(),
            difference: None,
        }
    }

    fn body(&self) -> Bytes {
        let description = self.reason.description();
        match (self.form, self.reason.code()) {
            (RefusalForm::Bare, _) | (RefusalForm::Standard, None) => Bytes::new(),
            (RefusalForm::Standard, Some(code)) => {
                format!(r#"{{"error":"{}","error_description":"{description}"}}"#, code.as_str()).into()
            }
            (RefusalForm::DjangoRest { required_scopes }, code) => {
                let mut body = json!({ "detail": detail(code, description) });
                if required_scopes && self.reason == Reason::ScopeInsufficient {
                    body["required_scopes"] = self.needed.iter().collect();
                }
                body.to_string().into()
            }
        }
    }
}

/// The texts of Django REST framework where it has one, and our description otherwise.
fn detail(code: Option<ErrorCode>, description: &'static str) -> String {
    match code {
        None | Some(ErrorCode::InvalidToken) => "Authentication credentials were not provided.".to_owned(),
        Some(ErrorCode::InsufficientScope) => "You do not have permission to perform this action.".to_owned(),
        Some(_) => format!("{description}."),
    }
}

impl fmt::Debug for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Denied({:?})", self.reason)
    }
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason.description())
    }
}

impl std::error::Error for Denied {}

/// An accepted scheme, as its challenge describes it.
#[derive(Clone, Debug)]
pub(crate) struct Accepted {
    pub(crate) scheme: Scheme,
    /// Parameters of every challenge of this scheme, before the error.
    pub(crate) parameters: Vec<(&'static str, String)>,
}

impl Accepted {
    /// `Bearer` (RFC 6750).
    pub(crate) const BEARER: Self = Self { scheme: Scheme::Bearer, parameters: Vec::new() };

    /// `DPoP` with the algorithms of proofs (RFC 9449 §7.1).
    pub(crate) fn dpop(algorithms: &[&str]) -> Self {
        Self { scheme: Scheme::Dpop, parameters: vec![("algs", algorithms.join(" "))] }
    }
}

/// The configuration of refusals.
#[derive(Clone, Debug)]
pub(crate) struct Style {
    /// The accepted schemes, in the order of the challenges.
    pub(crate) schemes: Vec<Accepted>,
    pub(crate) realm: Option<String>,
    pub(crate) form: RefusalForm,
}

impl Default for Style {
    fn default() -> Self {
        Self { schemes: vec![Accepted::BEARER], realm: None, form: RefusalForm::default() }
    }
}

/// Writes the challenges of one guard.
#[derive(Clone, Debug)]
pub(crate) struct Challenger(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    style: Style,
    metadata_url: Option<String>,
    /// Whether the metadata is served: otherwise challenges do not name it.
    announced: AtomicBool,
}

impl Challenger {
    pub(crate) fn new(metadata_url: Option<String>, style: Style) -> Self {
        Self(Arc::new(Inner { style, metadata_url, announced: AtomicBool::new(false) }))
    }

    /// From now on challenges name the metadata.
    pub(crate) fn announce(&self) {
        self.0.announced.store(true, Ordering::Relaxed);
    }

    /// Refuses a request. The error is explained in the challenge of the scheme that was used, or in all if that is
    /// unclear (RFC 9449 §7.2).
    pub(crate) fn deny(&self, refusal: TokenRefusal, tried: Option<Scheme>) -> Denied {
        let challenge = self.challenges(refusal.reason, &refusal.needs, tried);
        let challenge = challenge.and_then(|text| HeaderValue::from_str(&text).ok());
        let TokenRefusal { reason, needs, difference } = refusal;
        let form = self.0.style.form;
        Denied { reason, challenge, dpop_nonce: None, form, needed: needs.scopes, difference }
    }

    /// One challenge for each scheme, in one header value (RFC 9110 §11.6.1, as in RFC 9449 §7.1).
    fn challenges(&self, reason: Reason, needs: &Needs, tried: Option<Scheme>) -> Option<String> {
        let style = &self.0.style;
        if reason.status() >= 500 || style.form == RefusalForm::Bare {
            return None;
        }
        let challenges = style.schemes.iter().map(|accepted| {
            let mut challenge = Challenge::of(accepted.scheme.name());
            if let Some(realm) = self.realm() {
                challenge = challenge.with("realm", realm);
            }
            for (name, value) in &accepted.parameters {
                challenge = challenge.with(name, value);
            }
            if tried.is_none_or(|tried| tried == accepted.scheme) {
                challenge = explained(challenge, reason, needs);
            }
            if let Some(url) = &self.0.metadata_url
                && self.0.announced.load(Ordering::Relaxed)
            {
                challenge = challenge.with("resource_metadata", url);
            }
            challenge.as_str().to_owned()
        });
        Some(challenges.collect::<Vec<_>>().join(", "))
    }

    fn realm(&self) -> Option<&str> {
        match (&self.0.style.realm, self.0.style.form) {
            (Some(realm), _) => Some(realm),
            (None, RefusalForm::DjangoRest { .. }) => Some("api"),
            (None, RefusalForm::Standard | RefusalForm::Bare) => None,
        }
    }
}

/// Adds the error, and what would have been accepted.
fn explained(mut challenge: Challenge, reason: Reason, needs: &Needs) -> Challenge {
    let code = reason.code();
    if let Some(code) = code {
        challenge = challenge.with("error", code.as_str());
        challenge = challenge.with("error_description", reason.description());
    }
    let scopes = if reason == Reason::ScopeInsufficient { &needs.scopes } else { &needs.asked };
    if !scopes.is_empty() {
        challenge = challenge.with("scope", scopes.as_str());
    }
    if code == Some(ErrorCode::InsufficientUserAuthentication) {
        if let Some(values) = &needs.acr_values {
            challenge = challenge.with("acr_values", values);
        }
        if let Some(age) = needs.max_age {
            challenge = challenge.with("max_age", &age.to_string());
        }
    }
    challenge
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://notes.example/.well-known/oauth-protected-resource";

    fn needs() -> Needs {
        let scopes = Scopes::stored("notes.read notes.write");
        Needs { scopes, acr_values: Some("phr mfa".to_owned()), max_age: Some(300), ..Needs::default() }
    }

    fn rendered(challenger: &Challenger, reason: Reason) -> Option<String> {
        let denied = challenger.deny(TokenRefusal { reason, needs: needs(), difference: None }, None);
        denied.challenge().map(|value| value.to_str().expect("ASCII").to_owned())
    }

    fn plain() -> Challenger {
        Challenger::new(None, Style::default())
    }

    fn of_form(form: RefusalForm) -> Challenger {
        Challenger::new(None, Style { form, ..Style::default() })
    }

    /// Every challenge, byte for byte. A reason that is not here is the server's fault, and has none.
    const CHALLENGES: &[(Reason, &str)] = &[
        (Reason::TokenMissing, "Bearer"),
        (Reason::SchemeUnsupported, "Bearer"),
        (
            Reason::HeaderRepeated,
            r#"Bearer error="invalid_request", error_description="More than one Authorization header""#,
        ),
        (
            Reason::HeaderMalformed,
            r#"Bearer error="invalid_request", error_description="The Authorization header holds no access token""#,
        ),
        (
            Reason::TokenRepeated,
            r#"Bearer error="invalid_request", error_description="An access token came more than once""#,
        ),
        (Reason::TokenTooLong, r#"Bearer error="invalid_token", error_description="The token is too long""#),
        (
            Reason::TokenMalformed,
            r#"Bearer error="invalid_token", error_description="The token is not of a kind that is accepted here""#,
        ),
        (
            Reason::TypeWrong,
            r#"Bearer error="invalid_token", error_description="The token is not a JWT access token""#,
        ),
        (
            Reason::AlgorithmNotAllowed,
            r#"Bearer error="invalid_token", error_description="The token is signed with an algorithm that is not accepted here""#,
        ),
        (
            Reason::KeyInvalid,
            r#"Bearer error="invalid_token", error_description="The token is signed with a key that can not be used here""#,
        ),
        (
            Reason::KeyUnknown,
            r#"Bearer error="invalid_token", error_description="The token is signed with a key that its issuer does not publish""#,
        ),
        (
            Reason::SignatureWrong,
            r#"Bearer error="invalid_token", error_description="The signature of the token does not verify""#,
        ),
        (Reason::ClaimMissing, r#"Bearer error="invalid_token", error_description="A claim is missing""#),
        (
            Reason::ClaimMalformed,
            r#"Bearer error="invalid_token", error_description="A claim is of the wrong type""#,
        ),
        (
            Reason::IssuerWrong,
            r#"Bearer error="invalid_token", error_description="The token is from another issuer""#,
        ),
        (
            Reason::AudienceWrong,
            r#"Bearer error="invalid_token", error_description="The token is for another resource""#,
        ),
        (Reason::TokenExpired, r#"Bearer error="invalid_token", error_description="The token has expired""#),
        (
            Reason::TokenNotYetValid,
            r#"Bearer error="invalid_token", error_description="The token is not valid yet""#,
        ),
        (
            Reason::ClockSkewed,
            r#"Bearer error="invalid_token", error_description="The token was issued in the future""#,
        ),
        (
            Reason::TokenBound,
            r#"Bearer error="invalid_token", error_description="The token is bound to a key and can not be used as a bearer token""#,
        ),
        (
            Reason::KindWrong,
            r#"Bearer error="invalid_token", error_description="The token is not an access token""#,
        ),
        (
            Reason::TokenInactive,
            r#"Bearer error="invalid_token", error_description="The token is not active""#,
        ),
        (
            Reason::ScopeInsufficient,
            r#"Bearer error="insufficient_scope", error_description="The token does not have the scope that is needed", scope="notes.read notes.write""#,
        ),
        (
            Reason::MethodNotCovered,
            r#"Bearer error="insufficient_scope", error_description="No token is enough for this method here""#,
        ),
        (
            Reason::MessageUnreadable,
            r#"Bearer error="invalid_request", error_description="The body is not a readable JSON-RPC message""#,
        ),
        (
            Reason::TokenUnbound,
            r#"Bearer error="invalid_token", error_description="The token is not bound to a key and can not be used with a proof""#,
        ),
        (
            Reason::ConfirmationUnknown,
            r#"Bearer error="invalid_token", error_description="The token is bound to a key in a way that is not known here""#,
        ),
        (
            Reason::CertificateMissing,
            r#"Bearer error="invalid_token", error_description="The token is bound to a client certificate, and none came""#,
        ),
        (
            Reason::CertificateWrong,
            r#"Bearer error="invalid_token", error_description="The token is bound to another client certificate""#,
        ),
        (
            Reason::ProofKeyWrong,
            r#"Bearer error="invalid_token", error_description="The token is bound to another key than the DPoP proof shows""#,
        ),
        (
            Reason::ProofMissing,
            r#"Bearer error="invalid_dpop_proof", error_description="A DPoP proof is needed""#,
        ),
        (
            Reason::ProofRepeated,
            r#"Bearer error="invalid_dpop_proof", error_description="More than one DPoP header""#,
        ),
        (
            Reason::ProofMalformed,
            r#"Bearer error="invalid_dpop_proof", error_description="The DPoP proof is not a well-formed JWT""#,
        ),
        (
            Reason::ProofTypeWrong,
            r#"Bearer error="invalid_dpop_proof", error_description="The type of the DPoP proof is not dpop+jwt""#,
        ),
        (
            Reason::ProofAlgorithmNotAllowed,
            r#"Bearer error="invalid_dpop_proof", error_description="The DPoP proof is signed with an algorithm that is not accepted here""#,
        ),
        (
            Reason::ProofKeyInvalid,
            r#"Bearer error="invalid_dpop_proof", error_description="The key in the DPoP proof is not acceptable""#,
        ),
        (
            Reason::ProofSignatureWrong,
            r#"Bearer error="invalid_dpop_proof", error_description="The signature of the DPoP proof does not verify""#,
        ),
        (
            Reason::ProofClaimMissing,
            r#"Bearer error="invalid_dpop_proof", error_description="A claim of the DPoP proof is missing""#,
        ),
        (
            Reason::ProofClaimMalformed,
            r#"Bearer error="invalid_dpop_proof", error_description="A claim of the DPoP proof is of the wrong type or too long""#,
        ),
        (
            Reason::ProofMethodWrong,
            r#"Bearer error="invalid_dpop_proof", error_description="The DPoP proof is for another method""#,
        ),
        (
            Reason::ProofTargetWrong,
            r#"Bearer error="invalid_dpop_proof", error_description="The DPoP proof is for another address""#,
        ),
        (
            Reason::ProofExpired,
            r#"Bearer error="invalid_dpop_proof", error_description="The DPoP proof is too old""#,
        ),
        (
            Reason::ProofClockSkewed,
            r#"Bearer error="invalid_dpop_proof", error_description="The DPoP proof was made in the future""#,
        ),
        (
            Reason::ProofTokenWrong,
            r#"Bearer error="invalid_dpop_proof", error_description="The DPoP proof is for another token""#,
        ),
        (
            Reason::ProofReplayed,
            r#"Bearer error="invalid_dpop_proof", error_description="The DPoP proof was used before""#,
        ),
        (
            Reason::NonceMissing,
            r#"Bearer error="use_dpop_nonce", error_description="The DPoP proof needs a nonce""#,
        ),
        (
            Reason::NonceWrong,
            r#"Bearer error="use_dpop_nonce", error_description="The DPoP proof needs another nonce""#,
        ),
        (
            Reason::SubjectUnknown,
            r#"Bearer error="invalid_token", error_description="The user of the token is not known here""#,
        ),
        (
            Reason::AuthenticationWeak,
            r#"Bearer error="insufficient_user_authentication", error_description="A different authentication level is required", acr_values="phr mfa", max_age="300""#,
        ),
        (
            Reason::AuthenticationOld,
            r#"Bearer error="insufficient_user_authentication", error_description="More recent authentication is required", acr_values="phr mfa", max_age="300""#,
        ),
        (
            Reason::ClaimsRefused,
            r#"Bearer error="insufficient_scope", error_description="The token is not enough for this""#,
        ),
    ];

    fn expected(reason: Reason) -> Option<&'static str> {
        CHALLENGES.iter().find(|(known, _)| *known == reason).map(|(_, text)| *text)
    }

    #[test]
    fn each_challenge_is_exactly_this() {
        for reason in Reason::ALL {
            assert_eq!(rendered(&plain(), *reason).as_deref(), expected(*reason), "{reason:?}");
            assert_eq!(expected(*reason).is_none(), reason.status() >= 500, "{reason:?}");
        }
    }

    #[test]
    fn a_step_up_names_only_what_is_demanded() {
        let only = |needs: Needs| {
            let denied = plain()
                .deny(TokenRefusal { reason: Reason::AuthenticationOld, needs, difference: None }, None);
            denied.challenge().expect("a challenge").to_str().expect("ASCII").to_owned()
        };
        let start = r#"Bearer error="insufficient_user_authentication", error_description="More recent authentication is required""#;
        let age = Needs { max_age: Some(0), ..Needs::default() };
        assert_eq!(only(age), format!(r#"{start}, max_age="0""#));
        let acr = Needs { acr_values: Some("a\"b".to_owned()), ..Needs::default() };
        assert_eq!(only(acr), format!(r#"{start}, acr_values="a\"b""#));
    }

    #[test]
    fn the_metadata_is_named_once_it_is_served() {
        let challenger = Challenger::new(Some(URL.to_owned()), Style::default());
        assert_eq!(rendered(&challenger, Reason::TokenMissing).as_deref(), Some("Bearer"));
        challenger.announce();
        let bare = format!(r#"Bearer resource_metadata="{URL}""#);
        assert_eq!(rendered(&challenger, Reason::TokenMissing), Some(bare));
        let expired = expected(Reason::TokenExpired).expect("a challenge");
        let expired = format!(r#"{expired}, resource_metadata="{URL}""#);
        assert_eq!(rendered(&challenger, Reason::TokenExpired), Some(expired));
        assert_eq!(rendered(&challenger, Reason::IntrospectionsTooMany), None);
    }

    /// The figures 15 to 19 of RFC 9449 §7, in our own words.
    #[test]
    fn the_challenge_of_the_scheme_that_was_tried_tells_what_is_wrong() {
        let of = |schemes: Vec<Accepted>| Challenger::new(None, Style { schemes, ..Style::default() });
        let dpop = Accepted::dpop(&["ES256", "PS256"]);
        let (both, only) = (of(vec![Accepted::BEARER, dpop.clone()]), of(vec![dpop]));
        let algs = r#"DPoP algs="ES256 PS256""#;
        let token = r#"error="invalid_token", error_description="The token has expired""#;
        let request = r#"error="invalid_request", error_description="More than one Authorization header""#;
        for (challenger, reason, tried, expected) in [
            (&only, Reason::TokenMissing, None, algs.to_owned()),
            (&only, Reason::TokenExpired, Some(Scheme::Dpop), format!("{algs}, {token}")),
            (&both, Reason::TokenMissing, None, format!("Bearer, {algs}")),
            (&both, Reason::SchemeUnsupported, None, format!("Bearer, {algs}")),
            (&both, Reason::TokenExpired, Some(Scheme::Bearer), format!("Bearer {token}, {algs}")),
            (&both, Reason::TokenExpired, Some(Scheme::Dpop), format!("Bearer, {algs}, {token}")),
            (&both, Reason::HeaderRepeated, None, format!("Bearer {request}, {algs}, {request}")),
        ] {
            let denied = challenger.deny(reason.into(), tried);
            let found = denied.challenge().and_then(|value| value.to_str().ok());
            assert_eq!(found, Some(&*expected), "{reason:?} {tried:?}");
        }
    }

    #[test]
    fn a_nonce_has_its_own_header() {
        let answer = plain().deny(Reason::NonceMissing.into(), None).with_nonce(Some("n-1")).response();
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()[NONCE_HEADER]),
            (401, &HeaderValue::from_static("n-1"))
        );
        assert_eq!(answer.headers()[CACHE_CONTROL], "no-store");
    }

    #[test]
    fn a_realm_stands_in_front() {
        let style = Style { realm: Some("notes".to_owned()), ..Style::default() };
        let challenger = Challenger::new(None, style);
        assert_eq!(rendered(&challenger, Reason::TokenMissing).as_deref(), Some(r#"Bearer realm="notes""#));
        let expired =
            r#"Bearer realm="notes", error="invalid_token", error_description="The token has expired""#;
        assert_eq!(rendered(&challenger, Reason::TokenExpired).as_deref(), Some(expired));
    }

    #[test]
    fn a_bare_refusal_is_403_with_nothing_and_trouble_is_still_503() {
        let challenger = of_form(RefusalForm::Bare);
        for reason in Reason::ALL {
            let denied =
                challenger.deny(TokenRefusal { reason: *reason, needs: needs(), difference: None }, None);
            let expected = if reason.status() < 500 { 403 } else { reason.status() };
            assert_eq!(denied.status(), expected, "{reason:?}");
            assert_eq!((denied.challenge(), denied.body()), (None, Bytes::new()), "{reason:?}");
        }
    }

    #[test]
    fn refusals_take_the_words_of_django_rest_framework() {
        let nobody = r#"{"detail":"Authentication credentials were not provided."}"#;
        let forbidden = r#"{"detail":"You do not have permission to perform this action."}"#;
        let listed = r#"{"detail":"You do not have permission to perform this action.","required_scopes":["notes.read","notes.write"]}"#;
        let weak = r#"{"detail":"A different authentication level is required."}"#;
        let away = r#"{"detail":"The token can not be checked at the moment."}"#;
        for (required_scopes, reason, status, body) in [
            (false, Reason::TokenMissing, 401, nobody),
            (false, Reason::TokenExpired, 401, nobody),
            (false, Reason::ScopeInsufficient, 403, forbidden),
            (true, Reason::ScopeInsufficient, 403, listed),
            (true, Reason::ClaimsRefused, 403, forbidden),
            (true, Reason::AuthenticationWeak, 401, weak),
            (true, Reason::KeysUnavailable, 503, away),
        ] {
            let challenger = of_form(RefusalForm::DjangoRest { required_scopes });
            let denied = challenger.deny(TokenRefusal { reason, needs: needs(), difference: None }, None);
            assert_eq!((denied.status().as_u16(), denied.body()), (status, Bytes::from(body)), "{reason:?}");
            assert_eq!(denied.response().headers()[CONTENT_TYPE], "application/json");
        }
        let challenger = of_form(RefusalForm::DjangoRest { required_scopes: false });
        assert_eq!(rendered(&challenger, Reason::TokenMissing).as_deref(), Some(r#"Bearer realm="api""#));
        let expired =
            r#"Bearer realm="api", error="invalid_token", error_description="The token has expired""#;
        assert_eq!(rendered(&challenger, Reason::TokenExpired).as_deref(), Some(expired));
    }

    #[test]
    fn an_answer_is_not_stored_and_says_when_to_come_again() {
        let answer = plain().deny(Reason::KeysUnavailable.into(), None).response();
        assert_eq!(answer.status(), 503);
        assert_eq!(answer.headers()[CACHE_CONTROL], "no-store");
        assert_eq!(answer.headers()[RETRY_AFTER], "5");
        assert!(!answer.headers().contains_key(WWW_AUTHENTICATE));
    }
}
