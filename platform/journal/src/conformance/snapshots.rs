//! Behaviours of snapshots.

use crate::{ServiceStorage, Snapshot};
use bytes::Bytes;

/// Each name has one snapshot, the latest, however large.
pub async fn a_snapshot_replaces_an_older_one(storage: ServiceStorage) {
    let journal = &*storage.journal;
    let load = async |name| journal.snapshot(name).await.expect("the journal answers");
    let save = async |name, snapshot| {
        let commit = journal.save_snapshot(name, snapshot).await.expect("it is taken");
        commit.wait().await.expect("it is flushed");
    };
    assert_eq!(load("levels").await, None);
    let first = Snapshot { position: 3, data: Bytes::from_static(b"three") };
    let second = Snapshot { position: 9, data: Bytes::from(vec![7; 6 * 1024 * 1024]) };
    let other = Snapshot { position: 5, data: Bytes::new() };
    save("levels", first.clone()).await;
    save("уровни", other.clone()).await;
    assert_eq!(load("levels").await, Some(first));
    save("levels", second.clone()).await;
    assert_eq!(load("levels").await, Some(second));
    assert_eq!(load("уровни").await, Some(other));
}
