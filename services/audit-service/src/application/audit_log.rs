//! Audit log: activities stored once each, scanned newest first.

use super::{
    bloom_filter::{self, FilterKey},
    chunk::{self, BY_SECOND, second_of, second_of_micros, start_of},
    chunk_store::{ChunkStore, FoundHeader, HeaderScan},
    dropped::DroppedCounters,
    recorder::Recorder,
};
use contracts::audit::{Activity, ActivityBatch};
use identifiers::ActivityId;
use kernel::{Timestamp, Uuid};
use serde::{Deserialize, Serialize};
use std::{cmp::Reverse, sync::Arc};
use storage::{
    Direction, Documents, FieldValue, IndexPosition, QUERY_DOCUMENTS_MAX, Query, StorageError,
};
use telemetry::Component;

/// Upper bound of chunks scanned for one page; a page may be short although more follow.
const SCANNED_CHUNKS_MAX: usize = 16 * QUERY_DOCUMENTS_MAX;

/// Filter of activities.
#[derive(Clone, Debug, Default)]
pub(crate) struct ActivityFilter {
    pub(crate) actor: Option<String>,
    pub(crate) action: Option<String>,
    pub(crate) subject: Option<String>,
    /// Digests of the actor and the subject, where those have an id that opens something: what is stored today. Early
    /// versions have stored the ids.
    pub(crate) digests: NameDigests,
    /// Inclusive.
    pub(crate) from: Option<Timestamp>,
    /// Exclusive.
    pub(crate) until: Option<Timestamp>,
}

/// Digests of the names in a filter.
#[derive(Clone, Debug, Default)]
pub(crate) struct NameDigests {
    actor: Option<String>,
    subject: Option<String>,
}

/// Cursor of a page: the time of its last activity in microseconds, and the activity's identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct ActivityCursor(i64, ActivityId);

/// Page of activities, newest first.
#[derive(Debug)]
pub(crate) struct AuditLogPage {
    pub(crate) activities: Vec<Activity>,
    pub(crate) next: Option<ActivityCursor>,
    /// Number of activities that sources had to drop so far.
    pub(crate) lost: u64,
}

/// Audit log: all activities, and the counters of dropped ones.
#[derive(Debug)]
pub(crate) struct AuditLog {
    reported: ChunkStore,
    of_events: ChunkStore,
    dropped: DroppedCounters,
    recorder: Arc<Recorder>,
    health: Component,
}

impl AuditLog {
    /// The log in these stores: of what other services report, and of what is read from feeds.
    pub(crate) fn new(
        documents: Arc<dyn Documents>,
        projections: Arc<dyn Documents>,
        recorder: Arc<Recorder>,
        health: Component,
    ) -> Self {
        health.up();
        Self {
            dropped: DroppedCounters::new(Arc::clone(&documents)),
            reported: ChunkStore::reported(documents),
            of_events: ChunkStore::of_events(projections),
            recorder,
            health,
        }
    }

    /// Records a batch. Idempotent: a known activity is not stored twice.
    pub(crate) async fn record(&self, batch: &ActivityBatch) -> Result<(), StorageError> {
        let writes = batch.activities.iter().cloned();
        let writes = writes.filter_map(|activity| self.recorder.write(activity).transpose());
        let stored = match writes.collect() {
            Ok(writes) => {
                let chunks = self.reported.chunks_of(writes);
                self.dropped.write_counting(batch, chunks).await
            }
            Err(error) => Err(error),
        };
        match &stored {
            Ok(()) => self.health.up(),
            Err(error) => self.health.down(error.to_string()),
        }
        stored
    }

    /// Page of the activities that match `filter`, after a cursor.
    pub(crate) async fn page(
        &self,
        mut filter: ActivityFilter,
        after: Option<ActivityCursor>,
        limit: usize,
    ) -> Result<AuditLogPage, StorageError> {
        let digest = |name: &Option<String>| {
            let name = name.as_ref()?;
            Some(self.recorder.digests.name(name)).filter(|digest| digest != name)
        };
        filter.digests =
            NameDigests { actor: digest(&filter.actor), subject: digest(&filter.subject) };
        let mut scan = Scan { log: self, filter: &filter, after, limit, activities: Vec::new() };
        let next = scan.run().await?;
        Ok(AuditLogPage { activities: scan.activities, next, lost: self.dropped.total().await? })
    }

    /// Chunks of what other services report, and of what is read from feeds, which may be on a server that is away.
    pub(super) fn stores(&self) -> [&ChunkStore; 2] {
        [&self.reported, &self.of_events]
    }

    /// Deletes the chunks of mixed kinds among the next `limit` chunks before `until`, from `after` on. Returns their number,
    /// and where to go on.
    pub(crate) async fn delete_mixed_before(
        &self,
        until: Timestamp,
        after: Option<IndexPosition>,
        limit: usize,
    ) -> Result<(usize, Option<IndexPosition>), StorageError> {
        self.reported.delete_mixed_before(until, after, limit).await
    }
}

/// Scan over the seconds, newest first, until a page is full.
struct Scan<'a> {
    log: &'a AuditLog,
    filter: &'a ActivityFilter,
    after: Option<ActivityCursor>,
    limit: usize,
    activities: Vec<Activity>,
}

