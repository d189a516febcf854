//! Event visitors: one pass over a journal, from its first event to its last, for all of them.

use super::Invariant;
use crate::{Journal, Position, READ_EVENTS_MAX, RecordedEvent};
use async_trait::async_trait;
use storage::StorageError;

/// Visitor of a journal's events.
#[async_trait]
pub trait EventVisitor: Send {
    /// Whether [`EventVisitor::stream`] is called for this stream. By default for none.
    fn wants(&self, _stream: &str) -> bool {
        false
    }

    /// Visits an event; called for each, in commit order.
    ///
    /// # Errors
    ///
    /// [`StorageError::Corrupt`] is counted as an unreadable event, and the pass continues; any other error ends it.
    async fn event(&mut self, _event: &RecordedEvent) -> Result<(), StorageError> {
        Ok(())
    }

    /// Visits a whole stream; called when its first event is met.
    ///
    /// # Errors
    ///
    /// As for [`EventVisitor::event`].
    async fn stream(&mut self, _events: &[RecordedEvent]) -> Result<(), StorageError> {
        Ok(())
    }
}

/// Event visitor that checks invariants.
pub trait InvariantChecker: EventVisitor {
    /// Invariants with their results, once the journal was visited.
    fn invariants(&mut self) -> Vec<Invariant>;
}

/// Result of one pass over a journal.
#[derive(Debug)]
pub struct VisitResult {
    /// Position of the last event.
    pub position: Position,
    /// Invariant that every event can be decoded by every visitor.
    pub readable: Invariant,
}

/// Visits every event of a journal with all visitors. Calls `on_progress` with the position reached, once a page.
///
/// # Errors
///
/// [`StorageError`] of the journal or of a visitor, but for [`StorageError::Corrupt`], which is counted in the result.
pub async fn visit_events(
    journal: &dyn Journal,
    visitors: &mut [&mut dyn EventVisitor],
    on_progress: &(dyn Fn(Position) + Send + Sync),
) -> Result<VisitResult, StorageError> {
    let mut readable = Invariant::new("every event can be read");
    let mut position = 0;
    loop {
        let events = journal.follow(position, READ_EVENTS_MAX).await?;
        for event in &events {
            position = event.position;
            let visited = visit(journal, event, visitors).await;
            match visited {
                Ok(()) => readable.checked += 1,
                Err(StorageError::Corrupt(reason)) => readable.hold(false, || reason),
                Err(error) => return Err(error),
            }
        }
        on_progress(position);
        if events.len() < READ_EVENTS_MAX {
            return Ok(VisitResult { position, readable });
        }
    }
}

async fn visit(
    journal: &dyn Journal,
    event: &RecordedEvent,
    visitors: &mut [&mut dyn EventVisitor],
) -> Result<(), StorageError> {
    let mut result = Ok(());
    for visitor in visitors.iter_mut() {
        result = result.and(visitor.event(event).await);
    }
    if event.version != 1 || !visitors.iter().any(|visitor| visitor.wants(&event.stream)) {
        return result;
    }
    let events = read_stream(journal, &event.stream).await?;
    for visitor in visitors.iter_mut().filter(|visitor| visitor.wants(&event.stream)) {
        result = result.and(visitor.stream(&events).await);
    }
    result
}

/// Reads all events of a stream.
pub(super) async fn read_stream(
    journal: &dyn Journal,
    stream: &str,
) -> Result<Vec<RecordedEvent>, StorageError> {
    let mut all: Vec<RecordedEvent> = Vec::new();
    loop {
        let version = all.last().map_or(0, |last| last.version);
        let events = journal.read(stream, version, READ_EVENTS_MAX).await?;
        let count = events.len();
        all.extend(events);
        if count < READ_EVENTS_MAX {
            return Ok(all);
        }
    }
}
