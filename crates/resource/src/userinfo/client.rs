//! Requests the claims of a user (OpenID Connect Core 1.0 §5.3.1), with the HTTP client and limits of a guard.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, HeaderValue, LOCATION};
use http::{Request, Response};
use jose::{Claims, DecryptionKey, KeyError, SignatureAlgorithm, VerifyingKey};
use protocol::Issuer;
use protocol::display::Shown;
use zeroize::Zeroizing;

use crate::face::guard::Guard;
use crate::judging::remote::Remote;
use crate::limits::TOKEN_BYTES_MAX;
use crate::trust::discovery::endpoint_url;
use crate::userinfo::answer::{Reading, UserInfoForm};
use crate::userinfo::error::{UserInfoError, UserInfoSetupError};

impl Guard {
    /// A builder of a UserInfo client for this guard's issuer. Signed answers must be for the client `client_id`.
    /// Keys, discovery, deadline and limits are the guard's.
    pub fn userinfo(&self, client_id: &str) -> UserInfoBuilder {
        UserInfoBuilder {
            issuer: self.issuer().clone(),
            remote: Arc::clone(self.remote()),
            client_id: client_id.to_owned(),
            form: UserInfoForm::default(),
            url: None,
            algorithms: self.remote().algorithms.clone(),
            secret: None,
            decryption_keys: Vec::new(),
        }
    }
}

/// Builds a [`UserInfo`].
#[must_use = "a builder does nothing until it is built"]
pub struct UserInfoBuilder {
    issuer: Issuer,
    remote: Arc<Remote>,
    client_id: String,
    form: UserInfoForm,
    url: Option<String>,
    algorithms: Vec<SignatureAlgorithm>,
    secret: Option<(SignatureAlgorithm, Zeroizing<String>)>,
    decryption_keys: Vec<DecryptionKey>,
}

impl UserInfoBuilder {
    /// The accepted form; [`UserInfoForm::Auto`] by default.
    pub fn form(mut self, form: UserInfoForm) -> Self {
        self.form = form;
        self
    }

    /// The UserInfo endpoint, instead of discovery.
    pub fn url(mut self, url: &str) -> Self {
        self.url = Some(url.to_owned());
        self
    }

    /// The accepted signature algorithms, instead of the guard's.
    pub fn algorithms(mut self, algorithms: &[SignatureAlgorithm]) -> Self {
        self.algorithms = algorithms.to_vec();
        self
    }

    /// Answers are signed with the client's secret and this algorithm, such as HS256, as the client registered it
    /// (`userinfo_signed_response_alg`). Signatures by keys of the issuer are then refused.
    pub fn signed_with_secret(mut self, algorithm: SignatureAlgorithm, secret: &str) -> Self {
        self.secret = Some((algorithm, Zeroizing::new(secret.to_owned())));
        self
    }

    /// Adds a key to decrypt answers with. The one named by `kid` is used, or without `kid` each that fits.
    pub fn decryption_key(mut self, key: DecryptionKey) -> Self {
        self.decryption_keys.push(key);
        self
    }

    /// Builds the client.
    ///
    /// # Errors
    ///
    /// [`UserInfoSetupError`] for the first invalid setting.
    pub fn build(self) -> Result<UserInfo, UserInfoSetupError> {
        if self.client_id.is_empty() || self.client_id.len() > protocol::limits::CLIENT_ID_BYTES_MAX {
            return Err(UserInfoSetupError::ClientId);
        }
        if self.algorithms.is_empty() || self.algorithms.iter().any(|algorithm| algorithm.is_symmetric()) {
            return Err(UserInfoSetupError::Algorithms);
        }
        let decrypts = matches!(self.form, UserInfoForm::Encrypted | UserInfoForm::Nested);
        if decrypts && self.decryption_keys.is_empty() {
            return Err(UserInfoSetupError::DecryptionKeyMissing);
        }
        let secret = match &self.secret {
            Some((algorithm, secret)) => Some(shared(*algorithm, secret)?),
            None => None,
        };
        let url = match self.url {
            Some(url) => Some(endpoint_url(&self.issuer, &url).map_err(UserInfoSetupError::Endpoint)?),
            None => None,
        };
        let reading = Reading {
            issuer: self.issuer,
            client_id: self.client_id,
            form: self.form,
            algorithms: self.algorithms,
            secret,
            decryption_keys: self.decryption_keys,
        };
        Ok(UserInfo(Arc::new(Inner { remote: self.remote, url, reading })))
    }
}

