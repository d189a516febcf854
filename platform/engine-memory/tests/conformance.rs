//! The engine in memory keeps the promises of the ports.

use engine_memory::Engine;

mod documents {
    use super::Engine;
    use std::sync::Arc;

    async fn make() -> (Arc<dyn storage::Documents>, Engine) {
        let engine = Engine::new();
        (engine.service("warehouse").documents, engine)
    }

    storage::documents_conformance!(make);
}

mod key_value {
    use super::Engine;
    use std::sync::Arc;

    async fn make() -> (Arc<dyn storage::KeyValue>, Engine) {
        let engine = Engine::new();
        (engine.service("warehouse").key_value, engine)
    }

    storage::key_value_conformance!(make);
}

mod journal {
    use super::Engine;
    use ::journal::ServiceStorage;

    async fn make() -> (ServiceStorage, Engine) {
        let engine = Engine::new();
        (engine.service("warehouse"), engine)
    }

    ::journal::conformance_suite!(make);

    #[tokio::test]
    async fn services_do_not_see_each_other() {
        let engine = Engine::new();
        let (one, two) = (engine.service("warehouse"), engine.service("till"));
        ::journal::conformance::services_do_not_see_each_other(one, two).await;
    }
}
