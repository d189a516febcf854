//! Work behind the writer: the indexer brings documents into the index, the keeper makes runs of full segments, merges
//! them, prepares the segments to come, and compacts older ones.

use crate::{
    compaction::CompactionRound,
    frame::Location,
    index::IndexEntry,
    log::{LifeCycle, QueuedRecord, SegmentedLog, SharedState},
    record::LocatedRecord,
    run::{FramesLeft, Run},
    segments::Segments,
    work_signal::Due,
};
use document_index::{DocumentIndex, IndexedWrite};
use foldhash::fast::RandomState;
use journal::Position;
use kernel::defects::planted;
use std::{
    collections::{BTreeSet, HashMap},
    io,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};
use storage::StorageError;
use tokio::time::Instant;

/// Runs of one size that are merged into one of the next.
const MERGE_RUNS: u32 = 8;
/// Age of flushed documents from which they enter the index.
const INDEX_LINGER: Duration = Duration::from_millis(200);
/// Size of flushed documents, in bytes, from which they enter the index.
pub(crate) const INDEX_BYTES: usize = 1024 * 1024;
/// Pause after a file of the log could not be written.
const RETRY_PAUSE: Duration = Duration::from_secs(1);
/// Bytes of the log after which the index learns its location, even without documents: a start reads the log from there.
const MARK_BYTES: u64 = 8 * 1024 * 1024;

/// Indexer of one log.
#[derive(Debug)]
pub(crate) struct Indexer {
    log: Arc<SegmentedLog>,
    /// Location up to which the index has everything.
    marked: Location,
    /// When the oldest documents that it does not have were seen.
    since: Option<Instant>,
}

impl Indexer {
    pub(crate) fn new(log: Arc<SegmentedLog>) -> Self {
        let marked = log.state.lock().flushed;
        Self { log, marked, since: None }
    }

    /// Runs until the writer has ended and everything is in the index.
    pub(crate) fn run(mut self) {
        let log = Arc::clone(&self.log);
        while let Some(batch) = log.index_work.wait_for(&log.state, |state| self.due(state)) {
            if !self.index(&batch) {
                return;
            }
        }
    }

    /// Next documents; there are none when the writer has ended.
    pub(crate) fn due(&mut self, state: &mut SharedState) -> Due<IndexBatch> {
        if matches!(state.phase, LifeCycle::Failed(_)) {
            return Due::Never;
        }
        if planted("index_ahead_of_flush") && !state.queue.is_empty() {
            let queued: Vec<&LocatedRecord> =
                state.queue.iter().map(|queued| &*queued.record).collect();
            // Whatever fails here fails again with the rest.
            let _ = apply(&*self.log.index, &queued, self.marked);
        }
        let has_documents = !state.unindexed.is_empty();
        let age = self.since.map_or(Duration::ZERO, |since| since.elapsed());
        let is_large = state.unindexed_bytes >= self.log.index_bytes();
        let is_due = age >= INDEX_LINGER || state.is_ending || is_large;
        let is_requested = state.index_requested > self.log.indexed.flushed();
        let is_far = state.flushed.0 - self.marked.0 >= MARK_BYTES
            || (state.is_ending && state.flushed != self.marked);
        if is_requested || (has_documents && is_due) || is_far {
            self.since = None;
            let (mark, position) = (state.flushed, state.flushed_position);
            let records = std::mem::take(&mut state.unindexed);
            return Due::Now(IndexBatch { records, mark, position });
        }
        if state.is_ending {
            return Due::Never;
        }
        Due::Later(has_documents.then(|| {
            self.since.get_or_insert_with(Instant::now);
            INDEX_LINGER.saturating_sub(age)
        }))
    }

    /// Brings documents into the index; fails the log, and returns false, when that cannot be done.
    pub(crate) fn index(&mut self, batch: &IndexBatch) -> bool {
        let records: Vec<&LocatedRecord> =
            batch.records.iter().map(|queued| &*queued.record).collect();
        if let Err(error) = apply(&*self.log.index, &records, batch.mark) {
            self.log.fail(&format!("the documents could not be written: {error}"));
            return false;
        }
        self.marked = batch.mark;
        self.log.counters.applies.fetch_add(1, Relaxed);
        mark_indexed(&self.log, batch);
        true
    }
}

/// Documents to index: all that were flushed up to a location and a position.
#[derive(Debug)]
pub(crate) struct IndexBatch {
    records: Vec<QueuedRecord>,
    mark: Location,
    position: Position,
}

/// Brings the documents of records into the index: of several writes to one document only the last.
pub(crate) fn apply(
    index: &dyn DocumentIndex,
    records: &[&LocatedRecord],
    mark: Location,
) -> Result<(), StorageError> {
    let mut last: HashMap<(&str, &str, &str), IndexedWrite<'_>, RandomState> = HashMap::default();
    for record in records {
        for write in record.documents()? {
            last.insert((write.service, write.collection, write.key), write);
        }
    }
    let mut writes: Vec<_> = last.into_values().collect();
    // Neighbours in a table are neighbours on its pages.
    writes.sort_unstable_by_key(|write| (write.service, write.collection, write.key));
    index.apply(&writes, mark.0)
}

/// Drops documents that the index has from memory, except where a newer version has replaced them.
fn mark_indexed(log: &SegmentedLog, batch: &IndexBatch) {
    let mut state = log.state.lock();
    for QueuedRecord { record, service, .. } in &batch.records {
        state.unindexed_bytes -= record.payload.len();
        let collections = &mut state.services[service.index].documents;
        for write in record.documents().into_iter().flatten() {
            if let Some(documents) = collections.get_mut(write.collection)
                && documents.get(write.key).is_some_and(|newest| newest.position <= record.position)
            {
                documents.remove(write.key);
            }
        }
    }
    log.counters.set_backlog_bytes(state.unindexed_bytes as u64);
    drop(state);
    log.indexed.advance(batch.position);
    log.flush_work.notify();
}

