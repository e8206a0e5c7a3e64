//! Two processes on one file: the test binary starts itself in another role.

#[path = "file/rows.rs"]
#[expect(dead_code, reason = "the rows of other tests")]
mod rows;

use std::{
    io::{BufRead as _, BufReader, Lines, Write as _},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use passavant_sqlite::{OpenError, Options, SqliteStore};
use protocol::{AccessToken, GrantId};
use server::store::{Commit, GrantChange, TokenChange, UserBasis};

use rows::{Folder, NOW, SERVER};

const ROUNDS: usize = 200;
const WRITTEN: usize = 500;

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let arguments: Vec<_> = std::env::args().collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [_, "as-revoker", path] => runtime.block_on(revoker(Path::new(path))),
        [_, "as-writer", path] => runtime.block_on(writer(Path::new(path))),
        _ => {
            runtime.block_on(a_revocation_by_another_process_is_seen_by_the_next_read());
            runtime.block_on(acknowledged_commits_survive_kill_9());
            file_of_a_killed_server_can_be_opened();
            runtime.block_on(closed_store_leaves_no_descriptors_and_no_wal());
        }
    }
}

/// Revokes each grant that it reads, and reports it.
async fn revoker(path: &Path) {
    let store = rows::one(&SqliteStore::open(path).expect("it opens"));
    for line in std::io::stdin().lines() {
        let id = line.expect("a line").parse().expect("a number");
        rows::done(&store, rows::revoke(GrantId(id))).await;
        say("revoked");
    }
}

/// Writes tokens as the server, and reports each after its commit.
async fn writer(path: &Path) {
    let store = rows::one(&SqliteStore::open_with(path, SERVER).expect("it opens"));
    loop {
        let handle = rows::token(0);
        rows::done(&store, rows::add_token(handle)).await;
        say(&handle.id.to_string());
    }
}

fn say(line: &str) {
    let mut out = std::io::stdout();
    writeln!(out, "{line}").and_then(|()| out.flush()).expect("somebody listens");
}

struct Other {
    child: Child,
    to: ChildStdin,
    from: Lines<BufReader<ChildStdout>>,
}

impl Other {
    fn start(role: &str, folder: &Folder) -> Self {
        let program = std::env::current_exe().expect("this program");
        let mut child = Command::new(program)
            .arg(role)
            .arg(folder.file())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let to = child.stdin.take().expect("a pipe");
        let from = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        Self { child, to, from }
    }

    fn hear(&mut self) -> String {
        self.from.next().expect("it is alive").expect("a line")
    }

    /// Kills it as `kill -9` does.
    fn kill(mut self) -> Vec<String> {
        self.child.kill().expect("it is killed");
        self.child.wait().expect("it has ended");
        self.from.map_while(Result::ok).collect()
    }
}

async fn a_revocation_by_another_process_is_seen_by_the_next_read() {
    let folder = Folder::new();
    let store = rows::one(&folder.open(SERVER));
    let mut other = Other::start("as-revoker", &folder);
    for round in 0..ROUNDS {
        let (grant, handle) = (rows::grant(), rows::token(0));
        let id = grant.id;
        let add = Commit::new(NOW)
            .with(GrantChange::Add(Box::new(grant), UserBasis::Subject(0).at(0)))
            .with(TokenChange::AddAccess(handle, rows::access(Some(id))));
        rows::done(&store, add).await;
        assert_eq!(rows::ended(&store, handle).await, None, "round {round}: it is there");
        writeln!(other.to, "{}", id.0).expect("it listens");
        assert_eq!(other.hear(), "revoked");
        assert!(rows::ended(&store, handle).await.is_some(), "round {round}: it is revoked");
    }
    other.kill();
}

async fn acknowledged_commits_survive_kill_9() {
    let folder = Folder::new();
    let mut other = Other::start("as-writer", &folder);
    let mut acknowledged: Vec<_> = (0..WRITTEN).map(|_| other.hear()).collect();
    acknowledged.extend(other.kill());
    let store = rows::one(&folder.open(SERVER));
    for id in acknowledged {
        let handle = AccessToken::mint(id.parse().expect("a number"), [7; 24]).handle();
        assert!(rows::is_there(&store, handle).await, "{id} was acknowledged");
    }
}

fn file_of_a_killed_server_can_be_opened() {
    let folder = Folder::new();
    let mut other = Other::start("as-writer", &folder);
    other.hear();
    let refused = SqliteStore::open_with(&folder.file(), SERVER).err();
    assert!(matches!(refused, Some(OpenError::Served(_))), "{refused:?}");
    drop(folder.open(Options::default()));
    other.kill();
    drop(folder.open(SERVER));
}

/// It is in this file because no other test in this process opens files meanwhile.
async fn closed_store_leaves_no_descriptors_and_no_wal() {
    let open = || std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
    let before = open();
    for options in [SERVER, Options::default()] {
        let folder = Folder::new();
        let store = rows::one(&folder.open(options));
        for _ in 0..3 {
            let handle = rows::token(0);
            rows::done(&store, rows::add_token(handle)).await;
            assert!(rows::is_there(&store, handle).await);
        }
        drop(store);
        for suffix in ["-wal", "-shm"] {
            assert!(!rows::beside(&folder.file(), suffix).exists(), "{options:?}: {suffix}");
        }
    }
    assert_eq!(open(), before);
}
