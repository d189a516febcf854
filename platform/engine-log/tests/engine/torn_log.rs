//! Torn and damaged logs: every length of the last frame and every flipped byte is noticed, and nothing but what was never
//! flushed is cut off.

use crate::suite::{append, append_of, note};
use bytes::Bytes;
use engine_log::{FileSystem, LogEngine, LogOptions, OpenError};
use journal::ServiceStorage;
use kernel::Timestamp;
use rand::{Rng, SeedableRng, rngs::StdRng};
use simulated_disk::{Behaviour, SimulatedDisk};
use std::{path::Path, sync::Arc};
use tempfile::TempDir;

const LOG: &str = "icommerce.000001.log";
const STREAM: &str = "thing";

fn open_on(
    folder: &Path,
    disk: &SimulatedDisk,
    options: LogOptions,
) -> Result<LogEngine, OpenError> {
    let disk: Arc<dyn FileSystem> = Arc::new(disk.clone());
    LogEngine::open_on(folder, &disk, options)
}

fn options() -> LogOptions {
    LogOptions { segment_bytes_max: 16 * 1024, ..crate::engine::options() }
}

/// Log with three flushed appends and then one more; returns the disk, and where the last frame begins and ends.
async fn log_of_four(folder: &TempDir) -> (SimulatedDisk, std::ops::Range<usize>) {
    let disk = SimulatedDisk::default();
    let engine = open_on(folder.path(), &disk, options()).expect("the folder is new");
    let journal = engine.service("warehouse").journal;
    let end = || 1 + disk.content(LOG).iter().rposition(|byte| *byte != 0).expect("it has frames");
    let mut ends = Vec::new();
    for version in 0..4 {
        let appended = journal.append(append(STREAM, version)).await.expect("it is taken");
        appended.commit.wait().await.expect("it is flushed");
        ends.push(end());
    }
    // As a kill would leave it: closing would note the end of the log.
    let killed = disk.after_kill();
    engine.close().await.expect("nothing fails");
    (killed, ends[2].next_multiple_of(8)..ends[3])
}

async fn events(storage: &ServiceStorage) -> u64 {
    let events = storage.journal.read(STREAM, 0, 100).await.expect("it answers");
    assert_eq!(storage.journal.follow(0, 100).await.expect("it answers"), events);
    events.len() as u64
}

/// Opens the disk, checks how many events it has, and goes on from there.
async fn check(disk: &SimulatedDisk, count: u64) {
    let folder = crate::fast_folder();
    let engine = open_on(folder.path(), disk, options()).expect("it opens");
    let storage = engine.service("warehouse");
    assert_eq!(events(&storage).await, count);
    let next = storage.journal.append(append(STREAM, count)).await.expect("it is taken");
    next.commit.wait().await.expect("it is flushed");
    engine.close().await.expect("nothing fails");
    let engine = open_on(folder.path(), disk, options()).expect("it opens again");
    assert_eq!(events(&engine.service("warehouse")).await, count + 1);
    engine.close().await.expect("nothing fails");
}

#[tokio::test]
async fn every_torn_length_of_the_last_frame_is_cut_off() {
    let folder = crate::fast_folder();
    let (disk, last) = log_of_four(&folder).await;
    let whole = disk.content(LOG);
    check(&disk.after_kill(), 4).await;
    for end in last.clone() {
        let torn = disk.after_kill();
        let mut bytes = whole.clone();
        bytes[end..last.end].fill(0);
        // What is missing is not there yet, or has what was there before.
        if end % 2 == 0 {
            bytes.truncate(end);
        }
        torn.put(LOG, bytes);
        check(&torn, 3).await;
    }
}

#[tokio::test]
async fn every_flipped_byte_of_the_last_frame_cuts_it_off() {
    let folder = crate::fast_folder();
    let (disk, last) = log_of_four(&folder).await;
    let mut bytes = disk.content(LOG);
    for at in last {
        let bit = 1 << (at % 8);
        bytes[at] ^= bit;
        let flipped = disk.after_kill();
        flipped.put(LOG, bytes.clone());
        check(&flipped, 3).await;
        bytes[at] ^= bit;
    }
}

