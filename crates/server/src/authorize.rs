//! The authorization endpoint (RFC 6749 §3.1): stages as types, each needs the one before.
//!
//! Until there is a [`client::Returnable`], whatever is wrong is a page, never a redirect. From there on it is sent
//! to the client, with `state` and `iss`.

pub(crate) mod client;
pub(crate) mod decision;
pub(crate) mod request;
pub(crate) mod response;

use http::{Method, request::Parts};
use protocol::InteractionToken;

use crate::{
    AuthorizationServer,
    answer::{Answer, see_other},
    error::{Error, Fault},
    grants::ATTEMPTS_MAX,
    incoming::{Head as _, Incoming},
    interaction::{self, OpenInteraction, Paused, Pending},
    reason::Reason,
    session::{self, Cookie, SignedIn},
    store::{Commit, Interaction, InteractionChange},
};
use decision::Step;
use request::AuthorizationRequest;

/// `GET` and `POST /authorize`.
pub(crate) async fn authorize(server: &AuthorizationServer, incoming: &Incoming) -> Answer {
    match respond(server, incoming).await {
        Ok(answer) => answer,
        Err(error) => response::error_page(server, &incoming.head, &error, Vec::new()),
    }
}

async fn respond(server: &AuthorizationServer, incoming: &Incoming) -> Result<Answer, Error> {
    let head = &incoming.head;
    head.check_host(server.settings())?;
    let params = match head.method {
        Method::POST => incoming.form()?,
        _ => incoming.query()?,
    };
    if head.method == Method::GET && params.get("interaction").is_some() && params.get("client_id").is_none()
    {
        let open = OpenInteraction::open(server, head).await?;
        return open.go_on().await;
    }
    let (client, returnable) = match client::returnable(server, &params).await {
        Ok(found) => found,
        Err(Error::Refused(reason)) => {
            let facts = response::facts(reason, &params);
            return Ok(response::error_page(server, head, &Error::Refused(reason), facts));
        }
        Err(failed) => return Err(failed),
    };
    let request = match request::validate(server, &client, returnable.clone(), &params).await {
        Ok(request) => request,
        Err(Error::Refused(reason)) => return response::refusal(server, &returnable, reason),
        Err(failed) => return Err(failed),
    };
    // A form that another site submits carries no Lax cookie: the browser comes back with a GET.
    if head.method == Method::POST {
        return pause(server, head, Paused::start(request), None).await;
    }
    let signed_in = session::current(server, &head.headers).await?;
    match decision::step(server, &client, &request, signed_in.as_ref(), None).await? {
        Step::Refuse(reason) => response::refusal(server, &returnable, reason),
        Step::Ask(ask) => pause(server, head, Paused::asking(ask, request), signed_in).await,
        Step::Approve => {
            let signed_in = signed_in.ok_or_else(|| Fault::new("approved with nobody signed in"))?;
            let mut commit = Commit::new(server.now());
            commit.writes.extend(signed_in.touch(server.now()).map(Into::into));
            response::approve(server, &client, &request, &signed_in, commit).await
        }
    }
}

/// Stores the request and sends the browser to the page that asks, or back here when nothing is asked yet.
pub(crate) async fn pause(
    server: &AuthorizationServer,
    head: &Parts,
    paused: Paused,
    signed_in: Option<SignedIn>,
) -> Result<Answer, Error> {
    let now = server.now();
    let known = session::browser(server, &head.headers);
    let fresh = known.is_none();
    let browser = known.unwrap_or_else(|| server.draw(protocol::BrowserSecret::mint));
    let row = Interaction {
        browser: browser.handle().digest,
        request: paused.to_text()?,
        expires_at: now + server.settings().interaction_lifetime,
        used: false,
    };
    let mut commit = Commit::new(now);
    commit.writes.extend(signed_in.and_then(|signed_in| signed_in.touch(now)).map(Into::into));
    for _ in 0..ATTEMPTS_MAX {
        let token: InteractionToken = server.draw(InteractionToken::mint);
        let attempt = commit.clone().with(InteractionChange::Add(token.handle(), row.clone()));
        // A conflict: the id was taken, and another is drawn.
        if server.store().commit(attempt).await?.is_err() {
            continue;
        }
        let mut answer = see_other(&interaction::page_url(server, paused.pending.ask(), &token.expose()))?;
        if fresh {
            Cookie::Browser.set(server.settings(), &mut answer, Some(&browser.expose()));
        }
        return Ok(answer);
    }
    Err(Fault::Busy("no id was free").into())
}

impl Paused {
    /// A request that came by a form of another site: nothing was decided yet.
    fn start(request: AuthorizationRequest) -> Self {
        Self { pending: Pending::Authorize(None, Box::new(request)), signed_in_at: None }
    }

    fn asking(ask: crate::Ask, request: AuthorizationRequest) -> Self {
        Self { pending: Pending::Authorize(Some(ask), Box::new(request)), signed_in_at: None }
    }
}

/// What may not be sent along at all (OpenID Connect Core 1.0 §3.1.2.6).
pub(crate) const UNSUPPORTED: [(&str, Reason); 3] = [
    ("request", Reason::RequestObjectUnsupported),
    ("request_uri", Reason::RequestUriUnsupported),
    ("registration", Reason::RegistrationUnsupported),
];
