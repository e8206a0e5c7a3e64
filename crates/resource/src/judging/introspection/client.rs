//! The guard as a client of one authorization server: who calls, and what it can read.

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
    /// As [`AnswerForm::Jwt`] where there is a decryption key: who has one was promised encryption, and takes nothing
    /// less. Elsewhere JSON is asked for, and the type that the answer names decides.
    #[default]
    Auto,
    /// JSON alone (RFC 7662 §2.2).
    Json,
    /// A signed JWT alone (RFC 9701 §5), and an encrypted one where there is a decryption key.
    Jwt,
}

/// What every request to the introspection endpoint needs.
pub(crate) struct IntrospectionClient {
    pub(crate) remote: Arc<Remote>,
    pub(crate) caller: Caller,
    pub(crate) form: AnswerForm,
    pub(crate) decryption_keys: OwnKeys,
}

impl IntrospectionClient {
    /// Whom an assertion may be addressed to.
    pub(super) async fn addressees(&self, now: Timestamp) -> Result<Addressees<'_>, Reason> {
        let is_wanted = self.caller.audience == AssertionAudience::TokenEndpoint && self.caller.asserts();
        let token_endpoint = match is_wanted {
            // Never the alias for certificates: it names the server as others know it.
            true => Some(self.remote.discovery.token(false).await?),
            false => None,
        };
        Ok(Addressees { issuer: &self.remote.expected.issuer, token_endpoint, now })
    }
}
