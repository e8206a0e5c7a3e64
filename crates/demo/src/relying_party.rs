//! A relying party: a client of one authorization server, by OAuth 2 and OpenID Connect.
//!
//! It holds no state: what one sign-in must remember is a [`SignIn`], which the caller keeps.

mod authentication;
mod device;
mod discovery;
mod error;
mod id_token;
mod requests;
mod response;
mod sign_in;
mod tokens;

use std::sync::Arc;

use bytes::Bytes;
use fetching::{Fetch, FetchLimits};
use http::{Request, Response, StatusCode, header};
use jose::{JwkSet, SignatureAlgorithm, VerifyingKey, jws::Unverified};
use protocol::{CodeChallenge, GrantType, Scopes, ServerMetadata, Timestamp, scope};
use serde_json::{Map, Value};

pub use self::{
    authentication::{ClientAuthentication, Registration},
    error::RelyingPartyError,
    id_token::IdTokenError,
    response::AuthorizationResponse,
    sign_in::SignIn,
    tokens::Tokens,
};
pub(crate) use self::{
    discovery::{discover, endpoint},
    requests::get_document,
    sign_in::draw,
};
use self::{id_token::Expected, response::object};
pub use device::DeviceAuthorization;

const FORM: &str = "application/x-www-form-urlencoded";

/// A client that has found its authorization server.
pub struct RelyingParty {
    fetch: Arc<dyn Fetch>,
    registration: Registration,
    metadata: ServerMetadata,
}

impl RelyingParty {
    /// Fetches the metadata of the issuer (OpenID Connect Discovery 1.0 §4, else RFC 8414 §3).
    ///
    /// # Errors
    /// [`RelyingPartyError`] where there are none, or they are those of another issuer.
    pub async fn discover(
        fetch: Arc<dyn Fetch>,
        issuer: &str,
        registration: Registration,
    ) -> Result<Self, RelyingPartyError> {
        let metadata = discover(&*fetch, issuer).await?;
        Ok(Self { fetch, registration, metadata })
    }

    /// The issuer.
    pub fn issuer(&self) -> &str {
        &self.metadata.issuer
    }

    /// Where a sign-in begins (RFC 6749 §4.1.1, RFC 7636 §4.3, RFC 8707 §2). The nonce is sent where the scope has
    /// `openid` (OpenID Connect Core 1.0 §3.1.2.1).
    ///
    /// # Errors
    /// [`RelyingPartyError`] where the server has no authorization endpoint.
    pub fn authorization_url(
        &self,
        sign_in: &SignIn,
        scope: Option<&str>,
        resources: &[String],
    ) -> Result<String, RelyingPartyError> {
        let url = endpoint(self.metadata.authorization_endpoint.as_deref(), "authorization")?;
        let challenge = CodeChallenge::of(&sign_in.verifier);
        let mut fields = vec![
            ("response_type", "code"),
            ("client_id", &self.registration.client_id),
            ("redirect_uri", &sign_in.redirect_uri),
            ("state", &sign_in.state),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
        ];
        if let Some(text) = scope {
            fields.push(("scope", text));
            if Scopes::parse(text).is_ok_and(|scopes| scopes.contains(scope::OPENID)) {
                fields.push(("nonce", &sign_in.nonce));
            }
        }
        fields.extend(resources.iter().map(|resource| ("resource", resource.as_str())));
        Ok(with_query(url, &fields))
    }

    /// The code in a response to this sign-in (RFC 6749 §10.12) by this server (RFC 9207 §2.4).
    ///
    /// # Errors
    /// [`RelyingPartyError`]: a response to another sign-in, by another server, or a refusal.
    pub fn code(
        &self,
        sign_in: &SignIn,
        response: &AuthorizationResponse,
    ) -> Result<String, RelyingPartyError> {
        if !sign_in.is_answered_by(response) {
            return Err(RelyingPartyError::StateMismatch);
        }
        match &response.iss {
            Some(iss) if *iss != self.metadata.issuer => {
                return Err(RelyingPartyError::IssuerMismatch(iss.clone()));
            }
            None if self.metadata.authorization_response_iss_parameter_supported => {
                return Err(RelyingPartyError::IssuerMissing);
            }
            Some(_) | None => {}
        }
        if let Some(error) = &response.error {
            let description = response.error_description.clone();
            return Err(RelyingPartyError::Denied { error: error.clone(), description });
        }
        response.code.clone().ok_or(RelyingPartyError::CodeMissing)
    }

