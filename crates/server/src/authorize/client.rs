//! The client of a request, and where it may be answered (RFC 6749 §3.1.2, RFC 9700 §2.1).

use std::sync::Arc;

use protocol::{ResponseMode, ResponseType, display::Shown, limits};

use super::{return_to::Returnable, source::Parameters};
use crate::{
    AuthorizationServer,
    error::Error,
    pages::refusal::PageError,
    reason::Reason,
    refusal::{Difference, parameters::list, redirect_difference, uri_for_logs},
    registry::RegisteredClient,
};

/// The client of this id, unless it is disabled. One that the operator did not register may be looked up.
pub(crate) async fn find(server: &AuthorizationServer, id: &str) -> Result<Arc<RegisteredClient>, Error> {
    let mut client = server.registry().client(id).await?;
    for source in &server.installed().client_sources {
        if source.is_due(id, client.as_deref(), server.now()) {
            client = source.find(server, id).await?;
        }
    }
    Ok(client.filter(|client| !client.caller.disabled).ok_or(Reason::AuthorizeClientUnknown)?)
}

/// The client, and where it may be answered. Every refusal here is a page.
pub(crate) async fn returnable(
    server: &AuthorizationServer,
    params: &Parameters,
) -> Result<(Arc<RegisteredClient>, Returnable), PageError> {
    let refused = |error: Error, client: Option<&RegisteredClient>| {
        let Error::Refused(reason) = error else { return PageError::from(error) };
        PageError { error, facts: facts(reason, params), difference: difference(reason, params, client) }
    };
    let client = params.require("client_id").map_err(Error::from);
    let client = match client {
        Ok(id) => find(server, id).await,
        Err(error) => Err(error),
    };
    let client = client.map_err(|error| refused(error, None))?;
    let return_to = look(server, &client, params).map_err(|reason| refused(reason.into(), Some(&client)))?;
    Ok((client, return_to))
}

/// Where the client may be answered.
pub(crate) fn look(
    server: &AuthorizationServer,
    client: &RegisteredClient,
    params: &Parameters,
) -> Result<Returnable, Reason> {
    let uri = match params.get("redirect_uri") {
        Some(sent) if sent.len() > limits::URI_BYTES_MAX => return Err(Reason::RedirectUriMismatch),
        Some(sent) => sent,
        None => match client.metadata.redirect_uris.as_slice() {
            [only] => only.as_str(),
            _ => return Err(Reason::RedirectUriMissing),
        },
    };
    // One that is too long is refused by `request`, and goes back with the refusal (RFC 6749 §4.1.2.1).
    let state = params.get("state");
    // What is wrong with them is refused by `request`, by the default mode.
    let response_type = params.get("response_type").and_then(ResponseType::read);
    let default = response_type.map_or(ResponseMode::Query, ResponseType::default_mode);
    let mode = response_mode(server, response_type, params.get("response_mode")).unwrap_or(default);
    Returnable::to_redirect_uri(client, uri, state, mode)
}

/// How a response is sent: as asked, or by the default mode of the response type (OAuth 2.0 Multiple Response Types §2.1).
///
/// # Errors
/// [`Reason::ResponseModeUnsupported`], and [`Reason::ResponseModeNotAllowed`] for tokens in a query, which servers and
/// proxies log (OAuth 2.0 Multiple Response Types §5, JARM §2.3.1).
pub(super) fn response_mode(
    server: &AuthorizationServer,
    response_type: Option<ResponseType>,
    sent: Option<&str>,
) -> Result<ResponseMode, Reason> {
    let default = response_type.map_or(ResponseMode::Query, ResponseType::default_mode);
    let Some(sent) = sent else { return Ok(default) };
    let mode = ResponseMode::parse(sent).filter(|mode| server.installed().response_modes.contains(mode));
    let mode = match mode.ok_or(Reason::ResponseModeUnsupported)? {
        ResponseMode::Jwt if default == ResponseMode::Fragment => ResponseMode::FragmentJwt,
        ResponseMode::Jwt => ResponseMode::QueryJwt,
        mode => mode,
    };
    let has_tokens = response_type.is_some_and(ResponseType::has_tokens);
    if has_tokens && mode.is_query() { Err(Reason::ResponseModeNotAllowed) } else { Ok(mode) }
}

/// What differs, for the log.
fn difference(reason: Reason, params: &Parameters, client: Option<&RegisteredClient>) -> Option<Difference> {
    let registered = || client.into_iter().flat_map(|client| &client.metadata.redirect_uris);
    Some(match reason {
        Reason::RedirectUriMismatch => {
            redirect_difference(params.get("redirect_uri").unwrap_or_default(), client?)
        }
        Reason::RedirectUriMissing => {
            Difference::absent("redirect_uri", list(registered().map(|uri| uri_for_logs(uri))))
        }
        Reason::AuthorizeClientUnknown => {
            let sent = params.get("client_id").unwrap_or_default();
            Difference::new("client_id", sent, "the id of a registered client that is not disabled")
        }
        Reason::ParameterMissing(name) => Difference::absent(name, "a value"),
        _ => return None,
    })
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
        Reason::AuthorizeClientUnknown
        | Reason::ClientDocumentInvalid
        | Reason::ClientDocumentUnavailable
        | Reason::ClientDocumentsTooMany => vec![("Sent", sent("client_id"))],
        _ => Vec::new(),
    }
}
