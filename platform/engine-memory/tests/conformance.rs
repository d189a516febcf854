//! The engine in memory keeps the promises of the ports.

use engine_memory::Engine;
use journal::ServiceStorage;
use std::{
    future::{Ready, ready},
    sync::Arc,
};
use storage::{Documents, KeyValue};

fn storage() -> (ServiceStorage, Engine) {
    let engine = Engine::new();
    (engine.service("warehouse"), engine)
}

mod documents {
    use super::*;

    fn make() -> Ready<(Arc<dyn Documents>, Engine)> {
        let (storage, engine) = storage();
        ready((storage.documents, engine))
    }

    ::storage::documents_conformance!(make);
}

mod key_value {
    use super::*;

    fn make() -> Ready<(Arc<dyn KeyValue>, Engine)> {
        let (storage, engine) = storage();
        ready((storage.key_value, engine))
    }

    ::storage::key_value_conformance!(make);
}

mod events {
    use super::*;

    fn make() -> Ready<(ServiceStorage, Engine)> {
        ready(storage())
    }

    journal::conformance_suite!(make);
}

#[tokio::test]
async fn services_do_not_see_each_other() {
    let engine = Engine::new();
    let (one, two) = (engine.service("warehouse"), engine.service("till"));
    journal::conformance::services_do_not_see_each_other(one, two).await;
}
