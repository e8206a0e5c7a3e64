//! `GET` and `POST /logout` (OpenID Connect RP-Initiated Logout 1.0).

use http::{Method, request::Parts};
use protocol::{Params, SessionId, limits};
use serde::{Deserialize, Serialize};

use crate::{
    AuthorizationServer,
    answer::{Answer, see_other},
    authorize::{
        pause,
        response::{self, append_query},
    },
    error::Error,
    incoming::{Head as _, Incoming},
    interaction::{Paused, Pending},
    reason::Reason,
    session::{self, Cookie, SignedIn},
    store::{Commit, Event, EventKind, GrantChange, Of, SessionChange},
    tokens::id_token::{self, Hint},
};

/// A valid request to sign out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SignOut {
    /// Where the browser goes afterwards: a registered one, and only with a hint.
    return_to: Option<String>,
    state: Option<String>,
}

pub(crate) async fn end_session(server: &AuthorizationServer, incoming: &Incoming) -> Answer {
    match respond(server, incoming).await {
        Ok(answer) => answer,
        Err(error) => response::error_page(server, &incoming.head, &error, Vec::new()),
    }
}

async fn respond(server: &AuthorizationServer, incoming: &Incoming) -> Result<Answer, Error> {
    let head = &incoming.head;
    head.check_host(server.settings())?;
    let params = match head.method {
        Method::POST if !incoming.body.is_empty() => incoming.form()?,
        _ => incoming.query()?,
    };
    let hint = match params.get("id_token_hint") {
        Some(token) => Some(id_token::read_hint(server, token).await?.ok_or(Reason::LogoutHintInvalid)?),
        None => None,
    };
    let request = validate(server, &params, hint.as_ref()).await?;
    let signed_in = session::current(server, &head.headers).await?;
    let Some(signed_in) = signed_in else {
        // Another site's form carries no cookie, so nobody seems signed in: the browser comes back with a GET.
        if head.method == Method::POST {
            return ask(server, head, request, None).await;
        }
        return request.answer(server);
    };
    match hint {
        Some(hint) if is_of(&hint, &signed_in) => {
            server.write(request.end(server, Some(&signed_in))).await?;
            request.answer(server)
        }
        Some(_) | None => ask(server, head, request, Some(signed_in)).await,
    }
}

async fn ask(
    server: &AuthorizationServer,
    head: &Parts,
    request: SignOut,
    signed_in: Option<SignedIn>,
) -> Result<Answer, Error> {
    pause(server, head, Paused { pending: Pending::SignOut(request), signed_in_at: None }, signed_in).await
}

/// Without a valid hint there is no redirect: anybody could have sent the browser here.
async fn validate(
    server: &AuthorizationServer,
    params: &Params<'_>,
    hint: Option<&Hint>,
) -> Result<SignOut, Error> {
    if let (Some(id), Some(hint)) = (params.get("client_id"), hint)
        && id != hint.client.as_str()
    {
        return Err(Reason::LogoutHintInvalid.into());
    }
    let state = params.get("state").filter(|state| state.len() <= limits::STATE_BYTES_MAX).map(str::to_owned);
    let (Some(hint), Some(uri)) = (hint, params.get("post_logout_redirect_uri")) else {
        return Ok(SignOut { return_to: None, state: None });
    };
    let client = server.registry().client(hint.client.as_str()).await?.ok_or(Reason::LogoutHintInvalid)?;
    if !client.metadata.post_logout_redirect_uris.iter().any(|registered| registered == uri) {
        return Err(Reason::LogoutRedirectMismatch.into());
    }
    Ok(SignOut { return_to: Some(uri.to_owned()), state })
}

/// Whether the hint names whoever is signed in here. A hint of before sessions had names counts by its subject.
fn is_of(hint: &Hint, signed_in: &SignedIn) -> bool {
    let by_session = |session: SessionId| session == signed_in.id;
    hint.subject == signed_in.session.subject && hint.session.is_none_or(by_session)
}

impl SignOut {
    /// Where the browser goes afterwards, if anywhere.
    pub(crate) fn return_to(&self) -> Option<&str> {
        self.return_to.as_deref()
    }

    /// What ends: the session, and its grants but those with `offline_access`.
    pub(crate) fn end(&self, server: &AuthorizationServer, signed_in: Option<&SignedIn>) -> Commit {
        let mut commit = Commit::new(server.now());
        if let Some(SignedIn { id, session }) = signed_in {
            let keep_offline = !server.settings().logout_ends_offline;
            commit.push(SessionChange::End(*id));
            commit.push(GrantChange::RevokeAll { of: Of::Session(*id), keep_offline });
            commit.push(Event {
                kind: EventKind::SessionEnded,
                at: server.now(),
                subject: Some(session.subject.clone()),
                client: None,
                detail: id.to_string().into(),
            });
        }
        commit
    }

    /// Where the browser goes, without its session cookie.
    pub(crate) fn answer(&self, server: &AuthorizationServer) -> Result<Answer, Error> {
        let mut location = match &self.return_to {
            Some(uri) => uri.clone(),
            None => server.settings().url(&server.settings().pages.signed_out),
        };
        if let (Some(_), Some(state)) = (&self.return_to, &self.state) {
            append_query(&mut location, [("state", state.as_str())]);
        }
        let mut answer = see_other(&location)?;
        Cookie::Session.set(server.settings(), &mut answer, None);
        Ok(answer)
    }
}
