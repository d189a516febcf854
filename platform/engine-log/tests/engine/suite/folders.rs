//! Data folders in the states in which a start may find them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use super::{append, open};
use crate::engine::{Engine, OpenError, options};
use std::{fs, path::Path};

pub(crate) const STREAM: &str = "thing-1";

/// Folder of an engine that was closed after an append.
pub(crate) async fn closed_folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(folder.path());
    write(&engine).await;
    engine.close().await.unwrap();
    folder
}

pub(crate) async fn write(engine: &Engine) {
    for storage in [engine.service("warehouse"), engine.bulk("warehouse")] {
        storage.journal.append(append(STREAM, 0)).await.unwrap().commit.wait().await.unwrap();
    }
}

/// Copy of a folder as a kill would leave it: the engine goes on meanwhile.
pub(crate) async fn killed_folder() -> tempfile::TempDir {
    let (folder, copy) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let engine = open(folder.path());
    write(&engine).await;
    for entry in fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, copy.path().join(path.file_name().unwrap())).unwrap();
    }
    engine.close().await.unwrap();
    copy
}

pub(crate) fn refused(folder: &Path) -> OpenError {
    Engine::open(folder, options()).expect_err("it has to be refused")
}

pub(crate) async fn has_data(folder: &Path) -> [usize; 2] {
    let engine = open(folder);
    let count = async |storage: journal::ServiceStorage| {
        storage.journal.read(STREAM, 0, 10).await.unwrap().len()
    };
    let counts = [count(engine.service("warehouse")).await, count(engine.bulk("warehouse")).await];
    engine.close().await.unwrap();
    counts
}
