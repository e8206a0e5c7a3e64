//! The answers of a page.

use protocol::{SessionId, Subject};

use super::{
    ending::{By, Ending},
    open::{OpenInteraction, Past},
    pending::account_page,
    stored::{Paused, begin, page_url},
};
use crate::{
    answer::{Answer, see_other},
    ask::Ask,
    authorize::decision::Step,
    cookie::Cookie,
    error::{Error, Fault},
    logout,
    reason::Reason,
    session::{self, Leavable, NewSession},
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
    /// [`Reason::SignInOutdated`] where the subject was ended meanwhile. Then [reopen] it, and check the credentials
    /// again. [`Reason::SubjectMismatch`] where the client [expects](Self::expected) another: nobody was signed in.
    ///
    /// [reopen]: crate::AuthorizationServer::reopen
    pub async fn signed_in(mut self, seen: &SeenSubject, amr: &str) -> Result<Answer, Error> {
        // A consent page has nobody to ask where the browser never got the answer to its sign-in.
        let asks = self.ask() == Ask::SignIn || (self.ask() == Ask::Consent && self.signed_in.is_none());
        if !asks {
            return Err(Reason::InteractionUnknown.into());
        }
        if self.expected().is_some_and(|expected| *expected != seen.subject) {
            return Err(Reason::SubjectMismatch.into());
        }
        let (kept, left) = match self.leavable.take() {
            Some(before) if before.subject == seen.subject => (Some(before.id), None),
            Some(before) => (None, Some(before)),
            None => (self.begun_by(&seen.subject).await?, None),
        };
        // The same form is that of the same user: nobody gets an answer that another user's sign-in got.
        let is_same = kept.is_some_and(|kept| self.paused.session == Some(kept.0));
        let NewSession { signed_in, cookie, change } = session::begin(&self.server, kept, seen, amr);
        let mut commit = Commit::new(signed_in.session.authenticated_at).with(change);
        commit.actor = Actor::User(seen.subject.clone());
        if let Some(left) = left {
            logout::leave(&self.server, &left, &mut commit);
        }
        self.paused.signed_in_at = Some(signed_in.session.authenticated_at);
        self.paused.session = Some(signed_in.id.0);
        self.leavable = Some(Leavable::from(&signed_in));
        (self.signed_in, self.paused.note, self.paused.switching) = (Some(signed_in), None, false);
        let server = self.server.clone();
        let mut answer = if self.is_past() {
            self.visitor().commit(commit).await?;
            if is_same { self.again(By::SignIn).await? } else { self.start_again().await? }
        } else {
            self.go_on_with(commit, By::SignIn).await?
        };
        Cookie::Session.set(server.settings(), &mut answer, Some(&cookie));
        Ok(answer)
    }

    /// The session that a sign-in of this user began in this interaction, if it lives: where the same form is sent
    /// again, the first answer, and its cookie, may be lost.
    async fn begun_by(&self, subject: &Subject) -> Result<Option<SessionId>, Fault> {
        let Some(begun) = self.paused.session.map(SessionId) else { return Ok(None) };
        let of = self.server.subject_of(begun).await?;
        Ok((of.as_ref() == Some(subject)).then_some(begun))
    }

    /// The user allows it: consent is remembered, and the client gets its code.
    ///
    /// # Errors
    /// Those of the store, and [`Reason::InteractionUnknown`] where it was answered meanwhile: then
    /// [reopen](crate::AuthorizationServer::reopen) it.
    pub async fn approve(self) -> Result<Answer, Error> {
        if self.is_past() {
            return self.again(By::Allow).await;
        }
        if !matches!(self.ask(), Ask::Consent | Ask::Confirm) || self.signed_in.is_none() {
            return Err(Reason::InteractionUnknown.into());
        }
        match self.waiting.step(self.visitor()).await? {
            // The session may have changed since the page was shown, or what is registered: whoever is signed in now is
            // asked anew, and what the client may no longer have is refused.
            Step::Ask(Ask::SignIn) | Step::Refuse(_) => self.go_on().await,
            Step::Ask(_) | Step::Approve => {
                let answer = self.waiting.allow(self.visitor(), self.end(By::Allow)).await;
                self.unless_outdated(answer).await
            }
        }
    }

    /// The user denies it: the client receives `access_denied`.
    ///
    /// # Errors
    /// As for [`Self::approve`].
    pub async fn deny(self) -> Result<Answer, Error> {
        if self.is_past() {
            return self.again(By::Deny).await;
        }
        self.waiting.refuse(self.visitor(), Reason::ConsentDenied, self.end(By::Deny)).await
    }

    /// The user does not want to sign in, such as where the client [expects](Self::expected) another: the client
    /// receives `login_required` (OpenID Connect Core 1.0 §3.1.2.1).
    ///
    /// # Errors
    /// As for [`Self::approve`].
    pub async fn cancel_sign_in(self) -> Result<Answer, Error> {
        if self.is_past() {
            return self.again(By::Cancel).await;
        }
        if self.ask() != Ask::SignIn {
            return Err(Reason::InteractionUnknown.into());
        }
        self.waiting.refuse(self.visitor(), Reason::LoginRequired, self.end(By::Cancel)).await
    }

    /// The user wants another account: back to signing in.
    ///
    /// # Errors
    /// As for [`Self::approve`].
    pub async fn switch_account(mut self) -> Result<Answer, Error> {
        (self.paused.signed_in_at, self.paused.note, self.paused.switching) = (None, None, true);
        if self.is_past() {
            self.paused.pending.wait_at(Ask::SignIn)?;
            return self.begin_again().await;
        }
        let commit = Commit::new(self.server.now());
        self.ask_for(Ask::SignIn, commit).await
    }

    /// The user signs out.
    ///
    /// # Errors
    /// As for [`Self::approve`].
    pub async fn sign_out(self) -> Result<Answer, Error> {
        if self.is_past() {
            return self.again(By::SignOut).await;
        }
        self.waiting.sign_out(self.visitor(), self.end(By::SignOut)).await
    }

    /// The user stays signed in.
    ///
    /// # Errors
    /// As for [`Self::approve`].
    pub async fn stay(self) -> Result<Answer, Error> {
        if self.is_past() {
            return self.again(By::Stay).await;
        }
        if self.ask() != Ask::SignOut {
            return Err(Reason::InteractionUnknown.into());
        }
        self.visitor().end(&self.end(By::Stay)).await?;
        account_page(&self.server)
    }

    /// Goes to the page that asks next, or ends the request. One that is [past](Self::is_past) starts again.
    ///
    /// # Errors
    /// As for [`Self::approve`].
    pub async fn go_on(mut self) -> Result<Answer, Error> {
        if self.is_past() {
            self.paused.signed_in_at = None;
            return self.start_again().await;
        }
        let answer = self.go_on_with(Commit::new(self.server.now()), By::Nothing).await;
        self.unless_outdated(answer).await
    }

    /// Redirects to the page that it waits at: the history of a browser may lead to others.
    ///
    /// # Errors
    /// None that is expected.
    pub fn elsewhere(&self) -> Result<Answer, Error> {
        see_other(&page_url(&self.server, Some(self.ask()), &self.token))
    }

    /// The same answer again, if it was answered in this way and that is still an answer; or the request starts again.
    async fn again(mut self, by: By) -> Result<Answer, Error> {
        if let Some(Past::Answered(Some(answered))) = &self.past
            && answered.by == by
        {
            let code = answered.code(&self.server, &self.handle);
            if let Some(answer) = self.waiting.again(self.visitor(), by, code).await? {
                return Ok(answer);
            }
        }
        // `prompt=login` asks once more, unless the user signed in right now.
        if by != By::SignIn {
            self.paused.signed_in_at = None;
        }
        self.start_again().await
    }

    /// The request starts again, as if the client had sent the browser here once more.
    async fn start_again(mut self) -> Result<Answer, Error> {
        self.paused.pending.start_again();
        self.begin_again().await
    }

    async fn begin_again(self) -> Result<Answer, Error> {
        let paused = Paused { note: None, answered: None, ..self.paused };
        let commit = Commit::new(self.server.now());
        begin(&self.server, &self.browser, &paused, commit, &self.request_id).await
    }

    /// Whoever was signed out while something was approved signs in again.
    async fn unless_outdated(mut self, answer: Result<Answer, Error>) -> Result<Answer, Error> {
        match answer {
            Err(Error::Refused(Reason::SignInOutdated)) => {
                let commit = Commit::new(self.server.now());
                self.signed_in = None;
                self.go_on_with(commit, By::Nothing).await
            }
            answer => answer,
        }
    }

    async fn go_on_with(&mut self, commit: Commit, by: By) -> Result<Answer, Error> {
        match self.waiting.step(self.visitor()).await? {
            Step::Ask(ask) => self.ask_for(ask, commit).await,
            Step::Refuse(reason) => {
                self.waiting.refuse(self.visitor(), reason, self.ending(commit, by)).await
            }
            Step::Approve => self.waiting.complete(self.visitor(), self.ending(commit, by)).await,
        }
    }

    async fn ask_for(&mut self, ask: Ask, commit: Commit) -> Result<Answer, Error> {
        self.paused.pending.wait_at(ask)?;
        self.keep(commit).await?;
        self.elsewhere()
    }

    /// Stores its current state, with the commit.
    pub(super) async fn keep(&self, mut commit: Commit) -> Result<(), Error> {
        commit.guards.insert(0, InteractionChange::Update(self.handle, self.paused.to_text()?).into());
        self.visitor().commit(commit).await
    }

    /// A commit that only ends the pause.
    fn end(&self, by: By) -> Ending {
        self.ending(Commit::new(self.server.now()), by)
    }

    fn ending(&self, commit: Commit, by: By) -> Ending {
        Ending::new(commit, self.handle, self.paused.clone(), by)
    }
}
