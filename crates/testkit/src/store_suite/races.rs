//! Sixty-four concurrent tasks, fifty times: of those that compete, exactly one succeeds.
//!
//! In every other round all tasks have read before the first one commits, so that each of them decides from the same
//! state; in the other rounds they are not synchronized.

use std::sync::Arc;

use protocol::{AccessToken, Handle};
use server::store::{
    Change, CodeChange, Commit, Conflict, Ended, GrantChange, InteractionChange, Store, TokenChange,
    UserBasis,
};
use tokio::{sync::Barrier, task::JoinSet};

use super::{Fixture, asking, kept, rows, rows::NOW};

/// Number of rounds of each race.
const ROUNDS: usize = 50;
/// Number of tasks.
const PARALLEL: usize = 64;

/// Runs the task that `task` makes [`PARALLEL`] times concurrently. Each gets its number, and a barrier between its
/// read and its commit. Returns the results in the order of the numbers.
async fn race<T, F>(round: usize, task: impl Fn(usize, Arc<Barrier>) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let looked = Arc::new(Barrier::new(if round.is_multiple_of(2) { PARALLEL } else { 1 }));
    let mut tasks = JoinSet::new();
    for number in 0..PARALLEL {
        let answer = task(number, looked.clone());
        tasks.spawn(async move { (number, answer.await) });
    }
    let mut answers = tasks.join_all().await;
    answers.sort_by_key(|(number, _)| *number);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

/// Runs a race that one commit must win, and asserts that the others conflicted at their first guard. Returns the
/// number of the winner.
async fn one_wins<F>(round: usize, task: impl Fn(usize, Arc<Barrier>) -> F) -> usize
where
    F: Future<Output = Option<Result<(), Conflict>>> + Send + 'static,
{
    let answers = race(round, task).await;
    let winners: Vec<_> = (0..PARALLEL).filter(|number| answers[*number] == Some(Ok(()))).collect();
    let conflicts = answers.iter().filter(|answer| **answer == Some(Err(Conflict { guard: 0 }))).count();
    let late = answers.iter().filter(|answer| answer.is_none()).count();
    assert_eq!(winners.len(), 1, "round {round}: {} of {PARALLEL} commits held", winners.len());
    assert_eq!(
        conflicts + late,
        PARALLEL - 1,
        "round {round}: every other one conflicts at the contended guard"
    );
    if round.is_multiple_of(2) {
        assert_eq!(late, 0, "round {round}: all had looked before the first commit");
    }
    winners[0]
}

/// Handles of tokens, one for each task.
fn tokens() -> Arc<[Handle<AccessToken>]> {
    (0..PARALLEL).map(|_| rows::access_handle()).collect()
}

/// The numbers of the stored tokens.
async fn there(store: &dyn Store, tokens: &[Handle<AccessToken>]) -> Vec<usize> {
    let mut there = Vec::new();
    for (number, token) in tokens.iter().enumerate() {
        if asking::access(store, *token).await.is_some() {
            there.push(number);
        }
    }
    there
}

pub async fn one_of_many_redemptions_of_a_code_succeeds(f: Fixture) {
    for round in 0..ROUNDS {
        let code = kept::a_code(&*f.store).await;
        let tokens = tokens();
        let families: Arc<[_]> = (0..PARALLEL).map(|_| protocol::FamilyId(rows::id())).collect();
        let winner = one_wins(round, |number, looked| {
            let (store, token, family) = (f.store.clone(), tokens[number], families[number]);
            async move {
                let read = asking::code(&*store, code).await.expect("it is there");
                looked.wait().await;
                if read.row.used {
                    return None;
                }
                let mut refresh = rows::family(&read.grant);
                refresh.family = family;
                let commit = Commit::new(NOW)
                    .with(CodeChange::Use(code))
                    .with(TokenChange::AddAccess(token, rows::access(&read.grant)))
                    .with(TokenChange::AddRefresh(rows::refresh_digest(), refresh));
                Some(asking::outcome(&*store, commit).await)
            }
        })
        .await;
        assert_eq!(
            there(&*f.store, &tokens).await,
            [winner],
            "round {round}: access tokens of one redemption"
        );
        for (number, family) in families.iter().enumerate() {
            let there = asking::refresh(&*f.store, *family).await.is_some();
            assert_eq!(there, number == winner, "round {round}: the family of task {number}");
        }
    }
}

pub async fn one_of_many_refreshes_rotates(f: Fixture) {
    let grant = rows::grant();
    let row = rows::family(&grant);
    let family = row.family;
    let add = TokenChange::AddRefresh(rows::refresh_digest(), row);
    asking::done(
        &*f.store,
        Commit::new(NOW).with(GrantChange::Add(Box::new(grant), UserBasis::Subject(0).at(0))).with(add),
    )
    .await;
    for round in 0..ROUNDS {
        let presented = u32::try_from(round).expect("few rounds");
        let tokens = tokens();
        let successors: Arc<[_]> = (0..PARALLEL).map(|_| rows::refresh_digest()).collect();
        let winner = one_wins(round, |number, looked| {
            let (store, token, to) = (f.store.clone(), tokens[number], successors[number]);
            async move {
                let (_, read) = asking::refresh(&*store, family).await.expect("it is there");
                looked.wait().await;
                let from = read.row.generation;
                if from != presented {
                    return None;
                }
                let (at, expires_at) = (NOW, NOW + 999);
                let commit = Commit::new(NOW)
                    .with(TokenChange::Rotate { family, from, to, at, expires_at })
                    .with(TokenChange::AddAccess(token, rows::access(&read.grant)));
                Some(asking::outcome(&*store, commit).await)
            }
        })
        .await;
        let (live, read) = asking::refresh(&*f.store, family).await.expect("it is there");
        assert_eq!(read.row.generation, presented + 1, "round {round}: one rotation");
        assert_eq!(live, successors[winner], "round {round}: the winner's successor lives");
        assert_eq!(there(&*f.store, &tokens).await, [winner], "round {round}: access tokens of one refresh");
    }
}

pub async fn one_of_many_uses_of_a_value_is_the_first(f: Fixture) {
    for round in 0..ROUNDS {
        let tokens = tokens();
        let winner = one_wins(round, |number, looked| {
            let (store, token) = (f.store.clone(), tokens[number]);
            async move {
                looked.wait().await;
                let commit = Commit::new(NOW)
                    .with(rows::once(&format!("jti-{round}")))
                    .with(TokenChange::AddAccess(token, rows::own_access(&rows::caller("machine"))));
                Some(asking::outcome(&*store, commit).await)
            }
        })
        .await;
        assert_eq!(there(&*f.store, &tokens).await, [winner], "round {round}: access tokens of one sight");
    }
}

pub async fn one_of_many_answers_of_an_interaction_counts(f: Fixture) {
    for round in 0..ROUNDS {
        let interaction = rows::interaction_handle();
        let add = InteractionChange::Add(interaction, rows::interaction());
        asking::done(&*f.store, Commit::new(NOW).with(add)).await;
        let grants: Arc<[_]> = (0..PARALLEL).map(|_| rows::grant()).collect();
        let winner = one_wins(round, |number, looked| {
            let (store, grant) = (f.store.clone(), grants[number].clone());
            async move {
                let read = asking::interaction(&*store, interaction).await.expect("it is there");
                looked.wait().await;
                if read.used {
                    return None;
                }
                let commit = Commit::new(NOW)
                    .with(InteractionChange::Use(interaction, "{}".into()))
                    .with(GrantChange::Add(Box::new(grant), UserBasis::Subject(0).at(0)));
                Some(asking::outcome(&*store, commit).await)
            }
        })
        .await;
        let mut written = f.store.list_grants(None, None, 9).await.expect("the store works");
        assert_eq!(written.pop().map(|grant| grant.id), Some(grants[winner].id), "round {round}: one grant");
        assert_eq!(written, [], "round {round}: no other grant");
        asking::done(&*f.store, Commit::new(NOW).with(rows::revoked(grants[winner].id))).await;
    }
}

pub async fn one_of_many_writes_of_an_item_succeeds(f: Fixture) {
    for round in 0..ROUNDS {
        let (before, after) = (round.to_string(), (round + 1).to_string());
        let expect = (round > 0).then_some(before.as_bytes());
        let item = rows::item("k", expect, Some(after.as_bytes()));
        one_wins(round, |_, looked| {
            let (store, commit) = (f.store.clone(), Commit::new(NOW).with(item.clone()));
            async move {
                looked.wait().await;
                Some(asking::outcome(&*store, commit).await)
            }
        })
        .await;
    }
}

pub async fn tokens_racing_with_a_revocation_are_ended(f: Fixture) {
    for round in 0..ROUNDS {
        let grant = rows::grant();
        let add = GrantChange::Add(Box::new(grant.clone()), UserBasis::Subject(0).at(0));
        asking::done(&*f.store, Commit::new(NOW).with(add)).await;
        let tokens = tokens();
        let answers = race(round, |number, looked| {
            let (store, token, grant) = (f.store.clone(), tokens[number], grant.clone());
            async move {
                looked.wait().await;
                let change = if number == PARALLEL / 2 {
                    Change::from(rows::revoked(grant.id))
                } else {
                    TokenChange::AddAccess(token, rows::access(&grant)).into()
                };
                asking::outcome(&*store, Commit::new(NOW).with(change)).await
            }
        })
        .await;
        assert!(answers.iter().all(Result::is_ok), "round {round}: nothing here is contended");
        for (number, token) in tokens.iter().enumerate().filter(|(number, _)| *number != PARALLEL / 2) {
            let read = asking::access(&*f.store, *token).await.expect("it was written");
            assert_eq!(read.ended, Some(Ended::Grant), "round {round}: the token of task {number}");
        }
    }
}

pub async fn one_conflicting_commit_among_many_affects_no_other(f: Fixture) {
    let used = kept::a_code(&*f.store).await;
    asking::done(&*f.store, Commit::new(NOW).with(CodeChange::Use(used))).await;
    for round in 0..ROUNDS {
        let (bad, tokens) = (round % PARALLEL, tokens());
        let answers = race(round, |number, looked| {
            let (store, token) = (f.store.clone(), tokens[number]);
            async move {
                let mut commit = Commit::new(NOW)
                    .with(TokenChange::AddAccess(token, rows::own_access(&rows::caller("machine"))));
                if number == bad {
                    commit.push(CodeChange::Use(used));
                }
                looked.wait().await;
                asking::outcome(&*store, commit).await
            }
        })
        .await;
        for (number, answer) in answers.into_iter().enumerate() {
            let expected = if number == bad { Err(Conflict { guard: 1 }) } else { Ok(()) };
            assert_eq!(answer, expected, "round {round}: the commit of task {number}");
        }
        let others: Vec<_> = (0..PARALLEL).filter(|number| *number != bad).collect();
        assert_eq!(there(&*f.store, &tokens).await, others, "round {round}: all but the bad one are there");
    }
}

/// `poison` is a change that the store can't write: only its commit fails.
pub async fn one_failing_commit_among_many_affects_no_other(f: Fixture, poison: Change) {
    for round in 0..ROUNDS {
        let (bad, tokens) = (round % PARALLEL, tokens());
        let answers = race(round, |number, looked| {
            let (store, token) = (f.store.clone(), tokens[number]);
            let mut commit = Commit::new(NOW)
                .with(TokenChange::AddAccess(token, rows::own_access(&rows::caller("machine"))));
            if number == bad {
                commit.push(poison.clone());
            }
            async move {
                looked.wait().await;
                store.commit(commit).await
            }
        })
        .await;
        for (number, answer) in answers.into_iter().enumerate() {
            if number == bad {
                assert!(answer.is_err(), "round {round}: the poison is written: {answer:?}");
            } else {
                assert!(matches!(answer, Ok(Ok(_))), "round {round}: the commit of task {number}");
            }
        }
        let others: Vec<_> = (0..PARALLEL).filter(|number| *number != bad).collect();
        assert_eq!(there(&*f.store, &tokens).await, others, "round {round}: all but the poison are there");
    }
}
