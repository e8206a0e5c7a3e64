//! Files to open and rows to write.

use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicI64, Ordering},
};

use passavant_sqlite::{Options, SqliteIssuer, SqliteStore};
use protocol::{
    AccessToken, BrowserSecret, ClientId, Digest, FamilyId, GrantId, Handle, InteractionToken, Issuer,
    RefreshToken, Scopes, Subject, Timestamp,
};
use server::store::{
    Access, Commit, Conflict, End, Ended, Grant, Interaction, InteractionChange, Of, Refresh, Store as _,
    TokenChange, Why,
};

pub(crate) const NOW: Timestamp = Timestamp(1_790_000_000);
pub(crate) const SERVER: Options = Options { migrate: true, server: true };

/// A directory for one file.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.0.path().join("passavant.db")
    }

    pub(crate) fn open(&self, options: Options) -> SqliteStore {
        SqliteStore::open_with(&self.file(), options).expect("it opens")
    }
}

/// The file beside a database.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    PathBuf::from(format!("{}{suffix}", path.display()))
}

pub(crate) fn one(store: &SqliteStore) -> SqliteIssuer {
    store.issuer(&Issuer::new("https://one.example")).expect("an issuer")
}

/// An id as made by a server this many seconds after [`NOW`].
pub(crate) fn id(seconds: i64) -> i64 {
    static LAST: AtomicI64 = AtomicI64::new(0);
    (((NOW.0 + seconds) * 1000) << 21) + LAST.fetch_add(1, Ordering::Relaxed)
}

pub(crate) fn token(seconds: i64) -> Handle<AccessToken> {
    AccessToken::mint(id(seconds), [7; 24]).handle()
}

pub(crate) fn grant() -> Grant {
    Grant {
        id: GrantId(id(0)),
        subject: Subject::new("alice"),
        client: ClientId::new("shop"),
        session: None,
        offline: false,
        scopes: Scopes::stored("openid orders"),
        audience: Vec::new(),
        narrowed: false,
        authenticated_at: NOW,
        amr: "pwd".into(),
        approved_at: NOW,
        expires_at: NOW + 86_400,
        details: None,
    }
}

pub(crate) fn access(grant: Option<GrantId>) -> Access {
    Access {
        grant,
        client: ClientId::new("shop"),
        epoch: 0x1234_5678_9abc,
        subject: grant.map(|_| Subject::new("alice")),
        scopes: Scopes::stored("orders"),
        audience: Vec::new(),
        narrowed: false,
        issued_at: NOW,
        expires_at: NOW + 600,
        confirmation: None,
        details: None,
        act: None,
    }
}

pub(crate) fn refresh(grant: &Grant) -> (Digest<RefreshToken>, Refresh) {
    let family = FamilyId(id(0));
    let row = Refresh {
        family,
        grant: grant.id,
        generation: 0,
        rotated_at: NOW,
        expires_at: NOW + 600,
        key: 1,
        confirmation: None,
    };
    (Digest::of(&family.0.to_be_bytes()), row)
}

pub(crate) fn interaction(request: String) -> InteractionChange {
    let handle = InteractionToken::mint(id(0), [9; 24]).handle();
    let browser: Digest<BrowserSecret> = Digest::of(b"a browser");
    let row = Interaction { browser, request: request.into(), expires_at: NOW + 600, used: false };
    InteractionChange::Add(handle, row)
}

pub(crate) fn add_token(handle: Handle<AccessToken>) -> Commit {
    Commit::new(NOW).with(TokenChange::AddAccess(handle, access(None)))
}

pub(crate) fn revoke(grant: GrantId) -> Commit {
    Commit::new(NOW).with(End::new(Of::Grant(grant), Why::Revoked, true))
}

pub(crate) async fn done(store: &SqliteIssuer, commit: Commit) {
    assert_eq!(outcome(store, commit).await, Ok(()), "a commit whose guards all hold");
}

pub(crate) async fn outcome(store: &SqliteIssuer, commit: Commit) -> Result<(), Conflict> {
    store.commit(commit).await.expect("the store works").map(|_| ())
}

/// What ended a stored token.
pub(crate) async fn ended(store: &SqliteIssuer, handle: Handle<AccessToken>) -> Option<Ended> {
    let read = store.access(handle).await.expect("the store works").expect("it is there");
    read.open(&handle).expect("its own secret").ended
}

pub(crate) async fn is_there(store: &SqliteIssuer, handle: Handle<AccessToken>) -> bool {
    store.access(handle).await.expect("the store works").is_some()
}
