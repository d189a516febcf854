//! Keys of data subjects in the data folder: no crash loses one that is needed, and none brings a destroyed one back.

use crate::engine::{Engine, options};
use bytes::Bytes;
use engine_log::{FileSystem, LogOptions, OpenError};
use journal::{Append, NewEvent, Personal, TypedEvent};
use kernel::{Timestamp, Uuid};
use simulated_disk::SimulatedDisk;
use std::{path::Path, sync::Arc};
use subject_keys::{Erasure, KeyId, MasterSecret};

const PURPOSE: &str = "contact";
const WHOLE: &str = "a letter to Ada";
const ERASED: &str = "a letter";

fn open_on(folder: &Path, disk: &SimulatedDisk, options: LogOptions) -> Result<Engine, OpenError> {
    let disk: Arc<dyn FileSystem> = Arc::new(disk.clone());
    Engine::open_on(folder, &disk, options)
}

/// Stores a letter of each of two people; returns the key of the first.
async fn write_letters(engine: &Engine) -> KeyId {
    let storage = engine.service("post");
    for (number, subject) in [(1, "ada"), (2, "grace")] {
        let key = storage.subject_keys.id(PURPOSE, subject);
        let event = NewEvent {
            id: Uuid::from_u128(number),
            name: "written",
            data: Bytes::from_static(WHOLE.as_bytes()),
            recorded_at: Timestamp::UNIX_EPOCH,
            typed: TypedEvent::default(),
            personal: Some(Personal { key, erased: Bytes::from_static(ERASED.as_bytes()) }),
        };
        let (stream, events) = (subject.to_owned(), vec![event]);
        let append = Append { stream, expected: 0, events, writes: Vec::new(), origin: None };
        let appended = storage.journal.append(append).await.expect("the append is taken");
        appended.commit.wait().await.expect("the append is flushed");
    }
    storage.subject_keys.id(PURPOSE, "ada")
}

async fn letter(engine: &Engine, subject: &str) -> String {
    let events = engine.service("post").journal.read(subject, 0, 10).await;
    let events = events.expect("the journal answers");
    String::from_utf8_lossy(&events[0].data).into_owned()
}

fn erase(engine: &Engine, key: KeyId) {
    let erased = engine.subject_keys().advance_erasures(PURPOSE, &[(key, Erasure::Done)]);
    erased.expect("the keys can be written");
}

#[tokio::test]
async fn a_crash_at_any_step_of_an_erasure_leaves_the_key_or_not_and_no_other_is_lost() {
    let (folder, disk) = (crate::fast_folder(), SimulatedDisk::default());
    let engine = open_on(folder.path(), &disk, options()).unwrap();
    let key = write_letters(&engine).await;
    disk.record_crashes();
    erase(&engine, key);
    let crashes = disk.take_crashes();
    let acknowledged = [disk.after_kill(), disk.after_power_failure(1, 0)];
    engine.close().await.unwrap();
    let mut seen = Vec::new();
    for crashed in crashes {
        let folder = crate::fast_folder();
        let engine = open_on(folder.path(), &crashed, options()).unwrap();
        seen.push(letter(&engine, "ada").await);
        assert_eq!(letter(&engine, "grace").await, WHOLE);
        // The request is repeated.
        erase(&engine, key);
        assert_eq!(letter(&engine, "ada").await, ERASED);
        engine.close().await.unwrap();
    }
    assert!(
        seen.iter().any(|letter| letter == WHOLE) && seen.iter().any(|letter| letter == ERASED)
    );
    for disk in acknowledged {
        let folder = crate::fast_folder();
        let engine = open_on(folder.path(), &disk, options()).unwrap();
        assert_eq!(letter(&engine, "ada").await, ERASED, "an acknowledged erasure is not undone");
        assert_eq!(letter(&engine, "grace").await, WHOLE);
        assert_eq!(disk.content("icommerce.erased"), format!("{key} contact done\n").as_bytes());
        engine.close().await.unwrap();
    }
}

#[tokio::test]
async fn a_crash_at_any_step_of_the_first_start_loses_no_key_that_an_event_needs() {
    let (folder, disk) = (crate::fast_folder(), SimulatedDisk::default());
    disk.record_crashes();
    let engine = open_on(folder.path(), &disk, options()).unwrap();
    write_letters(&engine).await;
    let crashes = disk.take_crashes();
    engine.close().await.unwrap();
    for crashed in crashes {
        let folder = crate::fast_folder();
        let engine = open_on(folder.path(), &crashed, options()).unwrap();
        for event in engine.service("post").journal.follow(0, 10).await.unwrap() {
            assert_eq!(event.data, WHOLE.as_bytes());
        }
        engine.close().await.unwrap();
    }
}

#[tokio::test]
async fn nothing_on_the_disk_has_what_is_personal_nor_the_key_that_was_destroyed() {
    let (folder, disk) = (crate::fast_folder(), SimulatedDisk::default());
    let master_secret = Some(MasterSecret::new(b"a secret of an operator"));
    let with_master = LogOptions { master_secret, ..options() };
    let engine = open_on(folder.path(), &disk, options()).unwrap();
    let key = write_letters(&engine).await;
    engine.close().await.unwrap();
    let before = disk.content("icommerce.keys");
    // A master key that is set later encrypts the keys anew.
    let engine = open_on(folder.path(), &disk, with_master.clone()).unwrap();
    assert_eq!(letter(&engine, "ada").await, WHOLE);
    erase(&engine, key);
    engine.close().await.unwrap();
    for name in disk.names().unwrap() {
        let content = disk.content(&name);
        assert!(!content.windows(3).any(|bytes| bytes == b"Ada"), "{name}");
        assert!(
            !content.windows(64).any(|bytes| before.windows(64).any(|it| it == bytes)),
            "{name}"
        );
    }
    let refused = open_on(folder.path(), &disk, options());
    assert!(refused.unwrap_err().to_string().contains("another master key"));
    let engine = open_on(folder.path(), &disk, with_master).unwrap();
    assert_eq!(
        (letter(&engine, "ada").await, letter(&engine, "grace").await),
        (ERASED.to_owned(), WHOLE.to_owned())
    );
    engine.close().await.unwrap();
}
