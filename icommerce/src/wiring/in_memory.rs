//! In-memory engine, for building services without a data folder, and for those that store nothing.

use engine_memory::MemoryEngine;
use journal::ServiceStorage;

/// In-memory engine.
#[derive(Clone, Debug)]
pub(crate) struct InMemory {
    engine: MemoryEngine,
}

impl InMemory {
    /// Empty engine.
    pub(crate) fn new() -> Self {
        Self { engine: MemoryEngine::new() }
    }

    /// Storage of a service.
    pub(crate) fn service(&self, name: &'static str) -> ServiceStorage {
        self.engine.service(name)
    }
}
