//! The end of a pause, and what is kept of its answer: the same form from the same browser gets it again.

use std::{fmt, sync::Arc};

use protocol::{AuthorizationCode, BrowserSecret, Handle, InteractionToken, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    AuthorizationServer,
    error::Fault,
    store::{Change, Commit, InteractionChange},
};

/// What answered an interaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum By {
    /// The sign-in form.
    SignIn,
    /// The sign-in form, by whoever does not want to sign in.
    Cancel,
    /// The consent form: allowed.
    Allow,
    /// The consent form: denied.
    Deny,
    /// The sign-out form.
    SignOut,
    /// The sign-out form, by whoever stays.
    Stay,
    /// No form: nothing was left to ask.
    Nothing,
}

/// What an interaction was answered, as it is stored with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Answered {
    pub(super) by: By,
    /// The code that the client got, encrypted under the master key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code: Option<Box<str>>,
}

impl Answered {
    /// The code that the client got.
    pub(super) fn code(
        &self,
        server: &AuthorizationServer,
        interaction: &Handle<InteractionToken>,
    ) -> Option<AuthorizationCode> {
        let sealed = jose::base64url::decode(self.code.as_deref()?).ok()?;
        let code = server.master().open(&code_purpose(interaction), &sealed)?;
        AuthorizationCode::presented(std::str::from_utf8(&code).ok()?)
    }
}

/// What was paused, which can keep its answer.
pub(super) trait KeepsAnswer: fmt::Debug + Send + Sync {
    /// Its stored form with this answer.
    fn with_answer(&self, answered: Answered) -> Result<Box<str>, Fault>;
}

/// A commit that also ends a pause: an interaction is answered once.
#[derive(Clone, Debug)]
pub(super) struct Ending {
    commit: Commit,
    interaction: Handle<InteractionToken>,
    paused: Arc<dyn KeepsAnswer>,
    by: By,
}

impl Ending {
    pub(super) fn new(
        commit: Commit,
        interaction: Handle<InteractionToken>,
        paused: impl KeepsAnswer + 'static,
        by: By,
    ) -> Self {
        Self { commit, interaction, paused: Arc::new(paused), by }
    }

    /// When it is decided.
    pub(super) fn now(&self) -> Timestamp {
        self.commit.now
    }

    /// Adds a change.
    pub(super) fn push(&mut self, change: impl Into<Change>) {
        self.commit.push(change);
    }

    /// The commit itself, to add what a sign-out ends.
    pub(super) fn commit_mut(&mut self) -> &mut Commit {
        &mut self.commit
    }

    /// The whole commit, which keeps the code that the client gets, if it gets one.
    pub(super) fn commit(
        &self,
        server: &AuthorizationServer,
        code: Option<&AuthorizationCode>,
    ) -> Result<Commit, Fault> {
        let seal = |code: &AuthorizationCode| {
            let sealed = server.master().seal(&code_purpose(&self.interaction), code.expose().as_bytes());
            jose::base64url::encode(&sealed).into()
        };
        let answered = Answered { by: self.by, code: code.map(seal) };
        let mut commit = self.commit.clone();
        let kept = self.paused.with_answer(answered)?;
        commit.guards.insert(0, InteractionChange::Use(self.interaction, kept).into());
        Ok(commit)
    }
}

/// The purpose of the encryption: it can't be moved to another interaction.
fn code_purpose(interaction: &Handle<InteractionToken>) -> String {
    format!("code of interaction {}", jose::base64url::encode(interaction.digest.as_bytes()))
}

/// The purpose of the encryption of a request that a form carries: it belongs to one interaction and one browser.
pub(super) fn request_purpose(interaction: &Handle<InteractionToken>, browser: &BrowserSecret) -> String {
    let digests = [*interaction.digest.as_bytes(), *browser.handle().digest.as_bytes()];
    format!("request of interaction {}", jose::base64url::encode(digests.as_flattened()))
}
