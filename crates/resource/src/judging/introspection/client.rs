//! The guard as a client of one introspection endpoint.

use std::sync::Arc;

use protocol::Timestamp;

use crate::judging::introspection::caller::{AssertionAudience, Caller};
use crate::judging::introspection::request::Addressees;
use crate::judging::remote::Remote;
use crate::reason::Reason;
use crate::trust::own_keys::OwnKeys;

/// The form of introspection answers that the guard asks for and accepts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AnswerForm {
    /// As [`AnswerForm::Jwt`] if there is a decryption key, since answers must be encrypted then. Otherwise JSON is
    /// requested, and the `Content-Type` of the answer decides.
    #[default]
    Auto,
    /// Only JSON (RFC 7662 §2.2).
    Json,
    /// Only a signed JWT (RFC 9701 §5), which must be encrypted if there is a decryption key.
    Jwt,
}

/// What every request to the introspection endpoint needs.
pub(crate) struct IntrospectionClient {
    pub(crate) remote: Arc<Remote>,
    pub(crate) caller: Caller,
    pub(crate) form: AnswerForm,
    pub(crate) decryption_keys: OwnKeys,
    /// Whether `resource` names the audience of the guard, for a server that answers about that alone.
    pub(crate) names_audience: bool,
}

impl IntrospectionClient {
    /// The possible audiences of an assertion.
    pub(super) async fn addressees(&self, now: Timestamp) -> Result<Addressees<'_>, Reason> {
        let is_wanted = self.caller.audience == AssertionAudience::TokenEndpoint && self.caller.asserts();
        let token_endpoint = match is_wanted {
            // Never the alias for certificates: the audience is the URL that all clients know.
            true => Some(self.remote.discovery.token(false).await?),
            false => None,
        };
        Ok(Addressees { issuer: &self.remote.expected.issuer, token_endpoint, now })
    }
}
