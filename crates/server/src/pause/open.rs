//! An open interaction: what its page shows.

use std::net::IpAddr;

use http::request::Parts;
use protocol::{BrowserSecret, ClientId, ClientMetadata, Handle, InteractionToken, Subject};
use serde_json::Value;

use super::{
    asked::{AskedDetails, AskedScope},
    browser::Browser,
    ending::{Answered, request_purpose},
    note::Note,
    pending::{Pending, PendingAccount, account_page},
    stored::{Paused, pause},
    waiting::{Visitor, Waiting},
};
use crate::{
    AuthorizationServer,
    answer::Answer,
    ask::Ask,
    authorize::{decision::Step, return_to::Returnable},
    deferred::DeferredFacts,
    error::{Error, Fault},
    incoming::RequestHead as _,
    reason::Reason,
    refusal::Difference,
    session::{self, Leavable, SignedIn},
    settle::Carried,
    store::{Commit, Provenance},
};

impl AuthorizationServer {
    /// Opens the interaction that this request for a page names.
    ///
    /// # Errors
    /// [`Reason::InteractionUnknown`] (then [`Self::reopen`] tells what goes on), [`Reason::InteractionExpired`],
    /// [`Reason::InteractionBrowserMismatch`], [`Reason::HostMismatch`]; [`Reason::AuthorizeClientUnknown`] and
    /// [`Reason::RedirectUriMismatch`] where what was registered has changed since.
    pub async fn interaction(&self, head: &Parts) -> Result<OpenInteraction, Error> {
        let open = self.reopen(head, None).await?;
        match open.past {
            None => Ok(open),
            Some(Past::Answered(_)) => Err(Reason::InteractionUnknown.into()),
            Some(Past::Expired) => Err(Reason::InteractionExpired.into()),
        }
    }

    /// Opens the interaction as [`Self::interaction`] does, and also where it was answered or has expired
    /// ([`OpenInteraction::is_past`]). The same answer from the same browser then gets the same response: a form that
    /// was sent twice is not an error. Any other answer starts the request again.
    ///
    /// `request` is the form's [`OpenInteraction::request`], from which an interaction that was deleted meanwhile starts
    /// again.
    ///
    /// # Errors
    /// Those of [`Self::interaction`]; [`Reason::InteractionUnknown`] where nothing is known of the request: then
    /// [`Self::without_interaction`] goes on.
    pub async fn reopen(&self, head: &Parts, request: Option<&str>) -> Result<OpenInteraction, Error> {
        head.check_host(self.settings())?;
        let params = head.query()?;
        let token = params.get("interaction").and_then(InteractionToken::presented);
        let token = token.ok_or(Reason::InteractionUnknown)?;
        let (browser, paused, past) = match load(self, head, &token).await? {
            Some(known) => known,
            None => carried(self, head, &token, request).ok_or(Reason::InteractionUnknown)?,
        };
        let signed_in = session::current(self, &head.headers).await?;
        let leavable = session::leavable(self, &head.headers, signed_in.as_ref()).await?;
        if let Some(signed_in) = &signed_in {
            head.note_subject(&signed_in.session.subject);
        }
        let waiting = paused.pending.resume(self).await?;
        if let Some(client) = waiting.client() {
            head.note_client(client.id());
        }
        let (server, handle, request_id) = (self.clone(), token.handle(), head.request_id().to_owned());
        let peer = head.peer();
        Ok(OpenInteraction {
            server,
            token,
            handle,
            browser,
            paused,
            waiting,
            signed_in,
            leavable,
            past,
            request_id,
            peer,
        })
    }

    /// Goes on where a request for a page names no interaction, or none that is known: a bookmark, or a page that was
    /// left open for long. Whoever is signed in goes to the account page. Anybody else goes back to where a sign-in at the
    /// client starts, if the browser's cookie still tells the client and that registered it; or signs in first.
    ///
    /// # Errors
    /// [`Reason::HostMismatch`], and those of the store.
    pub async fn without_interaction(&self, head: &Parts) -> Result<Answer, Error> {
        head.check_host(self.settings())?;
        let account = PendingAccount::new();
        let signed_in = session::current(self, &head.headers).await?;
        match account.step(self, signed_in.as_ref()).await? {
            Step::Ask(_) | Step::Refuse(_) => match self.start_at_client(head).await? {
                Some(answer) => Ok(answer),
                None => pause(self, head, account, signed_in.as_ref()).await,
            },
            Step::Approve => account_page(self),
        }
    }

