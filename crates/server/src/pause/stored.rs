//! Storing a paused request, and sending the browser to its page.

use http::request::Parts;
use protocol::{InteractionToken, Timestamp};
use serde::{Deserialize, Serialize};

use super::{browser::Browser, note::Note, pending::Pending};
use crate::{
    AuthorizationServer,
    answer::{Answer, see_other},
    ask::Ask,
    error::{Error, Fault},
    session::SignedIn,
    settle::{Carried, Decision, settle},
    store::{Commit, Interaction, InteractionChange},
};

/// A paused request in its stored form: JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Paused {
    pub(super) pending: Pending,
    /// When the user signed in during this interaction.
    pub(super) signed_in_at: Option<Timestamp>,
    /// The host's note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) note: Option<Note>,
}

impl Paused {
    pub(super) fn to_text(&self) -> Result<Box<str>, Fault> {
        serde_json::to_string(self).map(Into::into).map_err(Fault::new)
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
    let browser = Browser::of(server, &head.headers);
    let pending = pending.into();
    let ask = pending.ask();
    let row = Interaction {
        browser: browser.secret.handle().digest,
        request: Paused { pending, signed_in_at: None, note: None }.to_text()?,
        expires_at: now + server.settings().interaction_lifetime,
        used: false,
    };
    let mut commit = Commit::new(now);
    commit.writes.extend(signed_in.and_then(|signed_in| signed_in.touch(now)).map(Into::into));
    // Where the id was taken, another is drawn.
    let decide = || async {
        let token: InteractionToken = server.draw(InteractionToken::mint);
        let commit = commit.clone().with(InteractionChange::Add(token.handle(), row.clone()));
        Ok(Decision { commit, answer: Ok(token) })
    };
    let token = settle(server.store(), Carried::of(now, head, &[]), decide).await?;
    let mut answer = see_other(&page_url(server, ask, &token))?;
    browser.mark(server, &mut answer);
    Ok(answer)
}

/// The URL of the page for it.
pub(super) fn page_url(server: &AuthorizationServer, ask: Option<Ask>, token: &InteractionToken) -> String {
    let settings = server.settings();
    let path = ask.map_or("/authorize", |ask| ask.path(&settings.pages));
    format!("{}?interaction={}", settings.url(path), token.expose())
}
