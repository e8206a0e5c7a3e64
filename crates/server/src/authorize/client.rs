//! Whose request it is, and where its answer may go (RFC 6749 §3.1.2, RFC 9700 §2.1).

use std::sync::Arc;

use protocol::{Params, limits, uri};
use serde::{Deserialize, Serialize};

use crate::{AuthorizationServer, error::Error, reason::Reason, registry::RegisteredClient};

/// Where an answer may be sent: a registered redirect URI, and the `state` to go with it. Made only here, so without
/// it there is no way to build a redirect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Returnable {
    redirect_uri: Box<str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<Box<str>>,
}

impl Returnable {
    pub(crate) fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }

    pub(crate) fn state(&self) -> Option<&str> {
        self.state.as_deref()
    }
}

/// The client, and where its answer may go. Every refusal here is a page.
pub(crate) async fn returnable(
    server: &AuthorizationServer,
    params: &Params<'_>,
) -> Result<(Arc<RegisteredClient>, Returnable), Error> {
    let id = params.get("client_id").ok_or(Reason::ParameterMissing("client_id"))?;
    let client = server.registry().client(id).await?.ok_or(Reason::AuthorizeClientUnknown)?;
    if client.caller.disabled {
        return Err(Reason::AuthorizeClientUnknown.into());
    }
    let redirect_uri = match params.get("redirect_uri") {
        Some(sent) => {
            let is_registered = |known: &String| uri::is_registered_redirect(known, sent);
            if sent.len() > limits::URI_BYTES_MAX || !client.metadata.redirect_uris.iter().any(is_registered)
            {
                return Err(Reason::RedirectUriMismatch.into());
            }
            sent
        }
        None => match client.metadata.redirect_uris.as_slice() {
            [only] => only.as_str(),
            _ => return Err(Reason::RedirectUriMissing.into()),
        },
    };
    let state = params.get("state").filter(|state| state.len() <= limits::STATE_BYTES_MAX);
    let returnable = Returnable { redirect_uri: redirect_uri.into(), state: state.map(Into::into) };
    Ok((client, returnable))
}