/// Requests the claims of users from one issuer. Cheap to clone; answers are not cached.
#[derive(Clone)]
pub struct UserInfo(Arc<Inner>);

struct Inner {
    remote: Arc<Remote>,
    url: Option<String>,
    reading: Reading,
}

impl UserInfo {
    /// The claims of the user who authorized this access token.
    ///
    /// `subject` is the `sub` of the ID token, or of the access token: an answer about another user is refused (OpenID
    /// Connect Core 1.0 §5.3.2), and so is an empty `subject`.
    ///
    /// # Errors
    ///
    /// [`UserInfoError`]. Each request takes at most the guard's deadline.
    pub async fn ask(&self, access_token: &str, subject: &str) -> Result<Claims, UserInfoError> {
        let asked = self.request(access_token, subject).await;
        if let Err(error) = &asked {
            let issuer = &self.0.reading.issuer;
            tracing::warn!(reason = error.slug(), %issuer, "the claims of the user are unavailable");
        }
        asked
    }

    async fn request(&self, access_token: &str, subject: &str) -> Result<Claims, UserInfoError> {
        let Inner { remote, url, reading } = &*self.0;
        if subject.is_empty() {
            return Err(UserInfoError::SubjectWrong);
        }
        let bearer = bearer(access_token).ok_or(UserInfoError::TokenRefused)?;
        let url = match url {
            Some(url) => url.clone(),
            None => remote.discovery.userinfo().await.map_err(|_| UserInfoError::EndpointUnknown)?,
        };
        let request = Request::get(&url)
            .header(AUTHORIZATION, bearer)
            .header(ACCEPT, HeaderValue::from_static(reading.form.accept()))
            .body(Bytes::new())
            .map_err(|_| UserInfoError::EndpointUnknown)?;
        let answer = remote.http.fetch.fetch(request, remote.http.limits).await.map_err(|error| {
            tracing::warn!(url, %error, "the UserInfo endpoint is unavailable");
            UserInfoError::Failed
        })?;
        succeeded(&url, &answer)?;
        let claims = reading.read(remote, &answer).await?;
        match claims.string("sub") {
            Ok(Some(found)) if found == subject => Ok(claims),
            Ok(Some(_) | None) => Err(UserInfoError::SubjectWrong),
            Err(_) => Err(UserInfoError::Malformed),
        }
    }
}

impl fmt::Debug for UserInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reading = &self.0.reading;
        let mut shown = f.debug_struct("UserInfo");
        shown.field("issuer", &reading.issuer).field("form", &reading.form).finish_non_exhaustive()
    }
}

/// The client's secret as a key: at least as long as the hash (RFC 7518 §3.2).
fn shared(algorithm: SignatureAlgorithm, secret: &str) -> Result<VerifyingKey, UserInfoSetupError> {
    VerifyingKey::hmac(algorithm, secret.as_bytes()).map_err(|error| match error {
        KeyError::Length => UserInfoSetupError::SecretLength,
        _ => UserInfoSetupError::Algorithms,
    })
}

/// The header of RFC 6750 §2.1; `None` if the token is not valid in a header.
fn bearer(token: &str) -> Option<HeaderValue> {
    let text = Zeroizing::new(format!("Bearer {token}"));
    let fits = !token.is_empty() && token.len() <= TOKEN_BYTES_MAX && !token.contains(' ');
    let mut value = HeaderValue::from_str(&text).ok().filter(|_| fits)?;
    value.set_sensitive(true);
    Some(value)
}

/// Status 200. 401 and 403 are about the token (RFC 6750 §3.1); all others are failures.
fn succeeded(url: &str, answer: &Response<Bytes>) -> Result<(), UserInfoError> {
    let status = answer.status().as_u16();
    match status {
        200 => Ok(()),
        401 => Err(UserInfoError::TokenRefused),
        403 => Err(UserInfoError::ScopeInsufficient),
        _ => {
            let to = answer.headers().get(LOCATION).and_then(|to| to.to_str().ok()).unwrap_or_default();
            tracing::warn!(url, status, to = %Shown(to), "the UserInfo endpoint failed; redirects are not followed");
            Err(UserInfoError::Failed)
        }
    }
}
