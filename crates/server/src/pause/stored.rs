//! Storing a paused request, and sending the browser to its page.

use http::request::Parts;
use protocol::{InteractionToken, Timestamp, limits};
use serde::{Deserialize, Serialize};

use super::{
    bounds::Opened,
    browser::Browser,
    ending::{Answered, KeepsAnswer},
    note::Note,
    pending::Pending,
};
use crate::{
    AuthorizationServer,
    answer::{Answer, see_other},
    ask::Ask,
    error::{Error, Fault},
    incoming::RequestHead as _,
    reason::Reason,
    session::SignedIn,
    settle::{Carried, Decision, settle},
    store::{Commit, Interaction, InteractionChange},
};

/// A paused request in its stored form: JSON. What later versions added is absent in what earlier ones stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Paused {
    pub(super) pending: Pending,
    /// When the user signed in during this interaction.
    pub(super) signed_in_at: Option<Timestamp>,
    /// The host's note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) note: Option<Note>,
    /// The session that the last sign-in in this interaction began or continued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) session: Option<i64>,
    /// Whether the user asked for another account: then who is signed in is not taken for the answer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) switching: bool,
    /// What it was answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) answered: Option<Answered>,
}

impl Paused {
    pub(super) fn new(pending: impl Into<Pending>) -> Self {
        let pending = pending.into();
        Self { pending, signed_in_at: None, note: None, session: None, switching: false, answered: None }
    }

    pub(super) fn to_text(&self) -> Result<Box<str>, Fault> {
        serde_json::to_string(self).map(Into::into).map_err(Fault::new)
    }
}

impl KeepsAnswer for Paused {
    /// A note is the host's, and only while it waits.
    fn with_answer(&self, answered: Answered) -> Result<Box<str>, Fault> {
        Self { answered: Some(answered), note: None, ..self.clone() }.to_text()
    }
}

/// Stores the request and redirects the browser to the page that asks, or to `/authorize` while nothing is decided.
pub(crate) async fn pause(
    server: &AuthorizationServer,
    head: &Parts,
    pending: impl Into<Pending>,
    signed_in: Option<&SignedIn>,
) -> Result<Answer, Error> {
    let now = server.now();
    let browser = Browser::of(server, head);
    let mut commit = Commit::new(now);
    commit.writes.extend(signed_in.and_then(|signed_in| signed_in.touch(now)).map(Into::into));
    begin(server, &browser, &Paused::new(pending), commit, head.request_id()).await
}

/// Stores a paused request for this browser, with the commit, and redirects to its page.
pub(super) async fn begin(
    server: &AuthorizationServer,
    browser: &Browser,
    paused: &Paused,
    commit: Commit,
    request_id: &str,
) -> Result<Answer, Error> {
    let now = commit.now;
    let row = Interaction {
        browser: browser.secret.handle().digest,
        request: paused.to_text()?,
        expires_at: now + server.settings().interaction_lifetime,
        used: false,
    };
    if row.request.len() > limits::INTERACTION_BYTES_MAX {
        return Err(Reason::ParameterTooLong("request").into());
    }
    // Where the id was taken, another is drawn.
    let decide = || async {
        let token: InteractionToken = server.draw(InteractionToken::mint);
        let mut commit = commit.clone().with(InteractionChange::Add(token.handle(), row.clone()));
        let opened = Opened {
            handle: token.handle(),
            browser: *row.browser.as_bytes(),
            origin: browser.origin,
            bytes: row.request.len(),
            expires_at: row.expires_at,
        };
        let gone = server.open_interactions().admit(opened, now);
        commit.writes.extend(gone.into_iter().map(|oldest| InteractionChange::Drop(oldest).into()));
        Ok(Decision { commit, answer: Ok(token) })
    };
    let carried = Carried { now, remember: &[], request_id, peer: None, client: None };
    let token = settle(server.store(), carried, decide).await?;
    let mut answer = see_other(&page_url(server, paused.pending.ask(), &token))?;
    browser.mark(server, token.handle().id, paused.pending.client(), &mut answer);
    Ok(answer)
}

/// The URL of the page for it.
pub(super) fn page_url(server: &AuthorizationServer, ask: Option<Ask>, token: &InteractionToken) -> String {
    let settings = server.settings();
    let path = ask.map_or("/authorize", |ask| ask.path(&settings.pages));
    format!("{}?interaction={}", settings.url(path), token.expose())
}
