//! Conformance of the engine in memory to the storage ports.

use engine_memory::{MemoryEngine, MemoryLease};
use journal::ServiceStorage;
use std::{
    future::{Ready, ready},
    sync::Arc,
};
use storage::{Blobs, Documents, KeyValue, Lease};

fn storage() -> (ServiceStorage, MemoryEngine) {
    let engine = MemoryEngine::new();
    (engine.service("warehouse"), engine)
}

mod documents {
    use super::*;

    fn make() -> Ready<(Arc<dyn Documents>, MemoryEngine)> {
        let (storage, engine) = storage();
        ready((storage.documents, engine))
    }

    ::storage::documents_conformance!(make);
}

mod projections {
    use super::*;

    fn make() -> Ready<(Arc<dyn Documents>, MemoryEngine)> {
        let engine = MemoryEngine::new();
        ready((engine.projections("warehouse"), engine))
    }

    ::storage::documents_conformance!(make);
    ::storage::conditional_documents_conformance!(make);
}

mod key_value {
    use super::*;

    fn make() -> Ready<(Arc<dyn KeyValue>, MemoryEngine)> {
        let (storage, engine) = storage();
        ready((storage.key_value, engine))
    }

    ::storage::key_value_conformance!(make);
}

mod blobs {
    use super::*;

    fn make() -> Ready<(Arc<dyn Blobs>, MemoryEngine)> {
        let (storage, engine) = storage();
        ready((storage.blobs, engine))
    }

    ::storage::blobs_conformance!(make);
}

mod events {
    use super::*;

    fn make() -> Ready<(ServiceStorage, MemoryEngine)> {
        ready(storage())
    }

    journal::conformance_suite!(make);
}

#[tokio::test]
async fn services_do_not_see_each_other() {
    let engine = MemoryEngine::new();
    let (one, two) = (engine.service("warehouse"), engine.service("till"));
    journal::conformance::services_do_not_see_each_other(one, two).await;
    let (one, two) = (engine.service("order"), engine.service("payment"));
    journal::conformance::services_share_one_order(one, two).await;
}

mod lease {
    use super::*;

    fn make() -> Ready<(Arc<dyn Lease>, ())> {
        ready((Arc::new(MemoryLease::default()), ()))
    }

    ::storage::lease_conformance!(make);
}