    /// Where the client of an interaction that is no longer known lets a sign-in be started.
    async fn start_at_client(&self, head: &Parts) -> Result<Option<Answer>, Error> {
        let params = head.query()?;
        let token = params.get("interaction").and_then(InteractionToken::presented);
        let Some(id) = token.and_then(|token| Browser::client_of(self, head, &token)) else {
            return Ok(None);
        };
        let client = self.registry().client(id.as_str()).await?;
        let client = client.filter(|client| !client.caller.disabled);
        client.and_then(|client| Returnable::start(self, &client)).transpose()
    }

    /// The user who is signed in in this browser, for a page of the host.
    ///
    /// # Errors
    /// [`Reason::HostMismatch`], and those of the store.
    pub async fn signed_in(&self, head: &Parts) -> Result<Option<Subject>, Error> {
        head.check_host(self.settings())?;
        let signed_in = session::current(self, &head.headers).await?;
        Ok(signed_in.map(|signed_in| signed_in.session.subject))
    }
}

/// An interaction that was opened by its browser.
#[derive(Debug)]
pub struct OpenInteraction {
    pub(super) server: AuthorizationServer,
    pub(super) token: InteractionToken,
    pub(super) handle: Handle<InteractionToken>,
    pub(super) browser: Browser,
    pub(super) paused: Paused,
    pub(super) waiting: Box<dyn Waiting>,
    pub(super) signed_in: Option<SignedIn>,
    pub(super) leavable: Option<Leavable>,
    pub(super) past: Option<Past>,
    pub(super) request_id: String,
    pub(super) peer: Option<IpAddr>,
}

/// Why an interaction can't be answered any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Past {
    /// It was answered. An earlier version did not keep how.
    Answered(Option<Answered>),
    /// It expired, and may be deleted.
    Expired,
}

/// A paused request, the browser that it belongs to, and why it can't be answered any more.
type Known = (Browser, Paused, Option<Past>);

/// The stored interaction. RFC 9700 §4.7: the link by itself opens nothing in another browser.
async fn load(
    server: &AuthorizationServer,
    head: &Parts,
    token: &InteractionToken,
) -> Result<Option<Known>, Error> {
    let handle = token.handle();
    let stored = server.store().interaction(handle).await?;
    let Some(row) = stored.and_then(|stored| stored.open(&handle)) else { return Ok(None) };
    let browser = Browser::find(server, head, |secret| secret.handle().digest == row.browser);
    let foreign =
        || Some(Difference::new("Cookie", "none of this interaction", "the one that was set when it began"));
    let browser = browser.ok_or_else(|| head.differs(Reason::InteractionBrowserMismatch, foreign))?;
    let mut paused: Paused = serde_json::from_str(&row.request).map_err(Fault::new)?;
    let past = match (row.used, row.expires_at <= server.now()) {
        (true, _) => Some(Past::Answered(paused.answered.take())),
        (false, true) => Some(Past::Expired),
        (false, false) => None,
    };
    Ok(Some((browser, paused, past)))
}

/// The request that a form of this interaction carried for this browser.
fn carried(
    server: &AuthorizationServer,
    head: &Parts,
    token: &InteractionToken,
    request: Option<&str>,
) -> Option<Known> {
    let sealed = jose::base64url::decode(request?).ok()?;
    let open =
        |secret: &BrowserSecret| server.master().open(&request_purpose(&token.handle(), secret), &sealed);
    let browser = Browser::find(server, head, |secret| open(secret).is_some())?;
    let pending = serde_json::from_slice::<Pending>(&open(&browser.secret)?).ok()?;
    Some((browser, Paused::new(pending), Some(Past::Expired)))
}

impl OpenInteraction {
    /// What it waits for.
    pub fn ask(&self) -> Ask {
        self.paused.pending.ask().unwrap_or(Ask::SignIn)
    }

