//! How a request that fails to authenticate its client differs from what is registered. Never what a credential is.

use protocol::{ClientAuthMethod, Params};

use super::{Credential, known::Known, secret};
use crate::{AuthorizationServer, reason::Reason, refusal::Difference, store::Caller};

/// What differs where no credential could be read from the request.
pub(super) fn unreadable(reason: Reason, has_basic: bool, params: &Params<'_>) -> Option<Difference> {
    let id = params.get("client_id").unwrap_or("nothing");
    match reason {
        Reason::ClientMethodRepeated => {
            let methods = [
                (has_basic, ClientAuthMethod::ClientSecretBasic.as_str()),
                (params.get("client_secret").is_some(), ClientAuthMethod::ClientSecretPost.as_str()),
                (params.get("client_assertion").is_some(), "client_assertion"),
            ];
            let sent: Vec<_> =
                methods.iter().filter(|(is_sent, _)| *is_sent).map(|(_, name)| *name).collect();
            Some(Difference::new("token_endpoint_auth_method", sent.join(" "), "one of them"))
        }
        Reason::ClientIdMismatch => {
            Some(Difference::new("client_id", id, "the id of the client that authenticates"))
        }
        Reason::ClientSecretMissing => Some(Difference::absent("client_id", "the id of a client")),
        Reason::BasicMalformed => {
            Some(Difference::new("Authorization", "no base64 of an id and a secret", "Basic and that base64"))
        }
        _ => None,
    }
}

/// What differs where the id that the request claims is not that of a client which may authenticate.
pub(super) fn unknown(reason: Reason, id: &str) -> Option<Difference> {
    let expected = match reason {
        Reason::ClientUnknown => "the id of a registered client or resource",
        Reason::ClientDisabled => "the id of a client that is not disabled",
        _ => return None,
    };
    Some(Difference::new("client_id", id, expected))
}

/// What differs where the credential is not that of the client.
pub(super) fn unproven(
    server: &AuthorizationServer,
    reason: Reason,
    known: &Known,
    caller: &Caller,
    credential: &Credential<'_>,
) -> Option<Difference> {
    match (reason, credential) {
        (Reason::ClientSecretWrong, Credential::Basic(basic)) => {
            let is_padded = basic.secrets().any(|sent| is_padded(server, caller, sent));
            Some(secret_difference(is_padded))
        }
        (Reason::ClientSecretWrong, Credential::Post { secret, .. }) => {
            Some(secret_difference(is_padded(server, caller, secret.as_bytes())))
        }
        (Reason::ClientMethodNotRegistered | Reason::ClientSecretMissing, credential) => Some(
            Difference::new("token_endpoint_auth_method", credential.method(), known.registered_methods()),
        ),
        (reason, Credential::Assertion(presented)) => presented.difference(server, reason, known, caller),
        _ => None,
    }
}

/// Whether the secret is right but for white space around it: a file that was read with its last newline.
fn is_padded(server: &AuthorizationServer, caller: &Caller, sent: &[u8]) -> bool {
    let trimmed = sent.trim_ascii();
    trimmed.len() != sent.len() && secret::check(server, caller, trimmed).is_ok()
}

fn secret_difference(is_padded: bool) -> Difference {
    let sent = if is_padded { "the secret with white space around it" } else { "another secret" };
    Difference::new("client_secret", sent, "the secret of the client")
}

impl Credential<'_> {
    /// The method by which it authenticates.
    fn method(&self) -> &'static str {
        let method = match self {
            Self::None { .. } => ClientAuthMethod::None,
            Self::Basic(_) => ClientAuthMethod::ClientSecretBasic,
            Self::Post { .. } => ClientAuthMethod::ClientSecretPost,
            Self::Assertion(presented) if presented.is_symmetric() => ClientAuthMethod::ClientSecretJwt,
            Self::Assertion(_) => ClientAuthMethod::PrivateKeyJwt,
        };
        method.as_str()
    }
}

impl Known {
    /// The methods that it registered, or that are accepted where it registered none.
    fn registered_methods(&self) -> String {
        let method = match &self.client {
            Some(client) => client.metadata.token_endpoint_auth_method.clone(),
            None => {
                self.resources.first().and_then(|resource| resource.method).map(|method| method.to_string())
            }
        };
        match (method, &self.client) {
            (Some(method), _) => method,
            (None, Some(_)) => "client_secret_basic or client_secret_post".to_owned(),
            (None, None) => "any method with a credential".to_owned(),
        }
    }
}
