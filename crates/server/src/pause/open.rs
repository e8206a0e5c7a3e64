//! An open interaction: what its page shows.

use http::request::Parts;
use protocol::{BrowserSecret, ClientId, ClientMetadata, Handle, InteractionToken, Subject, Timestamp};
use serde_json::Value;

use super::{
    asked::AskedScope,
    browser,
    note::Note,
    pending::Pending,
    stored::Paused,
    waiting::{Visitor, Waiting},
};
use crate::{
    AuthorizationServer,
    ask::Ask,
    authorize::return_to::Returnable,
    error::{Error, Fault},
    incoming::RequestHead as _,
    reason::Reason,
    session::{self, SignedIn},
    settle::Carried,
    store::{Commit, InteractionChange},
};

impl AuthorizationServer {
    /// Opens the interaction that this request for a page names.
    ///
    /// # Errors
    /// [`Reason::InteractionUnknown`], [`Reason::InteractionExpired`], [`Reason::InteractionBrowserMismatch`],
    /// [`Reason::HostMismatch`]; [`Reason::AuthorizeClientUnknown`] and [`Reason::RedirectUriMismatch`] where what was
    /// registered has changed since.
    pub async fn interaction(&self, head: &Parts) -> Result<OpenInteraction, Error> {
        head.check_host(self.settings())?;
        OpenInteraction::open(self, head).await
    }
}

/// An interaction that was opened by its browser.
#[derive(Debug)]
pub struct OpenInteraction {
    pub(super) server: AuthorizationServer,
    pub(super) token: InteractionToken,
    pub(super) handle: Handle<InteractionToken>,
    pub(super) browser: BrowserSecret,
    pub(super) pending: Pending,
    pub(super) waiting: Box<dyn Waiting>,
    pub(super) signed_in: Option<SignedIn>,
    pub(super) signed_in_at: Option<Timestamp>,
    pub(super) note: Option<Note>,
    request_id: String,
}

impl OpenInteraction {
    pub(crate) async fn open(server: &AuthorizationServer, head: &Parts) -> Result<Self, Error> {
        let params = head.query()?;
        let text = params.get("interaction").ok_or(Reason::ParameterMissing("interaction"))?;
        let token = InteractionToken::presented(text).ok_or(Reason::InteractionUnknown)?;
        let handle = token.handle();
        let stored = server.store().interaction(handle).await?.ok_or(Reason::InteractionUnknown)?;
        let row = stored.open(&handle).ok_or(Reason::InteractionUnknown)?;
        let browser = browser::known(server, &head.headers).ok_or(Reason::InteractionBrowserMismatch)?;
        if browser.handle().digest != row.browser {
            return Err(Reason::InteractionBrowserMismatch.into());
        }
        if row.used {
            return Err(Reason::InteractionUnknown.into());
        }
        if row.expires_at <= server.now() {
            return Err(Reason::InteractionExpired.into());
        }
        let Paused { pending, signed_in_at, note } =
            serde_json::from_str(&row.request).map_err(Fault::new)?;
        let signed_in = session::current(server, &head.headers).await?;
        let waiting = pending.resume(server).await?;
        let (server, request_id) = (server.clone(), head.request_id().to_owned());
        Ok(Self {
            server,
            token,
            handle,
            browser,
            pending,
            waiting,
            signed_in,
            signed_in_at,
            note,
            request_id,
        })
    }

    /// What it waits for.
    pub fn ask(&self) -> Ask {
        self.pending.ask().unwrap_or(Ask::SignIn)
    }

    /// The metadata of the client.
    pub fn client(&self) -> Option<&ClientMetadata> {
        self.waiting.client().map(|client| &client.metadata)
    }

    /// The id of the client.
    pub fn client_id(&self) -> Option<&ClientId> {
        self.waiting.client().map(|client| client.id())
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

    /// The requested scopes.
    pub fn scopes(&self) -> &[AskedScope] {
        self.waiting.scopes()
    }

    /// The note that the host's pages keep with [`Self::set_note`].
    pub fn note(&self) -> Option<&Value> {
        self.note.as_ref().map(Note::value)
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
        self.note = note.map(Note::new).transpose()?;
        let commit = Commit::new(self.server.now());
        self.keep(commit).await
    }

    pub(super) fn visitor(&self) -> Visitor<'_> {
        let carried =
            Carried { now: self.server.now(), remember: &[], request_id: &self.request_id, client: None };
        let (server, signed_in) = (&self.server, self.signed_in.as_ref());
        Visitor { server, signed_in, signed_in_at: self.signed_in_at, carried }
    }

    /// Stores its current state, with the commit.
    pub(super) async fn keep(&self, mut commit: Commit) -> Result<(), Error> {
        let pending = self.pending.clone();
        let paused = Paused { pending, signed_in_at: self.signed_in_at, note: self.note.clone() };
        commit.guards.insert(0, InteractionChange::Update(self.handle, paused.to_text()?).into());
        self.visitor().commit(commit).await
    }
}