/// A frame that later frames know to be flushed was not torn: the log is refused, and not cut off.
#[tokio::test]
async fn every_flipped_byte_of_an_earlier_frame_is_reported() {
    let folder = crate::fast_folder();
    let (disk, last) = log_of_four(&folder).await;
    let mut bytes = disk.content(LOG);
    let end = bytes[..last.start].iter().rposition(|byte| *byte != 0).expect("it has frames");
    let mut padding = 0;
    for at in 0..=end {
        bytes[at] ^= 0x10;
        let flipped = disk.after_kill();
        flipped.put(LOG, bytes.clone());
        let (other, before) = (crate::fast_folder(), flipped.content(LOG));
        match open_on(other.path(), &flipped, options()) {
            Err(OpenError::Damaged { .. } | OpenError::Missing { .. }) => {}
            Err(OpenError::NewerFormat { .. }) if (8..12).contains(&at) => {}
            // Between frames, and behind what the header of the segment uses, nothing is stored.
            Ok(engine) if bytes[at] == 0x10 => {
                padding += 1;
                assert_eq!(events(&engine.service("warehouse")).await, 4);
                engine.close().await.unwrap();
                bytes[at] ^= 0x10;
                continue;
            }
            opened => panic!("{at}: {opened:?}"),
        }
        assert!(flipped.content(LOG) == before, "{at}: not a byte has changed");
        bytes[at] ^= 0x10;
    }
    assert!(padding < 40, "{padding}");
}

#[tokio::test]
async fn frames_that_an_earlier_start_left_behind_the_end_never_come_back() {
    let folder = crate::fast_folder();
    let (disk, last) = log_of_four(&folder).await;
    // The third append is lost, and the fourth still lies behind it. The next start writes over it, frame by frame.
    let third = disk.content(LOG)[..last.start].to_vec();
    let begin = third.windows(4).rposition(|window| window == b"warehouse"[..4].as_ref()).unwrap();
    let torn = disk.after_kill();
    let mut bytes = disk.content(LOG);
    bytes[begin - 1..last.start].fill(0);
    torn.put(LOG, bytes);
    let other = crate::fast_folder();
    match open_on(other.path(), &torn, options()) {
        Err(OpenError::Damaged { .. }) => {}
        opened => panic!("what was flushed is not cut off: {opened:?}"),
    }
    // In one flush the order of sectors is open: here the fourth was on the disk, and the third was not.
    let (folder, disk) = (crate::fast_folder(), SimulatedDisk::default());
    let engine = open_on(folder.path(), &disk, options()).unwrap();
    let storage = engine.service("warehouse");
    // By 32 bytes longer than what comes later, which are those of the frame that begins an incarnation.
    let long = Bytes::from(vec![b'x'; 34]);
    for version in 0..2 {
        let appended = storage.journal.append(append_of(STREAM, version, &long)).await.unwrap();
        appended.commit.wait().await.unwrap();
    }
    // While the writer waits for the disk the others gather for one flush.
    disk.behave(Behaviour::Blocked);
    let _ = storage.key_value.put("before", Bytes::new(), None).await.unwrap();
    while !disk.content(LOG).windows(6).any(|it| it == b"before") {
        tokio::task::yield_now().await;
    }
    for version in 2..7 {
        storage.journal.append(append_of(STREAM, version, &long)).await.unwrap();
    }
    disk.behave(Behaviour::Honest);
    storage.key_value.remove("after").await.unwrap().wait().await.unwrap();
    let killed = disk.after_kill();
    engine.close().await.unwrap();
    let bytes = killed.content(LOG);
    let payloads: Vec<usize> = bytes
        .windows(9)
        .enumerate()
        .filter(|(_, it)| *it == b"warehouse")
        .map(|(at, _)| at)
        .collect();
    let mut torn_bytes = bytes.clone();
    torn_bytes[payloads[3]] ^= 1;
    killed.put(LOG, torn_bytes);
    for count in 2..9 {
        let killed = killed.after_kill();
        let folder = crate::fast_folder();
        let engine = open_on(folder.path(), &killed, options()).unwrap();
        let storage = engine.service("warehouse");
        assert_eq!(events(&storage).await, 2);
        for version in 2..count {
            let appended = storage.journal.append(append(STREAM, version)).await.unwrap();
            appended.commit.wait().await.unwrap();
        }
        let killed = killed.after_kill();
        engine.close().await.unwrap();
        check(&killed, count).await;
    }
}