/// Keeper of one log.
#[derive(Debug)]
pub(crate) struct Keeper {
    log: Arc<SegmentedLog>,
    round: CompactionRound,
    last_prepared: u32,
    /// Pause after a file could not be written.
    pause: Option<Duration>,
}

/// What the keeper does next.
#[derive(Debug)]
pub(crate) enum KeeperWork {
    /// Files that the log goes on with: a segment to prepare, and a full one that gets a run, with its entries.
    Files { prepares: Option<u32>, full: Option<(u32, Arc<BTreeSet<IndexEntry>>)> },
    /// A segment to look at for what can be given back.
    Compaction(u32),
}

impl Keeper {
    pub(crate) fn new(log: Arc<SegmentedLog>) -> Self {
        let round = CompactionRound::new(log.state.lock().position);
        Self { log, round, last_prepared: 0, pause: None }
    }

    /// Runs until the writer has ended.
    pub(crate) fn run(mut self) {
        let log = Arc::clone(&self.log);
        while let Some(work) = log.keeper_work.wait_for(&log.state, |state| self.due(state)) {
            self.keep(&work);
        }
    }

    /// Next work; there is none when the writer has ended.
    pub(crate) fn due(&mut self, state: &mut SharedState) -> Due<KeeperWork> {
        if let Some(pause) = self.pause.take() {
            if state.is_ending {
                state.compactions.clear();
                return Due::Never;
            }
            return Due::Later(Some(pause));
        }
        let flushed = state.flushed;
        let full = state.memory.front().filter(|memory| memory.segment < flushed.segment());
        let full = full.map(|memory| (memory.segment, Arc::clone(&memory.entries)));
        let next = flushed.segment() + 1;
        let prepares = self.last_prepared < next
            && is_half_full(&self.log.segments, flushed)
            && !state.is_ending;
        let prepares = prepares.then_some(next);
        if full.is_some() || prepares.is_some() {
            return Due::Now(KeeperWork::Files { prepares, full });
        }
        if state.is_ending {
            state.compactions.clear();
            return Due::Never;
        }
        match self.round.next(state) {
            Some(segment) => Due::Now(KeeperWork::Compaction(segment)),
            None => Due::Later(None),
        }
    }

    /// Does the work, outside the lock.
    pub(crate) fn keep(&mut self, work: &KeeperWork) {
        let written = match work {
            KeeperWork::Compaction(segment) => return self.round.look_at(&self.log, *segment),
            KeeperWork::Files { prepares, full } => self.write_files(*prepares, full.as_ref()),
        };
        if let Err(error) = written {
            // The entries stay in memory meanwhile.
            tracing::warn!(%error, "the log's files could not be put in order; it is tried again");
            self.pause = Some(RETRY_PAUSE);
        }
    }

    fn write_files(
        &mut self,
        prepares: Option<u32>,
        full: Option<&(u32, Arc<BTreeSet<IndexEntry>>)>,
    ) -> io::Result<()> {
        let log = &self.log;
        if let Some(next) = prepares {
            self.last_prepared = next;
            // Without room the next segment grows as it is written.
            let needed = 2 * u64::from(log.segments.bytes(next));
            let needed = log.options.disk_reserve_bytes.saturating_add(needed);
            if data_folder::has_free(&log.folder, needed) {
                log.segments.prepare(next)?;
            }
        }
        if let Some((segment, entries)) = full {
            make_run(log, *segment, entries)?;
            self.round.add_full(*segment, log.segments.bytes(*segment));
        }
        Ok(())
    }
}

fn is_half_full(segments: &Segments, flushed: Location) -> bool {
    flushed.offset() > segments.bytes(flushed.segment()) / 2
}

/// Makes a run of a full segment's entries, and merges runs of one size.
fn make_run(log: &SegmentedLog, segment: u32, entries: &BTreeSet<IndexEntry>) -> io::Result<()> {
    let run = run_of(&log.segments, segment, entries)?;
    let mut runs = log.state.lock().runs.to_vec();
    runs.push(Arc::new(run));
    let mut state = log.state.lock();
    state.runs = Arc::new(runs.clone());
    state.memory.pop_front();
    drop(state);
    while merge_last(&log.segments, &mut runs)? {
        log.state.lock().runs = Arc::new(runs.clone());
    }
    Ok(())
}

/// Run of one segment.
pub(crate) fn run_of(
    segments: &Segments,
    segment: u32,
    entries: &BTreeSet<IndexEntry>,
) -> io::Result<Run> {
    let keys = entries.iter().filter(|entry| entry.is_filtered()).count() as u64;
    let entries = entries.iter().map(|entry| Ok(*entry));
    Run::write(&*segments.disk, segments.log, (segment, segment), keys, entries)
}

/// Merges the last runs if there are enough of one size.
fn merge_last(segments: &Segments, runs: &mut Vec<Arc<Run>>) -> io::Result<bool> {
    let size = |run: &Arc<Run>| (run.last - run.first + 1).ilog(MERGE_RUNS);
    let Some(begin) = runs.len().checked_sub(MERGE_RUNS as usize) else { return Ok(false) };
    let last = &runs[begin..];
    if last.iter().any(|run| size(run) != size(&last[0])) {
        return Ok(false);
    }
    let left = FramesLeft::of(segments, last[0].first..=last[last.len() - 1].last)?;
    let merged = Run::merge(&*segments.disk, segments.log, last, &left)?;
    runs.truncate(begin);
    runs.push(Arc::new(merged));
    Ok(true)
}
