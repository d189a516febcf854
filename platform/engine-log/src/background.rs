//! Threads behind the writer: the indexer brings documents into the index, the keeper makes runs of full segments, merges
//! them, prepares the segments to come, and compacts older ones.

use crate::{
    compaction::CompactionRound,
    frame::Location,
    index::IndexEntry,
    log::{LifeCycle, QueuedRecord, SegmentedLog},
    record::LocatedRecord,
    run::{FramesLeft, Run},
    segments::Segments,
};
use document_index::{DocumentIndex, IndexedWrite};
use foldhash::fast::RandomState;
use journal::Position;
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

/// Work of the indexer, until the writer has ended and everything is in the index.
pub(crate) fn index(log: &SegmentedLog) {
    let mut marked = log.state.lock().flushed;
    while let Some(batch) = next_documents(log, marked) {
        let records: Vec<&LocatedRecord> =
            batch.records.iter().map(|queued| &*queued.record).collect();
        if let Err(error) = apply(&log.index, &records, batch.mark) {
            return log.fail(&format!("the documents could not be written: {error}"));
        }
        marked = batch.mark;
        log.counters.applies.fetch_add(1, Relaxed);
        mark_indexed(log, &batch);
    }
}

/// Documents to index: all that were flushed up to a location and a position.
struct IndexBatch {
    records: Vec<QueuedRecord>,
    mark: Location,
    position: Position,
}

/// Waits for the next documents; `None` when there will be no more.
fn next_documents(log: &SegmentedLog, marked: Location) -> Option<IndexBatch> {
    let mut state = log.state.lock();
    let mut since: Option<Instant> = None;
    loop {
        if matches!(state.phase, LifeCycle::Failed(_)) {
            return None;
        }
        let has_documents = !state.unindexed.is_empty();
        let age = since.map_or(Duration::ZERO, |since| since.elapsed());
        let is_large = state.unindexed_bytes >= log.index_bytes();
        let is_due = age >= INDEX_LINGER || state.is_ending || is_large;
        let is_requested = state.index_requested > log.indexed.flushed();
        let is_far = state.flushed.0 - marked.0 >= MARK_BYTES
            || (state.is_ending && state.flushed != marked);
        if is_requested || (has_documents && is_due) || is_far {
            let (mark, position) = (state.flushed, state.flushed_position);
            return Some(IndexBatch {
                records: std::mem::take(&mut state.unindexed),
                mark,
                position,
            });
        }
        if state.is_ending {
            return None;
        }
        if has_documents {
            since.get_or_insert_with(Instant::now);
            log.index_work.wait_for(&mut state, INDEX_LINGER.saturating_sub(age));
        } else {
            log.index_work.wait(&mut state);
        }
    }
}

/// Brings the documents of records into the index: of several writes to one document only the last.
pub(crate) fn apply(
    index: &DocumentIndex,
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
    log.flush_work.notify_one();
}

/// Work of the keeper, until the writer has ended.
pub(crate) fn keep(log: &SegmentedLog) {
    let mut last_prepared = 0;
    let mut state = log.state.lock();
    let mut round = CompactionRound::new(state.position);
    loop {
        let flushed = state.flushed;
        let full = state.memory.front().filter(|memory| memory.segment < flushed.segment());
        let full = full.map(|memory| (memory.segment, Arc::clone(&memory.entries)));
        let next = flushed.segment() + 1;
        let prepares =
            last_prepared < next && is_half_full(&log.segments, flushed) && !state.is_ending;
        if full.is_none() && !prepares {
            if state.is_ending {
                return state.compactions.clear();
            }
            let Some(segment) = round.next(&mut state) else {
                log.keeper_work.wait(&mut state);
                continue;
            };
            drop(state);
            round.look_at(log, segment);
            state = log.state.lock();
            continue;
        }
        drop(state);
        let mut done = Ok(());
        if prepares {
            last_prepared = next;
            // Without room the next segment grows as it is written.
            let needed = 2 * u64::from(log.segments.bytes(next));
            let needed = log.options.disk_reserve_bytes.saturating_add(needed);
            if data_folder::has_free(&log.folder, needed) {
                done = log.segments.prepare(next);
            }
        }
        if let Some((segment, entries)) = full {
            done = done.and_then(|()| {
                make_run(log, segment, &entries)?;
                round.add_full(segment, log.segments.bytes(segment));
                Ok(())
            });
        }
        state = log.state.lock();
        if let Err(error) = done {
            // The entries stay in memory meanwhile.
            tracing::warn!(%error, "the log's files could not be put in order; it is tried again");
            if state.is_ending {
                return state.compactions.clear();
            }
            log.keeper_work.wait_for(&mut state, RETRY_PAUSE);
        }
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
