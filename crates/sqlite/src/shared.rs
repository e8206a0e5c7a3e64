//! What all handles on one open file share.

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

/// What all handles share. Its fields end in this order: the queue closes, the readers go, the writer works off what
/// still waits and goes as the last connection, then the files beside the database.
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
