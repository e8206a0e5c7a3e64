//! Early ends of sessions and grants. No other change ends one.

use protocol::{ClientId, GrantId, SessionId, Subject};

use crate::store::records::Grant;

/// No guard: it is idempotent. Ends the sessions and grants that [`Of`] selects. The end of a subject also increases
/// the version that [`Store::subject`](crate::store::Store::subject) returns, so that concurrent sign-ins conflict.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct End {
    /// Whose sessions and grants.
    pub of: Of,
    /// Why.
    pub why: Why,
    /// Whether sessions end too, or only grants.
    pub sessions: bool,
    /// Whether grants with `offline_access` are kept.
    pub keep_offline: bool,
    /// The subject for the event.
    pub subject: Option<Subject>,
    /// The client for the event.
    pub client: Option<ClientId>,
}

impl End {
    /// What ends for this reason. `logout_ends_offline` is the setting of that name; see [`Why::keeps_offline`].
    pub fn new(of: Of, why: Why, logout_ends_offline: bool) -> Self {
        let subject = if let Of::Subject(subject) = &of { Some(subject.clone()) } else { None };
        let client = if let Of::Client(client) = &of { Some(client.clone()) } else { None };
        let keep_offline = why.keeps_offline(logout_ends_offline);
        Self { of, why, sessions: why != Why::Revoked, keep_offline, subject, client }
    }

    /// The end of one grant, with `offline_access` or without.
    pub fn grant(grant: &Grant, why: Why) -> Self {
        Self::new(Of::Grant(grant.id), why, true).naming(Some(&grant.subject), Some(&grant.client))
    }

    /// Sets the subject and the client for the event.
    #[must_use]
    pub fn naming(mut self, subject: Option<&Subject>, client: Option<&ClientId>) -> Self {
        self.subject = self.subject.or_else(|| subject.cloned());
        self.client = self.client.or_else(|| client.cloned());
        self
    }
}

/// Selects sessions and grants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Of {
    /// One grant.
    Grant(GrantId),
    /// This session, and the grants that were approved in it.
    Session(SessionId),
    /// All sessions of this subject, and the grants that it approved.
    Subject(Subject),
    /// The grants that were approved for this client.
    Client(ClientId),
}

/// Why something ends early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The user signed out.
    SignedOut,
    /// Another user signed in in the same browser.
    AccountSwitched,
    /// An operator ended the session, or all sessions of a subject.
    SessionKilled,
    /// The user changed the password.
    PasswordChanged,
    /// An operator set another password.
    PasswordReset {
        /// Whether applications with `offline_access` stay connected.
        keep_apps: bool,
    },
    /// The account was disabled.
    AccountDisabled,
    /// The account was deleted.
    AccountDeleted,
    /// The client was disabled.
    ClientDisabled,
    /// The client was deleted.
    ClientDeleted,
    /// Grants were revoked, by their client (RFC 7009) or by an operator. Sessions go on.
    Revoked,
    /// A code was presented a second time (RFC 6749 §4.1.2).
    CodeReplayed,
    /// A refresh token was presented after its successor was used (RFC 9700 §4.14.2).
    RefreshReplayed,
    /// The host ended it for its own reason.
    Host,
}

impl Why {
    /// The policy for `offline_access`: whether such grants are kept when the session or subject ends. The table in
    /// `docs/defaults.md` describes this function.
    pub const fn keeps_offline(self, logout_ends_offline: bool) -> bool {
        match self {
            Self::SignedOut | Self::AccountSwitched | Self::SessionKilled => !logout_ends_offline,
            Self::PasswordChanged => true,
            Self::PasswordReset { keep_apps } => keep_apps,
            Self::AccountDisabled
            | Self::AccountDeleted
            | Self::ClientDisabled
            | Self::ClientDeleted
            | Self::Revoked
            | Self::CodeReplayed
            | Self::RefreshReplayed
            | Self::Host => false,
        }
    }

    /// Its name in the store and in the audit trail.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignedOut => "signed_out",
            Self::AccountSwitched => "account_switched",
            Self::SessionKilled => "session_killed",
            Self::PasswordChanged => "password_changed",
            Self::PasswordReset { .. } => "password_reset",
            Self::AccountDisabled => "account_disabled",
            Self::AccountDeleted => "account_deleted",
            Self::ClientDisabled => "client_disabled",
            Self::ClientDeleted => "client_deleted",
            Self::Revoked => "revoked",
            Self::CodeReplayed => "code_replayed",
            Self::RefreshReplayed => "refresh_replayed",
            Self::Host => "host",
        }
    }
}
