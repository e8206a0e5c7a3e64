//! The server as the client knows it: its metadata, its token endpoint, its keys.

use std::sync::Arc;

use bytes::Bytes;
use form_urlencoded::Serializer;
use http::{Response, StatusCode};
use jose::JwkSet;
use protocol::{CodeChallenge, Issuer, ServerMetadata, Timestamp};
use resource::FetchError;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    super::{WEB_SCOPES, app_origin, loopback::Loopback, post_logout_redirect_uri},
    id_token::{self, Expected},
    visits::Pending,
};
use crate::dev;

/// The one server that the client trusts.
pub(super) struct Provider {
    issuer: Issuer,
    redirect_uri: String,
    post_logout_redirect_uri: String,
    http: Arc<Loopback>,
}

impl Provider {
    pub(super) fn new(issuer: Issuer, port: u16, http: Arc<Loopback>) -> Self {
        let redirect_uri = format!("{}/demo-app/callback", app_origin(port));
        Self { issuer, redirect_uri, post_logout_redirect_uri: post_logout_redirect_uri(port), http }
    }

    pub(super) fn issuer(&self) -> &str {
        self.issuer.as_str()
    }

    /// What the server says of itself.
    pub(super) async fn metadata(&self) -> Result<ServerMetadata, Problem> {
        Ok(self.http.metadata(&self.issuer).await?)
    }

    /// Where a sign-in begins (OpenID Connect Core 1.0 §3.1.2.1, RFC 7636 §4.3).
    pub(super) fn authorization_url(&self, metadata: &ServerMetadata, pending: &Pending) -> String {
        let challenge = CodeChallenge::of(&pending.verifier);
        with_query(
            metadata.authorization_endpoint.as_deref(),
            &[
                ("response_type", "code"),
                ("client_id", dev::WEB),
                ("redirect_uri", &self.redirect_uri),
                ("scope", WEB_SCOPES),
                ("state", &pending.state),
                ("nonce", &pending.nonce),
                ("code_challenge", challenge.as_str()),
                ("code_challenge_method", "S256"),
            ],
        )
    }

    /// Where a session ends (OpenID Connect RP-Initiated Logout 1.0 §2).
    pub(super) fn sign_out_url(&self, metadata: &ServerMetadata, id_token: &str) -> String {
        let fields =
            [("id_token_hint", id_token), ("post_logout_redirect_uri", &self.post_logout_redirect_uri)];
        with_query(metadata.end_session_endpoint.as_deref(), &fields)
    }

    /// Redeems a code (RFC 6749 §4.1.3, RFC 7636 §4.5).
    pub(super) async fn redeem(&self, code: &str, verifier: &str) -> Result<Tokens, Problem> {
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.redirect_uri),
            ("client_id", dev::WEB),
            ("code_verifier", verifier),
        ];
        self.tokens(&fields).await
    }

    /// Replaces the tokens (RFC 6749 §6).
    pub(super) async fn refresh(&self, refresh_token: &str) -> Result<Tokens, Problem> {
        let fields =
            [("grant_type", "refresh_token"), ("refresh_token", refresh_token), ("client_id", dev::WEB)];
        self.tokens(&fields).await
    }

    /// Revokes a refresh token, and the grant with it (RFC 7009 §2.1).
    pub(super) async fn revoke(&self, metadata: &ServerMetadata, token: &str) -> Result<(), Problem> {
        let url = metadata.revocation_endpoint.as_deref().unwrap_or_default();
        let answer = self.http.post(url, &[("token", token), ("client_id", dev::WEB)]).await?;
        if answer.status() == StatusCode::OK { Ok(()) } else { Err(Problem::of(&answer)) }
    }

    /// Verifies an ID token with the server's keys (OpenID Connect Core 1.0 §3.1.3.7).
    pub(super) async fn verify(
        &self,
        id_token: &str,
        tokens: &Tokens,
        nonce: Option<&str>,
        now: Timestamp,
    ) -> Result<Map<String, Value>, Problem> {
        let url = self.metadata().await?.jwks_uri.unwrap_or_default();
        let answer = self.http.get(&url, None).await?;
        let keys = JwkSet::parse(answer.body()).map_err(|error| Problem::upstream("keys_unusable", error))?;
        let expected = Expected {
            issuer: self.issuer.as_str(),
            client: dev::WEB,
            nonce,
            access_token: &tokens.access_token,
            now,
        };
        id_token::verify(id_token, &keys, &expected).map_err(|why| Problem::upstream("id_token_invalid", why))
    }

    /// Calls a protected API of the same host.
    pub(super) async fn call(&self, path: &str, access_token: &str) -> Result<Response<Bytes>, Problem> {
        Ok(self.http.get(&format!("{}{path}", self.issuer), Some(access_token)).await?)
    }

    async fn tokens(&self, fields: &[(&str, &str)]) -> Result<Tokens, Problem> {
        let url = self.metadata().await?.token_endpoint.unwrap_or_default();
        let answer = self.http.post(&url, fields).await?;
        if answer.status() != StatusCode::OK {
            return Err(Problem::of(&answer));
        }
        let tokens: Tokens = serde_json::from_slice(answer.body())
            .map_err(|error| Problem::upstream("invalid_answer", error))?;
        // RFC 6749 §7.1: a token of a type that is not understood is not used.
        if !tokens.token_type.eq_ignore_ascii_case("bearer") {
            return Err(Problem::upstream("invalid_answer", "The tokens are of an unknown type"));
        }
        Ok(tokens)
    }
}

