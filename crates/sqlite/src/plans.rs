//! Tests that no statement of the store is compiled more than once.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

use protocol::Issuer;
use rusqlite::{
    Connection, StatementStatus,
    trace::{TraceEvent, TraceEventCodes},
};

use crate::{Options, SqliteStore};

/// Uses of each statement: SQLite discards a plan when the statement of its first use is bound again.
const USES: usize = 3;

/// Every statement that was run in this process.
static RUN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Records the statements of a connection.
pub(crate) fn record(connection: &mut Connection) -> rusqlite::Result<()> {
    let add = |event: TraceEvent<'_>| {
        if let TraceEvent::Profile(statement, _) = event {
            RUN.lock().unwrap_or_else(PoisonError::into_inner).insert(statement.sql().into_owned());
        }
    };
    connection.trace_v2(TraceEventCodes::SQLITE_TRACE_PROFILE, Some(add))
}

fn open() -> (tempfile::TempDir, SqliteStore) {
    let folder = tempfile::tempdir().expect("a folder");
    let options = Options { server: true, ..Options::default() };
    let store = SqliteStore::open_with(&folder.path().join("passavant.db"), options).expect("it opens");
    (folder, store)
}

async fn of_stores() -> testkit::store_suite::Fixture {
    let (folder, store) = open();
    let issuer = |url| Arc::new(store.issuer(&Issuer::new(url)).expect("an issuer"));
    testkit::store_suite::Fixture::new(issuer("https://one.example"), issuer("https://two.example"))
        .keeping(folder)
}

async fn of_directories() -> testkit::directory_suite::Fixture {
    let (folder, store) = open();
    let issuer = |url| Arc::new(store.issuer(&Issuer::new(url)).expect("an issuer"));
    let (one, other) = (issuer("https://one.example"), issuer("https://two.example"));
    testkit::directory_suite::Fixture::new(one.clone(), one, other).keeping(folder)
}

/// How often a statement was compiled again in its uses, with some value for each of its parameters.
fn compiled_again(connection: &Connection, sql: &str) -> rusqlite::Result<i32> {
    for _ in 0..USES {
        let mut statement = connection.prepare_cached(sql)?;
        for at in 1..=statement.parameter_count() {
            statement.raw_bind_parameter(at, 1)?;
        }
        let mut rows = statement.raw_query();
        // A constraint may refuse the values, which does not matter here.
        while let Ok(Some(_)) = rows.next() {}
    }
    Ok(connection.prepare_cached(sql)?.get_status(StatementStatus::RePrepare))
}

#[test]
fn each_statement_of_the_store_is_compiled_once() {
    testkit::store_suite!(@each of_stores);
    testkit::directory_suite!(@each of_directories);
    let statements = RUN.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let (folder, store) = open();
    let path = folder.path().join("passavant.db");
    let connection = crate::open::connect_writer(&path).expect("it opens");
    connection.execute_batch("PRAGMA foreign_keys = OFF").expect("a setting");
    drop(store);
    // Other tests of this process have tables of their own.
    let is_ours = |sql: &&String| {
        ["SELECT", "INSERT", "UPDATE", "DELETE"].iter().any(|word| sql.starts_with(word))
            && connection.prepare(sql).is_ok()
    };
    let ours: Vec<_> = statements.iter().filter(is_ours).collect();
    assert!(ours.len() > 60, "the suites run most statements: {}", ours.len());
    for sql in ours {
        connection.execute_batch("BEGIN").expect("a transaction");
        let again = compiled_again(&connection, sql).expect("it is a statement");
        connection.execute_batch("ROLLBACK").expect("it ends");
        assert_eq!(again, 0, "{sql}");
    }
}
