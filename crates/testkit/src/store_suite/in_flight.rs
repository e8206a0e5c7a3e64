//! A completed end also ends concurrent sign-ins and approvals: they are either written before it, and ended, or
//! never written.

use std::sync::Arc;

use protocol::{SessionId, Subject};
use server::{
    Ask, Error, Reason,
    store::{Commit, GrantChange, Of, SessionChange, Store, UserBasis, Why},
};
use tokio::{sync::Barrier, task::JoinSet};

use super::{Fixture, asking, rows, rows::NOW};
use crate::server::{Running, TestServer, confidential, subject};

const ROUNDS: usize = 50;
const PARALLEL: usize = 9;

/// Sessions and grants of a subject that have not ended.
async fn living(store: &dyn Store, subject: &Subject) -> (usize, usize) {
    let sessions = store.list_sessions(Some(subject), None, 99).await.expect("the store works");
    let grants =
        store.list_grants(Some(&Of::Subject(subject.clone())), None, 99).await.expect("the store works");
    (sessions.len(), grants.len())
}

/// Adds something for a subject that was seen at this version: a session, a grant in its session, or a grant without
/// one.
fn begun(number: usize, subject: &Subject, session: SessionId, version: i64) -> Commit {
    let (mut row, mut grant) = (rows::session(), rows::grant());
    row.subject = subject.clone();
    (grant.subject, grant.session) = (subject.clone(), Some(session));
    let commit = Commit::new(NOW);
    match number % 3 {
        0 => commit.with(SessionChange::Add(rows::session_handle(), row, version)),
        1 => commit.with(GrantChange::Add(Box::new(grant), UserBasis::Session(session).at(0))),
        _ => commit.with(GrantChange::Add(Box::new(grant), UserBasis::Subject(version).at(0))),
    }
}

pub async fn writes_racing_with_the_end_of_their_subject_are_ended_or_refused(f: Fixture) {
    for round in 0..ROUNDS {
        let (who, handle) = (rows::subject(&format!("alice-{round}")), rows::session_handle());
        let mut row = rows::session();
        row.subject = who.clone();
        asking::done(&*f.store, Commit::new(NOW).with(SessionChange::Add(handle, row, 0))).await;
        let looked = Arc::new(Barrier::new(PARALLEL + 1));
        let mut tasks = JoinSet::new();
        for number in 0..PARALLEL {
            let (store, looked, who) = (f.store.clone(), looked.clone(), who.clone());
            tasks.spawn(async move {
                let seen = store.subject(&who).await.expect("the store works");
                looked.wait().await;
                asking::outcome(&*store, begun(number, &who, SessionId(handle.id), seen.version)).await
            });
        }
        let (store, end) = (f.store.clone(), rows::ended(Of::Subject(who.clone()), false));
        tasks.spawn(async move {
            looked.wait().await;
            asking::outcome(&*store, Commit::new(NOW).with(end)).await
        });
        tasks.join_all().await;
        assert_eq!(living(&*f.store, &who).await, (0, 0), "round {round}: sessions and grants");
    }
}

async fn start(store: Arc<dyn Store>) -> Running {
    TestServer::new().store(store).client(confidential("shop")).account("alice").start().await
}

pub async fn sign_out_ends_approvals_in_flight(f: Fixture) {
    let server = start(f.store.clone()).await;
    for round in 0..ROUNDS {
        let browser = server.browser().sign_in("alice");
        // From now on the client is allowed without a page.
        browser.authorize("shop").code().await;
        let mut tasks = JoinSet::new();
        for _ in 0..PARALLEL {
            let browser = browser.clone();
            tasks.spawn(async move { browser.authorize("shop").send().await.status() });
        }
        let leaving = browser.clone();
        tasks.spawn(async move {
            let landing = leaving.open("https://as.example/logout").await;
            landing.reply.map_or(0, |reply| reply.status())
        });
        let statuses = tasks.join_all().await;
        assert!(statuses.iter().all(|status| *status == 303 || *status == 0), "round {round}: {statuses:?}");
        assert_eq!(living(&*f.store, &subject("alice")).await, (0, 0), "round {round}: sessions and grants");
    }
}

pub async fn ending_a_subject_ends_sign_ins_in_flight(f: Fixture) {
    let server = start(f.store.clone()).await;
    let alice = subject("alice");
    // From now on the client is allowed without a page, so that each sign-in would leave a session, a grant and a
    // code.
    server.browser().sign_in("alice").authorize("shop").code().await;
    for round in 0..ROUNDS {
        let mut tasks = JoinSet::new();
        for _ in 0..PARALLEL {
            let browser = server.browser();
            let page = browser.authorize("shop").until(Ask::SignIn).await;
            let open = browser.interaction(&page.url).await.expect("it opens");
            // The password is checked between the two.
            let seen = server.seen(&alice).await;
            tasks.spawn(async move { open.signed_in(&seen, "pwd").await.map(|_| ()) });
        }
        let ended = server.authorization_server.clone();
        let of = Of::Subject(alice.clone());
        tasks.spawn(async move { Ok(ended.end(of, Why::PasswordChanged).await.map(|_| ())?) });
        for answer in tasks.join_all().await {
            let is_as_expected = matches!(answer, Ok(()) | Err(Error::Refused(Reason::SignInOutdated)));
            assert!(is_as_expected, "round {round}: {answer:?}");
        }
        assert_eq!(living(&*f.store, &alice).await, (0, 0), "round {round}: sessions and grants");
    }
}
