//! The directory suite, in memory.

use std::sync::Arc;

use accounts::MemoryDirectory;
use passavant_testkit::{directory_suite, directory_suite::Fixture};
use server::store::memory::MemoryStore;

async fn fixture() -> Fixture {
    let (store, other) = (Arc::new(MemoryStore::new()), Arc::new(MemoryStore::new()));
    let directory = |store: &Arc<MemoryStore>| Arc::new(MemoryDirectory::new(store.clone()));
    Fixture::new(store.clone(), directory(&store), directory(&other))
}

directory_suite!(fixture);
