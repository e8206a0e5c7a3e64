//! The store suite, against files.

use std::sync::Arc;

use passavant_sqlite::{Options, SqliteStore};
use protocol::{Issuer, Timestamp};
use server::{
    Reason,
    store::{Change, Remember, Space},
};
use testkit::{directory_suite, store_suite::Fixture};

/// As a server: reads are held across requests.
mod served {
    testkit::store_suite!(super::served, poison = super::poison());
}

/// As a tool beside a server: each read is its own transaction.
mod beside {
    testkit::store_suite!(super::beside, poison = super::poison());
}

/// The directory in the same file.
mod people {
    testkit::directory_suite!(super::people_served);
}

async fn people_served() -> directory_suite::Fixture {
    let folder = tempfile::tempdir().expect("a folder");
    let options = Options { server: true, ..Options::default() };
    let store = SqliteStore::open_with(&folder.path().join("passavant.db"), options).expect("it opens");
    let issuer = |url| Arc::new(store.issuer(&Issuer::new(url)).expect("an issuer"));
    let (one, other) = (issuer("https://one.example"), issuer("https://two.example"));
    directory_suite::Fixture::new(one.clone(), one, other).keeping(folder)
}

async fn served() -> Fixture {
    fixture(true)
}

async fn beside() -> Fixture {
    fixture(false)
}

fn fixture(server: bool) -> Fixture {
    let folder = tempfile::tempdir().expect("a folder");
    let options = Options { server, ..Options::default() };
    let store = SqliteStore::open_with(&folder.path().join("passavant.db"), options).expect("it opens");
    let issuer = |url| Arc::new(store.issuer(&Issuer::new(url)).expect("an issuer"));
    Fixture::new(issuer("https://one.example"), issuer("https://two.example")).keeping(folder)
}

/// A value that is too long: a CHECK of the schema refuses it.
fn poison() -> Change {
    let (space, until) = (Space::ClientAssertion, Timestamp(4_000_000_000));
    let (key, replayed) = ("x".repeat(65).into(), Reason::AssertionReplayed);
    Change::Once(Remember { space, key, until, replayed })
}
