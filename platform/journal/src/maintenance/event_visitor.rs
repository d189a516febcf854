//! Going through a journal from its beginning to its end, once for all who want to look.

use super::Invariant;
use crate::{Journal, Position, READ_EVENTS_MAX, RecordedEvent};
use async_trait::async_trait;
use storage::StorageError;

/// Somebody who looks at what a journal says.
#[async_trait]
pub trait EventVisitor: Send {
    /// Whether to be shown this stream whole.
    fn wants(&self, _stream: &str) -> bool {
        false
    }

    /// Every event, in commit order.
    async fn event(&mut self, _event: &RecordedEvent) -> Result<(), StorageError> {
        Ok(())
    }

    /// All events of a wanted stream, when its first one is met.
    async fn stream(&mut self, _events: &[RecordedEvent]) -> Result<(), StorageError> {
        Ok(())
    }
}

/// A surveyor who checks what has to be true.
pub trait InvariantChecker: EventVisitor {
    /// What came of it.
    fn invariants(&mut self) -> Vec<Invariant>;
}

/// Outcome of one pass over a journal.
#[derive(Debug)]
pub struct VisitResult {
    /// The position of the last event.
    pub position: Position,
    /// Whether everything could be read.
    pub readable: Invariant,
}

/// Shows the journal to all visitors. What one of them cannot read is noted, and the pass goes on. Calls `told`
/// with the position it has reached, now and then.
pub async fn visit_events(
    journal: &dyn Journal,
    surveyors: &mut [&mut dyn EventVisitor],
    told: &(dyn Fn(Position) + Send + Sync),
) -> Result<VisitResult, StorageError> {
    let mut readable = Invariant::new("every event can be read");
    let mut position = 0;
    loop {
        let events = journal.follow(position, READ_EVENTS_MAX).await?;
        for event in &events {
            position = event.position;
            let shown = show(journal, event, surveyors).await;
            match shown {
                Ok(()) => readable.checked += 1,
                Err(StorageError::Corrupt(reason)) => readable.hold(false, || reason),
                Err(error) => return Err(error),
            }
        }
        told(position);
        if events.len() < READ_EVENTS_MAX {
            return Ok(VisitResult { position, readable });
        }
    }
}

async fn show(
    journal: &dyn Journal,
    event: &RecordedEvent,
    surveyors: &mut [&mut dyn EventVisitor],
) -> Result<(), StorageError> {
    let mut outcome = Ok(());
    for surveyor in surveyors.iter_mut() {
        outcome = outcome.and(surveyor.event(event).await);
    }
    if event.version != 1 || !surveyors.iter().any(|surveyor| surveyor.wants(&event.stream)) {
        return outcome;
    }
    let events = whole(journal, &event.stream).await?;
    for surveyor in surveyors.iter_mut().filter(|surveyor| surveyor.wants(&event.stream)) {
        outcome = outcome.and(surveyor.stream(&events).await);
    }
    outcome
}

/// All events of a stream.
pub(super) async fn whole(
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