    /// Whether it was answered or has expired; see [`AuthorizationServer::reopen`]. Its page is not shown: the request
    /// [goes on](Self::go_on).
    pub fn is_past(&self) -> bool {
        self.past.is_some()
    }

    /// Whether its page still has something to ask. If not, the request [goes on](Self::go_on): the user has signed in
    /// or consented in another tab.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn still_asks(&self) -> Result<bool, Error> {
        if self.is_past() {
            return Ok(false);
        }
        if self.paused.switching && self.ask() == Ask::SignIn {
            return Ok(true);
        }
        Ok(matches!(self.waiting.step(self.visitor()).await?, Step::Ask(ask) if ask == self.ask()))
    }

    /// The metadata of the client.
    pub fn client(&self) -> Option<&ClientMetadata> {
        self.waiting.client().map(|client| &client.metadata)
    }

    /// The id of the client.
    pub fn client_id(&self) -> Option<&ClientId> {
        self.waiting.client().map(|client| client.id())
    }

    /// Who registered the client.
    pub fn provenance(&self) -> Option<&Provenance> {
        self.waiting.client().map(|client| &client.provenance)
    }

    /// How long ago the client was seen here first, in seconds, if it is known.
    pub fn client_age(&self) -> Option<i64> {
        Some(self.server.now().since(self.waiting.client()?.registered_at?))
    }

    /// Where the answer will go.
    pub fn redirect_uri(&self) -> Option<&str> {
        self.waiting.return_to().map(Returnable::uri)
    }

    /// The `login_hint` of the client (OpenID Connect Core 1.0 §3.1.2.1).
    pub fn login_hint(&self) -> Option<&str> {
        self.waiting.login_hint()
    }

    /// The user who is signed in in this browser.
    pub fn subject(&self) -> Option<&Subject> {
        self.signed_in.as_ref().map(|signed_in| &signed_in.session.subject)
    }

    /// The subject that the client expects to sign in, if it sent an `id_token_hint` (OpenID Connect Core 1.0
    /// §3.1.2.1). [`Self::signed_in`] refuses any other.
    pub fn expected(&self) -> Option<&Subject> {
        self.waiting.expected()
    }

    /// What is requested beside scopes (RFC 9396).
    pub fn authorization_details(&self) -> &[AskedDetails] {
        self.waiting.authorization_details()
    }

    /// The requested scopes.
    pub fn scopes(&self) -> &[AskedScope] {
        self.waiting.scopes()
    }

    /// What a page tells of a request that its client sent from elsewhere ([`Ask::Confirm`]).
    pub fn deferred(&self) -> Option<&DeferredFacts> {
        self.waiting.deferred()
    }

    /// The note that the host's pages keep with [`Self::set_note`].
    pub fn note(&self) -> Option<&Value> {
        self.paused.note.as_ref().map(Note::value)
    }

    /// Stores a JSON value of the host in this interaction, so that its pages find it after a reload, such as a first
    /// factor that is done. `None` deletes it. It never leaves the server, and is deleted when a user signs in, when
    /// the account is switched, and with the interaction.
    ///
    /// Pages that are open at the same time overwrite each other's note: do not count attempts in it.
    ///
    /// # Errors
    /// [`Fault::Broken`] beyond [`NOTE_BYTES_MAX`](protocol::limits::NOTE_BYTES_MAX) bytes of JSON, those of the store,
    /// and [`Reason::InteractionUnknown`] where it was answered meanwhile.
    pub async fn set_note(&mut self, note: Option<Value>) -> Result<(), Error> {
        self.paused.note = note.map(Note::new).transpose()?;
        let commit = Commit::new(self.server.now());
        self.keep(commit).await
    }

    pub(super) fn visitor(&self) -> Visitor<'_> {
        let (now, request_id, peer) = (self.server.now(), self.request_id.as_str(), self.peer);
        Visitor {
            server: &self.server,
            signed_in: self.signed_in.as_ref(),
            leavable: self.leavable.as_ref(),
            signed_in_at: self.paused.signed_in_at,
            carried: Carried { now, remember: &[], request_id, peer, client: None },
        }
    }
}
