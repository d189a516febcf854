//! Everything on the engine in memory: for looking at services without a data folder.

use engine_memory::Engine;
use journal::ServiceStorage;

/// The engine in memory.
#[derive(Debug)]
pub(crate) struct Forgetful {
    engine: Engine,
}

impl Forgetful {
    /// An empty one.
    pub(crate) fn new() -> Self {
        Self { engine: Engine::new() }
    }

    /// A service's own storage.
    pub(crate) fn service(&self, name: &'static str) -> ServiceStorage {
        self.engine.service(name)
    }
}
