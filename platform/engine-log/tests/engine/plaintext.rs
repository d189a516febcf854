//! Plaintext of releases that did not encrypt personal data: when a folder is opened nothing of it is left, and nothing else changes.

#![expect(clippy::unwrap_used, reason = "a test that cannot continue should say where")]

use crate::{
    engine::options,
    model::{Model, at, check, step},
    suite::{NOTES, append_of, note},
};
use bytes::Bytes;
use engine_log::{FileSystem, LogEngine, LogOptions, OpenError, PlaintextReaders};
use journal::{DecodeError, NewEvent, Personal, PlaintextRecords, RecordedEvent, ServiceStorage};
use rand::{SeedableRng, rngs::StdRng};
use simulated_disk::SimulatedDisk;
use std::{collections::BTreeMap, fs, path::Path, sync::Arc};
use subject_keys::{Erasure, SubjectKeys};

const SERVICE: &str = "post";
const PURPOSE: &str = "contact";
/// What no file may have.
const PERSONAL: &[u8] = b"Ada";
/// People who got letters.
const SUBJECTS: [&str; 3] = ["Ada of York", "Ada of Bath", "Ada of Hull"];
const UNREADABLE: &[u8] = b"no letter";
/// Expiry of the answers, in seconds; nobody sweeps before.
const LATER: i64 = 1 << 30;

/// Reader of the letters.
#[derive(Debug)]
struct PlaintextLetters;

impl PlaintextRecords for PlaintextLetters {
    fn event(
        &self,
        keys: &SubjectKeys,
        event: &RecordedEvent,
    ) -> Result<Option<Personal<Bytes>>, DecodeError> {
        if event.data == UNREADABLE {
            return Err(DecodeError::new(event, "it is no letter".to_owned()));
        }
        let text = String::from_utf8_lossy(&event.data);
        let subject = SUBJECTS.iter().find(|subject| text.contains(**subject));
        Ok(subject.map(|subject| Personal {
            key: keys.first_id(PURPOSE, subject),
            erased: text.replace(subject, "").into(),
        }))
    }

    fn is_document_personal(&self, collection: &str, body: &[u8]) -> bool {
        collection == NOTES.name && body.windows(PERSONAL.len()).any(|it| it == PERSONAL)
    }

    fn is_value_personal(&self, key: &str, _: &[u8]) -> bool {
        key.starts_with("answer")
    }
}

fn small() -> LogOptions {
    LogOptions { segment_bytes_max: 2_000, recent_bytes_max: 4_000, ..options() }
}

/// Options with a reader of plaintext.
pub(crate) fn with_reader() -> LogOptions {
    let plaintext = PlaintextReaders::from([(SERVICE, &PlaintextLetters as _)]);
    LogOptions { plaintext, ..small() }
}

fn open_on(
    folder: &Path,
    disk: &SimulatedDisk,
    options: LogOptions,
) -> Result<LogEngine, OpenError> {
    let disk: Arc<dyn FileSystem> = Arc::new(disk.clone());
    LogEngine::open_on(folder, &disk, options)
}

/// Writes a letter as a release did that did not encrypt: an event, two documents of which one is replaced later, and an answer.
async fn write_letter(storage: &ServiceStorage, number: u64) {
    let subject = SUBJECTS[usize::try_from(number).unwrap() % SUBJECTS.len()];
    let data = Bytes::from(format!("to {subject}: letter {number}"));
    let mut request = append_of(&format!("letter-{number}"), 0, &data);
    // An append of several events, of which one has nothing personal.
    let sealed =
        NewEvent { id: kernel::Uuid::from_u128(number.into()), ..request.events[0].clone() };
    request.events.push(NewEvent { data: Bytes::from_static(b"sealed with wax"), ..sealed });
    request.writes = vec![
        note(&format!("about-{}", number % 4), &format!("on {subject}'s desk")),
        note(&format!("count-{}", number % 4), "red"),
    ];
    storage.journal.append(request).await.unwrap();
    let answer = Bytes::from(format!("sent to {subject}"));
    let _ = storage.key_value.put(&format!("answer-{number}"), answer, Some(at(LATER))).await;
    let _ = storage.key_value.put("stamp", Bytes::from(number.to_string()), None).await.unwrap();
    let about = note(&format!("about-{}", (number + 1) % 4), &format!("seen by {subject}"));
    let _ = storage.documents.write(vec![about]).await.unwrap();
}

/// Log of such a release, closed: what it has of other services, and its letters.
struct Former {
    folder: tempfile::TempDir,
    disk: SimulatedDisk,
    model: Model,
    letters: Vec<RecordedEvent>,
}

