//! Compaction: segments give back the bytes of records that nobody can ask for any more.
//!
//! One full segment at a time is read, and written again without its dead records when that makes it smaller by a quarter. The
//! new file takes the place of the old one in one step, so that a crash leaves either; both are right. Locations stay what they
//! were, and so do the runs: an entry whose frame was dropped leads to nothing.
//!
//! A record is dead when the rest of the log says the same without it, even to a start that reads it from the beginning:
//!
//! * an append whose stream was deleted later;
//! * a value that does not expire, a document or a snapshot that was replaced;
//! * a value that was swept or removed, a document that was deleted: as soon as no older record has one of that name, which would
//!   come back otherwise; a deleted document's deletion also waits until the index has it for good, since an index that lost its
//!   last commits takes it from the log again;
//! * a deletion of a stream, as soon as there is nothing before it to hide;
//! * a sweep that another one followed, and what begins an incarnation.
//!
//! A record with several parts is alive as long as one of them is. What makes a record dead must be flushed.

use crate::{
    frame::{FrameReader, Location, SegmentHeader, frame_bytes},
    index::{EntryKind, IndexEntry, highest, lowest},
    key_value::is_swept,
    log::{LifeCycle, SegmentedLog, SharedState},
    lookup::{RecordName, RecordRequest},
    record::{LocatedRecord, RecordOperation, RecordView, is_start, text},
    run::Run,
    segment_file::{CompactedWriter, compacted_bytes},
    segments::run_error,
    service::LogService,
};
use bytes::Bytes;
use journal::Position;
use std::{
    io::{self, ErrorKind},
    sync::Arc,
};
use storage::StorageError;
use tokio::sync::oneshot;

/// Parts of a segment of which one must be dead before it is written again.
const SEGMENT_PARTS: u64 = 4;
/// Bytes that are looked at for each byte that the log has grown by. The log then takes at most 8/3 of what was alive.
const VISITED_BYTES: i64 = 2;
/// Frames after which a compaction looks whether the log is closing.
const FRAMES_BETWEEN_LOOKS: usize = 1_024;

/// Outcome of a compaction: the size of the full segments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compaction {
    /// Size before, in bytes.
    pub bytes_before: u64,
    /// Size after, in bytes.
    pub bytes_after: u64,
}

/// Request to look at every full segment.
pub(crate) type CompactionRequest = oneshot::Sender<Result<Compaction, StorageError>>;

impl SegmentedLog {
    /// Looks at every full segment once, and gives back what is dead of everything written before.
    ///
    /// # Errors
    ///
    /// The first [`StorageError`] of a segment that is damaged or could not be written; the others are compacted nevertheless.
    pub(crate) async fn compact(&self) -> Result<Compaction, StorageError> {
        let unavailable = || StorageError::Unavailable("the engine is closed".to_owned());
        let written = self.state.lock().position;
        self.commit_at(written).wait().await.map_err(|_| unavailable())?;
        // The deletion of a document is dead only when the index has it.
        self.state.lock().request_index(written);
        self.index_work.notify();
        self.indexed.wait_for(written).await.map_err(|_| unavailable())?;
        let (request, outcome) = oneshot::channel();
        {
            let mut state = self.state.lock();
            if state.is_ending {
                return Err(unavailable());
            }
            state.compactions.push(request);
        }
        self.keeper_work.notify();
        tokio::select! {
            outcome = outcome => outcome.map_err(|_| unavailable())?,
            _ = self.wait_until_stopped() => Err(unavailable()),
        }
    }
}

/// Round of the keeper through the full segments, again and again: so many bytes of older segments are looked at for each that
/// became full.
#[derive(Debug)]
pub(crate) struct CompactionRound {
    /// Segment that is looked at next.
    next: u32,
    /// Segments and bytes that are still to be looked at.
    segments: u32,
    bytes: i64,
    /// Requests that this round answers, and the outcome so far.
    requests: Vec<CompactionRequest>,
    outcome: Result<Compaction, StorageError>,
}

