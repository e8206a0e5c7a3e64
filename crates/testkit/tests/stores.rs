//! The store suite, in memory and interleaved.

use std::sync::Arc;

use passavant_testkit::{Interleaved, store_suite, store_suite::Fixture};
use server::store::memory::MemoryStore;

mod memory {
    use super::*;

    async fn fixture() -> Fixture {
        Fixture::new(Arc::new(MemoryStore::new()), Arc::new(MemoryStore::new()))
    }

    store_suite!(fixture);
}

mod interleaved_memory {
    use super::*;

    async fn fixture() -> Fixture {
        let store = |seed| Arc::new(Interleaved::new(MemoryStore::new(), seed));
        Fixture::new(store(1), store(2))
    }

    store_suite!(fixture);
}
