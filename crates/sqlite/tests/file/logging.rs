//! The write-ahead log is reset in spite of continuous reads.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use server::store::{Commit, Committed, Store as _};
use tokio::task::JoinSet;

use crate::rows::{self, Folder, NOW, SERVER};

const WRITERS: usize = 16;
const COMMITS_EACH: usize = 150;
const REQUEST_BYTES: usize = 60_000;
/// Twice the size at which the writer checkpoints.
const LOG_BYTES_MAX: u64 = 2 * 4_000 * 4_120;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn wal_stays_short_under_reads_and_writes() {
    let folder = Folder::new();
    let store = rows::one(&folder.open(SERVER));
    let handle = rows::token(0);
    rows::done(&store, rows::add_token(handle)).await;
    let (over, reads) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let mut readers = JoinSet::new();
    for _ in 0..4 {
        let (store, over, reads) = (store.clone(), Arc::clone(&over), Arc::clone(&reads));
        readers.spawn(async move {
            while !over.load(Ordering::Relaxed) {
                assert!(rows::is_there(&store, handle).await);
                reads.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
            }
        });
    }
    let mut writers = JoinSet::new();
    for _ in 0..WRITERS {
        let store = store.clone();
        writers.spawn(async move {
            for _ in 0..COMMITS_EACH {
                let commit = Commit::new(NOW).with(rows::interaction("x".repeat(REQUEST_BYTES)));
                assert_eq!(store.commit(commit).await.expect("the store works"), Ok(Committed::default()));
            }
        });
    }
    writers.join_all().await;
    over.store(true, Ordering::Relaxed);
    readers.join_all().await;
    let written = (WRITERS * COMMITS_EACH * REQUEST_BYTES) as u64;
    let log = fs::metadata(rows::beside(&folder.file(), "-wal")).expect("it is there").len();
    assert!(written > 4 * LOG_BYTES_MAX && reads.load(Ordering::Relaxed) > 1_000, "enough went on");
    assert!(log < LOG_BYTES_MAX, "{written} bytes were written, and the log holds {log}");
}