/// An answer of the token endpoint (RFC 6749 §5.1). It prints nothing, since it holds secrets.
#[derive(Deserialize)]
pub(super) struct Tokens {
    pub(super) access_token: String,
    token_type: String,
    expires_in: Option<i64>,
    pub(super) refresh_token: Option<String>,
    pub(super) id_token: Option<String>,
    pub(super) scope: Option<String>,
}

impl Tokens {
    /// When the access token ends, if the server says so.
    pub(super) fn until(&self, now: Timestamp) -> Option<Timestamp> {
        self.expires_in.map(|seconds| now + seconds)
    }
}

/// What the person in front of the browser is told. It holds no secret.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) status: StatusCode,
    /// A code, of the server or of the client.
    pub(super) error: String,
    pub(super) description: String,
}

impl Problem {
    /// The client stops here, or the server's answer came by the browser.
    pub(super) fn own(error: &str, description: impl ToString) -> Self {
        Self::with(StatusCode::BAD_REQUEST, error, description)
    }

    /// The form is not this browser's.
    pub(super) fn forbidden(error: &str, description: impl ToString) -> Self {
        Self::with(StatusCode::FORBIDDEN, error, description)
    }

    /// The server answered what the client can't use.
    pub(super) fn upstream(error: &str, description: impl ToString) -> Self {
        Self::with(StatusCode::BAD_GATEWAY, error, description)
    }

    /// A refusal of the server (RFC 6749 §5.2).
    fn of(answer: &Response<Bytes>) -> Self {
        #[derive(Deserialize)]
        struct Refusal {
            error: String,
            error_description: Option<String>,
        }
        match serde_json::from_slice::<Refusal>(answer.body()) {
            Ok(refusal) => {
                Self::upstream(&refusal.error, refusal.error_description.as_deref().unwrap_or_default())
            }
            Err(_) => Self::upstream("invalid_answer", format!("The server answered {}", answer.status())),
        }
    }

    fn with(status: StatusCode, error: &str, description: impl ToString) -> Self {
        Self { status, error: error.to_owned(), description: description.to_string() }
    }
}

impl From<FetchError> for Problem {
    fn from(error: FetchError) -> Self {
        Self::upstream("server_unreachable", error)
    }
}

fn with_query(endpoint: Option<&str>, fields: &[(&str, &str)]) -> String {
    let endpoint = endpoint.unwrap_or_default();
    let joint = if endpoint.contains('?') { '&' } else { '?' };
    format!("{endpoint}{joint}{}", Serializer::new(String::new()).extend_pairs(fields).finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &'static str) -> Response<Bytes> {
        Response::builder().status(status).body(Bytes::from_static(body.as_bytes())).expect("an answer")
    }

    #[test]
    fn a_refusal_of_the_server_is_told_in_its_own_words() {
        let refused = answer(400, r#"{"error":"invalid_grant","error_description":"The code was used"}"#);
        assert_eq!(Problem::of(&refused), Problem::upstream("invalid_grant", "The code was used"));
        let broken = Problem::of(&answer(500, "oops"));
        assert_eq!(
            (&*broken.error, &*broken.description),
            ("invalid_answer", "The server answered 500 Internal Server Error")
        );
    }

    #[test]
    fn a_query_is_added_to_what_is_there() {
        let added = with_query(Some("http://localhost/a?b=1"), &[("c", "d e&f")]);
        assert_eq!(added, "http://localhost/a?b=1&c=d+e%26f");
        assert_eq!(with_query(Some("http://localhost/a"), &[("c", "d")]), "http://localhost/a?c=d");
    }
}
