//! The rows of the limit: the tables of the store without their indexes, one writer thread with group commit, and one
//! connection for reads.

use std::sync::Mutex;

use rusqlite::{Connection, OptionalExtension as _, params};
use tokio::sync::{mpsc, oneshot};

/// Rows of one transaction at most, as in the store.
const BATCH_MAX: usize = 512;
/// Pages in the log at which it is copied to the file, as in the store.
const SCHEMA: &str = "
    PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000;
    PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -16384;
    CREATE TABLE IF NOT EXISTS access (
        id INTEGER PRIMARY KEY, issuer INTEGER NOT NULL, digest BLOB NOT NULL, issued_at INTEGER NOT NULL,
        expires_in INTEGER NOT NULL, grant_id INTEGER, client TEXT NOT NULL, epoch INTEGER NOT NULL, subject TEXT,
        scopes TEXT NOT NULL, audience TEXT NOT NULL, narrowed INTEGER NOT NULL, ended INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE TABLE IF NOT EXISTS approval (
        id INTEGER PRIMARY KEY, issuer INTEGER NOT NULL, subject TEXT NOT NULL, client TEXT NOT NULL,
        session INTEGER, offline INTEGER NOT NULL, scopes TEXT NOT NULL, audience TEXT NOT NULL,
        narrowed INTEGER NOT NULL, authenticated_at INTEGER NOT NULL, amr TEXT NOT NULL,
        approved_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, ended_at INTEGER
    ) STRICT;
    CREATE TABLE IF NOT EXISTS code (
        id INTEGER PRIMARY KEY, issuer INTEGER NOT NULL, digest BLOB NOT NULL, expires_at INTEGER NOT NULL,
        grant_id INTEGER NOT NULL, redirect_uri TEXT NOT NULL, challenge TEXT, nonce TEXT, used_at INTEGER,
        tries INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS refresh (
        id INTEGER PRIMARY KEY, issuer INTEGER NOT NULL, digest BLOB NOT NULL, expires_at INTEGER NOT NULL,
        grant_id INTEGER NOT NULL, generation INTEGER NOT NULL, rotated_at INTEGER NOT NULL, key INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS session (id INTEGER PRIMARY KEY, digest BLOB NOT NULL, subject TEXT NOT NULL) STRICT;
    INSERT OR IGNORE INTO session VALUES (1, x'00', 'u-bench-0');
    CREATE TABLE IF NOT EXISTS account (subject TEXT PRIMARY KEY, claims TEXT NOT NULL) STRICT, WITHOUT ROWID;
    INSERT OR IGNORE INTO account VALUES ('u-bench-0',
        '{\"sub\":\"u-bench-0\",\"name\":\"Bench\",\"email\":\"bench@bench.example\"}');";

const ADD_ACCESS: &str = "INSERT INTO access VALUES (?1, 1, ?2, ?3, 600, ?4, 'bench-client', ?1, NULL,
    'bench.read bench.write', 'https://bench.example/api', 0, 0)";
const ADD_APPROVAL: &str = "INSERT INTO approval VALUES (?1, 1, 'u-bench-0', 'bench-flow', 1, 1,
    'openid offline_access bench.read', 'https://bench.example/api', 0, ?2, 'pwd', ?2, ?2 + 2592000, NULL)";
const ADD_CODE: &str = "INSERT INTO code VALUES (?1, 1, ?2, ?3 + 60, ?4, 'https://bench.example/cb',
    'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', 'n', NULL, 0)";
const ADD_FAMILY: &str = "INSERT INTO refresh VALUES (?1, 1, ?2, ?3 + 1209600, ?4, 0, ?3, 0)";
const USE_CODE: &str = "UPDATE code SET used_at = ?2 WHERE id = ?1 AND used_at IS NULL";
const ROTATE: &str =
    "UPDATE refresh SET generation = generation + 1, digest = ?2, rotated_at = ?3 WHERE id = ?1";

const ACCESS: &str = "SELECT digest, issued_at + expires_in FROM access WHERE id = ?1";
const CODE: &str = "SELECT grant_id FROM code WHERE id = ?1 AND digest = ?2";
const FAMILY: &str = "SELECT grant_id FROM refresh WHERE id = ?1 AND digest = ?2";
const SESSION: &str = "SELECT subject FROM session WHERE id = ?1";
const CLAIMS: &str = "SELECT claims FROM account WHERE subject = ?1";

/// Access tokens that end in a year, in the tables of passavant, from an hour ago on.
const FILL: &str = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?1)
    INSERT INTO access (id, issuer, digest, issued_at, expires_in, grant_id, client, epoch, subject, scopes, audience,
        narrowed)
    SELECT ((unixepoch() - 3600) * 1000 << 21) + i * 512, 1, randomblob(32), unixepoch() - 3600, 31536000, NULL,
        'bench-client', 1, NULL, 'bench.read bench.write', 'https://bench.example/api', 0 FROM n";

type Digest = [u8; 32];

