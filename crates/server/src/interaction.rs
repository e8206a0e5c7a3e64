//! A pause for the user: what a host's pages ask of it, and the answers they bring.
//!
//! The server redirects to a page with `?interaction=ID`. The page opens the interaction, shows what it likes, and
//! calls one of the answers. The browser's own cookie is demanded beside the id, so a link alone is worth nothing.

mod paused;

use std::sync::Arc;

use http::{header, request::Parts};
use protocol::{
    BrowserSecret, ClientId, ClientMetadata, Handle, InteractionToken, SessionToken, Subject, uri,
};
use serde::{Deserialize, Serialize};

pub(crate) use paused::{Paused, Pending, page_url};

use paused::asked;

use crate::{
    AuthorizationServer,
    answer::{Answer, see_other},
    authorize::{
        client::Returnable,
        decision::{self, Step},
        request::AuthorizationRequest,
        response,
    },
    error::{Error, Fault},
    incoming::Head as _,
    reason::Reason,
    registry::RegisteredClient,
    session::{self, Cookie, SignedIn},
    store::{Commit, Consent, GrantChange, InteractionChange, Of, Session, SessionChange},
};

/// What an interaction waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ask {
    /// Who is it?
    SignIn,
    /// Is it allowed?
    Consent,
    /// Sign out, really?
    SignOut,
}

/// One scope as a consent page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskedScope {
    /// The technical name.
    pub scope: String,
    /// A sentence, where the operator registered one (English, or whatever there is).
    pub description: Option<String>,
    /// The identifier of the resource that it belongs to; a scope of several stands once for each.
    pub resource: Option<String>,
    /// The name of that resource.
    pub resource_name: Option<String>,
}

impl AuthorizationServer {
    /// Opens the interaction that a page was called for.
    ///
    /// # Errors
    /// [`Reason::InteractionUnknown`], [`Reason::InteractionExpired`], [`Reason::InteractionOfAnotherBrowser`],
    /// [`Reason::HostMismatch`].
    pub async fn interaction(&self, head: &Parts) -> Result<OpenInteraction, Error> {
        head.check_host(self.settings())?;
        OpenInteraction::open(self, head).await
    }

    /// An error as a page, in the host's style.
    pub fn error_page(&self, head: &Parts, error: &Error) -> Answer {
        response::error_page(self, head, error, Vec::new())
    }

    /// Ends every grant of a session, subject or client; and the sessions of a subject. For a host that disables an
    /// account or a client.
    ///
    /// # Errors
    /// The store's.
    pub async fn end(&self, of: Of) -> Result<(), Fault> {
        let mut commit = Commit::new(self.now());
        match &of {
            Of::Session(session) => commit.push(SessionChange::End(*session)),
            Of::Subject(subject) => commit.push(SessionChange::EndAll(subject.clone())),
            Of::Client(_) => {}
        }
        commit.push(GrantChange::RevokeAll { of, keep_offline: false });
        self.write(commit).await
    }
}

/// An interaction, opened by the browser that it belongs to.
#[derive(Debug)]
pub struct OpenInteraction {
    server: AuthorizationServer,
    token: InteractionToken,
    handle: Handle<InteractionToken>,
    browser: BrowserSecret,
    paused: Paused,
    signed_in: Option<SignedIn>,
    client: Option<Arc<RegisteredClient>>,
    asked: Vec<AskedScope>,
}

impl OpenInteraction {
    pub(crate) async fn open(server: &AuthorizationServer, head: &Parts) -> Result<Self, Error> {
        let params = head.query()?;
        let text = params.get("interaction").ok_or(Reason::ParameterMissing("interaction"))?;
        let token = InteractionToken::presented(text).ok_or(Reason::InteractionUnknown)?;
        let handle = token.handle();
        let stored = server.store().interaction(handle).await?.ok_or(Reason::InteractionUnknown)?;
        let row = stored.open(&handle).ok_or(Reason::InteractionUnknown)?;
        let browser = session::browser(server, &head.headers).ok_or(Reason::InteractionOfAnotherBrowser)?;
        if browser.handle().digest != row.browser {
            return Err(Reason::InteractionOfAnotherBrowser.into());
        }
        if row.used {
            return Err(Reason::InteractionUnknown.into());
        }
        if row.expires_at <= server.now() {
            return Err(Reason::InteractionExpired.into());
        }
        let paused: Paused = serde_json::from_str(&row.request).map_err(Fault::new)?;
        let signed_in = session::current(server, &head.headers).await?;
        let client = match &paused.pending {
            Pending::Authorize(_, request) => {
                let found = server.registry().client(request.client.as_str()).await?;
                Some(found.filter(|client| !client.caller.disabled).ok_or(Reason::AuthorizeClientUnknown)?)
            }
            Pending::SignOut(_) => None,
        };
        let asked = asked(server, &paused).await?;
        Ok(Self { server: server.clone(), token, handle, browser, paused, signed_in, client, asked })
    }

