//! What a server keeps in memory of deferred requests. It is part of the server, so it imports nothing that receives one.

use super::{pauses::Pauses, polls::Polls, rates::Rates};

/// What a server keeps in memory of deferred requests. Each process has its own.
#[derive(Debug, Default)]
pub(crate) struct DeferredMemory {
    pub(crate) polls: Polls,
    pub(crate) pauses: Pauses,
    pub(crate) rates: Rates,
}
