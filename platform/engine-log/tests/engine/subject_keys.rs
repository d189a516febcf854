//! Keys of data subjects in the data folder: no crash loses one that is needed, and none brings a destroyed one back.

use crate::engine::{Engine, options};
use bytes::Bytes;
use engine_log::{FileSystem, LogOptions, OpenError, forget_keys, key_file};
use journal::{Append, NewEvent, Personal, TypedEvent};
use kernel::{Timestamp, Uuid};
use simulated_disk::SimulatedDisk;
use std::{
    fs::{self, File},
    io::Read,
    path::Path,
    sync::Arc,
};
use subject_keys::{Erasure, KeyFile, KeyId, MasterSecret};

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
        let append = Append {
            stream,
            expected: 0,
            events,
            writes: Vec::new(),
            origin: None,
            sequence: None,
        };
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
async fn nothing_on_the_disk_has_what_is_personal_and_a_master_key_may_come_later() {
    let (folder, disk) = (crate::fast_folder(), SimulatedDisk::default());
    let master_secret = Some(MasterSecret::new(b"a secret of an operator"));
    let with_master = LogOptions { master_secret, ..options() };
    let engine = open_on(folder.path(), &disk, options()).unwrap();
    let key = write_letters(&engine).await;
    engine.close().await.unwrap();
    // A master key that is set later encrypts the keys anew.
    let engine = open_on(folder.path(), &disk, with_master.clone()).unwrap();
    assert_eq!(letter(&engine, "ada").await, WHOLE);
    erase(&engine, key);
    engine.close().await.unwrap();
    for name in disk.names().unwrap() {
        assert!(!disk.content(&name).windows(3).any(|bytes| bytes == b"Ada"), "{name}");
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

#[tokio::test]
async fn the_former_key_file_is_overwritten_and_so_is_one_that_was_broken_off() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let engine = Engine::open(folder.path(), options()).unwrap();
    let key = write_letters(&engine).await;
    // Whoever has a file open reads what becomes of it, whatever its name is.
    let mut former = File::open(path("icommerce.keys")).unwrap();
    erase(&engine, key);
    engine.close().await.unwrap();
    let content_of = |file: &mut File| {
        let mut content = Vec::new();
        file.read_to_end(&mut content).unwrap();
        content
    };
    let content = content_of(&mut former);
    assert!(!content.is_empty() && content.iter().all(|byte| *byte == 0), "{content:?}");

    fs::write(path("icommerce.keys.new"), b"keys of a replacement that was broken off").unwrap();
    let mut unfinished = File::open(path("icommerce.keys.new")).unwrap();
    Engine::open(folder.path(), options()).unwrap().close().await.unwrap();
    assert!(!path("icommerce.keys.new").exists());
    let content = content_of(&mut unfinished);
    assert!(!content.is_empty() && content.iter().all(|byte| *byte == 0), "{content:?}");
}

#[tokio::test]
async fn an_older_copy_of_the_keys_does_not_undo_an_erasure() {
    let (folder, disk) = (crate::fast_folder(), SimulatedDisk::default());
    let engine = open_on(folder.path(), &disk, options()).unwrap();
    let key = write_letters(&engine).await;
    let older = disk.content("icommerce.keys");
    erase(&engine, key);
    engine.close().await.unwrap();
    let list = disk.content("icommerce.erased");
    disk.put("icommerce.keys", older);
    let engine = open_on(folder.path(), &disk, options()).unwrap();
    assert_eq!(letter(&engine, "ada").await, ERASED);
    assert_eq!(letter(&engine, "grace").await, WHOLE);
    engine.close().await.unwrap();
    assert_eq!(disk.content("icommerce.erased"), list, "nor is the list shortened");

    disk.put("icommerce.erased", b"who\n".to_vec());
    let error = open_on(folder.path(), &disk, options()).unwrap_err();
    assert!(matches!(error, OpenError::KeysDamaged { .. }), "{error}");
    assert!(error.to_string().contains("icommerce.erased is damaged"), "{error}");
}

#[tokio::test]
async fn neither_the_keys_of_another_shop_nor_new_ones_take_the_place_of_those_of_the_folder() {
    let [(folder, disk), (other_folder, other)] =
        [0, 1].map(|_| (crate::fast_folder(), SimulatedDisk::default()));
    for (folder, disk) in [(&folder, &disk), (&other_folder, &other)] {
        let engine = open_on(folder.path(), disk, options()).unwrap();
        write_letters(&engine).await;
        engine.close().await.unwrap();
    }
    let own = disk.content("icommerce.keys");
    disk.put("icommerce.keys", other.content("icommerce.keys"));
    let refused = open_on(folder.path(), &disk, options()).unwrap_err();
    assert!(refused.to_string().contains("of another shop"), "{refused}");
    let files: Arc<dyn FileSystem> = Arc::new(disk.clone());
    files.remove("icommerce.keys").unwrap();
    let refused = open_on(folder.path(), &disk, options()).unwrap_err();
    assert!(matches!(refused, OpenError::KeysMissing { .. }), "{refused}");
    disk.put("icommerce.keys", own);
    let engine = open_on(folder.path(), &disk, options()).unwrap();
    assert_eq!(letter(&engine, "ada").await, WHOLE);
    engine.close().await.unwrap();
}

#[tokio::test]
async fn a_backup_begins_with_no_other_keys_unless_it_is_told_to() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::open(&folder.path().join("data"), options()).unwrap();
    write_letters(&engine).await;
    let backup = folder.path().join("data/backup");
    engine.backup(&backup, &[]).unwrap();
    engine.close().await.unwrap();
    let refused = Engine::open(&backup, options()).unwrap_err();
    assert!(matches!(refused, OpenError::KeysMissing { .. }), "{refused}");
    assert!(refused.to_string().contains("no backup has it"), "{refused}");
    assert!(!backup.join("icommerce.keys").exists());

    let keys = key_file(&folder.path().join("data")).read().unwrap().unwrap();
    key_file(&backup).replace(&keys).unwrap();
    let engine = Engine::open(&backup, options()).unwrap();
    assert_eq!(letter(&engine, "ada").await, WHOLE);
    engine.close().await.unwrap();

    fs::remove_file(backup.join("icommerce.keys")).unwrap();
    forget_keys(&backup).unwrap();
    let engine = Engine::open(&backup, options()).unwrap();
    assert_eq!(letter(&engine, "ada").await, ERASED);
    engine.close().await.unwrap();
    fs::remove_file(backup.join("icommerce.keys")).unwrap();
    assert!(Engine::open(&backup, options()).is_err(), "the new keys are those of the folder");
}
