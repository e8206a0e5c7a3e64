//! Builder methods for introspection: credentials and the lifetime of answers.

use std::sync::Arc;
use std::time::Duration;

use crate::face::builder::GuardBuilder;
use crate::face::error::GuardError;
use crate::judging::cache::Lifetimes;
use crate::judging::introspection::{AnswerForm, Credentials, IntrospectionClient, Introspector};
use crate::judging::remote::Remote;
use crate::judging::verifier::Mode;
use crate::limits::{CACHE_SECONDS_MAX, LAST_ANSWER_SECONDS_MAX};
use crate::trust::own_keys::OwnKeys;

impl GuardBuilder {
    /// Introspects tokens that are not JWTs of the issuer with these credentials: signed assertions, a certificate, or
    /// an access token that renews itself. They take precedence over [`GuardBuilder::introspect`].
    pub fn introspect_as(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// The token endpoint, instead of discovery: for [`Credentials::with_access_token`] and for assertions that are
    /// addressed to the token endpoint.
    pub fn token_url(mut self, url: &str) -> Self {
        self.endpoints.token = Some(url.to_owned());
        self
    }

    /// While the authorization server is unavailable, uses its last answer about a token up to this age, at most
    /// [`LAST_ANSWER_SECONDS_MAX`], and never past `exp`. Unavailable means: no connection, no answer in time, 429,
    /// 5xx, or the pause after several of these. **A revoked token may be accepted for that long.** With zero, the
    /// default, the answer is 503 with `Retry-After`.
    pub fn danger_accept_last_answer(mut self, age: Duration) -> Self {
        self.last_answer = age;
        self
    }

    pub(super) fn lifetimes(&self) -> Result<Lifetimes, GuardError> {
        let (seconds, last_answer_seconds) = (self.cache.as_secs(), self.last_answer.as_secs());
        if seconds > CACHE_SECONDS_MAX {
            return Err(GuardError::Cache);
        }
        if last_answer_seconds > LAST_ANSWER_SECONDS_MAX {
            return Err(GuardError::LastAnswer);
        }
        Ok(Lifetimes { seconds, last_answer_seconds })
    }

    pub(super) fn introspector(
        &self,
        remote: &Arc<Remote>,
        own_keys: &OwnKeys,
    ) -> Result<Option<Arc<Introspector>>, GuardError> {
        let by_secret =
            || self.secret.as_ref().map(|(id, secret)| Credentials::secret(id, secret, self.client_auth));
        let Some(credentials) = self.credentials.clone().or_else(by_secret) else {
            return match self.mode {
                Mode::Introspection => Err(GuardError::CredentialsMissing),
                Mode::Auto | Mode::Jwt => Ok(None),
            };
        };
        let caller = credentials.prepare()?;
        let form = match self.form {
            AnswerForm::Auto if !own_keys.is_empty() => AnswerForm::Jwt,
            form => form,
        };
        if form == AnswerForm::Jwt && caller.id().is_none() {
            return Err(GuardError::AnswerAudience);
        }
        let (remote, decryption_keys) = (Arc::clone(remote), own_keys.clone());
        let names_audience = self.names_audience;
        let client = IntrospectionClient { remote, caller, form, decryption_keys, names_audience };
        Ok(Some(Arc::new(Introspector::new(client))))
    }
}