    /// What it waits for.
    pub fn ask(&self) -> Ask {
        self.paused.pending.ask().unwrap_or(Ask::SignIn)
    }

    /// What the asking client registered.
    pub fn client(&self) -> Option<&ClientMetadata> {
        self.client.as_ref().map(|client| &client.metadata)
    }

    /// The asking client's id.
    pub fn client_id(&self) -> Option<&ClientId> {
        self.client.as_ref().map(|client| client.id())
    }

    /// Where the answer will go.
    pub fn redirect_uri(&self) -> Option<&str> {
        self.returnable().map(Returnable::redirect_uri)
    }

    /// Who the client thinks it is (OpenID Connect Core 1.0 §3.1.2.1).
    pub fn login_hint(&self) -> Option<&str> {
        self.request().and_then(|request| request.login_hint.as_deref())
    }

    /// Who is signed in in this browser.
    pub fn subject(&self) -> Option<&Subject> {
        self.signed_in.as_ref().map(|signed_in| &signed_in.session.subject)
    }

    /// What is asked for.
    pub fn scopes(&self) -> &[AskedScope] {
        &self.asked
    }

    /// What a form must send back as `csrf`: bound to this interaction and this browser.
    pub fn csrf(&self) -> String {
        let digests = [*self.handle.digest.as_bytes(), *self.browser.handle().digest.as_bytes()];
        self.server.master().form_token(digests.as_flattened())
    }

    /// What stands in `form-action` of the page's policy: the redirect that follows the form is subject to it, and
    /// so is the client's own next one.
    pub fn form_action(&self) -> String {
        let mut sources = "'self' https:".to_owned();
        let next = match &self.paused.pending {
            Pending::Authorize(_, request) => Some(request.returnable.redirect_uri()),
            Pending::SignOut(request) => request.return_to(),
        };
        let scheme = next.and_then(|uri| uri.split_once(':')).map(|(scheme, _)| scheme);
        match scheme {
            Some("http") => sources.push_str(" http:"),
            Some("https") | None => {}
            Some(custom) => sources.push_str(&format!(" {custom}:")),
        }
        sources
    }

    /// Whether a form was submitted by this page in this browser (RFC 9700 §4.7).
    ///
    /// # Errors
    /// [`Reason::CrossSiteForm`].
    pub fn check_form(&self, head: &Parts, csrf: Option<&str>) -> Result<(), Error> {
        let header = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
        let same_site = match (header("sec-fetch-site"), header(header::ORIGIN.as_str())) {
            (Some(site), _) => site == "same-origin",
            (None, Some(origin)) if origin != "null" => {
                uri::origin(self.server.settings().issuer.as_str()).as_deref() == Some(origin)
            }
            (None, _) => true,
        };
        let expected = self.csrf();
        let known =
            csrf.is_some_and(|sent| jose::primitives::constant_time_eq(sent.as_bytes(), expected.as_bytes()));
        if same_site && known { Ok(()) } else { Err(Reason::CrossSiteForm.into()) }
    }

    /// The user is who the page found out, and the request goes on. Whoever was signed in already keeps the session,
    /// so that what was granted in it still ends with it, under a new secret: one that was planted or copied before a
    /// sign-in opens nothing after it. For anybody else a new session begins, and the one of before ends.
    ///
    /// # Errors
    /// Those of the store, and [`Reason::InteractionUnknown`] where it was answered, or the session ended, meanwhile.
    pub async fn signed_in(mut self, subject: &Subject, amr: &str) -> Result<Answer, Error> {
        if self.ask() != Ask::SignIn {
            return Err(Reason::InteractionUnknown.into());
        }
        let (now, settings) = (self.server.now(), self.server.settings().clone());
        let (kept, left) = match self.signed_in.take() {
            Some(before) if before.session.subject == *subject => (Some(before.id), None),
            before => (None, before),
        };
        let token = self.server.draw(|id, secret| SessionToken::mint(kept.map_or(id, |kept| kept.0), secret));
        let session = Session {
            subject: subject.clone(),
            authenticated_at: now,
            amr: amr.into(),
            seen_at: now,
            expires_at: now + settings.session_absolute_lifetime,
        };
        let write = if kept.is_some() { SessionChange::Renew } else { SessionChange::Add };
        let mut commit = Commit::new(now).with(write(token.handle(), session.clone()));
        if let Some(left) = left {
            commit.push(SessionChange::End(left.id));
            commit.push(GrantChange::RevokeAll { of: Of::Session(left.id), keep_offline: true });
        }
        self.signed_in = Some(SignedIn { id: token.session(), session });
        self.paused.signed_in_at = Some(now);
        let mut answer = self.go_on_with(commit).await?;
        Cookie::Session.set(&settings, &mut answer, Some(&token.expose()));
        Ok(answer)
    }

