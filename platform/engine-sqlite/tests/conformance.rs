//! Conformance of the `SQLite` engine to the storage ports.

use engine_sqlite::{Options, SqliteEngine};
use journal::ServiceStorage;
use std::{
    future::{Ready, ready},
    num::NonZeroUsize,
    sync::Arc,
};
use storage::{Blobs, Documents, KeyValue};
use tempfile::TempDir;

fn engine() -> (SqliteEngine, TempDir) {
    let folder = tempfile::tempdir().expect("there is room for a test");
    let options = Options { disk_reserve_bytes: 0, ..Options::default() };
    (SqliteEngine::open(folder.path(), options).expect("the folder is new"), folder)
}

mod documents {
    use super::*;

    fn make() -> Ready<(Arc<dyn Documents>, (SqliteEngine, TempDir))> {
        let (engine, folder) = engine();
        ready((engine.service("warehouse").documents, (engine, folder)))
    }

    ::storage::documents_conformance!(make);
}

mod key_value {
    use super::*;

    fn make() -> Ready<(Arc<dyn KeyValue>, (SqliteEngine, TempDir))> {
        let (engine, folder) = engine();
        ready((engine.service("warehouse").key_value, (engine, folder)))
    }

    ::storage::key_value_conformance!(make);
}

mod blobs {
    use super::*;

    fn make() -> Ready<(Arc<dyn Blobs>, (SqliteEngine, TempDir))> {
        let (engine, folder) = engine();
        ready((engine.service("warehouse").blobs, (engine, folder)))
    }

    ::storage::blobs_conformance!(make);
}

mod events {
    use super::*;

    fn make() -> Ready<(ServiceStorage, (SqliteEngine, TempDir))> {
        let (engine, folder) = engine();
        ready((engine.service("warehouse"), (engine, folder)))
    }

    journal::conformance_suite!(make);
}

/// Bulk log: another file, the same contract.
mod bulk {
    use super::*;

    fn make() -> Ready<(ServiceStorage, (SqliteEngine, TempDir))> {
        let (engine, folder) = engine();
        ready((engine.bulk("warehouse"), (engine, folder)))
    }

    journal::conformance_suite!(make);
}

/// Tiny caches that evict at once, and a write-ahead log that restarts all the time.
mod tiny_caches {
    use super::*;

    fn make() -> Ready<(ServiceStorage, (SqliteEngine, TempDir))> {
        let folder = tempfile::tempdir().expect("there is room for a test");
        let (disk_reserve_bytes, heads_max) = (0, NonZeroUsize::MIN);
        let (wal_checkpoint_bytes, wal_bytes_max) = (1, 64 * 1024);
        let options = Options {
            disk_reserve_bytes,
            heads_max,
            wal_checkpoint_bytes,
            wal_bytes_max,
            ..Options::default()
        };
        let engine = SqliteEngine::open(folder.path(), options).expect("the folder is new");
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
