//! Projection: state folded from all events of a service and kept in memory, with snapshots for a quick start.

use crate::{Journal, Position, READ_EVENTS_MAX, RecordedEvent, Snapshot};
use bytes::Bytes;
use storage::StorageError;

/// Projection of every event of a service, in commit order. [`catch_up`] brings it up to date.
///
/// ```
/// use bytes::Bytes;
/// use journal::{Projection, RecordedEvent, catch_up};
/// use storage::StorageError;
///
/// /// Number of events.
/// #[derive(Default)]
/// struct EventCount(u64);
///
/// impl Projection for EventCount {
///     fn name(&self) -> &'static str {
///         "event-count-1"
///     }
///
///     fn apply(&mut self, _: &RecordedEvent) -> Result<(), StorageError> {
///         self.0 += 1;
///         Ok(())
///     }
///
///     fn save(&self) -> Result<Bytes, StorageError> {
///         Ok(Bytes::copy_from_slice(&self.0.to_le_bytes()))
///     }
///
///     fn restore(&mut self, data: &Bytes) -> Result<(), StorageError> {
///         let bytes = data[..].try_into();
///         let bytes = bytes.map_err(|_| StorageError::Corrupt("the event count".to_owned()))?;
///         self.0 = u64::from_le_bytes(bytes);
///         Ok(())
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), StorageError> {
/// let journal = engine_memory::MemoryEngine::new().service("counts").journal;
/// let mut count = EventCount::default();
/// assert_eq!(catch_up(&*journal, &mut count).await?, 0, "the journal is empty");
/// # Ok(())
/// # }
/// ```
pub trait Projection: Send {
    /// Name of its snapshots. A new format gets a new name.
    fn name(&self) -> &'static str;

    /// Folds one more event in.
    ///
    /// # Errors
    ///
    /// [`StorageError::Corrupt`] for an event that cannot be decoded.
    fn apply(&mut self, event: &RecordedEvent) -> Result<(), StorageError>;

    /// Encodes the state for a snapshot.
    ///
    /// # Errors
    ///
    /// [`StorageError::Corrupt`] for a state that cannot be encoded.
    fn save(&self) -> Result<Bytes, StorageError>;

    /// Restores the state of a snapshot.
    ///
    /// # Errors
    ///
    /// [`StorageError::Corrupt`] for data that [`Projection::save`] did not write.
    fn restore(&mut self, data: &Bytes) -> Result<(), StorageError>;

    /// Whether this state is equivalent to the encoded one, which was folded from every event without a snapshot. A
    /// projection whose snapshots may contain more than the events before them overrides this.
    ///
    /// # Errors
    ///
    /// Those of [`Projection::save`] and [`Projection::restore`].
    fn is_equivalent_to(&self, full_fold: &Bytes) -> Result<bool, StorageError> {
        Ok(self.save()? == *full_fold)
    }
}

/// Brings a projection up to the end of the flushed log: from its snapshot, then event by event. Returns the position of
/// the last event folded in.
///
/// # Errors
///
/// Those of the journal and of the projection; the first one ends the run.
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
