//! The embedded store, in SQLite.
//!
//! One [`SqliteStore`] is one open file, and [`SqliteStore::issuer`] is a handle on it that implements
//! [`server::store::Store`] and [`accounts::Directory`] for one issuer. All handles share one writer thread, which
//! combines waiting commits into one durable transaction, and a few read-only connections, which are used on the
//! calling thread because a read takes microseconds.
//!
//! ```no_run
//! # use passavant_sqlite as sqlite;
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let options = sqlite::Options { server: true, ..sqlite::Options::default() };
//! let file = sqlite::SqliteStore::open_with("/var/lib/passavant/passavant.db".as_ref(), options)?;
//! let store = file.issuer(&protocol::Issuer::new("https://id.example"))?;
//! # drop(store);
//! # Ok(())
//! # }
//! ```
//!
//! Modules: `open` (opening the file, and its settings), `writer` (group commit), `commit` (one file of SQL for each
//! kind of change), `readers` and `wal_index` (why a read never misses a commit of any process), `read_tokens` (access
//! tokens that are not read twice), `sweep` (deleting ended rows without an index on their end).

mod commit;
mod deferred;
mod directory;
mod error;
mod issuer;
mod lists;
mod migrations;
mod open;
mod open_error;
#[cfg(test)]
mod plans;
mod range;
mod read;
mod read_tokens;
mod readers;
mod registry;
mod rows;
mod shared;
mod sweep;
mod tenant;
mod transaction;
mod upkeep;
mod usernames;
mod wal_index;
mod writer;

pub use issuer::SqliteIssuer;
pub use open::{Options, SqliteStore};
pub use open_error::OpenError;
pub use writer::Statistics;
