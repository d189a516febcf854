//! Position of a consumer in its feed, and the positions that it has in another number of partitions.

use super::INBOX;
use crate::bus::Partition;
use journal::ServiceStorage;
use kernel::Uuid;
use std::collections::BTreeSet;
use storage::{Commit, CompareAndSwap, Document, Documents, StorageError, StoredDocument, Write};

/// Position that a consumer has reached, with the identity of the event there. Stored as `position event-id`; by early
/// versions as the position alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct FeedPosition {
    pub(super) position: u64,
    pub(super) event_id: Option<Uuid>,
}

impl std::fmt::Display for FeedPosition {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.event_id {
            Some(id) => write!(out, "{} {id}", self.position),
            None => write!(out, "{}", self.position),
        }
    }
}

/// Writes a batch with the position after it, which comes last. In a store apart from the journal it is applied only where the stored position is
/// the `known` one; `None` where it is another, because the store has lost what it had.
pub(super) async fn write_with(
    writes: Vec<Write>,
    position: Document,
    known: Option<FeedPosition>,
    documents: &dyn Documents,
) -> Result<Option<Commit>, StorageError> {
    let Some(conditional) = documents.conditional() else {
        let mut writes = writes;
        writes.push(Write::Put { collection: &INBOX, document: position });
        return documents.write(writes).await.map(Some);
    };
    if known.is_none() {
        // An absent position cannot be told from a lost one, so the first effects come after one as well, of the beginning.
        let body = FeedPosition::default().to_string().into();
        let document = Document { body, ..position.clone() };
        let first = CompareAndSwap { collection: &INBOX, expected: None, document };
        let Some(stored) = conditional.write_and_swap(Vec::new(), first).await? else {
            return Ok(None);
        };
        stored.wait().await.map_err(|lost| StorageError::Unavailable(lost.to_string()))?;
    }
    let expected = known.unwrap_or_default().to_string().into();
    let swap = CompareAndSwap { collection: &INBOX, expected: Some(expected), document: position };
    conditional.write_and_swap(writes, swap).await
}

/// Whether the stored position is the `known` one. In the journal's log it always is.
pub(super) async fn is_stored(
    key: &str,
    known: Option<FeedPosition>,
    storage: &ServiceStorage,
) -> Result<bool, StorageError> {
    Ok(storage.documents.conditional().is_none() || find(key, storage).await? == known)
}

/// Storage key of a consumer, which its parked messages have as well.
pub(super) fn consumer_key(group: &str, source: &str) -> String {
    format!("{group}.{source}")
}

/// Storage key of the position of a consumer in a partition.
pub(super) fn position_key(consumer: &str, partition: Partition) -> String {
    match partition {
        Partition::WHOLE => consumer.to_owned(),
        Partition { number, count } => format!("{consumer}.{number}-of-{count}"),
    }
}

/// Storage key of the numbers of partitions in which a consumer has had positions.
fn counts_key(consumer: &str) -> String {
    format!("{consumer}.partitions")
}

/// Positions that a consumer has with other numbers of partitions than its own: of a shop that had no bus, or has none any more, or
/// has changed its number of partitions. Each says of the messages of its subjects that they are handled.
#[derive(Debug, Default)]
pub(super) struct FormerPositions {
    layouts: Vec<(u32, Vec<FeedPosition>)>,
}

impl FormerPositions {
    /// Whether a message is handled.
    pub(super) fn contain(&self, subject: &str, position: u64) -> bool {
        self.layouts.iter().any(|(count, positions)| {
            let partition = Partition::of(subject, *count).number as usize;
            position <= positions[partition].position
        })
    }

    /// Position up to which every message is handled.
    pub(super) fn least(&self) -> FeedPosition {
        let least_of =
            |positions: &Vec<FeedPosition>| positions.iter().min_by_key(|it| it.position).copied();
        let least = self.layouts.iter().filter_map(|(_, positions)| least_of(positions));
        least.max_by_key(|it| it.position).unwrap_or_default()
    }

    /// Whether nothing beyond this position is in them.
    fn end_at(&self, position: u64) -> bool {
        let mut all = self.layouts.iter().flat_map(|(_, positions)| positions);
        all.all(|it| it.position <= position)
    }

    /// Forgets them once they say nothing more.
    pub(super) fn prune(&mut self, reached: u64) {
        if !self.layouts.is_empty() && self.end_at(reached) {
            self.layouts.clear();
        }
    }

