//! Everything on the engine in memory: for looking at services without a data folder.

use engine_memory::MemoryEngine;
use journal::ServiceStorage;

/// The engine in memory.
#[derive(Debug)]
pub(crate) struct Forgetful {
    engine: MemoryEngine,
}

impl Forgetful {
    /// An empty one.
    pub(crate) fn new() -> Self {
        Self { engine: MemoryEngine::new() }
    }

    /// A service's own storage.
    pub(crate) fn service(&self, name: &'static str) -> ServiceStorage {
        self.engine.service(name)
    }
}
