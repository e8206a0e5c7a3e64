//! Ended rows are deleted in bounded steps, and long-lived rows are not read repeatedly.

use protocol::{Issuer, JwtId};
use server::store::{
    Commit, EVENTS_KEPT_SECONDS, End, KEPT_AFTER_END_SECONDS, Of, Remember, Space, Store as _, TokenChange,
    Why,
};

use crate::rows::{self, Folder, NOW, SERVER};

/// Adds tokens that were issued this many seconds after [`NOW`], with this lifetime.
async fn add(
    store: &passavant_sqlite::SqliteIssuer,
    seconds: i64,
    lifetime: i64,
    count: usize,
) -> Vec<protocol::Handle<protocol::AccessToken>> {
    let handles: Vec<_> = (0..count).map(|_| rows::token(seconds)).collect();
    let mut row = rows::access(None);
    (row.issued_at, row.expires_at) = (NOW + seconds, NOW + seconds + lifetime);
    for some in handles.chunks(500) {
        let changes = some.iter().map(|handle| TokenChange::AddAccess(*handle, row.clone()));
        rows::done(store, changes.fold(Commit::new(NOW), Commit::with)).await;
    }
    handles
}

#[tokio::test]
async fn sweep_continues_where_the_last_one_stopped() {
    let folder = Folder::new();
    let store = rows::one(&folder.open(SERVER));
    add(&store, 0, 600, 5_000).await;
    let due = NOW + 600 + KEPT_AFTER_END_SECONDS + 1;
    let mut swept = Vec::new();
    for _ in 0..4 {
        swept.push(store.sweep(due, 1_999).await.expect("the store works"));
    }
    assert_eq!(swept, [1_999, 1_999, 1_002, 0]);
}

#[tokio::test]
async fn each_table_has_its_share_of_a_step() {
    let folder = Folder::new();
    let store = rows::one(&folder.open(SERVER));
    add(&store, 0, 600, 5_000).await;
    for key in ["a", "b", "c"] {
        let (space, replayed) = (Space::ClientAssertion, server::Reason::AssertionReplayed);
        let remember = Remember { space, key: key.into(), until: NOW + 60, replayed };
        rows::done(&store, Commit::new(NOW).with(remember)).await;
    }
    rows::done(&store, Commit::new(NOW).with(TokenChange::RevokeJwt(JwtId::new("j"), NOW + 600))).await;
    let due = NOW + 600 + KEPT_AFTER_END_SECONDS + 1;
    assert_eq!(store.sweep(due, 1_000).await.expect("the store works"), 1_000);
    let left = rusqlite::Connection::open(folder.file()).expect("it opens");
    let count = |table: &str| -> i64 {
        let count = format!("SELECT count(*) FROM {table}");
        left.query_row(&count, [], |row| row.get(0)).expect("a number")
    };
    assert_eq!((count("once"), count("revoked_jwt"), count("access")), (0, 0, 4_004));
    assert_eq!(store.sweep(due, 10_000).await.expect("the store works"), 4_004);
}

#[tokio::test]
async fn expired_rows_behind_long_lived_ones_are_swept() {
    let folder = Folder::new();
    let store = rows::one(&folder.open(SERVER));
    let long = 365 * 86_400;
    let lasting = add(&store, 0, long, 30_000).await;
    let short = add(&store, 60, 600, 100).await;
    let due = NOW + 660 + KEPT_AFTER_END_SECONDS + 1;
    let mut swept = 0;
    // A step passes a bounded number of live rows, so it takes two to reach the others.
    for _ in 0..2 {
        swept += store.sweep(due, 1_000).await.expect("the store works");
    }
    assert_eq!(swept, 100);
    assert!(!rows::is_there(&store, short[0]).await && rows::is_there(&store, lasting[0]).await);
    // After passing them once, it finds newer ones in the first step.
    add(&store, 120, 600, 100).await;
    assert_eq!(store.sweep(due + 60, 1_000).await.expect("the store works"), 100);
    let due = NOW + long + KEPT_AFTER_END_SECONDS + 1;
    assert_eq!(store.sweep(due, u32::MAX).await.expect("the store works"), 30_000);
}

#[tokio::test]
async fn a_sweep_of_one_issuer_leaves_the_rows_of_another() {
    let folder = Folder::new();
    let open = folder.open(SERVER);
    let one = rows::one(&open);
    let two = open.issuer(&Issuer::new("https://two.example")).expect("an issuer");
    let (ones, twos) = (add(&one, 0, 600, 10).await, add(&two, 0, 600, 10).await);
    let due = NOW + 600 + KEPT_AFTER_END_SECONDS + 1;
    assert_eq!(one.sweep(due, 1_000).await.expect("the store works"), 10);
    assert!(!rows::is_there(&one, ones[0]).await && rows::is_there(&two, twos[0]).await);
    assert_eq!(two.sweep(due, 1_000).await.expect("the store works"), 10);
}

#[tokio::test]
async fn old_events_are_deleted_and_cursors_keep_counting() {
    let folder = Folder::new();
    let store = rows::one(&folder.open(SERVER));
    let event = || End::new(Of::Client(protocol::ClientId::new("shop")), Why::Revoked, true);
    let after = NOW + EVENTS_KEPT_SECONDS + 1;
    for at in [NOW, NOW, NOW + 10] {
        rows::done(&store, Commit::new(at).with(event())).await;
    }
    assert_eq!(store.sweep(after, 100).await.expect("the store works"), 2);
    assert_eq!(store.sweep(after + 100, 100).await.expect("the store works"), 0, "the newest one stays");
    rows::done(&store, Commit::new(after).with(event())).await;
    let left = store.events(0, 10).await.expect("the store works");
    assert_eq!(left.iter().map(|(cursor, _)| *cursor).collect::<Vec<_>>(), [3, 4]);
}
