//! Opening files, and their content afterwards.

use std::{fs, os::unix::fs::PermissionsExt as _};

use accounts::{Account, AccountChange, Directory as _, Username, directory::PasswordHash};
use passavant_sqlite::{OpenError, Options, SqliteStore};
use protocol::{ClientId, ClientMetadata, Issuer, Subject};
use server::store::{
    Caller, Client, Commit, Committed, Expect, GrantChange, RegistryChange, Store as _, StoredSecret,
    TokenChange, UserBasis,
};

use crate::rows::{self, Folder, NOW, SERVER};

const AS_IT_IS: Options = Options { migrate: false, server: false };

fn refusal(folder: &Folder, options: Options) -> OpenError {
    SqliteStore::open_with(&folder.file(), options).err().expect("it is refused")
}

/// Changes the file without the store.
fn edit(folder: &Folder, sql: &str) {
    let connection = rusqlite::Connection::open(folder.file()).expect("it opens");
    connection.execute_batch(sql).expect("it is written");
}

#[tokio::test]
async fn database_files_are_accessible_only_to_their_owner() {
    let folder = Folder::new();
    let store = folder.open(SERVER);
    rows::done(&rows::one(&store), rows::add_token(rows::token(0))).await;
    for suffix in ["", "-wal", "-shm", ".lock"] {
        let path = rows::beside(&folder.file(), suffix);
        let mode = fs::metadata(&path).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", path.display());
    }
}

#[test]
fn a_file_of_a_newer_version_is_refused() {
    let folder = Folder::new();
    drop(folder.open(SERVER));
    edit(&folder, "PRAGMA user_version = 99");
    for options in [SERVER, AS_IT_IS] {
        assert!(matches!(refusal(&folder, options), OpenError::Newer { found: 99, .. }));
    }
}

#[test]
fn read_only_open_neither_creates_nor_migrates() {
    let folder = Folder::new();
    assert!(matches!(refusal(&folder, AS_IT_IS), OpenError::Missing(_)));
    assert!(!folder.file().exists());
    fs::write(folder.file(), "").expect("it is written");
    assert!(matches!(refusal(&folder, AS_IT_IS), OpenError::Older { found: 0, .. }));
}

#[test]
fn foreign_database_is_refused_and_not_changed() {
    let folder = Folder::new();
    edit(&folder, "CREATE TABLE theirs (a)");
    assert!(matches!(refusal(&folder, SERVER), OpenError::Foreign));
    edit(&folder, "INSERT INTO theirs VALUES (1)");
}

#[test]
fn second_server_is_refused_and_a_command_is_not() {
    let folder = Folder::new();
    let server = folder.open(SERVER);
    assert!(matches!(refusal(&folder, SERVER), OpenError::Served(_)));
    drop(folder.open(AS_IT_IS));
    drop(folder.open(Options::default()));
    drop(server);
    drop(folder.open(SERVER));
}

#[test]
fn issuer_has_one_key_for_all_handles() {
    let folder = Folder::new();
    let (server, tool) = (folder.open(SERVER), folder.open(AS_IT_IS));
    for url in ["https://one.example", "https://two.example", "https://one.example"] {
        for store in [&server, &tool] {
            store.issuer(&Issuer::new(url)).expect("an issuer");
        }
    }
    let count: i64 = rusqlite::Connection::open(folder.file())
        .and_then(|connection| connection.query_row("SELECT count(*) FROM issuer", [], |row| row.get(0)))
        .expect("it is read");
    assert_eq!(count, 2);
}

fn client() -> Client {
    let secret = StoredSecret { digest: [5; 32], sealed: Some(vec![1, 2, 3]) };
    Client {
        caller: Caller { id: ClientId::new("shop"), epoch: 9, disabled: false, secret: Some(secret) },
        metadata: ClientMetadata { client_name: Some("Shop".to_owned()), ..ClientMetadata::default() },
        require_pkce: true,
        skip_consent: false,
        registered: server::store::Registered::default(),
        applied: true,
        version: 1,
    }
}

fn account() -> Account {
    Account {
        subject: Subject::new("alice"),
        username: Username::parse("Alice").expect("a username"),
        password: Some(PasswordHash("$argon2id$".into())),
        disabled: false,
        claims: serde_json::from_str(r#"{"email":"alice@example.org"}"#).expect("an object"),
        applied: false,
        version: 1,
    }
}

#[tokio::test]
async fn reopened_file_contains_what_was_written() {
    let folder = Folder::new();
    let (grant, handle) = (rows::grant(), rows::token(0));
    let (digest, family) = rows::refresh(&grant);
    {
        let store = rows::one(&folder.open(SERVER));
        let commit = Commit::new(NOW)
            .with(GrantChange::Add(Box::new(grant.clone()), UserBasis::Subject(0).at(0)))
            .with(TokenChange::AddAccess(handle, rows::access(Some(grant.id))))
            .with(TokenChange::AddRefresh(digest, family.clone()))
            .with(RegistryChange::PutClient(Box::new(client()), Expect::Absent));
        let people = vec![AccountChange::Add(Box::new(account()))];
        assert_eq!(
            store.commit_people(people, commit).await.expect("the store works"),
            Ok(Committed::default())
        );
    }
    let store = rows::one(&folder.open(SERVER));
    assert_eq!(rows::ended(&store, handle).await, None);
    let read = store.refresh(family.family).await.expect("the store works").expect("it is there");
    let (stored, read) = read.into_parts();
    assert_eq!((stored, read.row, read.grant), (digest, family, grant));
    assert_eq!(store.client(&ClientId::new("shop")).await.expect("the store works"), Some(client()));
    let alice = store.by_subject(&Subject::new("alice")).await.expect("the store works");
    assert_eq!(alice, Some(account()));
    assert_eq!(store.newest().await.expect("the store works"), NOW);
}
