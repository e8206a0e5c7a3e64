//! What ends before its time: sessions and grants. No other change ends one.

use protocol::{ClientId, GrantId, SessionId, Subject};

use crate::store::records::Grant;

/// No guard: ending twice is ending. Ends the sessions and grants of one of [`Of`], and makes an end of a subject known
/// to whatever began meanwhile: it moves the version that [`Store::subject`](crate::store::Store::subject) answers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct End {
    /// Whose.
    pub of: Of,
    /// Why.
    pub why: Why,
    /// Whether sessions end too, or grants only.
    pub sessions: bool,
    /// Whether grants with `offline_access` stay.
    pub keep_offline: bool,
    /// The subject that the event names.
    pub subject: Option<Subject>,
    /// The client that the event names.
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

    /// The end of one grant, whole.
    pub fn grant(grant: &Grant, why: Why) -> Self {
        Self::new(Of::Grant(grant.id), why, true).naming(Some(&grant.subject), Some(&grant.client))
    }

    /// Names whose session or grant it is, for the event.
    #[must_use]
    pub fn naming(mut self, subject: Option<&Subject>, client: Option<&ClientId>) -> Self {
        self.subject = self.subject.or_else(|| subject.cloned());
        self.client = self.client.or_else(|| client.cloned());
        self
    }
}

/// Whose sessions and grants are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Of {
    /// This one grant.
    Grant(GrantId),
    /// This session, and the grants that were approved in it.
    Session(SessionId),
    /// All sessions of this subject, and the grants that it approved.
    Subject(Subject),
    /// The grants that were approved for this client.
    Client(ClientId),
}

/// Why something ends before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The user signed out.
    SignedOut,
    /// Somebody else signed in in the same browser.
    AccountSwitched,
    /// An operator ended the session, or all sessions of a subject.
    SessionKilled,
    /// The user chose another password.
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
    /// The host said so, for a reason of its own.
    Host,
}

impl Why {
    /// The one policy for `offline_access`: whether such grants outlive the session or subject that ends. The table of
    /// `docs/defaults.md` is this function in words.
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

    /// The word for it, in the store and in the audit trail.
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