/// Work of every kind, with what is acknowledged; the disk is cut at each step.
#[tokio::test]
async fn a_power_failure_at_any_step_keeps_what_was_acknowledged_and_a_prefix_of_the_rest() {
    for seed in 0..40 {
        let (folder, disk) = (crate::fast_folder(), SimulatedDisk::default());
        let small = LogOptions { segment_bytes_max: 2048, recent_bytes_max: 4096, ..options() };
        let engine = open_on(folder.path(), &disk, small.clone()).unwrap();
        let storage = engine.service("warehouse");
        let mut random = StdRng::seed_from_u64(seed);
        let (mut acknowledged, steps) = (0, random.random_range(1..60));
        for version in 0..steps {
            let mut request =
                append_of(STREAM, version, &Bytes::from(vec![7; random.random_range(0..500)]));
            request.writes = vec![note("latest", &(version + 1).to_string())];
            let appended = storage.journal.append(request).await.unwrap();
            let sum = storage.key_value.add("hits", 1, Timestamp::UNIX_EPOCH, None).await.unwrap();
            assert_eq!(sum.unsigned_abs(), version + 1);
            if random.random_bool(0.3) {
                appended.commit.wait().await.unwrap();
                acknowledged = version + 1;
            }
        }
        let cut = disk.after_power_failure(seed, 500);
        engine.close().await.unwrap();
        let folder = crate::fast_folder();
        let engine = open_on(folder.path(), &cut, small).unwrap();
        let storage = engine.service("warehouse");
        let found = events(&storage).await;
        assert!((acknowledged..=steps).contains(&found), "{seed}: {acknowledged} {found} {steps}");
        let latest = storage.documents.find(&crate::suite::NOTES, "latest").await.unwrap();
        let latest = latest.map(|it| String::from_utf8(it.body.to_vec()).unwrap());
        assert_eq!(latest, (found > 0).then(|| found.to_string()), "{seed}");
        let hits = storage.key_value.value("hits", Timestamp::UNIX_EPOCH).await.unwrap();
        let hits =
            hits.map_or(0, |hits| String::from_utf8(hits.to_vec()).unwrap().parse().unwrap());
        assert!(
            hits == found || hits + 1 == found,
            "{seed}: a prefix of the order: {found} {hits}"
        );
        engine.close().await.unwrap();
    }
}

/// Sensitivity of the test above.
#[tokio::test]
async fn a_disk_that_ignores_flushes_loses_something() {
    let mut lost = 0;
    for seed in 0..20 {
        let (folder, disk) = (crate::fast_folder(), SimulatedDisk::default());
        let engine = open_on(folder.path(), &disk, options()).unwrap();
        let journal = engine.service("warehouse").journal;
        journal.append(append(STREAM, 0)).await.unwrap().commit.wait().await.unwrap();
        disk.behave(Behaviour::Lying);
        journal.append(append(STREAM, 1)).await.unwrap().commit.wait().await.unwrap();
        let cut = disk.after_power_failure(seed, 500);
        engine.close().await.unwrap();
        let folder = crate::fast_folder();
        let engine = open_on(folder.path(), &cut, options()).unwrap();
        lost += usize::from(events(&engine.service("warehouse")).await < 2);
        engine.close().await.unwrap();
    }
    assert!(lost > 5, "{lost}");
}