    /// The writes that delete them.
    pub(super) fn delete(&mut self, consumer: &str) -> Vec<Write> {
        let layouts = std::mem::take(&mut self.layouts);
        let partitions = layouts.into_iter().flat_map(|(count, _)| of(count));
        let key = |partition| position_key(consumer, partition);
        partitions.map(|it| Write::Delete { collection: &INBOX, key: key(it) }).collect()
    }
}

/// Positions of a consumer, as they are stored.
pub(super) struct StoredPositions {
    /// In its own partition; `None` if it has none yet.
    pub(super) own: Option<FeedPosition>,
    /// With other numbers of partitions.
    pub(super) former: FormerPositions,
    /// The write that enters its number of partitions among the known ones; `None` if it is there.
    pub(super) entry: Option<Write>,
}

impl StoredPositions {
    /// Reads them.
    pub(super) async fn read(
        consumer: &str,
        partition: Partition,
        storage: &ServiceStorage,
    ) -> Result<Self, StorageError> {
        let own = find(&position_key(consumer, partition), storage).await?;
        let mut counts = counts(consumer, storage).await?;
        let mut former = FormerPositions::default();
        for count in counts.iter().filter(|count| **count != partition.count) {
            former.layouts.push((*count, positions(consumer, *count, storage).await?));
        }
        let entry = counts.insert(partition.count).then(|| {
            let text: Vec<_> = counts.iter().map(u32::to_string).collect();
            let body = text.join(" ").into();
            let document = Document { key: counts_key(consumer), body, fields: Vec::new() };
            Write::Put { collection: &INBOX, document }
        });
        Ok(Self { own, former, entry })
    }
}

/// The position up to which a consumer has handled everything, whatever its number of partitions.
pub(super) async fn reached(consumer: &str, storage: &ServiceStorage) -> Result<u64, StorageError> {
    let mut former = FormerPositions::default();
    for count in counts(consumer, storage).await? {
        former.layouts.push((count, positions(consumer, count, storage).await?));
    }
    Ok(former.least().position)
}

/// The writes that delete every position of a consumer. The numbers of partitions that lead to them come last.
pub(super) async fn forget(
    consumer: &str,
    storage: &ServiceStorage,
) -> Result<Vec<Write>, StorageError> {
    let counts = counts(consumer, storage).await?;
    let positions = counts.into_iter().flat_map(of).map(|it| position_key(consumer, it));
    let keys = positions.chain([counts_key(consumer)]);
    Ok(keys.map(|key| Write::Delete { collection: &INBOX, key }).collect())
}

/// The numbers of partitions in which a consumer has had positions; one without a bus among them.
async fn counts(consumer: &str, storage: &ServiceStorage) -> Result<BTreeSet<u32>, StorageError> {
    let whole = BTreeSet::from([Partition::WHOLE.count]);
    let Some(stored) = storage.documents.find(&INBOX, &counts_key(consumer)).await? else {
        return Ok(whole);
    };
    let text = String::from_utf8_lossy(&stored.body).into_owned();
    let counts: Result<BTreeSet<u32>, _> = text.split(' ').map(str::parse).collect();
    let counts = counts.map_err(|_| corrupt(&stored))?;
    Ok(counts.into_iter().filter(|count| *count > 0).chain(whole).collect())
}

async fn positions(
    consumer: &str,
    count: u32,
    storage: &ServiceStorage,
) -> Result<Vec<FeedPosition>, StorageError> {
    let mut positions = Vec::new();
    for partition in of(count) {
        let found = find(&position_key(consumer, partition), storage).await?;
        positions.push(found.unwrap_or_default());
    }
    Ok(positions)
}

fn of(count: u32) -> impl Iterator<Item = Partition> {
    (0..count).map(move |number| Partition { number, count })
}

async fn find(key: &str, storage: &ServiceStorage) -> Result<Option<FeedPosition>, StorageError> {
    let stored = storage.documents.find(&INBOX, key).await?;
    stored.map(|stored| position_of(&stored)).transpose()
}

fn position_of(stored: &StoredDocument) -> Result<FeedPosition, StorageError> {
    let text = String::from_utf8_lossy(&stored.body);
    let parse = || {
        let (position, id) = match text.split_once(' ') {
            Some((position, id)) => (position, Some(id.parse().ok()?)),
            None => (&*text, None),
        };
        Some(FeedPosition { position: position.parse().ok()?, event_id: id })
    };
    parse().ok_or_else(|| corrupt(stored))
}

fn corrupt(stored: &StoredDocument) -> StorageError {
    let text = String::from_utf8_lossy(&stored.body);
    StorageError::Corrupt(format!("position of {} is {text:?}", stored.key))
}