/// What a request writes, in one transaction.
pub(crate) enum Write {
    Access(i64, Digest),
    Approve { grant: i64, id: i64, digest: Digest },
    Redeem { code: i64, grant: i64, access: (i64, Digest), family: (i64, Digest) },
    Rotate { family: (i64, Digest), grant: i64, access: (i64, Digest) },
}

type Job = (Write, oneshot::Sender<()>);

pub(crate) struct Rows {
    jobs: mpsc::UnboundedSender<Job>,
    reader: Mutex<Connection>,
}

impl Rows {
    pub(crate) fn open(path: &str) -> rusqlite::Result<Self> {
        let (writer, reader) = (Connection::open(path)?, Connection::open(path)?);
        writer.execute_batch(SCHEMA)?;
        reader.execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -4096")?;
        let (jobs, waiting) = mpsc::unbounded_channel();
        let (wake, mut written) = mpsc::unbounded_channel::<Vec<oneshot::Sender<()>>>();
        tokio::spawn(async move {
            while let Some(batch) = written.recv().await {
                for done in batch {
                    // A request that was dropped waits for nothing.
                    done.send(()).ok();
                }
            }
        });
        std::thread::spawn(move || write_all(&writer, waiting, &wake).expect("the limit's own database"));
        Ok(Self { jobs, reader: Mutex::new(reader) })
    }

    pub(crate) async fn write(&self, write: Write) {
        let (done, written) = oneshot::channel();
        self.jobs.send((write, done)).expect("the writer lives");
        written.await.expect("the writer answers");
    }

    /// The digest of an access token, and when it expires.
    pub(crate) fn access(&self, id: i64) -> Option<(Digest, i64)> {
        self.row(ACCESS, [id], |row| Ok((row.get(0)?, row.get(1)?)))
    }

    pub(crate) fn code(&self, id: i64, digest: &Digest) -> Option<i64> {
        self.row(CODE, params![id, &digest[..]], |row| row.get(0))
    }

    pub(crate) fn family(&self, id: i64, digest: &Digest) -> Option<i64> {
        self.row(FAMILY, params![id, &digest[..]], |row| row.get(0))
    }

    pub(crate) fn session(&self, id: i64) -> bool {
        self.row(SESSION, [id], |row| row.get::<_, String>(0)).is_some()
    }

    pub(crate) fn claims(&self, subject: &str) -> String {
        self.row(CLAIMS, [subject], |row| row.get(0)).expect("an account")
    }

    fn row<T>(
        &self,
        sql: &str,
        values: impl rusqlite::Params,
        read: impl FnOnce(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Option<T> {
        let reader = self.reader.lock().expect("nobody panics with it");
        let mut statement = reader.prepare_cached(sql).expect("a statement");
        statement.query_row(values, read).optional().expect("it reads")
    }
}

fn write_all(
    writer: &Connection,
    mut waiting: mpsc::UnboundedReceiver<Job>,
    wake: &mpsc::UnboundedSender<Vec<oneshot::Sender<()>>>,
) -> rusqlite::Result<()> {
    let mut batch = Vec::new();
    while let Some(first) = waiting.blocking_recv() {
        batch.push(first);
        while batch.len() < BATCH_MAX
            && let Ok(next) = waiting.try_recv()
        {
            batch.push(next);
        }
        writer.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        let now = super::millis() / 1000;
        for (write, _) in &batch {
            apply(writer, write, now)?;
        }
        writer.prepare_cached("COMMIT")?.execute([])?;
        wake.send(batch.drain(..).map(|(_, done)| done).collect()).ok();
    }
    Ok(())
}

fn apply(writer: &Connection, write: &Write, now: i64) -> rusqlite::Result<()> {
    let run = |sql, values: &[&dyn rusqlite::ToSql]| writer.prepare_cached(sql)?.execute(values).map(drop);
    let none = None::<i64>;
    match write {
        Write::Access(id, digest) => run(ADD_ACCESS, params![id, &digest[..], now, none]),
        Write::Approve { grant, id, digest } => {
            run(ADD_APPROVAL, params![grant, now])?;
            run(ADD_CODE, params![id, &digest[..], now, grant])
        }
        Write::Redeem { code, grant, access, family } => {
            run(USE_CODE, params![code, now])?;
            run(ADD_ACCESS, params![access.0, &access.1[..], now, grant])?;
            run(ADD_FAMILY, params![family.0, &family.1[..], now, grant])
        }
        Write::Rotate { family, grant, access } => {
            run(ROTATE, params![family.0, &family.1[..], now])?;
            run(ADD_ACCESS, params![access.0, &access.1[..], now, grant])
        }
    }
}

/// Adds rows to a database of passavant that no server uses.
pub(crate) fn fill(path: &str, rows: i64) -> rusqlite::Result<()> {
    let connection = Connection::open(path)?;
    connection.execute_batch("PRAGMA synchronous = OFF; PRAGMA cache_size = -65536")?;
    connection.execute(FILL, [rows])?;
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
}