    /// The user allows it: consent is remembered, and the client gets its code.
    ///
    /// # Errors
    /// Those of the store, and [`Reason::InteractionUnknown`] where it was answered meanwhile.
    pub async fn approve(self) -> Result<Answer, Error> {
        let (Ask::Consent, Some(request), Some(client)) = (self.ask(), self.request(), &self.client) else {
            return Err(Reason::InteractionUnknown.into());
        };
        let signed_in = self.signed_in.as_ref().ok_or(Reason::InteractionUnknown)?;
        let server = &self.server;
        // The session may have changed since the page was shown: whoever is signed in now is asked anew.
        let step = decision::step(server, client, request, Some(signed_in), self.paused.signed_in_at).await?;
        if step == Step::Ask(Ask::SignIn) {
            return self.go_on().await;
        }
        let subject = &signed_in.session.subject;
        let before = server.store().consent(subject, client.id()).await?;
        let known = before.map(|consent| consent.scopes).unwrap_or_default();
        let consent = Consent {
            subject: subject.clone(),
            client: client.id().clone(),
            scopes: known.iter().chain(request.scopes.iter()).collect(),
            given_at: server.now(),
        };
        let commit = Commit::new(server.now())
            .with(InteractionChange::Use(self.handle))
            .with(GrantChange::Consent(consent));
        response::approve(server, client, request, signed_in, commit).await
    }

    /// The user said no: the client is told.
    ///
    /// # Errors
    /// Those of the store, and [`Reason::InteractionUnknown`] where it was answered meanwhile.
    pub async fn deny(self) -> Result<Answer, Error> {
        let returnable = self.returnable().ok_or(Reason::InteractionUnknown)?;
        self.finish(Commit::new(self.server.now())).await?;
        response::refusal(&self.server, returnable, Reason::UserDenied)
    }

    /// It is somebody else: back to signing in.
    ///
    /// # Errors
    /// Those of the store, and [`Reason::InteractionUnknown`] where it was answered meanwhile.
    pub async fn switch_account(mut self) -> Result<Answer, Error> {
        self.paused.signed_in_at = None;
        let commit = Commit::new(self.server.now());
        self.ask_for(Ask::SignIn, commit).await
    }

    /// The user signs out.
    ///
    /// # Errors
    /// Those of the store, and [`Reason::InteractionUnknown`] where it was answered meanwhile.
    pub async fn sign_out(self) -> Result<Answer, Error> {
        let Pending::SignOut(request) = &self.paused.pending else {
            return Err(Reason::InteractionUnknown.into());
        };
        let commit = request.end(&self.server, self.signed_in.as_ref());
        self.finish(commit).await?;
        request.answer(&self.server)
    }

    /// Looks at what is still to be asked, and goes there.
    pub(crate) async fn go_on(self) -> Result<Answer, Error> {
        let commit = Commit::new(self.server.now());
        self.go_on_with(commit).await
    }

    async fn go_on_with(self, mut commit: Commit) -> Result<Answer, Error> {
        let (Some(request), Some(client)) = (self.request(), &self.client) else {
            return Err(Reason::InteractionUnknown.into());
        };
        let signed_in = self.signed_in.as_ref();
        match decision::step(&self.server, client, request, signed_in, self.paused.signed_in_at).await? {
            Step::Ask(ask) => self.ask_for(ask, commit).await,
            Step::Refuse(reason) => {
                let returnable = request.returnable.clone();
                self.finish(commit).await?;
                response::refusal(&self.server, &returnable, reason)
            }
            Step::Approve => {
                let signed_in = signed_in.ok_or_else(|| Fault::new("approved with nobody signed in"))?;
                commit.push(InteractionChange::Use(self.handle));
                response::approve(&self.server, client, request, signed_in, commit).await
            }
        }
    }

    async fn ask_for(mut self, ask: Ask, commit: Commit) -> Result<Answer, Error> {
        let Pending::Authorize(waits_for, _) = &mut self.paused.pending else {
            return Err(Reason::InteractionUnknown.into());
        };
        *waits_for = Some(ask);
        let change = InteractionChange::Update(self.handle, self.paused.to_text()?);
        self.commit(commit, change).await?;
        see_other(&page_url(&self.server, Some(ask), &self.token.expose()))
    }

    async fn finish(&self, commit: Commit) -> Result<(), Error> {
        self.commit(commit, InteractionChange::Use(self.handle)).await
    }

    /// The interaction is the contended guard: somebody else may have answered it.
    async fn commit(&self, mut commit: Commit, change: InteractionChange) -> Result<(), Error> {
        commit.guards.insert(0, change.into());
        match self.server.store().commit(commit).await? {
            Ok(()) => Ok(()),
            Err(_) => Err(Reason::InteractionUnknown.into()),
        }
    }

    fn request(&self) -> Option<&AuthorizationRequest> {
        match &self.paused.pending {
            Pending::Authorize(_, request) => Some(request),
            Pending::SignOut(_) => None,
        }
    }

    fn returnable(&self) -> Option<&Returnable> {
        self.request().map(|request| &request.returnable)
    }
}
