//! Group commit: one transaction for all waiting commits, each with its own result.

use std::future::Future as _;
use std::task::{Context, Waker};

use accounts::{Account, AccountChange, Directory as _, Username};
use protocol::{ClientId, Issuer, Subject, Timestamp};
use server::{
    Fault, Reason,
    store::{
        Commit, Committed, Conflict, Consent, GrantChange, Remember, ScopeAt, Space, Store as _, TokenChange,
    },
};
use tokio::task::JoinSet;

use crate::rows::{self, Folder, NOW, SERVER};

const MANY: usize = 64;

/// Blocks every writer until it is dropped, so that commits wait together.
struct Pause(rusqlite::Connection);

impl Pause {
    fn of(folder: &Folder) -> Self {
        let connection = rusqlite::Connection::open(folder.file()).expect("it opens");
        connection.execute_batch("BEGIN IMMEDIATE").expect("the lock is free");
        Self(connection)
    }
}

impl Drop for Pause {
    fn drop(&mut self) {
        self.0.execute_batch("ROLLBACK").expect("it ends");
    }
}

/// Queues the commits so that they wait together, and returns the result of each.
async fn together(
    folder: &Folder,
    store: &passavant_sqlite::SqliteIssuer,
    commits: Vec<Commit>,
) -> Vec<Result<Result<Committed, Conflict>, Fault>> {
    let pause = Pause::of(folder);
    let mut answers: Vec<_> = commits.into_iter().map(|commit| store.commit(commit)).collect();
    for answer in &mut answers {
        // A first poll puts the commit into the queue.
        assert!(answer.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    drop(pause);
    let mut all = Vec::new();
    for answer in answers {
        all.push(answer.await);
    }
    all
}

fn poison() -> Remember {
    let (space, until) = (Space::ClientAssertion, Timestamp(4_000_000_000));
    Remember { space, key: "x".repeat(65).into(), until, replayed: Reason::AssertionReplayed }
}

#[tokio::test]
async fn a_conflict_among_many_fails_its_own_commit_alone() {
    let folder = Folder::new();
    let store = rows::one(&folder.open(SERVER));
    let taken = rows::token(0);
    rows::done(&store, rows::add_token(taken)).await;
    let handles: Vec<_> = (0..MANY).map(|_| rows::token(0)).collect();
    let commits = handles.iter().enumerate().map(|(number, handle)| {
        let second = (number % 8 == 3).then(|| TokenChange::AddAccess(taken, rows::access(None)));
        second.into_iter().fold(rows::add_token(*handle), Commit::with)
    });
    let answers = together(&folder, &store, commits.collect()).await;
    for (number, (answer, handle)) in answers.into_iter().zip(handles).enumerate() {
        let expected = if number % 8 == 3 { Err(Conflict { guard: 1 }) } else { Ok(Committed::default()) };
        assert_eq!(answer.expect("the store works"), expected, "commit {number}");
        assert_eq!(rows::is_there(&store, handle).await, expected.is_ok(), "token {number}");
    }
}

#[tokio::test]
async fn commit_that_cannot_be_written_fails_alone() {
    let folder = Folder::new();
    let store = rows::one(&folder.open(SERVER));
    let handles: Vec<_> = (0..MANY).map(|_| rows::token(0)).collect();
    let commits = handles.iter().enumerate().map(|(number, handle)| {
        let commit = rows::add_token(*handle);
        if number == 40 { commit.with(poison()) } else { commit }
    });
    let answers = together(&folder, &store, commits.collect()).await;
    for (number, (answer, handle)) in answers.into_iter().zip(handles).enumerate() {
        assert_eq!(answer.is_ok(), number != 40, "commit {number}: {answer:?}");
        assert_eq!(rows::is_there(&store, handle).await, number != 40, "token {number}");
    }
}

#[tokio::test]
async fn waiting_commits_share_one_sync() {
    let folder = Folder::new();
    let open = folder.open(SERVER);
    let store = rows::one(&open);
    let before = open.statistics();
    let commits = (0..MANY).map(|_| rows::add_token(rows::token(0)));
    for answer in together(&folder, &store, commits.collect()).await {
        assert_eq!(answer.expect("the store works"), Ok(Committed::default()));
    }
    let after = open.statistics();
    assert_eq!(after.commits - before.commits, MANY as u64);
    // The writer took one or a few before it was blocked.
    assert!(after.batches - before.batches <= 2, "{after:?}");
}

#[tokio::test]
async fn dropped_request_does_not_cancel_its_commit() {
    let folder = Folder::new();
    let store = rows::one(&folder.open(SERVER));
    let handle = rows::token(0);
    let pause = Pause::of(&folder);
    let mut request = store.commit(rows::add_token(handle));
    assert!(request.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    drop(request);
    drop(pause);
    rows::done(&store, rows::add_token(rows::token(0))).await;
    assert!(rows::is_there(&store, handle).await);
}

#[tokio::test]
async fn closing_a_store_writes_pending_commits_first() {
    let folder = Folder::new();
    let handle = rows::token(0);
    {
        let store = rows::one(&folder.open(SERVER));
        let pause = Pause::of(&folder);
        let mut request = store.commit(rows::add_token(handle));
        assert!(request.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        drop(pause);
    }
    assert!(rows::is_there(&rows::one(&folder.open(SERVER)), handle).await);
}

#[tokio::test]
async fn a_full_queue_is_busy_at_once_and_loses_nothing() {
    let folder = Folder::new();
    let store = rows::one(&folder.open(SERVER));
    let pause = Pause::of(&folder);
    let (mut accepted, mut refused) = (JoinSet::new(), 0);
    for _ in 0..6_000 {
        let (store, handle) = (store.clone(), rows::token(0));
        let mut request = Box::pin(async move { (handle, store.commit(rows::add_token(handle)).await) });
        match request.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            std::task::Poll::Pending => drop(accepted.spawn(request)),
            std::task::Poll::Ready((_, answer)) => {
                assert!(matches!(answer, Err(Fault::Busy(_))), "{answer:?}");
                refused += 1;
            }
        }
    }
    assert!(refused > 0 && accepted.len() >= 4_096, "{refused} refused, {} accepted", accepted.len());
    drop(pause);
    while let Some(answer) = accepted.join_next().await {
        let (handle, answer) = answer.expect("no panic");
        assert_eq!(answer.expect("the store works"), Ok(Committed::default()));
        assert!(rows::is_there(&store, handle).await);
    }
}

#[tokio::test]
async fn a_file_that_another_process_holds_for_too_long_is_busy() {
    let folder = Folder::new();
    let store = rows::one(&folder.open(SERVER));
    let pause = Pause::of(&folder);
    let answer = store.commit(rows::add_token(rows::token(0))).await;
    assert!(matches!(answer, Err(Fault::Busy(_))), "{answer:?}");
    drop(pause);
    rows::done(&store, rows::add_token(rows::token(0))).await;
}

#[tokio::test]
async fn an_empty_commit_never_reaches_the_writer() {
    let folder = Folder::new();
    let open = folder.open(SERVER);
    let store = rows::one(&open);
    let before = open.statistics();
    rows::done(&store, Commit::new(NOW)).await;
    assert_eq!(open.statistics(), before);
}

fn account(subject: &str, username: &str) -> Box<Account> {
    Box::new(Account {
        subject: Subject::new(subject),
        username: Username::parse(username).expect("a username"),
        password: None,
        disabled: false,
        claims: serde_json::Map::new(),
        applied: false,
        version: 0,
    })
}

#[tokio::test]
async fn directory_conflict_is_numbered_after_the_guards_and_rolls_everything_back() {
    let folder = Folder::new();
    let store = rows::one(&folder.open(SERVER));
    let alice = vec![AccountChange::Add(account("1", "Alice"))];
    assert_eq!(
        store.commit_people(alice, Commit::new(NOW)).await.expect("the store works"),
        Ok(Committed::default())
    );
    let handle = rows::token(0);
    let people = vec![AccountChange::Add(account("2", "bob")), AccountChange::Add(account("3", " ALICE "))];
    let answer = store.commit_people(people, rows::add_token(handle)).await.expect("the store works");
    assert_eq!(answer, Err(Conflict { guard: 2 }));
    assert!(!rows::is_there(&store, handle).await);
    assert_eq!(store.by_subject(&Subject::new("2")).await.expect("the store works"), None);
}

#[tokio::test]
async fn account_is_replaced_only_at_its_version_and_not_under_a_taken_name() {
    let folder = Folder::new();
    let store = rows::one(&folder.open(SERVER));
    let put = async |change| {
        store.commit_people(vec![change], Commit::new(NOW)).await.expect("the store works").is_ok()
    };
    assert!(put(AccountChange::Add(account("1", "alice"))).await);
    assert!(put(AccountChange::Add(account("2", "bob"))).await);
    assert!(!put(AccountChange::Add(account("1", "carol"))).await, "the subject is taken");
    assert!(!put(AccountChange::Replace(account("2", "Alice"), 1)).await, "the name is taken");
    assert!(!put(AccountChange::Replace(account("2", "robert"), 2)).await, "another version");
    assert!(put(AccountChange::Replace(account("2", "robert"), 1)).await);
    let robert = Username::parse("ROBERT").expect("a username");
    let found = store.by_username(&robert).await.expect("the store works").expect("it is there");
    assert_eq!((found.subject.as_str(), found.version), ("2", 2));
    assert!(put(AccountChange::Delete(Subject::new("2"))).await);
    let left = store.list_accounts(None, 9).await.expect("the store works");
    assert_eq!(left.iter().map(|account| account.subject.as_str()).collect::<Vec<_>>(), ["1"]);
}

#[tokio::test]
async fn deleted_account_has_no_consents() {
    let folder = Folder::new();
    let open = folder.open(SERVER);
    let store = rows::one(&open);
    let (one, two, clients) = (Subject::new("1"), Subject::new("2"), ["shop", "wiki"].map(ClientId::new));
    let mut commit = Commit::new(NOW);
    for (subject, client) in [(&one, &clients[0]), (&one, &clients[1]), (&two, &clients[0])] {
        let (subject, client) = (subject.clone(), client.clone());
        let approved = [ScopeAt::nowhere("openid")].into();
        commit.push(GrantChange::Consent(Consent { subject, client, approved, given_at: NOW }));
    }
    let people = vec![AccountChange::Add(account("1", "alice")), AccountChange::Add(account("2", "bob"))];
    assert_eq!(
        store.commit_people(people, commit.clone()).await.expect("the store works"),
        Ok(Committed::default())
    );
    let other = open.issuer(&Issuer::new("https://two.example")).expect("an issuer");
    rows::done(&other, commit).await;
    let delete = vec![AccountChange::Delete(one.clone())];
    assert_eq!(
        store.commit_people(delete, Commit::new(NOW)).await.expect("the store works"),
        Ok(Committed::default())
    );
    for client in &clients {
        assert_eq!(store.consent(&one, client).await.expect("the store works"), None);
    }
    assert!(store.consent(&two, &clients[0]).await.expect("the store works").is_some(), "another's stands");
    assert!(other.consent(&one, &clients[0]).await.expect("the store works").is_some(), "elsewhere too");
}
