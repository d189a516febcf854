//! Conformance to each storage port, with ordinary and with tiny limits.

use crate::engine::{Engine, options, tiny_options};
use journal::ServiceStorage;
use std::{
    future::{Ready, ready},
    sync::Arc,
};
use storage::{Blobs, Documents, KeyValue};
use tempfile::TempDir;

fn engine() -> (Engine, TempDir) {
    let folder = tempfile::tempdir().expect("there is room for a test");
    (Engine::open(folder.path(), options()).expect("the folder is new"), folder)
}

mod documents {
    use super::*;

    fn make() -> Ready<(Arc<dyn Documents>, (Engine, TempDir))> {
        let (engine, folder) = engine();
        ready((engine.service("warehouse").documents, (engine, folder)))
    }

    ::storage::documents_conformance!(make);
}

mod key_value {
    use super::*;

    fn make() -> Ready<(Arc<dyn KeyValue>, (Engine, TempDir))> {
        let (engine, folder) = engine();
        ready((engine.service("warehouse").key_value, (engine, folder)))
    }

    ::storage::key_value_conformance!(make);
}

mod blobs {
    use super::*;

    fn make() -> Ready<(Arc<dyn Blobs>, (Engine, TempDir))> {
        let (engine, folder) = engine();
        ready((engine.service("warehouse").blobs, (engine, folder)))
    }

    ::storage::blobs_conformance!(make);
}

mod events {
    use super::*;

    fn make() -> Ready<(ServiceStorage, (Engine, TempDir))> {
        let (engine, folder) = engine();
        ready((engine.service("warehouse"), (engine, folder)))
    }

    journal::conformance_suite!(make);
}

/// Bulk log: another file, the same contract.
mod bulk {
    use super::*;

    fn make() -> Ready<(ServiceStorage, (Engine, TempDir))> {
        let (engine, folder) = engine();
        ready((engine.bulk("warehouse"), (engine, folder)))
    }

    journal::conformance_suite!(make);
}

/// Limits so small that what they keep in memory goes at once.
mod tiny_limits {
    use super::*;

    fn make() -> Ready<(ServiceStorage, (Engine, TempDir))> {
        let folder = tempfile::tempdir().expect("there is room for a test");
        let engine = Engine::open(folder.path(), tiny_options()).expect("the folder is new");
        ready((engine.service("warehouse"), (engine, folder)))
    }

    journal::conformance_suite!(make);

    mod key_value {
        async fn make() -> (super::Arc<dyn super::KeyValue>, impl Sized) {
            let (storage, guard) = super::make().await;
            (storage.key_value, guard)
        }

        ::storage::key_value_conformance!(make);
    }
}
