//! Sessions: which user is signed in in this browser.

use http::HeaderMap;
use jose::{base64url, primitives::constant_time_eq};
use protocol::{SessionId, SessionToken, Subject, Timestamp};

use crate::{
    AuthorizationServer,
    cookie::Cookie,
    error::Fault,
    store::{SeenSubject, Session, SessionChange, UserBasis},
};

/// Minimum seconds between two updates of `seen_at`.
const TOUCH_SECONDS: i64 = 60;

/// The session of this browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SignedIn {
    pub(crate) id: SessionId,
    pub(crate) session: Session,
    /// What rests on it rests on this: the session, or its subject where the session is not written yet.
    pub(crate) basis: UserBasis,
}

impl SignedIn {
    /// Records that it was used, at most once in [`TOUCH_SECONDS`].
    pub(crate) fn touch(&self, now: Timestamp) -> Option<SessionChange> {
        (now.since(self.session.seen_at) >= TOUCH_SECONDS).then_some(SessionChange::Touch(self.id, now))
    }
}

/// The session that a sign-out of this browser ends: the current one, or one that the browser continued under another
/// secret after it sent its cookie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Leavable {
    pub(crate) id: SessionId,
    pub(crate) subject: Subject,
}

impl From<&SignedIn> for Leavable {
    fn from(signed_in: &SignedIn) -> Self {
        Self { id: signed_in.id, subject: signed_in.session.subject.clone() }
    }
}

/// Most session cookies of one request that are looked up: a page of a sibling host may have set another one.
const SESSION_COOKIES_MAX: usize = 4;
/// Separates the secret in the cookie from the code of its session.
const SEPARATOR: char = '.';

/// The value of a session cookie: a secret, and the code of its session. A renewal replaces the secret and keeps the
/// code, which opens nothing: it only shows that the browser had this session.
struct Presented<'h> {
    token: SessionToken,
    /// Absent in the cookies of earlier versions.
    code: Option<&'h str>,
}

impl<'h> Presented<'h> {
    /// Those of a request, in the order in which the browser sent them.
    fn all(server: &AuthorizationServer, headers: &'h HeaderMap) -> impl Iterator<Item = Self> + use<'h> {
        let values = Cookie::Session.values(server.settings(), headers);
        values.filter_map(Self::parse).take(SESSION_COOKIES_MAX)
    }

    fn parse(value: &'h str) -> Option<Self> {
        let (secret, code) = match value.split_once(SEPARATOR) {
            Some((secret, code)) => (secret, Some(code)),
            None => (value, None),
        };
        Some(Self { token: SessionToken::presented(secret)?, code })
    }

    /// Whether its code is that of its session.
    fn had_its_session(&self, server: &AuthorizationServer) -> bool {
        let code = self.code.and_then(|code| base64url::decode(code).ok());
        code.is_some_and(|code| constant_time_eq(&code, &server.master().session_code(self.token.session())))
    }
}

/// Reads the session cookie. `None` where the session ended or expired.
pub(crate) async fn current(
    server: &AuthorizationServer,
    headers: &HeaderMap,
) -> Result<Option<SignedIn>, Fault> {
    for Presented { token, .. } in Presented::all(server, headers) {
        let handle = token.handle();
        let session = server.store().session(handle).await?.and_then(|stored| stored.open(&handle));
        if let Some(session) = session.filter(|session| is_live(server, session)) {
            let id = token.session();
            return Ok(Some(SignedIn { id, session, basis: UserBasis::Session(id) }));
        }
    }
    Ok(None)
}

/// Reads which session a sign-out of this browser ends, where `current` is the current one. If there is none, a sign-in
/// in another tab may have renewed it since this request was sent: the cookie then has a former secret.
pub(crate) async fn leavable(
    server: &AuthorizationServer,
    headers: &HeaderMap,
    current: Option<&SignedIn>,
) -> Result<Option<Leavable>, Fault> {
    if current.is_some() {
        return Ok(current.map(Leavable::from));
    }
    for presented in Presented::all(server, headers).filter(|presented| presented.had_its_session(server)) {
        let id = presented.token.session();
        if let Some(session) = server.session_of(id).await?.filter(|session| is_live(server, session)) {
            return Ok(Some(Leavable { id, subject: session.subject }));
        }
    }
    Ok(None)
}

fn is_live(server: &AuthorizationServer, session: &Session) -> bool {
    let now = server.now();
    session.expires_at > now && session.seen_at + server.settings().session_idle_lifetime > now
}

/// A session that begins, or continues under another secret, once its change is committed.
pub(crate) struct NewSession {
    pub(crate) signed_in: SignedIn,
    /// The value of its cookie.
    pub(crate) cookie: String,
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
        Some(kept) => (SessionChange::Renew, UserBasis::Session(kept)),
        None => (SessionChange::Add, UserBasis::Subject(seen.version)),
    };
    let change = write(token.handle(), session.clone(), seen.version);
    let id = token.session();
    let code = base64url::encode(&server.master().session_code(id));
    let cookie = format!("{}{SEPARATOR}{code}", token.expose());
    NewSession { signed_in: SignedIn { id, session, basis }, cookie, change }
}
