//! Sessions: which user is signed in in this browser.

use http::HeaderMap;
use protocol::{SessionId, SessionToken, Timestamp};

use crate::{
    AuthorizationServer,
    cookie::Cookie,
    error::Fault,
    store::{Basis, SeenSubject, Session, SessionChange},
};

/// Minimum seconds between two updates of `seen_at`.
const TOUCH_SECONDS: i64 = 60;

/// The session of this browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SignedIn {
    pub(crate) id: SessionId,
    pub(crate) session: Session,
    /// What rests on it rests on this: the session, or its subject where the session is not written yet.
    pub(crate) basis: Basis,
}

impl SignedIn {
    /// Records that it was used, at most once in [`TOUCH_SECONDS`].
    pub(crate) fn touch(&self, now: Timestamp) -> Option<SessionChange> {
        (now.since(self.session.seen_at) >= TOUCH_SECONDS).then_some(SessionChange::Touch(self.id, now))
    }
}

/// Most session cookies of one request that are looked up: a page of a sibling host may have set another one.
const SESSION_COOKIES_MAX: usize = 4;

/// Reads the session cookie. `None` where the session ended or expired.
pub(crate) async fn current(
    server: &AuthorizationServer,
    headers: &HeaderMap,
) -> Result<Option<SignedIn>, Fault> {
    let settings = server.settings();
    let tokens = Cookie::Session.values(settings, headers).filter_map(SessionToken::presented);
    for token in tokens.take(SESSION_COOKIES_MAX) {
        let handle = token.handle();
        let session = server.store().session(handle).await?.and_then(|stored| stored.open(&handle));
        let now = server.now();
        let is_live = |session: &Session| {
            session.expires_at > now && session.seen_at + settings.session_idle_lifetime > now
        };
        if let Some(session) = session.filter(is_live) {
            let id = token.session();
            return Ok(Some(SignedIn { id, session, basis: Basis::Session(id) }));
        }
    }
    Ok(None)
}

/// A session that begins, or continues under another secret, once its change is committed.
pub(crate) struct NewSession {
    pub(crate) signed_in: SignedIn,
    /// The value of its cookie.
    pub(crate) token: SessionToken,
    pub(crate) change: SessionChange,
}

/// Begins a session of this subject, or continues the session `kept` under a new secret: a secret that was planted or
/// copied before the sign-in opens nothing after it.
pub(crate) fn begin(
    server: &AuthorizationServer,
    kept: Option<SessionId>,
    seen: &SeenSubject,
    amr: &str,
) -> NewSession {
    let now = server.now();
    let token = server.draw(|id, secret| SessionToken::mint(kept.map_or(id, |kept| kept.0), secret));
    let session = Session {
        subject: seen.subject.clone(),
        authenticated_at: now,
        amr: amr.into(),
        seen_at: now,
        expires_at: now + server.settings().session_absolute_lifetime,
    };
    let (write, basis): (fn(_, _, _) -> _, _) = match kept {
        Some(kept) => (SessionChange::Renew, Basis::Session(kept)),
        None => (SessionChange::Add, Basis::Subject(seen.version)),
    };
    let change = write(token.handle(), session.clone(), seen.version);
    NewSession { signed_in: SignedIn { id: token.session(), session, basis }, token, change }
}
