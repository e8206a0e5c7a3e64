//! The shared state of all handles on one open file.

use std::{
    collections::HashMap,
    fs::File,
    sync::{Arc, Mutex},
    time::Instant,
};

use protocol::Issuer;

use crate::{
    readers::Readers,
    tenant::Tenant,
    wal_index::WalIndex,
    writer::{Counters, Queue, WriterThread},
};

/// The shared state of all handles. Its fields are dropped in this order: the queue closes, the readers close, the
/// writer finishes the waiting jobs and closes the last connection, and then the files beside the database are
/// closed.
pub(crate) struct Core {
    pub(crate) queue: Queue,
    pub(crate) readers: Arc<Readers>,
    pub(crate) tenants: Mutex<HashMap<Issuer, Arc<Tenant>>>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) opened: Instant,
    pub(crate) _writer: WriterThread,
    pub(crate) _index: Option<Arc<WalIndex>>,
    pub(crate) _lock: Option<File>,
}
