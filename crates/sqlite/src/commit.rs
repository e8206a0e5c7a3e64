//! One commit, applied inside of the writer's transaction: a match per family of changes, one statement per change.

mod account;
mod code;
mod deferred;
mod end;
mod event;
mod grant;
mod interaction;
mod item;
mod key;
mod once;
mod refusal;
mod registry;
mod session;
mod token;

use accounts::AccountChange;
use server::store::{Change, Commit, Committed, Conflict};

use crate::{error::Broken, transaction::Transaction};

/// Applies the whole commit or nothing. After an error, the transaction must be rolled back.
///
/// A savepoint is needed only if a conflict could follow a write. A single guard of one statement is executed first,
/// and the changes after it have no guard.
pub(crate) fn apply(
    transaction: &Transaction<'_>,
    people: &[AccountChange],
    commit: &Commit,
) -> Result<Result<Committed, Conflict>, Broken> {
    let lone = match (commit.guards.as_slice(), people) {
        ([Change::Registry(_)], []) => false,
        (guards, people) => guards.len() + people.len() <= 1,
    };
    if lone {
        return all(transaction, people, commit);
    }
    transaction.run("SAVEPOINT one", [])?;
    let held = all(transaction, people, commit)?;
    if held.is_err() {
        transaction.run("ROLLBACK TO one", [])?;
    }
    transaction.run("RELEASE one", [])?;
    Ok(held)
}

fn all(
    transaction: &Transaction<'_>,
    people: &[AccountChange],
    commit: &Commit,
) -> Result<Result<Committed, Conflict>, Broken> {
    let mut committed = Committed::default();
    for (guard, change) in commit.guards.iter().enumerate() {
        if !one(transaction, change, &mut committed)? {
            return Ok(Err(Conflict { guard }));
        }
    }
    for (index, change) in people.iter().enumerate() {
        if !account::apply(transaction, change)? {
            return Ok(Err(Conflict { guard: commit.guards.len() + index }));
        }
    }
    for change in &commit.writes {
        one(transaction, change, &mut committed)?;
    }
    tell(transaction, people, commit)?;
    Ok(Ok(committed))
}

/// Appends the events of all changes to the outbox.
fn tell(transaction: &Transaction<'_>, people: &[AccountChange], commit: &Commit) -> Result<(), Broken> {
    for event in people.iter().filter_map(|change| change.event(commit)).chain(commit.events()) {
        event::add(transaction, &event)?;
    }
    Ok(())
}

/// Applies one change, adds what it ended, and returns whether its guard held. An unknown kind of change is an error,
/// never skipped.
fn one(transaction: &Transaction<'_>, change: &Change, committed: &mut Committed) -> Result<bool, Broken> {
    match change {
        Change::Code(change) => code::apply(transaction, change),
        Change::Deferred(change) => deferred::apply(transaction, change),
        Change::Grant(change) => grant::apply(transaction, change),
        Change::Token(change) => token::apply(transaction, change),
        Change::Session(change) => session::apply(transaction, change),
        Change::Interaction(change) => interaction::apply(transaction, change),
        Change::Registry(change) => registry::apply(transaction, change),
        Change::Key(change) => key::apply(transaction, change),
        Change::Once(remember) => once::apply(transaction, remember),
        Change::Item(item) => item::apply(transaction, item),
        Change::End(end) => end::apply(transaction, end, committed),
        Change::Refusals(refused) => refusal::apply(transaction, refused),
        _ => Err(Broken::UnknownChange),
    }
}