impl CompactionRound {
    /// Round of a log that has reached a position. It begins anywhere: a log that is often opened anew gets round as well.
    pub(crate) fn new(position: Position) -> Self {
        let next = u32::try_from(position % u64::from(u32::MAX)).expect("it is below");
        let outcome = Ok(Compaction::default());
        Self { next, segments: 0, bytes: 0, requests: Vec::new(), outcome }
    }

    /// Notes that a segment has become full.
    pub(crate) fn add_full(&mut self, segment: u32, bytes: u32) {
        // Whoever asked for a round waits for its end, however the log grows meanwhile.
        if self.requests.is_empty() {
            self.segments = self.segments.max(segment - 1);
        }
        self.bytes = self.bytes.saturating_add(VISITED_BYTES * i64::from(bytes));
    }

    /// Segment to look at now, if any.
    pub(crate) fn next(&mut self, state: &mut SharedState) -> Option<u32> {
        // Those before the first in memory have runs.
        let full = state.memory.front().map_or(0, |memory| memory.segment - 1);
        if self.requests.is_empty() && !state.compactions.is_empty() {
            self.requests = std::mem::take(&mut state.compactions);
            (self.next, self.segments, self.bytes) = (1, full, i64::MAX);
            self.outcome = Ok(Compaction::default());
        }
        if self.segments == 0 || self.bytes <= 0 || full == 0 {
            self.finish();
            return None;
        }
        Some((self.next.max(1) - 1) % full + 1)
    }

    /// Looks at a segment, outside the lock.
    pub(crate) fn look_at(&mut self, log: &SegmentedLog, segment: u32) {
        (self.next, self.segments) = (segment + 1, self.segments - 1);
        let compacted = compact(log, segment);
        match &compacted {
            Ok(compacted) => {
                self.bytes = self.bytes.saturating_sub_unsigned(compacted.bytes_before);
            }
            Err(error) => tracing::warn!(segment, %error, "a segment could not be compacted"),
        }
        if let Ok(sum) = &mut self.outcome {
            match compacted {
                Ok(Compaction { bytes_before, bytes_after }) => {
                    sum.bytes_before += bytes_before;
                    sum.bytes_after += bytes_after;
                }
                Err(error) => self.outcome = Err(error),
            }
        }
    }

    fn finish(&mut self) {
        // A segment that was larger than what was left counts against the next ones.
        (self.segments, self.bytes) = (0, self.bytes.min(0));
        let outcome = std::mem::replace(&mut self.outcome, Ok(Compaction::default()));
        for request in self.requests.drain(..) {
            // Whoever asked may have gone.
            let _ = request.send(outcome.clone());
        }
    }
}

/// Writes a full segment again without its dead records, if that gives back enough.
fn compact(log: &SegmentedLog, segment: u32) -> Result<Compaction, StorageError> {
    // A backup takes the segments as they are.
    let _compacting = log.compaction.lock();
    let failed = |error: io::Error| log.segments.failed(Location::new(segment, 0), &error);
    let file = log.segments.file(segment).map_err(failed)?;
    let bytes_before = file.file.bytes().map_err(failed)?;
    let unchanged = Ok(Compaction { bytes_before, bytes_after: bytes_before });
    if file.frames() == Some(0) {
        return unchanged;
    }
    let read_header = |segment| -> io::Result<SegmentHeader> {
        let header = SegmentHeader::read(&*log.segments.file(segment)?.file)?;
        header.ok_or_else(|| ErrorKind::InvalidData.into())
    };
    let header = read_header(segment).map_err(failed)?;
    let last = match file.last_position() {
        Some(last) => last,
        None => read_header(segment + 1).map_err(failed)?.position,
    };
    let mut records = LiveRecords::new(log, segment);
    let mut reader = FrameReader::new(Arc::clone(&file), &header).map_err(failed)?;
    let (mut frames, mut bytes) = (0, 0);
    while let Some((location, frame, payload)) = reader.next(is_start).map_err(failed)? {
        if frames % FRAMES_BETWEEN_LOOKS == 0 && is_closing(log) {
            return unchanged;
        }
        frames += 1;
        let (position, payload) = (frame.position, Bytes::copy_from_slice(payload));
        let record = LocatedRecord { location, position, payload, typed: Vec::new() };
        if records.is_alive(&record)? {
            records.live.push(location.offset());
            bytes += frame_bytes(record.payload.len()) as u64;
        }
    }
    if reader.position != last {
        return Err(log.segments.failed(reader.location, &ErrorKind::InvalidData.into()));
    }
    let bytes_after = compacted_bytes(records.live.len(), bytes);
    let is_worth_it = bytes_after * SEGMENT_PARTS <= bytes_before * (SEGMENT_PARTS - 1);
    let needed = log.options.disk_reserve_bytes.saturating_add(bytes_after);
    // Without room for the new file beside the old one the segment waits for a later round.
    if !is_worth_it || !data_folder::has_free(&log.folder, needed) {
        return unchanged;
    }
    let reader = FrameReader::new(file, &header).map_err(failed)?;
    let written = write(log, reader, &records.live, (&header, last));
    if let Err(error) = written.and_then(|()| log.segments.replace(segment)) {
        // What was written of it must not keep its room. The error to report is the first.
        let _ = log.segments.disk.remove(&log.segments.compacting());
        let name = log.segments.name(segment);
        return Err(StorageError::Unavailable(format!("{name} was not compacted: {error}")));
    }
    records.forget();
    Ok(Compaction { bytes_before, bytes_after })
}