    /// Redeems a code (RFC 6749 §4.1.3, RFC 7636 §4.5).
    ///
    /// # Errors
    /// [`RelyingPartyError`]
    pub async fn redeem(&self, sign_in: &SignIn, code: &str) -> Result<Tokens, RelyingPartyError> {
        let fields = [
            ("grant_type", GrantType::AuthorizationCode.as_str()),
            ("code", code),
            ("redirect_uri", &sign_in.redirect_uri),
            ("code_verifier", &sign_in.verifier),
        ];
        self.tokens(&fields).await
    }

    /// Replaces the tokens (RFC 6749 §6).
    ///
    /// # Errors
    /// [`RelyingPartyError`]
    pub async fn refresh(&self, refresh_token: &str) -> Result<Tokens, RelyingPartyError> {
        let grant_type = GrantType::RefreshToken.as_str();
        self.tokens(&[("grant_type", grant_type), ("refresh_token", refresh_token)]).await
    }

    /// Asks for a token of the client itself (RFC 6749 §4.4, RFC 8707 §2).
    ///
    /// # Errors
    /// [`RelyingPartyError`]
    pub async fn client_credentials(
        &self,
        scope: Option<&str>,
        resources: &[String],
    ) -> Result<Tokens, RelyingPartyError> {
        let mut fields = vec![("grant_type", GrantType::ClientCredentials.as_str())];
        fields.extend(scope.map(|scope| ("scope", scope)));
        fields.extend(resources.iter().map(|resource| ("resource", resource.as_str())));
        self.tokens(&fields).await
    }

    /// Revokes a token (RFC 7009 §2.1).
    ///
    /// # Errors
    /// [`RelyingPartyError`]
    pub async fn revoke(&self, token: &str) -> Result<(), RelyingPartyError> {
        let url = endpoint(self.metadata.revocation_endpoint.as_deref(), "revocation")?;
        let answer = self.post(url, &[("token", token)]).await?;
        if answer.status() == StatusCode::OK { Ok(()) } else { Err(RelyingPartyError::refused(&answer)) }
    }

    /// Verifies the ID token that came with these tokens, and returns its claims (OpenID Connect Core 1.0 §3.1.3.7).
    /// The nonce is that of the sign-in; a refreshed ID token may have none.
    ///
    /// # Errors
    /// [`RelyingPartyError`]
    pub async fn verify_id_token(
        &self,
        id_token: &str,
        tokens: &Tokens,
        nonce: Option<&str>,
        now: Timestamp,
    ) -> Result<Map<String, Value>, RelyingPartyError> {
        let token = Unverified::parse(id_token).map_err(IdTokenError::Invalid)?;
        let algorithm = token.algorithm().ok_or(IdTokenError::AlgorithmUnknown)?;
        let keys = self.verifying_keys(token.kid(), algorithm).await?;
        let expected = Expected {
            issuer: &self.metadata.issuer,
            client_id: &self.registration.client_id,
            nonce,
            access_token: &tokens.access_token,
            now,
        };
        Ok(id_token::verify(token, &keys, &expected)?)
    }

    /// The claims of UserInfo (OpenID Connect Core 1.0 §5.3); `None` where the server has no such endpoint, refuses, or
    /// answers anything but plain JSON. They must be about the same subject (§5.3.2).
    ///
    /// # Errors
    /// [`RelyingPartyError`]
    pub async fn userinfo(
        &self,
        access_token: &str,
        subject: Option<&str>,
    ) -> Result<Option<Map<String, Value>>, RelyingPartyError> {
        let Some(url) = self.metadata.userinfo_endpoint.as_deref() else { return Ok(None) };
        let url = endpoint(Some(url), "UserInfo")?;
        let answer = get_document(&*self.fetch, url, Some(access_token)).await?;
        let content_type = answer.headers().get(header::CONTENT_TYPE);
        let is_json = content_type.is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
        if !answer.status().is_success() || !is_json {
            return Ok(None);
        }
        let claims = object(answer.body())?;
        if claims.get("sub").and_then(Value::as_str) != subject {
            return Err(RelyingPartyError::SubjectMismatch);
        }
        Ok(Some(claims))
    }

    /// Where the session at the server ends (OpenID Connect RP-Initiated Logout 1.0 §2).
    ///
    /// # Errors
    /// [`RelyingPartyError`] where the server has no such endpoint.
    pub fn sign_out_url(&self, id_token: &str, redirect_uri: &str) -> Result<String, RelyingPartyError> {
        let url = endpoint(self.metadata.end_session_endpoint.as_deref(), "end session")?;
        Ok(with_query(url, &[("id_token_hint", id_token), ("post_logout_redirect_uri", redirect_uri)]))
    }

    async fn tokens(&self, fields: &[(&str, &str)]) -> Result<Tokens, RelyingPartyError> {
        let url = endpoint(self.metadata.token_endpoint.as_deref(), "token")?;
        let answer = self.post(url, fields).await?;
        if !answer.status().is_success() {
            return Err(RelyingPartyError::refused(&answer));
        }
        Tokens::read(object(answer.body())?)
    }

