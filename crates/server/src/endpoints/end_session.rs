//! `GET` and `POST /logout` (OpenID Connect RP-Initiated Logout 1.0).

use http::{Method, request::Parts};
use protocol::{Params, limits};

use super::table::BROWSE;
use crate::{
    AuthorizationServer,
    answer::{Answer, see_other},
    context::{Cors, Endpoint, Installed, Responder},
    error::Error,
    incoming::{Incoming, RequestHead as _},
    logout::{self, FrontChannel, SignOut},
    pages::refusal::{PageError, answer_or_page},
    pause::{PendingSignOut, pause},
    session::{self, SignedIn},
    store::Commit,
};

const PATH: &str = "/logout";

pub(crate) fn install(installed: &mut Installed) {
    installed.maintenance(logout::back_channel::step);
    installed.endpoint(Endpoint {
        path: PATH.into(),
        methods: BROWSE,
        cors: Cors::Forbidden,
        advertise: Box::new(|metadata, offer| {
            metadata.end_session_endpoint = Some(offer.url.to_owned());
            metadata.backchannel_logout_supported = true;
            metadata.backchannel_logout_session_supported = true;
            metadata.frontchannel_logout_supported = true;
            metadata.frontchannel_logout_session_supported = true;
        }),
        answer: Responder::new(|server, incoming| Box::pin(end_session(server, incoming))),
    });
}

async fn end_session(server: &AuthorizationServer, incoming: &Incoming) -> Answer {
    let answer = respond(server, incoming).await.map_err(PageError::from);
    answer_or_page(server, &incoming.head, answer)
}

async fn respond(server: &AuthorizationServer, incoming: &Incoming) -> Result<Answer, Error> {
    let head = &incoming.head;
    head.check_host(server.settings())?;
    let params = match head.method {
        Method::POST if !incoming.body.is_empty() => incoming.form()?,
        _ => incoming.query()?,
    };
    let hinted = logout::hint(server, &params).await?;
    let request = logout::validate(server, head, &params, &hinted).await?;
    let signed_in = session::current(server, &head.headers).await?;
    let Some(session) = session::leavable(server, &head.headers, signed_in.as_ref()).await? else {
        if head.method == Method::POST {
            return match as_link(server, &params) {
                Some(url) => Ok(see_other(&url)?),
                None => ask(server, head, &request, None).await,
            };
        }
        return request.answer(server, head.request_id(), &FrontChannel::default());
    };
    match hinted.hint {
        Some(hint) if logout::is_of(&hint, &session) => {
            let told = FrontChannel::of(server, &session).await?;
            let mut commit = Commit::new(server.now());
            logout::sign_out(server, &session, &mut commit);
            (commit.request_id, commit.peer) = (Some(head.request_id().into()), head.peer());
            server.write(commit).await?;
            logout::back_channel::deliver(server).await;
            request.answer(server, head.request_id(), &told)
        }
        Some(_) | None => ask(server, head, &request, signed_in.as_ref()).await,
    }
}

/// The posted request as a link (RP-Initiated Logout 1.0 §2 has both), unless that would be too long. A form of another site
/// carries no `SameSite=Lax` cookie, and a client may post by itself and send the browser to where it is told: in both cases
/// the session is found when the browser follows the link.
fn as_link(server: &AuthorizationServer, params: &Params<'_>) -> Option<String> {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for name in ["id_token_hint", "client_id", "post_logout_redirect_uri", "state"] {
        if let Some(value) = params.get(name) {
            query.append_pair(name, value);
        }
    }
    let url = format!("{}?{}", server.settings().url(PATH), query.finish());
    (url.len() <= limits::URL_BYTES_MAX).then_some(url)
}

/// Asks the user whether to sign out.
async fn ask(
    server: &AuthorizationServer,
    head: &Parts,
    request: &SignOut,
    signed_in: Option<&SignedIn>,
) -> Result<Answer, Error> {
    pause(server, head, PendingSignOut::new(request), signed_in).await
}
