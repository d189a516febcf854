//! Projections: catching up from a snapshot, over every page, and only from what is flushed.

use bytes::Bytes;
use engine_memory::MemoryEngine;
use journal::{Append, NewEvent, Position, Projection, RecordedEvent, Snapshot, catch_up};
use kernel::{Timestamp, Uuid};
use storage::StorageError;

/// Projection that counts events.
#[derive(Default)]
struct Count {
    events: u64,
    applied: u64,
}

impl Projection for Count {
    fn name(&self) -> &'static str {
        "count-1"
    }

    fn apply(&mut self, event: &RecordedEvent) -> Result<(), StorageError> {
        if event.name == "poison" {
            return Err(StorageError::Corrupt("poison".to_owned()));
        }
        self.events += 1;
        self.applied += 1;
        Ok(())
    }

    fn save(&self) -> Result<Bytes, StorageError> {
        Ok(Bytes::copy_from_slice(&self.events.to_le_bytes()))
    }

    fn restore(&mut self, data: &Bytes) -> Result<(), StorageError> {
        let bytes =
            data[..].try_into().map_err(|_| StorageError::Corrupt("no count".to_owned()))?;
        self.events = u64::from_le_bytes(bytes);
        Ok(())
    }
}

async fn append(engine: &MemoryEngine, expected: u64, count: u64, name: &'static str) -> Position {
    let event = |number| NewEvent {
        id: Uuid::from_u128(number),
        name,
        data: Bytes::new(),
        recorded_at: Timestamp::UNIX_EPOCH,
        typed: journal::TypedEvent::default(),
        personal: None,
    };
    let events = (expected..expected + count).map(|number| event(u128::from(number))).collect();
    let append = Append {
        stream: "thing".to_owned(),
        expected,
        events,
        writes: Vec::new(),
        origin: None,
        sequence: None,
    };
    engine.service("works").journal.append(append).await.expect("it is taken").position
}

async fn caught_up(engine: &MemoryEngine) -> (Position, Count) {
    let mut count = Count::default();
    let position =
        catch_up(&*engine.service("works").journal, &mut count).await.expect("it catches up");
    (position, count)
}

#[tokio::test]
async fn a_projection_continues_from_its_snapshot_over_every_page() {
    let engine = MemoryEngine::new();
    assert_eq!(caught_up(&engine).await.0, 0);
    append(&engine, 0, 2_500, "thing_happened").await;
    let (position, count) = caught_up(&engine).await;
    assert_eq!((position, count.events, count.applied), (2_500, 2_500, 2_500));

    let journal = engine.service("works").journal;
    let snapshot = Snapshot { position, data: count.save().unwrap() };
    journal.save_snapshot(count.name(), snapshot).await.unwrap().wait().await.unwrap();
    let last = append(&engine, 2_500, 3, "thing_happened").await;
    let (position, count) = caught_up(&engine).await;
    assert_eq!((position, count.events, count.applied), (last, 2_503, 3));
}

#[tokio::test]
async fn a_projection_folds_only_flushed_events() {
    let engine = MemoryEngine::new();
    let flushed = append(&engine, 0, 1, "thing_happened").await;
    engine.hold();
    append(&engine, 1, 1, "thing_happened").await;
    assert_eq!(caught_up(&engine).await.0, flushed);
    engine.flush();
    assert_eq!(caught_up(&engine).await.1.events, 2);
}

#[tokio::test]
async fn an_event_that_cannot_be_decoded_stops_the_projection() {
    let engine = MemoryEngine::new();
    append(&engine, 0, 1, "thing_happened").await;
    append(&engine, 1, 1, "poison").await;
    let mut count = Count::default();
    let stopped = catch_up(&*engine.service("works").journal, &mut count).await;
    assert!(matches!(stopped, Err(StorageError::Corrupt(_))), "{stopped:?}");
    assert_eq!(count.events, 1);
}
