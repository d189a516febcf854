//! Conformance of the log engine to the storage ports.

use engine_log::{LogEngine, LogOptions};
use journal::ServiceStorage;
use std::{
    future::{Ready, ready},
    sync::Arc,
};
use storage::{Blobs, Documents, KeyValue};
use tempfile::TempDir;

fn engine() -> (LogEngine, TempDir) {
    let folder = tempfile::tempdir().expect("there is room for a test");
    let options = LogOptions { disk_reserve_bytes: 0, ..LogOptions::default() };
    (LogEngine::open(folder.path(), options).expect("the folder is new"), folder)
}

mod documents {
    use super::*;

    fn make() -> Ready<(Arc<dyn Documents>, (LogEngine, TempDir))> {
        let (engine, folder) = engine();
        ready((engine.service("warehouse").documents, (engine, folder)))
    }

    ::storage::documents_conformance!(make);
}

mod key_value {
    use super::*;

    fn make() -> Ready<(Arc<dyn KeyValue>, (LogEngine, TempDir))> {
        let (engine, folder) = engine();
        ready((engine.service("warehouse").key_value, (engine, folder)))
    }

    ::storage::key_value_conformance!(make);
}

mod blobs {
    use super::*;

    fn make() -> Ready<(Arc<dyn Blobs>, (LogEngine, TempDir))> {
        let (engine, folder) = engine();
        ready((engine.service("warehouse").blobs, (engine, folder)))
    }

    ::storage::blobs_conformance!(make);
}

mod events {
    use super::*;

    fn make() -> Ready<(ServiceStorage, (LogEngine, TempDir))> {
        let (engine, folder) = engine();
        ready((engine.service("warehouse"), (engine, folder)))
    }

    journal::conformance_suite!(make);
}

/// Bulk log: another file, the same contract.
mod bulk {
    use super::*;

    fn make() -> Ready<(ServiceStorage, (LogEngine, TempDir))> {
        let (engine, folder) = engine();
        ready((engine.bulk("warehouse"), (engine, folder)))
    }

    journal::conformance_suite!(make);
}

/// Segments and caches so small that nearly all is found by runs.
mod tiny_segments {
    use super::*;

    fn make() -> Ready<(ServiceStorage, (LogEngine, TempDir))> {
        let folder = tempfile::tempdir().expect("there is room for a test");
        let (disk_reserve_bytes, segment_bytes_max, recent_bytes_max) = (0, 512, 0);
        let options = LogOptions {
            disk_reserve_bytes,
            segment_bytes_max,
            recent_bytes_max,
            ..LogOptions::default()
        };
        let engine = LogEngine::open(folder.path(), options).expect("the folder is new");
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
