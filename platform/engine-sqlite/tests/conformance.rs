//! The engine on a disk keeps the promises of the ports.

use engine_sqlite::{Engine, Options};
use journal::ServiceStorage;
use std::{
    future::{Ready, ready},
    sync::Arc,
};
use storage::{Documents, KeyValue};
use tempfile::TempDir;

fn engine() -> (Engine, TempDir) {
    let folder = tempfile::tempdir().expect("there is room for a test");
    let options = Options { disk_reserve_bytes: 0, ..Options::default() };
    (Engine::open(folder.path(), options).expect("the folder is new"), folder)
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

mod events {
    use super::*;

    fn make() -> Ready<(ServiceStorage, (Engine, TempDir))> {
        let (engine, folder) = engine();
        ready((engine.service("warehouse"), (engine, folder)))
    }

    journal::conformance_suite!(make);
}

/// Bulk has a file of its own and keeps the same promises.
mod bulk {
    use super::*;

    fn make() -> Ready<(ServiceStorage, (Engine, TempDir))> {
        let (engine, folder) = engine();
        ready((engine.bulk("warehouse"), (engine, folder)))
    }

    journal::conformance_suite!(make);
}
