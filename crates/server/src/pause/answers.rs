//! The answers of a page.

use super::{open::OpenInteraction, stored::page_url};
use crate::{
    answer::{Answer, see_other},
    ask::Ask,
    authorize::decision::Step,
    cookie::Cookie,
    error::Error,
    logout,
    reason::Reason,
    session::{self, NewSession},
    store::{Actor, Commit, InteractionChange, SeenSubject},
};

impl OpenInteraction {
    /// The user has signed in, and the request goes on. If the same user was signed in already, the session continues
    /// under a new secret, so that what was granted in it still ends with it. Otherwise a new session begins and the
    /// previous one ends.
    ///
    /// The subject is the one that was [seen](crate::store::Store::subject) before its credentials were read and
    /// checked: where it was ended since (another password, a disabled account), nobody is signed in.
    ///
    /// # Errors
    /// Those of the store; [`Reason::InteractionUnknown`] where it was answered, or the session ended, meanwhile;
    /// [`Reason::SignInOutdated`] where the subject was ended meanwhile. Then the interaction still waits: open it again,
    /// and check the credentials again.
    pub async fn signed_in(mut self, seen: &SeenSubject, amr: &str) -> Result<Answer, Error> {
        if self.ask() != Ask::SignIn {
            return Err(Reason::InteractionUnknown.into());
        }
        let (kept, left) = match self.signed_in.take() {
            Some(before) if before.session.subject == seen.subject => (Some(before.id), None),
            before => (None, before),
        };
        let NewSession { signed_in, token, change } = session::begin(&self.server, kept, seen, amr);
        let mut commit = Commit::new(signed_in.session.authenticated_at).with(change);
        commit.actor = Actor::User(seen.subject.clone());
        if let Some(left) = left {
            logout::leave(&self.server, &left, &mut commit);
        }
        self.signed_in_at = Some(signed_in.session.authenticated_at);
        (self.signed_in, self.note) = (Some(signed_in), None);
        let server = self.server.clone();
        let mut answer = self.go_on_with(commit).await?;
        Cookie::Session.set(server.settings(), &mut answer, Some(&token.expose()));
        Ok(answer)
    }

    /// The user allows it: consent is remembered, and the client gets its code.
    ///
    /// # Errors
    /// Those of the store, and [`Reason::InteractionUnknown`] where it was answered meanwhile.
    pub async fn approve(self) -> Result<Answer, Error> {
        if self.ask() != Ask::Consent || self.signed_in.is_none() {
            return Err(Reason::InteractionUnknown.into());
        }
        match self.waiting.step(self.visitor()).await? {
            // The session may have changed since the page was shown, or what is registered: whoever is signed in now is
            // asked anew, and what the client may no longer have is refused.
            Step::Ask(Ask::SignIn) | Step::Refuse(_) => self.go_on().await,
            Step::Ask(_) | Step::Approve => {
                let answer = self.waiting.allow(self.visitor(), self.end()).await;
                self.unless_outdated(answer).await
            }
        }
    }

    /// The user denies it: the client receives `access_denied`.
    ///
    /// # Errors
    /// Those of the store, and [`Reason::InteractionUnknown`] where it was answered meanwhile.
    pub async fn deny(self) -> Result<Answer, Error> {
        self.waiting.refuse(self.visitor(), Reason::ConsentDenied, self.end()).await
    }

    /// The user wants another account: back to signing in.
    ///
    /// # Errors
    /// Those of the store, and [`Reason::InteractionUnknown`] where it was answered meanwhile.
    pub async fn switch_account(mut self) -> Result<Answer, Error> {
        (self.signed_in_at, self.note) = (None, None);
        let commit = Commit::new(self.server.now());
        self.ask_for(Ask::SignIn, commit).await
    }

    /// The user signs out.
    ///
    /// # Errors
    /// Those of the store, and [`Reason::InteractionUnknown`] where it was answered meanwhile.
    pub async fn sign_out(self) -> Result<Answer, Error> {
        self.waiting.sign_out(self.visitor(), self.end()).await
    }

    /// Goes to the page that asks next, or ends the request.
    pub(crate) async fn go_on(mut self) -> Result<Answer, Error> {
        let answer = self.go_on_with(Commit::new(self.server.now())).await;
        self.unless_outdated(answer).await
    }

    /// Whoever was signed out while something was approved signs in again.
    async fn unless_outdated(mut self, answer: Result<Answer, Error>) -> Result<Answer, Error> {
        match answer {
            Err(Error::Refused(Reason::SignInOutdated)) => {
                let commit = Commit::new(self.server.now());
                self.signed_in = None;
                self.go_on_with(commit).await
            }
            answer => answer,
        }
    }

    async fn go_on_with(&mut self, commit: Commit) -> Result<Answer, Error> {
        match self.waiting.step(self.visitor()).await? {
            Step::Ask(ask) => self.ask_for(ask, commit).await,
            Step::Refuse(reason) => self.waiting.refuse(self.visitor(), reason, self.ending(commit)).await,
            Step::Approve => self.waiting.complete(self.visitor(), self.ending(commit)).await,
        }
    }

    async fn ask_for(&mut self, ask: Ask, commit: Commit) -> Result<Answer, Error> {
        self.pending.wait_at(ask)?;
        self.keep(commit).await?;
        see_other(&page_url(&self.server, Some(ask), &self.token))
    }

    /// A commit that only ends the pause.
    fn end(&self) -> Commit {
        self.ending(Commit::new(self.server.now()))
    }

    /// The commit, which also ends the pause: an interaction is answered once.
    fn ending(&self, mut commit: Commit) -> Commit {
        commit.guards.insert(0, InteractionChange::Use(self.handle).into());
        commit
    }
}