fn is_closing(log: &SegmentedLog) -> bool {
    let state = log.state.lock();
    state.is_ending || matches!(state.phase, LifeCycle::Failed(_))
}

/// Writes the compacted segment beside the old one.
fn write(
    log: &SegmentedLog,
    mut reader: FrameReader,
    live: &[u32],
    (header, last): (&SegmentHeader, Position),
) -> io::Result<()> {
    let mut writer = CompactedWriter::new(log.segments.disk.create(&log.segments.compacting())?);
    let mut live = live.iter().peekable();
    while let Some((location, frame, payload)) = reader.next(is_start)? {
        if live.next_if_eq(&&location.offset()).is_some() {
            writer.push(location, &frame, payload)?;
        }
    }
    match live.next() {
        None => writer.finish(header, last),
        Some(_) => Err(ErrorKind::InvalidData.into()),
    }
}

/// Live records of one segment, as far as it was read.
struct LiveRecords<'log> {
    log: &'log SegmentedLog,
    segment: u32,
    /// End of the log that was flushed at the beginning.
    flushed: Location,
    runs: Arc<Vec<Arc<Run>>>,
    /// Offsets of the live records.
    live: Vec<u32>,
    /// Location up to which the index has everything, whatever happens; known when it was asked for.
    indexed: Option<Location>,
    /// Deletions of streams that have nothing before them any more.
    done: Vec<(Arc<LogService>, String, Location)>,
}

impl<'log> LiveRecords<'log> {
    fn new(log: &'log SegmentedLog, segment: u32) -> Self {
        let state = log.state.lock();
        let (flushed, runs) = (state.flushed, Arc::clone(&state.runs));
        let (live, done) = (Vec::new(), Vec::new());
        Self { log, segment, flushed, runs, live, indexed: None, done }
    }

