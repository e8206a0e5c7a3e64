//! Lists, page by page.

use protocol::{ClientId, GrantId, SessionId};
use server::store::{
    Commit, Expect, Grant, GrantChange, Of, RegistryChange, SessionChange, Store, UserBasis,
};

use super::{Fixture, asking, rows, rows::NOW};

pub async fn clients_are_listed_by_id_page_by_page(f: Fixture) {
    for id in ["d", "b", "e", "a", "c"] {
        let put = RegistryChange::PutClient(Box::new(rows::client(id)), Expect::Absent);
        asking::done(&*f.store, Commit::new(NOW).with(put)).await;
    }
    let (mut after, mut pages) = (None, Vec::new());
    loop {
        let page = f.store.list_clients(after.as_ref(), 2).await.expect("the store works");
        let Some(last) = page.last() else { break };
        after = Some(last.caller.id.clone());
        pages.push(page.iter().map(|client| client.caller.id.to_string()).collect::<Vec<_>>());
    }
    assert_eq!(pages, [vec!["a", "b"], vec!["c", "d"], vec!["e"]]);
}

pub async fn a_listed_client_is_as_it_was_written(f: Fixture) {
    let client = rows::client("shop");
    let put = RegistryChange::PutClient(Box::new(client.clone()), Expect::Absent);
    asking::done(&*f.store, Commit::new(NOW).with(put)).await;
    assert_eq!(f.store.list_clients(None, 9).await.expect("the store works"), [client]);
    let after = f.store.list_clients(Some(&ClientId::new("shop")), 9).await.expect("the store works");
    assert_eq!(after, []);
}

async fn add_grants(store: &dyn Store) -> [Grant; 4] {
    let mut all: [Grant; 4] = std::array::from_fn(|_| rows::grant());
    all[1].subject = rows::subject("bob");
    all[2].client = rows::client_id("other");
    all[3].session = all[0].session;
    for grant in all.iter().rev() {
        asking::done(
            store,
            Commit::new(NOW).with(GrantChange::Add(Box::new(grant.clone()), UserBasis::Subject(0).at(0))),
        )
        .await;
    }
    all
}

async fn grants(store: &dyn Store, of: Option<&Of>, after: Option<GrantId>, limit: u32) -> Vec<Grant> {
    store.list_grants(of, after, limit).await.expect("the store works")
}

pub async fn grants_are_listed_by_id_page_by_page(f: Fixture) {
    let [a, b, c, d] = add_grants(&*f.store).await;
    assert_eq!(grants(&*f.store, None, None, 3).await, [a, b, c.clone()]);
    assert_eq!(grants(&*f.store, None, Some(c.id), 3).await, std::slice::from_ref(&d));
    assert_eq!(grants(&*f.store, None, Some(d.id), 3).await, []);
}

pub async fn grants_are_listed_by_whose_they_are(f: Fixture) {
    let [a, b, c, d] = add_grants(&*f.store).await;
    let session = Of::Session(a.session.expect("it has one"));
    assert_eq!(grants(&*f.store, Some(&session), None, 9).await, [a.clone(), d.clone()]);
    assert_eq!(grants(&*f.store, Some(&session), Some(a.id), 9).await, std::slice::from_ref(&d));
    let bob = Of::Subject(rows::subject("bob"));
    assert_eq!(grants(&*f.store, Some(&bob), None, 9).await, [b]);
    let other = Of::Client(rows::client_id("other"));
    assert_eq!(grants(&*f.store, Some(&other), None, 9).await, [c]);
}

pub async fn ended_grants_are_not_listed(f: Fixture) {
    let [a, b, c, d] = add_grants(&*f.store).await;
    asking::done(&*f.store, Commit::new(NOW).with(rows::revoked(a.id))).await;
    assert_eq!(grants(&*f.store, None, None, 2).await, [b, c]);
    let session = Of::Session(a.session.expect("it has one"));
    assert_eq!(grants(&*f.store, Some(&session), None, 9).await, [d]);
}

pub async fn sessions_are_listed_by_id_page_by_page(f: Fixture) {
    let handles: [_; 4] = std::array::from_fn(|_| rows::session_handle());
    let ids = handles.map(|handle| SessionId(handle.id));
    let (alice, mut bob) = (rows::session(), rows::session());
    bob.subject = rows::subject("bob");
    for (index, handle) in handles.into_iter().enumerate().rev() {
        let row = if index == 1 { bob.clone() } else { alice.clone() };
        asking::done(&*f.store, Commit::new(NOW).with(SessionChange::Add(handle, row, 0))).await;
    }
    asking::done(&*f.store, Commit::new(NOW).with(rows::ended(Of::Session(ids[2]), true))).await;
    let list = async |subject: Option<&str>, after, limit| {
        let subject = subject.map(rows::subject);
        f.store.list_sessions(subject.as_ref(), after, limit).await.expect("the store works")
    };
    assert_eq!(list(None, None, 2).await, [(ids[0], alice.clone()), (ids[1], bob.clone())]);
    assert_eq!(list(None, Some(ids[1]), 2).await, [(ids[3], alice.clone())], "an ended one is left out");
    assert_eq!(list(Some("bob"), None, 9).await, [(ids[1], bob)]);
    assert_eq!(list(Some("alice"), Some(ids[0]), 9).await, [(ids[3], alice)]);
}
