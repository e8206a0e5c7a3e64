//! A request to sign out (OpenID Connect RP-Initiated Logout 1.0 §2).

use http::request::Parts;
use protocol::{ClientId, Params, display::Shown, limits};
use serde::{Deserialize, Serialize};

use super::front_channel::FrontChannel;
use crate::{
    AuthorizationServer,
    answer::{Answer, see_other},
    authorize::return_to::Returnable,
    cookie::Cookie,
    error::{Error, Fault},
    incoming::RequestHead as _,
    pages::refusal,
    reason::Reason,
    refusal::{Difference, uri_difference, uri_for_logs},
    session::Leavable,
    tokens::id_token::{self, Hint},
};

/// A request to sign out. Whatever is wrong with it, the user can sign out; it only decides where the browser goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SignOut {
    /// The client and where the browser returns to.
    return_to: Option<(ClientId, Returnable)>,
    /// Why it does not return to where the client asked for.
    refused: Option<RefusedReturn>,
}

/// A return that the client asked for, and why the browser stays here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct RefusedReturn {
    problem: Problem,
    /// What the client sent.
    uri: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Problem {
    /// The hint is not an ID token of this server, or not one of this client.
    Hint,
    /// Neither a hint nor a `client_id` says whose URI it is.
    Client,
    /// The client did not register the URI.
    Redirect,
}

/// The stored form of a [`SignOut`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredSignOut {
    return_to: Option<String>,
    state: Option<String>,
    /// The client of the URI. Absent in what older versions stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client: Option<ClientId>,
    /// Absent in what older versions stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refused: Option<RefusedReturn>,
}

/// What a request says of who signs out.
pub(crate) struct Hinted {
    /// The `id_token_hint`, if it is one of this server and of the client that sent it.
    pub(crate) hint: Option<Hint>,
    is_invalid: bool,
}

/// Reads the `id_token_hint` of a request. One that can't be used is as if it were absent: the user is asked.
pub(crate) async fn hint(server: &AuthorizationServer, params: &Params<'_>) -> Result<Hinted, Error> {
    let Some(token) = params.get("id_token_hint") else {
        return Ok(Hinted { hint: None, is_invalid: false });
    };
    let hint = id_token::read_hint(server, token).await?;
    let hint = hint.filter(|hint| params.get("client_id").is_none_or(|id| id == hint.client.as_str()));
    Ok(Hinted { is_invalid: hint.is_none(), hint })
}

/// Finds where the browser returns to: a URI that the client registered, which is the hint's, or else the one that
/// `client_id` names (RP-Initiated Logout 1.0 §2, §3). Without a hint the user is asked first, so no other site can sign
/// anybody out.
pub(crate) async fn validate(
    server: &AuthorizationServer,
    head: &Parts,
    params: &Params<'_>,
    hinted: &Hinted,
) -> Result<SignOut, Error> {
    let Some(uri) = params.get("post_logout_redirect_uri") else { return Ok(SignOut::default()) };
    let refused = |problem| {
        let uri = uri.chars().take(limits::URI_BYTES_MAX).collect();
        SignOut { return_to: None, refused: Some(RefusedReturn { problem, uri }) }
    };
    let id = hinted.hint.as_ref().map(|hint| hint.client.as_str()).or(params.get("client_id"));
    let Some(id) = id else {
        return Ok(refused(if hinted.is_invalid { Problem::Hint } else { Problem::Client }));
    };
    head.note_claimed(Some(id));
    let client = server.registry().client(id).await?;
    let return_to = client.as_ref().and_then(|client| {
        let returnable = Returnable::after_sign_out(client, uri, params.get("state")).ok()?;
        Some((client.id().clone(), returnable))
    });
    let Some(return_to) = return_to else {
        let registered = client.iter().flat_map(|client| &client.metadata.post_logout_redirect_uris);
        let registered = registered.map(String::as_str);
        let other = || Some(uri_difference("post_logout_redirect_uri", uri, registered));
        head.differs(Reason::LogoutRedirectMismatch, other);
        return Ok(refused(Problem::Redirect));
    };
    Ok(SignOut { return_to: Some(return_to), refused: None })
}