    /// Sends a form as the client (RFC 6749 §2.3.1).
    async fn post(&self, url: &str, fields: &[(&str, &str)]) -> Result<Response<Bytes>, RelyingPartyError> {
        let request =
            Request::post(url).header(header::ACCEPT, "application/json").header(header::CONTENT_TYPE, FORM);
        let request = self.registration.authenticate(request, fields)?;
        Ok(self.fetch.fetch(request, FetchLimits::default()).await?)
    }

    /// The server's keys that it can be signed with; the client's own secret where the signature is a MAC (OpenID Connect Core 1.0 §10.1).
    async fn verifying_keys(
        &self,
        kid: Option<&str>,
        algorithm: SignatureAlgorithm,
    ) -> Result<Vec<VerifyingKey>, RelyingPartyError> {
        if algorithm.is_symmetric() {
            let secret = self.registration.authentication.secret().ok_or(IdTokenError::AlgorithmUnknown)?;
            return Ok(vec![VerifyingKey::hmac(algorithm, secret.as_bytes())?]);
        }
        let url = endpoint(self.metadata.jwks_uri.as_deref(), "key set")?;
        let answer = get_document(&*self.fetch, url, None).await?;
        Ok(JwkSet::parse(answer.body())?.verifying_keys(kid, algorithm)?)
    }
}

fn with_query(endpoint: &str, fields: &[(&str, &str)]) -> String {
    let separator = if endpoint.contains('?') { '&' } else { '?' };
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    format!("{endpoint}{separator}{query}")
}

#[cfg(test)]
mod tests {
    use fetching::NoFetch;

    use super::*;

    const ISSUER: &str = "https://id.example";

    fn relying_party() -> RelyingParty {
        let metadata = ServerMetadata {
            issuer: ISSUER.to_owned(),
            authorization_endpoint: Some(format!("{ISSUER}/authorize")),
            authorization_response_iss_parameter_supported: true,
            ..ServerMetadata::default()
        };
        RelyingParty { fetch: Arc::new(NoFetch), registration: Registration::public("web"), metadata }
    }

    /// A good response to this sign-in.
    fn response(sign_in: &SignIn) -> AuthorizationResponse {
        AuthorizationResponse {
            code: Some("c".to_owned()),
            state: Some(sign_in.state.clone()),
            iss: Some(ISSUER.to_owned()),
            ..AuthorizationResponse::default()
        }
    }

    #[test]
    fn a_code_is_taken_only_from_the_response_of_this_server_to_this_sign_in() {
        let (client, sign_in) = (relying_party(), SignIn::new("http://127.0.0.1/callback"));
        let code = |response| client.code(&sign_in, &response).map_err(|error| error.to_string());
        let good = || response(&sign_in);
        assert_eq!(code(good()).as_deref(), Ok("c"));
        for state in [None, Some(String::new()), Some(SignIn::new("").state)] {
            let refused = code(AuthorizationResponse { state, ..good() }).expect_err("another state");
            assert!(refused.contains("state"), "{refused}");
        }
        let refused = code(AuthorizationResponse { iss: None, ..good() }).expect_err("no issuer");
        assert!(refused.contains("(iss)"), "{refused}");
        let iss = Some("https://evil.example".to_owned());
        let refused = code(AuthorizationResponse { iss, ..good() }).expect_err("another issuer");
        assert!(refused.contains("evil"), "{refused}");
        let error = Some("access_denied".to_owned());
        let refused =
            code(AuthorizationResponse { error, ..good() }).expect_err("a refusal, whatever else it holds");
        assert_eq!(refused, "refused: access_denied (no reason)");
        assert!(code(AuthorizationResponse { code: None, ..good() }).is_err());
    }

    #[test]
    fn the_nonce_is_sent_with_openid_and_the_challenge_always() {
        let (client, sign_in) = (relying_party(), SignIn::new("http://127.0.0.1/callback"));
        for (scope, has_nonce) in [(Some("openid email"), true), (Some("email"), false), (None, false)] {
            let url =
                client.authorization_url(&sign_in, scope, &[]).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(url.contains(&format!("nonce={}", sign_in.nonce)), has_nonce, "{url}");
            assert!(url.contains("code_challenge_method=S256") && !url.contains(&sign_in.verifier), "{url}");
        }
    }

    #[test]
    fn a_query_is_added_to_what_is_there() {
        let added = with_query("http://localhost/a?b=1", &[("c", "d e&f")]);
        assert_eq!(added, "http://localhost/a?b=1&c=d+e%26f");
        assert_eq!(with_query("http://localhost/a", &[("c", "d")]), "http://localhost/a?c=d");
    }
}
