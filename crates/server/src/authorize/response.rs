//! How an authorization request ends: with a code, with an error that the client reads, or on a page.

use http::{HeaderValue, StatusCode, header, request::Parts};
use protocol::{AuthorizationCode, GrantId, GrantType, Params, display::Shown, scope};

use super::{client::Returnable, request::AuthorizationRequest};
use crate::{
    AuthorizationServer,
    answer::{self, Answer, log_fault, name_reason, see_other},
    audience,
    error::{Error, Fault},
    grants::ATTEMPTS_MAX,
    incoming::Head as _,
    pages::ErrorPage,
    reason::Reason,
    registry::RegisteredClient,
    session::SignedIn,
    store::{Code, CodeChange, Commit, Grant, GrantChange},
};

/// Grants what was asked: the grant and its code are written in one commit, with whatever else belongs to it.
pub(crate) async fn approve(
    server: &AuthorizationServer,
    client: &RegisteredClient,
    request: &AuthorizationRequest,
    signed_in: &SignedIn,
    commit: Commit,
) -> Result<Answer, Error> {
    let (now, settings) = (server.now(), server.settings());
    let resources = server.registry().resources().await?;
    let audience = audience::of(&resources, client, &request.scopes, &request.wanted())?;
    let lifetime = match client.may_use(GrantType::RefreshToken) {
        true if client.is_public_web() => settings.refresh_absolute_lifetime_public_web,
        true => settings.refresh_absolute_lifetime,
        false => settings.code_lifetime + audience.lifetime(settings.access_token_lifetime),
    };
    let grant = |id| Grant {
        id,
        subject: signed_in.session.subject.clone(),
        client: client.id().clone(),
        session: Some(signed_in.id),
        offline: request.scopes.contains(scope::OFFLINE_ACCESS),
        scopes: request.scopes.clone(),
        audience: audience.identifiers(),
        narrowed: audience.narrowed,
        authenticated_at: signed_in.session.authenticated_at,
        amr: signed_in.session.amr.clone(),
        approved_at: now,
        expires_at: now + lifetime,
    };
    let row = |grant| Code {
        grant,
        redirect_uri: request.returnable.redirect_uri().into(),
        challenge: request.challenge.clone(),
        nonce: request.nonce.clone(),
        expires_at: now + settings.code_lifetime,
        used: false,
        tries: 0,
    };
    for _ in 0..ATTEMPTS_MAX {
        let code: AuthorizationCode = server.draw(AuthorizationCode::mint);
        let id = GrantId(server.draw_row_id());
        let attempt = commit.clone();
        let attempt = attempt.with(GrantChange::Add(Box::new(grant(id))));
        let attempt = attempt.with(CodeChange::Add(code.handle(), Box::new(row(id))));
        match server.store().commit(attempt).await? {
            Ok(()) => return redirect(server, &request.returnable, &[("code", &code.expose())]),
            Err(conflict) if conflict.guard < commit.guards.len() => {
                return Err(Reason::InteractionUnknown.into());
            }
            // An id was taken: others are drawn.
            Err(_) => {}
        }
    }
    Err(Fault::Busy("no id was free").into())
}

/// Tells the client why not (RFC 6749 §4.1.2.1).
pub(crate) fn refusal(
    server: &AuthorizationServer,
    to: &Returnable,
    reason: Reason,
) -> Result<Answer, Error> {
    let params = [("error", reason.code().as_str()), ("error_description", reason.description())];
    let mut answer = redirect(server, to, &params)?;
    name_reason(&mut answer, reason);
    Ok(answer)
}

/// Sends the browser back, with `state` and `iss` (RFC 9207 §2).
fn redirect(server: &AuthorizationServer, to: &Returnable, params: &[(&str, &str)]) -> Result<Answer, Error> {
    let mut location = to.redirect_uri().to_owned();
    let state = to.state().map(|state| ("state", state));
    let issuer = ("iss", server.settings().issuer.as_str());
    append_query(&mut location, params.iter().copied().chain(state).chain([issuer]));
    see_other(&location)
}

/// Adds parameters behind whatever query a registered URI has (RFC 6749 §3.1.2).
pub(crate) fn append_query<'a>(uri: &mut String, params: impl IntoIterator<Item = (&'a str, &'a str)>) {
    for (name, value) in params {
        uri.push(if uri.contains('?') { '&' } else { '?' });
        uri.push_str(name);
        uri.push('=');
        uri.extend(form_urlencoded::byte_serialize(value.as_bytes()));
    }
}

/// A page instead of a redirect: 4xx with the slug, the code and the request id.
pub(crate) fn error_page(
    server: &AuthorizationServer,
    head: &Parts,
    error: &Error,
    mut facts: Vec<(&'static str, String)>,
) -> Answer {
    if matches!(error, Error::Refused(Reason::HostMismatch)) {
        facts.push(open_instead(server, head));
    }
    let (status, slug, code, description) = match error {
        Error::Refused(reason) => {
            let status = if *reason == Reason::InteractionOfAnotherBrowser { 403 } else { 400 };
            (status, reason.slug(), reason.code().as_str(), reason.description())
        }
        Error::Failed(fault) => {
            let code = log_fault(fault);
            (
                code.status(),
                "server_error",
                code.as_str(),
                "Something went wrong on our side. Please try again.",
            )
        }
    };
    let request_id = head.request_id().to_owned();
    let page = ErrorPage { status, slug, code, description: description.to_owned(), facts, request_id };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    let mut answer = html(status, server.pages().error(&page));
    if let Error::Refused(reason) = error {
        name_reason(&mut answer, *reason);
    }
    answer
}

/// A page of this crate: it has no form, no script, and style from here alone.
fn html(status: StatusCode, body: String) -> Answer {
    let mut answer = answer::empty(status);
    *answer.body_mut() = body.into();
    let headers = answer.headers_mut();
    let fixed = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; \
             frame-ancestors 'none'; form-action 'none'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    answer
}

/// What helps the person who set the client up: what was sent, and where to put it right.
pub(crate) fn facts(reason: Reason, params: &Params<'_>) -> Vec<(&'static str, String)> {
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

/// Where the page that was opened under a foreign host really is.
fn open_instead(server: &AuthorizationServer, head: &Parts) -> (&'static str, String) {
    ("Open", server.settings().url(head.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str)))
}