/// Whether the hint names the user and session of this browser. A hint without `sid` counts by its subject.
pub(crate) fn is_of(hint: &Hint, session: &Leavable) -> bool {
    let is_this = hint.session.is_none_or(|hinted| hinted == session.id);
    hint.subject == session.subject && is_this
}

impl SignOut {
    /// Where the browser returns to, if the client asked for it.
    pub(crate) fn return_to(&self) -> Option<&Returnable> {
        self.return_to.as_ref().map(|(_, returnable)| returnable)
    }

    pub(crate) fn stored(&self) -> StoredSignOut {
        let returnable = self.return_to();
        StoredSignOut {
            return_to: returnable.map(|returnable| returnable.uri().to_owned()),
            state: returnable.and_then(Returnable::state).map(str::to_owned),
            client: self.return_to.as_ref().map(|(client, _)| client.clone()),
            refused: self.refused.clone(),
        }
    }

    /// Sends the browser on, by way of the clients that are to be told, or says why it stays; and ends its session cookie.
    /// The page that says why it stays tells no client.
    pub(crate) fn answer(
        &self,
        server: &AuthorizationServer,
        request_id: &str,
        told: &FrontChannel,
    ) -> Result<Answer, Error> {
        let location = match (self.return_to(), &self.refused) {
            (Some(returnable), _) => Ok(returnable.after_sign_out_url()),
            (None, Some(refused)) => Err(refused),
            (None, None) => Ok(server.settings().url(&server.settings().pages.signed_out)),
        };
        let mut answer = match location {
            Ok(location) => match told.page(server, &location) {
                Some(page) => page?,
                None => see_other(&location)?,
            },
            Err(refused) => refused.page(server, request_id)?,
        };
        Cookie::Session.set(server.settings(), &mut answer, None);
        Ok(answer)
    }
}

impl RefusedReturn {
    /// The user is signed out, and reads why the browser stays.
    fn page(&self, server: &AuthorizationServer, request_id: &str) -> Result<Answer, Error> {
        let (reason, fix) = match self.problem {
            Problem::Hint => {
                (Reason::LogoutHintInvalid, "send an ID token that this server issued to the client")
            }
            Problem::Client => (Reason::LogoutRedirectMismatch, "send id_token_hint or client_id with it"),
            Problem::Redirect => (
                Reason::LogoutRedirectMismatch,
                "register exactly this text in post_logout_redirect_uris of the client, or send a registered one",
            ),
        };
        let facts = vec![("Sent", Shown(&self.uri).to_string()), ("Fix", fix.to_owned())];
        let expected = match self.problem {
            Problem::Hint => "an ID token of the client, as id_token_hint",
            Problem::Client => "id_token_hint or client_id beside it",
            Problem::Redirect => "one of the post_logout_redirect_uris of the client",
        };
        let difference = Difference::new("post_logout_redirect_uri", uri_for_logs(&self.uri), expected);
        let mut answer = refusal::page(server, request_id, reason, facts);
        answer.extensions_mut().insert(difference);
        Ok(answer)
    }
}

impl StoredSignOut {
    /// Resumes the request, checked against what is registered today. A URI that was removed while the user was asked
    /// is not followed; the sign-out goes on.
    pub(crate) async fn resume(&self, server: &AuthorizationServer) -> Result<SignOut, Fault> {
        let refused = self.refused.clone();
        let (Some(client), Some(uri)) = (&self.client, &self.return_to) else {
            return Ok(SignOut { return_to: None, refused });
        };
        let registered = server.registry().client(client.as_str()).await?;
        let return_to = registered.and_then(|registered| {
            let returnable = Returnable::after_sign_out(&registered, uri, self.state.as_deref()).ok()?;
            Some((client.clone(), returnable))
        });
        let removed = || RefusedReturn { problem: Problem::Redirect, uri: uri.clone() };
        Ok(SignOut { refused: return_to.is_none().then(removed), return_to })
    }
}