async fn former(seed: u64, letters: u64) -> Former {
    let (folder, disk) = (crate::fast_folder(), SimulatedDisk::default());
    let engine = open_on(folder.path(), &disk, small()).unwrap();
    let (mut random, mut model) = (StdRng::seed_from_u64(seed), Model::default());
    for number in 0..letters {
        write_letter(&engine.service(SERVICE), number).await;
        let now = i64::try_from(number).unwrap();
        for _ in 0..4 {
            step(&engine.service("warehouse"), &mut model, &mut random, now).await;
        }
        if number == letters / 2 {
            engine.compact().await.unwrap();
        }
    }
    engine.close().await.unwrap();
    // Opened again: one of its segments has another incarnation.
    let engine = open_on(folder.path(), &disk, small()).unwrap();
    let storage = engine.service(SERVICE);
    let _ = storage.documents.write(vec![note("last", "red")]).await.unwrap();
    let letters = storage.journal.follow(0, 1_000).await.unwrap();
    engine.close().await.unwrap();
    leave_torn_letter(&disk);
    Former { folder, disk, model, letters }
}

/// What a crash left behind the end: a letter that was never flushed.
fn leave_torn_letter(disk: &SimulatedDisk) {
    let state = String::from_utf8(disk.content("icommerce.state")).unwrap();
    let end = state.lines().find_map(|line| line.strip_prefix("icommerce ")).unwrap();
    let (segment, end) = end.trim().split_once(' ').unwrap();
    let (segment, end): (u32, usize) = (segment.parse().unwrap(), end.parse().unwrap());
    let name = format!("icommerce.{segment:06}.log");
    let mut content = disk.content(&name);
    content.resize(content.len().max(end + 64), 0);
    content[end + 16..end + 40].copy_from_slice(b"a letter to Ada, torn...");
    disk.put(&name, content);
}

/// Files of a folder and of a disk that have something personal.
fn personal_files(folder: &Path, disk: &SimulatedDisk) -> Vec<String> {
    let on_disk = disk.names().unwrap().into_iter().map(|name| {
        let content = disk.content(&name);
        (name, content)
    });
    let in_folder = fs::read_dir(folder).unwrap().map(|entry| {
        let path = entry.unwrap().path();
        (path.display().to_string(), fs::read(&path).unwrap())
    });
    let is_personal = |content: &[u8]| content.windows(PERSONAL.len()).any(|it| it == PERSONAL);
    on_disk.chain(in_folder).filter(|(_, content)| is_personal(content)).map(|it| it.0).collect()
}

/// Checks that an engine has the letters and everything else as they were.
async fn check_all(engine: &LogEngine, former: &Former) {
    check(&engine.service("warehouse"), &former.model).await;
    let storage = engine.service(SERVICE);
    assert_eq!(storage.journal.follow(0, 1_000).await.unwrap(), former.letters);
    let mut streams: BTreeMap<&str, Vec<&RecordedEvent>> = BTreeMap::new();
    for letter in &former.letters {
        streams.entry(&letter.stream).or_default().push(letter);
    }
    for (stream, letters) in streams {
        let read = storage.journal.read(stream, 0, 10).await.unwrap();
        assert_eq!(read.iter().collect::<Vec<_>>(), letters);
    }
    let notes = storage.documents.scan(&NOTES, None, 100).await.unwrap();
    let notes: Vec<_> = notes.iter().map(|note| note.key.as_str()).collect();
    assert_eq!(notes, ["count-0", "count-1", "count-2", "count-3", "last"]);
    assert_eq!(storage.key_value.value("answer-1", at(0)).await.unwrap(), None);
    let last = (former.letters.len() / 2 - 1).to_string();
    let stamp = storage.key_value.value("stamp", at(0)).await.unwrap();
    assert_eq!(stamp.as_deref(), Some(last.as_bytes()));
}

fn is_noted(disk: &SimulatedDisk) -> bool {
    String::from_utf8_lossy(&disk.content("icommerce.state")).contains("personal-data encrypted")
}

#[tokio::test]
async fn a_crash_at_any_step_loses_nothing_and_the_next_start_leaves_no_plaintext() {
    for seed in 0..2 {
        let former = former(seed, 24).await;
        let Former { folder, disk, .. } = &former;
        assert!(personal_files(folder.path(), disk).len() > 4);
        disk.record_crashes();
        let engine = open_on(folder.path(), disk, with_reader()).unwrap();
        let crashes = disk.take_crashes();
        assert_eq!(personal_files(folder.path(), disk), [""; 0]);
        check_all(&engine, &former).await;
        engine.close().await.unwrap();
        assert_eq!(personal_files(folder.path(), disk), [""; 0]);
        assert!(is_noted(disk) && crashes.len() > 100, "{}", crashes.len());
        for crashed in crashes {
            let folder = crate::fast_folder();
            let is_done = personal_files(folder.path(), &crashed).is_empty();
            assert!(is_done || !is_noted(&crashed), "it is noted once it is done");
            let engine = open_on(folder.path(), &crashed, with_reader()).unwrap();
            check_all(&engine, &former).await;
            engine.close().await.unwrap();
            assert_eq!(personal_files(folder.path(), &crashed), [""; 0]);
            assert!(is_noted(&crashed));
        }
    }
}

