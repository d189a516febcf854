//! Conformance of the engine to the storage ports, on a real server.

use crate::server::{Database, SERVICES};
use engine_postgres::{PostgresEngine, PostgresLease};
use journal::ServiceStorage;
use std::sync::Arc;
use storage::{Documents, KeyValue, Lease};

async fn engine() -> (PostgresEngine, Database) {
    let database = Database::create().await;
    (database.open().await, database)
}

fn warehouse(engine: &PostgresEngine) -> ServiceStorage {
    engine.service(SERVICES[0]).expect("it was opened")
}

mod documents {
    use super::*;

    async fn make() -> (Arc<dyn Documents>, (PostgresEngine, Database)) {
        let (engine, database) = engine().await;
        (warehouse(&engine).documents, (engine, database))
    }

    ::storage::documents_conformance!(make);
}

mod key_value {
    use super::*;

    async fn make() -> (Arc<dyn KeyValue>, (PostgresEngine, Database)) {
        let (engine, database) = engine().await;
        (warehouse(&engine).key_value, (engine, database))
    }

    ::storage::key_value_conformance!(make);
}

mod events {
    use super::*;

    async fn make() -> (ServiceStorage, (PostgresEngine, Database)) {
        let (engine, database) = engine().await;
        (warehouse(&engine), (engine, database))
    }

    journal::conformance_suite!(make);
}

mod lease {
    use super::*;

    async fn make() -> (Arc<dyn Lease>, Database) {
        let database = Database::create().await;
        let lease = PostgresLease::open(database.options(), &SERVICES).await.unwrap();
        (Arc::new(lease), database)
    }

    ::storage::lease_conformance!(make);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn services_do_not_see_each_other() {
    let (engine, _database) = engine().await;
    let [one, two] = SERVICES.map(|service| engine.service(service).expect("it was opened"));
    journal::conformance::services_do_not_see_each_other(one, two).await;
}
