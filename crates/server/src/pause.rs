//! The pause of a request for the user: it is stored, the browser goes to a page, and the page answers it.
//!
//! The server redirects to a page with `?interaction=ID`. The page opens the interaction, shows what it likes, and
//! calls one of the answers. The browser's own cookie is demanded beside the id, so a link by itself is worth nothing
//! (RFC 9700 §4.7). What is paused is a [`Pending`], one file for each kind in `pause/pending/`.

mod answers;
mod asked;
mod browser;
mod form;
mod note;
mod open;
mod pending;

use http::request::Parts;
use protocol::{InteractionToken, Timestamp};
use serde::{Deserialize, Serialize};

pub use asked::AskedScope;
pub use open::OpenInteraction;

pub(crate) use pending::Pending;

use crate::{
    AuthorizationServer,
    answer::{Answer, see_other},
    ask::Ask,
    cookie::Cookie,
    error::{Error, Fault},
    session::SignedIn,
    settle::{Carried, Decision, settle},
    store::{Commit, Interaction, InteractionChange},
};
use note::Note;

/// A paused request, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Paused {
    pending: Pending,
    /// When the user signed in for this very interaction.
    signed_in_at: Option<Timestamp>,
    /// What the host's pages keep across a reload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<Note>,
}

impl Paused {
    fn to_text(&self) -> Result<Box<str>, Fault> {
        serde_json::to_string(self).map(Into::into).map_err(Fault::new)
    }
}

/// Stores the request and sends the browser to the page that asks, or to `/authorize` when nothing is asked yet.
pub(crate) async fn begin(
    server: &AuthorizationServer,
    head: &Parts,
    pending: Pending,
    signed_in: Option<&SignedIn>,
) -> Result<Answer, Error> {
    let now = server.now();
    let known = browser::known(server, &head.headers);
    let fresh = known.is_none();
    let browser = known.unwrap_or_else(|| server.draw(protocol::BrowserSecret::mint));
    let ask = pending.ask();
    let row = Interaction {
        browser: browser.handle().digest,
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
    if fresh {
        Cookie::Browser.set(server.settings(), &mut answer, Some(&browser.expose()));
    }
    Ok(answer)
}

/// The URL of the page that asks.
fn page_url(server: &AuthorizationServer, ask: Option<Ask>, token: &InteractionToken) -> String {
    let settings = server.settings();
    let path = ask.map_or("/authorize", |ask| ask.path(&settings.pages));
    format!("{}?interaction={}", settings.url(path), token.expose())
}
