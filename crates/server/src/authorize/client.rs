//! The client of a request, and where it may be answered (RFC 6749 §3.1.2, RFC 9700 §2.1).

use std::sync::Arc;

use protocol::{ResponseMode, display::Shown, limits};

use super::{return_to::Returnable, source::Parameters};
use crate::{
    AuthorizationServer, error::Error, pages::refusal::PageError, reason::Reason, registry::RegisteredClient,
};

/// The client of this id, unless it is disabled.
pub(crate) async fn find(server: &AuthorizationServer, id: &str) -> Result<Arc<RegisteredClient>, Error> {
    let client = server.registry().client(id).await?;
    Ok(client.filter(|client| !client.caller.disabled).ok_or(Reason::AuthorizeClientUnknown)?)
}

/// The client, and where it may be answered. Every refusal here is a page.
pub(crate) async fn returnable(
    server: &AuthorizationServer,
    params: &Parameters,
) -> Result<(Arc<RegisteredClient>, Returnable), PageError> {
    look(server, params).await.map_err(|error| {
        let facts = if let Error::Refused(reason) = error { facts(reason, params) } else { Vec::new() };
        PageError { error, facts }
    })
}

async fn look(
    server: &AuthorizationServer,
    params: &Parameters,
) -> Result<(Arc<RegisteredClient>, Returnable), Error> {
    let client = find(server, params.require("client_id")?).await?;
    let uri = match params.get("redirect_uri") {
        Some(sent) if sent.len() > limits::URI_BYTES_MAX => return Err(Reason::RedirectUriMismatch.into()),
        Some(sent) => sent,
        None => match client.metadata.redirect_uris.as_slice() {
            [only] => only.as_str(),
            _ => return Err(Reason::RedirectUriMissing.into()),
        },
    };
    // One that is too long is refused by `request`, and goes back with the refusal (RFC 6749 §4.1.2.1).
    let state = params.get("state");
    // An unsupported mode is refused by `request`, in the query.
    let mode = params.get("response_mode").and_then(ResponseMode::parse).unwrap_or(ResponseMode::Query);
    let returnable = Returnable::to_redirect_uri(&client, uri, state, mode)?;
    Ok((client, returnable))
}

/// Facts for the developer of the client: what was sent, and how to fix it.
fn facts(reason: Reason, params: &Parameters) -> Vec<(&'static str, String)> {
    let sent = |name: &str| Shown(params.get(name).unwrap_or("(nothing)")).to_string();
    match reason {
        Reason::RedirectUriMismatch => vec![
            ("Client", sent("client_id")),
            ("Sent", sent("redirect_uri")),
            (
                "Fix",
                "register exactly this text in redirect_uris of the client, or send a registered one".into(),
            ),
        ],
        Reason::RedirectUriMissing => vec![("Client", sent("client_id")), ("Sent", "no redirect_uri".into())],
        Reason::AuthorizeClientUnknown => vec![("Sent", sent("client_id"))],
        _ => Vec::new(),
    }
}
