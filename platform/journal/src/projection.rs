//! State folded from all events of a service and kept in memory, with snapshots so that a start is quick.

use crate::{Journal, Position, READ_EVENTS_MAX, RecordedEvent, Snapshot};
use bytes::Bytes;
use storage::StorageError;

/// Something folded from every event of the service, in commit order.
pub trait Projection: Send {
    /// The name its snapshots are kept under. A new format gets a new name.
    fn name(&self) -> &'static str;

    /// Takes one event in.
    fn apply(&mut self, event: &RecordedEvent) -> Result<(), StorageError>;

    /// Everything known, encoded.
    fn save(&self) -> Result<Bytes, StorageError>;

    /// Starts from what was saved.
    fn restore(&mut self, data: &Bytes) -> Result<(), StorageError>;

    /// Whether it is as good as one that saves this and was folded from every event. A projection whose snapshots
    /// may know too much says how much is too much.
    fn stands_in_for(&self, whole: &Bytes) -> Result<bool, StorageError> {
        Ok(self.save()? == *whole)
    }
}

/// Brings a projection up to the end of the flushed log: from its snapshot, then event by event. Returns the
/// position it stands at.
pub async fn catch_up(
    journal: &dyn Journal,
    projection: &mut dyn Projection,
) -> Result<Position, StorageError> {
    let mut position = 0;
    if let Some(Snapshot { position: at, data }) = journal.snapshot(projection.name()).await? {
        projection.restore(&data)?;
        position = at;
    }
    loop {
        let events = journal.follow(position, READ_EVENTS_MAX).await?;
        for event in &events {
            projection.apply(event)?;
            position = event.position;
        }
        if events.len() < READ_EVENTS_MAX {
            return Ok(position);
        }
    }
}