impl Scan<'_> {
    /// Fills the page; returns the cursor of the next one.
    async fn run(&mut self) -> Result<Option<ActivityCursor>, StorageError> {
        let query = self.filter.query(self.after, self.limit);
        let mut headers = HeaderScan::of(self.log.stores(), &query);
        let (mut scanned, mut second, mut chunks) = (0, None, Vec::new());
        while let Some(FoundHeader { store, key, header }) = headers.next().await? {
            if let Some(ended) = second.filter(|second| *second != header.second) {
                if let Some(next) = self.collect_second(std::mem::take(&mut chunks)).await? {
                    return Ok(Some(next));
                }
                let reached = ActivityCursor(start_of(ended), ActivityId(Uuid::nil()));
                if scanned >= SCANNED_CHUNKS_MAX && self.is_progress(reached) {
                    return Ok(Some(reached));
                }
            }
            scanned += 1;
            second = Some(header.second);
            if self.filter.may_match(&header.names) {
                chunks.push((store, key));
            }
        }
        self.collect_second(chunks).await
    }

    /// Whether continuing from `reached` makes progress.
    fn is_progress(&self, reached: ActivityCursor) -> bool {
        self.after.is_none_or(|after| reached < after)
    }

    /// Collects the matches in the chunks of one second. Returns the cursor if the page is full and more follow.
    async fn collect_second(
        &mut self,
        chunks: Vec<(&ChunkStore, String)>,
    ) -> Result<Option<ActivityCursor>, StorageError> {
        let mut matching = Vec::new();
        for (store, key) in chunks {
            // The chunk may have been deleted between the two reads.
            let Some(chunk) = store.chunk(&key).await? else { continue };
            for activity in chunk::read(&chunk) {
                let activity = activity?;
                let is_next = self.after.is_none_or(|after| ActivityCursor::of(&activity) < after);
                if is_next && self.filter.matches(&activity) {
                    matching.push(activity);
                }
            }
        }
        matching.sort_by_cached_key(|activity| Reverse(ActivityCursor::of(activity)));
        // A replayed feed, or a batch sent again with other boundaries, repeats activities.
        matching.dedup_by_key(|activity| activity.id);
        let room = self.limit - self.activities.len();
        let is_full = matching.len() > room;
        self.activities.extend(matching.into_iter().take(room));
        Ok(self.activities.last().filter(|_| is_full).map(ActivityCursor::of))
    }
}

impl ActivityFilter {
    /// Query over the seconds of the requested time span, from the cursor on.
    fn query(&self, after: Option<ActivityCursor>, limit: usize) -> Query {
        // The second of an exclusive end must be scanned, unless the end is its first microsecond.
        let end = |micros: i64| second_of_micros(micros.saturating_sub(1)).saturating_add(1);
        let until = self.until.map(|until| end(until.as_microsecond()));
        let after =
            after.map(|ActivityCursor(micros, _)| second_of_micros(micros).saturating_add(1));
        // Without a filter by name every chunk has an activity for the page.
        let matches_all = self.names().next().is_none();
        let chunks = if matches_all { limit } else { QUERY_DOCUMENTS_MAX };
        Query {
            from: self.from.map(|from| FieldValue::Integer(second_of(from))),
            until: until.into_iter().chain(after).min().map(FieldValue::Integer),
            direction: Direction::Descending,
            ..Query::all(BY_SECOND, chunks)
        }
    }

    /// Filter keys of the names asked for, each with that of its digest.
    fn names(&self) -> impl Iterator<Item = (FilterKey<'_>, Option<FilterKey<'_>>)> {
        let Self { actor, action, subject, digests, .. } = self;
        let actor = actor.as_deref().map(FilterKey::Actor);
        let subject = subject.as_deref().map(FilterKey::Subject);
        let names = [
            actor.map(|name| (name, digests.actor.as_deref().map(FilterKey::Actor))),
            action.as_deref().map(|name| (FilterKey::Action(name), None)),
            subject.map(|name| (name, digests.subject.as_deref().map(FilterKey::Subject))),
        ];
        names.into_iter().flatten()
    }

    /// Whether a chunk with this Bloom filter may contain a match.
    fn may_match(&self, filter: &[u8]) -> bool {
        let may_contain = |name| bloom_filter::may_contain(filter, name);
        self.names().all(|(name, digest)| may_contain(name) || digest.is_some_and(may_contain))
    }

    fn matches(&self, activity: &Activity) -> bool {
        let is = |expected: &Option<String>, digest: &Option<String>, value: &str| {
            expected.as_ref().is_none_or(|name| name == value || digest.as_deref() == Some(value))
        };
        is(&self.actor, &self.digests.actor, &activity.actor)
            && is(&self.action, &None, &activity.action)
            && is(&self.subject, &self.digests.subject, &activity.subject)
            && self.from.is_none_or(|from| from <= activity.at)
            && self.until.is_none_or(|until| activity.at < until)
    }
}

impl ActivityCursor {
    fn of(activity: &Activity) -> Self {
        Self(activity.at.as_microsecond(), activity.id)
    }
}
