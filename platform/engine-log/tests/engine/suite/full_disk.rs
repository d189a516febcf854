//! Full disk: with the privilege to mount, these tests fill a small file system; the reserve is tested in any case.

use super::{append_of, options, small_disk::SmallDisk};
use crate::engine::{Engine, OpenError, Options, small_disk_options};
use bytes::Bytes;
use journal::{AppendError, ServiceStorage};
use std::{fs, time::Duration};
use storage::{CommitError, RECORD_BYTES_MAX, StorageError};
use tokio::time::Instant;

const TIMEOUT: Duration = Duration::from_secs(30);

/// Appends 32 KiB, flush by flush, until an append is refused; returns the version reached and the error.
async fn fill(storage: &ServiceStorage, mut version: u64) -> (u64, AppendError) {
    let data = Bytes::from(vec![b'x'; 32 * 1024]);
    loop {
        match storage.journal.append(append_of("thing", version, &data)).await {
            Ok(appended) if appended.commit.wait().await.is_ok() => version += 1,
            Ok(_) => {}
            Err(error) => return (version, error),
        }
    }
}

/// Retries an append until it is accepted again.
async fn wait_until_accepted(storage: &ServiceStorage, version: u64) {
    let started = Instant::now();
    while let Err(error) = storage.journal.append(append_of("thing", version, &Bytes::new())).await
    {
        assert!(matches!(error, AppendError::Storage(StorageError::Full)), "{error:?}");
        assert!(started.elapsed() < TIMEOUT, "there is room, but nothing is written");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn writes_into_the_reserve_are_refused_and_reads_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::open(folder.path(), options()).unwrap();
    let data = Bytes::from_static(b"{}");
    let storage = engine.service("warehouse");
    storage
        .journal
        .append(append_of("thing", 0, &data))
        .await
        .unwrap()
        .commit
        .wait()
        .await
        .unwrap();
    engine.close().await.unwrap();

    let disk_reserve_bytes = u64::MAX;
    let engine = Engine::open(folder.path(), Options { disk_reserve_bytes, ..options() }).unwrap();
    let storage = engine.service("warehouse");
    let refused = storage.journal.append(append_of("thing", 1, &data)).await;
    assert!(matches!(refused, Err(AppendError::Storage(StorageError::Full))), "{refused:?}");
    assert!(matches!(
        storage.documents.write(vec![super::note("one", "red")]).await,
        Err(StorageError::Full)
    ));
    assert!(matches!(storage.key_value.put("one", data, None).await, Err(StorageError::Full)));
    assert_eq!(storage.journal.follow(0, 10).await.unwrap().len(), 1);
    engine.close().await.unwrap();
}

#[tokio::test]
async fn bulk_data_leaves_the_last_room_to_the_services() {
    let folder = tempfile::tempdir().unwrap();
    let disk = rustix::fs::statvfs(folder.path()).unwrap();
    let free = disk.f_bavail * disk.f_frsize;
    let count = |disk_reserve_bytes: u64| async move {
        let folder = tempfile::tempdir().unwrap();
        let options = Options { disk_reserve_bytes, ..options() };
        let engine = Engine::open(folder.path(), options).unwrap();
        let mut accepted = [false; 2];
        for (accepted, storage) in
            accepted.iter_mut().zip([engine.service("warehouse"), engine.bulk("warehouse")])
        {
            let data = Bytes::from_static(b"{}");
            let appended = storage.journal.append(append_of("thing", 0, &data)).await;
            *accepted = appended.is_ok();
            let is_full = matches!(appended, Err(AppendError::Storage(StorageError::Full)));
            assert!(*accepted || is_full, "{appended:?}");
        }
        engine.close().await.unwrap();
        accepted
    };
    assert_eq!(count(free / 4).await, [true, true]);
    assert_eq!(count(free / 3 * 2).await, [true, false]);
    assert_eq!(count(free.saturating_mul(2)).await, [false, false]);
}

#[tokio::test]
async fn writes_are_refused_before_the_disk_is_full_and_accepted_when_there_is_room() {
    let Some(disk) = SmallDisk::mount(24 * 1024 * 1024) else { return };
    let filler = disk.path().join("filler");
    fs::write(&filler, vec![0; 6 * 1024 * 1024]).unwrap();
    let options = Options { disk_reserve_bytes: 4 * 1024 * 1024, ..small_disk_options() };
    let engine = Engine::open(disk.path(), options).unwrap();
    let storage = engine.service("warehouse");
    let (version, error) = fill(&storage, 0).await;
    assert!(matches!(error, AppendError::Storage(StorageError::Full)), "{error:?}");
    assert!(version > 10);
    let last = storage.journal.read("thing", version - 1, 10).await.unwrap();
    assert_eq!(last.len(), 1, "reading goes on");
    fs::remove_file(&filler).unwrap();
    wait_until_accepted(&storage, version).await;
    let (more, error) = fill(&storage, version + 1).await;
    assert!(matches!(error, AppendError::Storage(StorageError::Full)), "{error:?}");
    assert!(more > version + 10);
    engine.close().await.unwrap();
}

#[tokio::test]
async fn without_a_reserve_a_full_disk_fails_the_flush_and_a_restart_finds_flushed_writes() {
    let Some(disk) = SmallDisk::mount(4 * 1024 * 1024) else { return };
    let engine = Engine::open(disk.path(), options()).unwrap();
    let storage = engine.service("warehouse");
    let small = Bytes::from_static(b"{}");
    for version in 0..3 {
        let appended = storage.journal.append(append_of("thing", version, &small)).await.unwrap();
        appended.commit.wait().await.unwrap();
    }
    // More than the whole disk, in one append.
    let large = Bytes::from(vec![b'x'; RECORD_BYTES_MAX]);
    let lost = storage.journal.append(append_of("thing", 3, &large)).await.unwrap();
    assert_eq!(lost.commit.wait().await, Err(CommitError));
    let reason = engine.failed().await;
    assert!(reason.contains("full"), "{reason}");
    let refused = storage.journal.append(append_of("thing", 4, &small)).await;
    assert!(
        matches!(refused, Err(AppendError::Storage(StorageError::Unavailable(_)))),
        "{refused:?}"
    );
    assert_eq!(engine.close().await, Err(CommitError));
    drop((engine, storage));

    let engine = Engine::open(disk.path(), options()).unwrap();
    let journal = engine.service("warehouse").journal;
    assert_eq!(
        journal.follow(0, 10).await.unwrap().len(),
        3,
        "acknowledged writes are there, and no others"
    );
    journal.append(append_of("thing", 3, &small)).await.unwrap().commit.wait().await.unwrap();
    engine.close().await.unwrap();
}

#[tokio::test]
async fn a_full_disk_is_reported_at_the_start() {
    let Some(disk) = SmallDisk::mount(1024 * 1024) else { return };
    let filler = disk.path().join("filler");
    // Writes until the disk is full.
    let _ = fs::write(&filler, vec![0; 1024 * 1024]);
    let error = Engine::open(disk.path(), options()).unwrap_err();
    assert!(matches!(error, OpenError::DiskFull { .. }), "{error:?}");
    fs::remove_file(&filler).unwrap();
    Engine::open(disk.path(), options()).unwrap().close().await.unwrap();
}