#[tokio::test]
async fn a_second_start_finds_nothing_to_do_and_positions_go_on() {
    let former = former(7, 12).await;
    let Former { folder, disk, letters, .. } = &former;
    open_on(folder.path(), disk, with_reader()).unwrap().close().await.unwrap();
    let names = |disk: &SimulatedDisk| {
        let names = disk.names().unwrap().into_iter();
        names.filter(|name| is_segment(name)).collect::<Vec<_>>()
    };
    let before = names(disk);
    let engine = open_on(folder.path(), disk, with_reader()).unwrap();
    assert_eq!(names(disk), before, "no segment is begun again");
    let storage = engine.service(SERVICE);
    let appended = storage.journal.append(append_of("letter-0", 2, &Bytes::new())).await.unwrap();
    assert!(appended.version == 3 && appended.position > letters.last().unwrap().position);
    engine.compact().await.unwrap();
    assert_eq!(storage.journal.follow(0, 1_000).await.unwrap().len(), letters.len() + 1);
    engine.close().await.unwrap();
}

#[tokio::test]
async fn whoever_was_erased_before_is_erased_in_what_was_plaintext() {
    let former = former(8, 12).await;
    let Former { folder, disk, letters, .. } = &former;
    let engine = open_on(folder.path(), disk, small()).unwrap();
    let keys = engine.subject_keys();
    let [gone, kept, open] = SUBJECTS.map(|subject| keys.first_id(PURPOSE, subject));
    let until = Erasure::Restricted(at(LATER));
    keys.advance_erasures(PURPOSE, &[(gone, Erasure::Done), (kept, until)]).unwrap();
    keys.request_erasures(PURPOSE, &[open]).unwrap();
    engine.close().await.unwrap();

    let engine = open_on(folder.path(), disk, with_reader()).unwrap();
    assert_eq!(personal_files(folder.path(), disk), [""; 0]);
    let found = engine.service(SERVICE).journal.follow(0, 1_000).await.unwrap();
    assert_eq!(found.len(), letters.len());
    for (found, letter) in found.iter().zip(letters) {
        let text = String::from_utf8_lossy(&letter.data);
        let expected = text.replace(SUBJECTS[0], "").replace(SUBJECTS[1], "");
        assert_eq!(found.data, expected.as_bytes(), "only what is open can be read");
    }
    engine.close().await.unwrap();
    // What a law wants kept is there, under the key that is destroyed when the time is over.
    let has = |id: subject_keys::KeyId| {
        let names = disk.names().unwrap().into_iter().filter(|name| is_segment(name));
        let id = id.to_bytes();
        names.map(|name| disk.content(&name)).any(|it| it.windows(8).any(|bytes| bytes == id))
    };
    assert_eq!([gone, kept, open].map(has), [false, true, true]);
}

#[tokio::test]
async fn an_event_that_cannot_be_decoded_stays_and_the_folder_is_not_taken_for_done() {
    let (folder, disk) = (crate::fast_folder(), SimulatedDisk::default());
    let engine = open_on(folder.path(), &disk, small()).unwrap();
    let storage = engine.service(SERVICE);
    storage.journal.append(append_of("odd", 0, &UNREADABLE.into())).await.unwrap();
    write_letter(&storage, 1).await;
    storage.key_value.remove("none").await.unwrap().wait().await.unwrap();
    let before = storage.journal.follow(0, 10).await.unwrap();
    engine.close().await.unwrap();
    for _ in 0..2 {
        let engine = open_on(folder.path(), &disk, with_reader()).unwrap();
        assert_eq!(engine.service(SERVICE).journal.follow(0, 10).await.unwrap(), before);
        engine.close().await.unwrap();
        assert_eq!(personal_files(folder.path(), &disk), [""; 0]);
        assert!(!is_noted(&disk));
    }
}

#[tokio::test]
async fn a_new_folder_and_a_backup_of_one_have_no_plaintext_and_say_so() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let engine = LogEngine::open(&data, with_reader()).unwrap();
    let backup = data.join("backup");
    engine.backup(&backup, &[]).unwrap();
    engine.close().await.unwrap();
    for folder in [&data, &backup] {
        let state = fs::read_to_string(folder.join("icommerce.state")).unwrap();
        assert!(state.contains("personal-data encrypted"), "{state}");
    }
}

#[tokio::test]
async fn a_full_disk_stops_the_start_and_nothing_is_lost() {
    let former = former(9, 12).await;
    let Former { folder, disk, .. } = &former;
    disk.behave(simulated_disk::Behaviour::Full);
    open_on(folder.path(), disk, with_reader()).unwrap_err();
    disk.behave(simulated_disk::Behaviour::Honest);
    let engine = open_on(folder.path(), disk, with_reader()).unwrap();
    check_all(&engine, &former).await;
    engine.close().await.unwrap();
    assert_eq!(personal_files(folder.path(), disk), [""; 0]);
}

/// Whether a file is a segment of a log.
fn is_segment(name: &str) -> bool {
    std::path::Path::new(name).extension().is_some_and(|extension| extension == "log")
}