    /// Whether the next record is alive.
    fn is_alive(&mut self, record: &LocatedRecord) -> Result<bool, StorageError> {
        let RecordView { service, operation } = record.view()?;
        if matches!(operation, RecordOperation::Start) {
            return Ok(false);
        }
        let service = self.log.service(name(service)?)?;
        let spaces = service.spaces;
        let is_alive = match operation {
            RecordOperation::Start | RecordOperation::Documents(_) => false,
            RecordOperation::Append(_) | RecordOperation::Snapshot { .. }
                if kernel::defects::planted("compaction_drops_live") =>
            {
                false
            }
            RecordOperation::Append(append) => self
                .deletion(&service, name(append.stream)?)
                .is_none_or(|deletion| record.location > deletion),
            RecordOperation::Value { key, entry } => {
                let (kind, key) = (EntryKind::Value, RecordName::Plain(name(key)?));
                let swept = self.log.lock().service(&service).swept;
                let is_there = entry
                    .is_some_and(|it| swept.2 >= self.flushed || !is_swept(record, &it, swept));
                // Most values are remembered for a time and never replaced: they wait for the sweep, and nothing is looked up.
                if is_there && entry.is_some_and(|it| it.expires_at.is_some()) {
                    return Ok(true);
                }
                self.shows(&service, record, (kind, key), is_there)?
            }
            RecordOperation::Snapshot { name: it, .. } => {
                let key = RecordName::Plain(name(it)?);
                self.shows(&service, record, (EntryKind::Snapshot, key), true)?
            }
            RecordOperation::Sweep { .. } => {
                let (.., last) = self.log.lock().service(&service).swept;
                last <= record.location || last >= self.flushed
            }
            RecordOperation::DeleteStream { stream } => {
                let (key, stream) = (self.log.hash.of(stream), name(stream)?);
                let is_last =
                    self.deletion(&service, stream).is_none_or(|last| last <= record.location);
                let from = lowest(EntryKind::Stream.of(spaces), key, 0);
                let hides = is_last && self.has_before(from, record.location)?;
                if is_last && !hides {
                    self.done.push((Arc::clone(&service), stream.to_owned(), record.location));
                }
                hides
            }
        };
        if is_alive {
            return Ok(true);
        }
        for write in record.documents()? {
            let document = (EntryKind::Document, RecordName::Document(write.collection, write.key));
            if self.shows(&service, record, document, write.document.is_some())?
                || (write.document.is_none() && !self.is_indexed(record.location)?)
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether the index has everything before this location for good.
    fn is_indexed(&mut self, location: Location) -> Result<bool, StorageError> {
        let indexed = match self.indexed {
            Some(indexed) => indexed,
            None => Location(self.log.index.durable_mark()?.unwrap_or(0)),
        };
        self.indexed = Some(indexed);
        Ok(location < indexed)
    }

    /// Flushed deletion of a stream.
    fn deletion(&self, service: &LogService, stream: &str) -> Option<Location> {
        let mut guard = self.log.lock();
        let deletion = guard.service(service).deleted.get(stream)?;
        Some(deletion.location).filter(|location| *location < self.flushed)
    }

    /// Whether a name has the state that this record gave it, which is nothing unless `is_there`, and would have another one
    /// without it.
    fn shows(
        &self,
        service: &LogService,
        record: &LocatedRecord,
        (kind, name): (EntryKind, RecordName<'_>),
        is_there: bool,
    ) -> Result<bool, StorageError> {
        let key = match name {
            RecordName::Plain(name) => self.log.hash.of(name.as_bytes()),
            RecordName::Document(collection, key) => self.log.hash.document(collection, key),
        };
        let wanted = RecordRequest { service, kind, name, key, after: record.position };
        let (guard, newer) = self.log.newest(&wanted, |log| Ok(log.lock()))?;
        drop(guard);
        if newer.is_some_and(|newer| newer.location < self.flushed) {
            return Ok(false);
        }
        Ok(is_there || self.has_before(lowest(kind.of(service.spaces), key, 0), record.location)?)
    }

    /// Whether there are records of a key before a location that were not dropped. Names whose hashes collide count as one.
    fn has_before(&self, from: IndexEntry, before: Location) -> Result<bool, StorageError> {
        let until = highest(from.space, from.key);
        for run in self.runs.iter().filter(|run| run.first <= before.segment()) {
            if !run.may_contain(&from) {
                continue;
            }
            for entry in run.between(from, until) {
                let location = entry.map_err(|error| run_error(&error))?.location;
                if location < before && self.is_left(location)? {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    fn is_left(&self, location: Location) -> Result<bool, StorageError> {
        if location.segment() == self.segment {
            return Ok(self.live.binary_search(&location.offset()).is_ok());
        }
        self.log.segments.contains(location)
    }

    /// Takes from memory the deletions that the segment no longer has.
    fn forget(self) {
        let mut state = self.log.state.lock();
        for (service, stream, location) in self.done {
            let service = &mut state.services[service.index];
            if service.deleted.get(&stream).is_some_and(|last| last.location == location) {
                service.deleted.remove(&stream);
                service.deletions_forgotten += 1;
            }
        }
    }
}

fn name(bytes: &[u8]) -> Result<&str, StorageError> {
    text(bytes).ok_or_else(|| StorageError::Corrupt("a name in the log is no text".to_owned()))
}
