//! Log: the queue in front of the writer, and what is in memory of it. Decisions take their positions and locations in one order
//! here, under one lock.

use crate::{
    background::INDEX_BYTES,
    compaction::CompactionRequest,
    frame::{Location, SEGMENT_HEADER_BYTES, frame_bytes},
    index::{self, EntryKind, EntryNames, IndexEntry, KeyHash, highest, lowest},
    options::LogOptions,
    record::{LocatedRecord, RecordOperation, RecordView, text},
    run::Run,
    segments::Segments,
    service::{Deletion, LogService, MemoryDocument, ServiceMemory},
    work_signal::{Due, WorkMode, WorkSignal},
};
use bytes::Bytes;
use data_folder::{DiskReserve, WriterCounters};
use document_index::DocumentIndex;
use journal::{Position, TypedEvent};
use parking_lot::{Mutex, MutexGuard};
use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use storage::{Commit, StorageError, Watermark, durability};
use tokio::{sync::watch, time::Instant};

/// Log of all services of a process.
#[derive(Debug)]
pub(crate) struct SegmentedLog {
    /// High-watermark: the position up to which the log is flushed.
    pub(crate) watermark: Arc<Watermark>,
    /// Position up to which the documents of the log are in the index.
    pub(crate) indexed: Arc<Watermark>,
    pub(crate) segments: Segments,
    pub(crate) index: Arc<dyn DocumentIndex>,
    pub(crate) hash: KeyHash,
    pub(crate) folder: PathBuf,
    pub(crate) counters: WriterCounters,
    pub(crate) options: LogOptions,
    flush_policy: FlushPolicy,
    pub(crate) reserve: DiskReserve,
    pub(crate) state: Mutex<SharedState>,
    /// Signals the writer that there is something to flush, or room for it, or that the log is closed.
    pub(crate) flush_work: WorkSignal,
    /// Signals the indexer and the keeper that there is work for them.
    pub(crate) index_work: WorkSignal,
    pub(crate) keeper_work: WorkSignal,
    /// Held while a segment is compacted, and by whoever needs all of them as they are.
    pub(crate) compaction: Mutex<()>,
    services: Mutex<HashMap<String, Arc<LogService>>>,
    /// Reason of the failure of a flush.
    failure: watch::Sender<Option<String>>,
    /// Whether the writer has ended and released the folder.
    stopped: watch::Sender<bool>,
}

#[derive(Debug)]
pub(crate) struct SharedState {
    /// Last position taken, and the location of the next record.
    pub(crate) position: Position,
    pub(crate) tail: Location,
    /// Location and position up to which the log is flushed.
    pub(crate) flushed: Location,
    pub(crate) flushed_position: Position,
    pub(crate) queue: Vec<QueuedRecord>,
    pub(crate) queue_bytes: usize,
    /// When the queue last became non-empty.
    queued_since: Instant,
    /// Highest position whose flush is awaited.
    flush_requested: Position,
    /// Whether the writer lingers: it has seen the queue, and waits for a request to flush it.
    is_lingering: bool,
    pub(crate) phase: LifeCycle,
    pub(crate) services: Vec<ServiceMemory>,
    /// Index entries of the segments that have no run yet, the oldest first; records enter the last.
    pub(crate) memory: VecDeque<MemoryIndex>,
    /// Runs of the segments before, the oldest first.
    pub(crate) runs: Arc<Vec<Arc<Run>>>,
    /// Newest records in the order of their locations: all that are not flushed, and more.
    pub(crate) recent: VecDeque<Arc<LocatedRecord>>,
    recent_bytes: usize,
    /// Flushed records with documents, for the indexer.
    pub(crate) unindexed: Vec<QueuedRecord>,
    pub(crate) unindexed_bytes: usize,
    /// Highest position whose documents a query waits for.
    pub(crate) index_requested: Position,
    /// Requests to look at every segment for what can be given back.
    pub(crate) compactions: Vec<CompactionRequest>,
    /// Whether the writer has ended: the indexer and the keeper end, too.
    pub(crate) is_ending: bool,
}

impl SharedState {
    /// Asks the indexer for the documents up to a position at once. It has to be notified.
    pub(crate) fn request_index(&mut self, position: Position) {
        self.index_requested = self.index_requested.max(position);
    }
}

/// Index entries of one segment in memory.
#[derive(Debug)]
pub(crate) struct MemoryIndex {
    pub(crate) segment: u32,
    /// Last position before the segment.
    pub(crate) before: Position,
    pub(crate) entries: Arc<BTreeSet<IndexEntry>>,
}

/// Record with the service that it belongs to.
#[derive(Clone, Debug)]
pub(crate) struct QueuedRecord {
    pub(crate) record: Arc<LocatedRecord>,
    pub(crate) service: Arc<LogService>,
    pub(crate) is_append: bool,
    pub(crate) has_documents: bool,
}

/// Records that are flushed at once, and the bytes of their payloads.
pub(crate) type FlushBatch = (Vec<QueuedRecord>, usize);

/// Life cycle of a log.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum LifeCycle {
    Open,
    /// Writes are refused; what is queued is still flushed.
    Closed,
    /// A flush failed, for this reason: what was not flushed is lost.
    Failed(String),
}

/// When what is queued is flushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FlushPolicy {
    /// As soon as somebody waits for it, or after [`UNAWAITED_LINGER`].
    OnDemand,
    /// After this linger, whoever waits: bulk data is flushed seldom, and much at once.
    Linger(Duration),
}

/// Linger of writes whose flush is not awaited (ADR 8).
const UNAWAITED_LINGER: Duration = Duration::from_millis(5);
/// Size of the queue, in writes, from which it is flushed at once.
const FLUSH_WRITES: usize = 512;

/// What is written, besides its location and position.
#[derive(Debug)]
pub(crate) struct NewRecord {
    pub(crate) payload: Bytes,
    /// Hash of the name that the record is found by.
    pub(crate) key: u64,
    /// Hashes of the documents that it writes to.
    pub(crate) documents: Vec<u64>,
    pub(crate) typed: Vec<TypedEvent>,
    pub(crate) positions: u64,
    pub(crate) is_append: bool,
}

impl NewRecord {
    /// Record that is no append and has no documents.
    pub(crate) fn plain(payload: Bytes, key: u64) -> Self {
        Self {
            payload,
            key,
            documents: Vec::new(),
            typed: Vec::new(),
            positions: 1,
            is_append: false,
        }
    }
}

/// Exclusive access to the state: what it reads cannot change before it enqueues its decision.
pub(crate) struct LogGuard<'log> {
    log: &'log SegmentedLog,
    pub(crate) state: MutexGuard<'log, SharedState>,
}

/// What recovery hands over to a log.
#[derive(Debug)]
pub(crate) struct RecoveredLog {
    pub(crate) segments: Segments,
    pub(crate) index: Arc<dyn DocumentIndex>,
    pub(crate) hash: KeyHash,
    pub(crate) position: Position,
    pub(crate) tail: Location,
    pub(crate) memory: VecDeque<MemoryIndex>,
    pub(crate) runs: Vec<Arc<Run>>,
}

impl SegmentedLog {
    pub(crate) fn new(
        folder: &Path,
        recovered: RecoveredLog,
        options: LogOptions,
        flush_policy: FlushPolicy,
        work_mode: WorkMode,
    ) -> Self {
        let RecoveredLog { segments, index, hash, position, tail, memory, runs } = recovered;
        let state = SharedState {
            position,
            tail,
            flushed: tail,
            flushed_position: position,
            queue: Vec::new(),
            queue_bytes: 0,
            queued_since: Instant::now(),
            flush_requested: 0,
            is_lingering: false,
            phase: LifeCycle::Open,
            services: Vec::new(),
            memory,
            runs: Arc::new(runs),
            recent: VecDeque::new(),
            recent_bytes: 0,
            unindexed: Vec::new(),
            unindexed_bytes: 0,
            index_requested: 0,
            compactions: Vec::new(),
            is_ending: false,
        };
        Self {
            watermark: Watermark::at(position),
            indexed: Watermark::at(position),
            segments,
            index,
            hash,
            folder: folder.to_owned(),
            counters: WriterCounters::default(),
            reserve: DiskReserve::new(folder, options.disk_reserve_bytes),
            options,
            flush_policy,
            state: Mutex::new(state),
            flush_work: WorkSignal::new(work_mode),
            index_work: WorkSignal::new(work_mode),
            keeper_work: WorkSignal::new(work_mode),
            compaction: Mutex::new(()),
            services: Mutex::default(),
            failure: watch::Sender::new(None),
            stopped: watch::Sender::new(false),
        }
    }

    /// Service of this name; the same one each time.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when what the log has of it cannot be read.
    pub(crate) fn service(&self, name: &str) -> Result<Arc<LogService>, StorageError> {
        let mut services = self.services.lock();
        if let Some(service) = services.get(name) {
            return Ok(Arc::clone(service));
        }
        let spaces = self.hash.spaces(name.as_bytes());
        let mut state = ServiceMemory {
            last_event: 0,
            deleted: HashMap::new(),
            deletions_forgotten: 0,
            swept: (0, 0, Location(0)),
            documents: HashMap::default(),
        };
        // Nobody writes to the service yet, so nothing changes meanwhile.
        let last = self.last_of(
            name,
            lowest(EntryKind::Event.of(spaces), 0, 0),
            highest(EntryKind::Event.of(spaces), u64::MAX),
        )?;
        state.last_event = last.map_or(0, |record| record.position);
        let sweeps = EntryKind::Sweep.of(spaces);
        if let Some(record) = self.last_of(name, lowest(sweeps, 0, 0), highest(sweeps, 0))?
            && let RecordOperation::Sweep { key, order } = record.view()?.operation
        {
            state.swept = (key, order, record.location);
        }
        let deletions = EntryKind::Deletion.of(spaces);
        let (_, found) = self.gather(
            (lowest(deletions, 0, 0), highest(deletions, 0)),
            Location(0),
            usize::MAX,
            |_, _| true,
        )?;
        for record in found.into_iter().filter_map(|(_, record)| record) {
            let RecordView { service, operation: RecordOperation::DeleteStream { stream } } =
                record.view()?
            else {
                continue;
            };
            if service == name.as_bytes()
                && let Some(stream) = text(stream)
            {
                let deletion = Deletion { location: record.location, position: record.position };
                state.deleted.insert(stream.to_owned(), deletion);
            }
        }
        let mut log = self.state.lock();
        let (index, last) = (log.services.len(), state.last_event);
        log.services.push(state);
        let service = Arc::new(LogService {
            name: name.to_owned(),
            index,
            spaces,
            last_position: AtomicU64::new(last),
            events_watermark: Watermark::at(last),
            documents: Arc::clone(&self.index).service(name),
        });
        services.insert(name.to_owned(), Arc::clone(&service));
        Ok(service)
    }

    /// Size of flushed documents, in bytes, from which they enter the index without delay.
    pub(crate) fn index_bytes(&self) -> usize {
        INDEX_BYTES.min(self.options.unindexed_bytes_max)
    }

    /// Access to the state for reading.
    pub(crate) fn lock(&self) -> LogGuard<'_> {
        LogGuard { log: self, state: self.state.lock() }
    }

    /// Begins a write: takes the lock under which the caller decides and enqueues.
    ///
    /// # Errors
    ///
    /// [`StorageError::Full`] when the disk has reached its reserve; [`StorageError::Refused`] when the queue is full;
    /// [`StorageError::Unavailable`] when the log is closed or has failed.
    pub(crate) fn begin_write(&self) -> Result<LogGuard<'_>, StorageError> {
        let has_room = self.reserve.has_room(self.counters.growth_bytes());
        let guard = self.lock();
        match &guard.state.phase {
            LifeCycle::Open => {}
            LifeCycle::Closed => {
                return Err(StorageError::Unavailable("the engine is closed".to_owned()));
            }
            LifeCycle::Failed(reason) => return Err(StorageError::Unavailable(reason.clone())),
        }
        if !has_room {
            return Err(StorageError::Full);
        }
        let LogOptions { queue_writes_max, queue_bytes_max, .. } = self.options;
        if guard.state.queue.len() >= queue_writes_max || guard.state.queue_bytes >= queue_bytes_max
        {
            return Err(StorageError::Refused("too many writes wait for the disk".to_owned()));
        }
        Ok(guard)
    }

    /// Commit of the write at `position`, added to the running durability scope.
    pub(crate) fn commit_at(&self, position: Position) -> Commit {
        let commit = Commit::at(&self.watermark, position);
        durability::depend_on(&commit);
        commit
    }

    /// Requests a flush up to `position`, because a task waits for it.
    pub(crate) fn request_flush(&self, position: Position) {
        let mut state = self.state.lock();
        state.flush_requested = state.flush_requested.max(position);
        let is_lingering = state.is_lingering;
        drop(state);
        if is_lingering {
            self.flush_work.notify();
        }
    }

    /// Next batch of the writer, with its bytes; there is none when the log is closed and nothing is queued.
    pub(crate) fn due_batch(&self, state: &mut SharedState) -> Due<FlushBatch> {
        let is_open = state.phase == LifeCycle::Open;
        let is_awaited = state.flush_requested > self.watermark.flushed();
        let linger = match (state.queue.len(), self.flush_policy) {
            (1..FLUSH_WRITES, FlushPolicy::Linger(linger)) if is_open => linger,
            (1..FLUSH_WRITES, FlushPolicy::OnDemand) if is_open && !is_awaited => UNAWAITED_LINGER,
            _ => Duration::ZERO,
        };
        let linger = linger.saturating_sub(state.queued_since.elapsed());
        state.is_lingering = !linger.is_zero();
        let has_room = state.unindexed_bytes < self.options.unindexed_bytes_max;
        if !state.queue.is_empty() && linger.is_zero() && has_room {
            let capacity = state.queue.len();
            let batch = std::mem::replace(&mut state.queue, Vec::with_capacity(capacity));
            return Due::Now((batch, std::mem::take(&mut state.queue_bytes)));
        }
        if !is_open && (state.queue.is_empty() || state.phase != LifeCycle::Closed) {
            return Due::Never;
        }
        Due::Later((!linger.is_zero()).then_some(linger))
    }

    /// Publishes a batch that the writer has flushed up to this location.
    pub(crate) fn mark_flushed(
        &self,
        batch: &[QueuedRecord],
        end: Location,
        bytes: usize,
    ) -> Result<(), StorageError> {
        let Some(last) = batch.last() else { return Ok(()) };
        let mut state = self.state.lock();
        let (unindexed, unindexed_bytes) = (state.unindexed.len(), state.unindexed_bytes);
        for queued in batch.iter().filter(|queued| queued.has_documents) {
            let record = &queued.record;
            for write in record.documents()? {
                let body = write.document.map(|(body, _)| record.payload.slice_ref(body));
                let newest = MemoryDocument { position: record.position, body };
                let documents = &mut state.services[queued.service.index].documents;
                if !documents.contains_key(write.collection) {
                    documents.insert(write.collection.to_owned(), HashMap::default());
                }
                let documents = documents.get_mut(write.collection).expect("it was inserted");
                documents.insert(write.key.to_owned(), newest);
            }
            state.unindexed_bytes += record.payload.len();
            state.unindexed.push(queued.clone());
        }
        let segment = state.flushed.segment();
        (state.flushed, state.flushed_position) = (end, last.record.position);
        while state.recent_bytes > self.options.recent_bytes_max
            && let Some(oldest) = state.recent.front().filter(|oldest| oldest.location < end)
        {
            state.recent_bytes -= oldest.memory_bytes();
            state.recent.pop_front();
        }
        self.counters.set_backlog_bytes(state.unindexed_bytes as u64);
        // The indexer is woken when its work begins and when there is much of it, and not by every flush.
        let is_first = unindexed == 0 && !state.unindexed.is_empty();
        let limit = self.index_bytes();
        let is_large = unindexed_bytes < limit && state.unindexed_bytes >= limit;
        drop(state);
        if is_first || is_large || end.segment() != segment {
            self.index_work.notify();
        }
        if end.segment() != segment || end.offset() > self.segments.bytes(segment) / 2 {
            self.keeper_work.notify();
        }
        let appends = || batch.iter().filter(|queued| queued.is_append);
        for queued in appends() {
            queued.service.last_position.store(queued.record.position, Ordering::Release);
        }
        self.watermark.advance(last.record.position);
        for queued in appends() {
            queued.service.events_watermark.advance(queued.record.position);
        }
        self.reserve.record_written(bytes);
        Ok(())
    }

    /// Fails the log after a flush that failed: whatever is not flushed is lost, and later writes are refused.
    pub(crate) fn fail(&self, reason: &str) {
        tracing::error!(
            reason,
            "a flush failed: unflushed writes are lost, later writes are refused"
        );
        self.state.lock().phase = LifeCycle::Failed(reason.to_owned());
        self.watermark.void();
        self.indexed.void();
        self.failure.send_replace(Some(reason.to_owned()));
        self.flush_work.notify();
    }

    /// Closes the log: later writes are refused; what is queued is still flushed.
    pub(crate) fn close(&self) {
        let mut state = self.state.lock();
        if state.phase == LifeCycle::Open {
            state.phase = LifeCycle::Closed;
        }
        drop(state);
        self.flush_work.notify();
    }

    /// Records that the writer has ended and released the folder.
    pub(crate) fn mark_stopped(&self) {
        self.stopped.send_replace(true);
    }

    /// Waits until the writer has ended; returns the reason if it failed.
    pub(crate) async fn wait_until_stopped(&self) -> Option<String> {
        // The sender is a part of `self` and so outlives the wait.
        let _ = self.stopped.subscribe().wait_for(|stopped| *stopped).await;
        self.failure.borrow().clone()
    }

    /// Waits until a flush fails, and returns the reason.
    pub(crate) async fn failed(&self) -> String {
        let mut failure = self.failure.subscribe();
        let reason = failure.wait_for(Option::is_some).await.ok().and_then(|reason| reason.clone());
        match reason {
            Some(reason) => reason,
            None => std::future::pending().await,
        }
    }
}

impl LogGuard<'_> {
    /// State of a service.
    pub(crate) fn service(&mut self, service: &LogService) -> &mut ServiceMemory {
        &mut self.state.services[service.index]
    }

    /// Enqueues a record for the writer. The commit is added to the running durability scope.
    pub(crate) fn enqueue(
        mut self,
        service: &Arc<LogService>,
        new: NewRecord,
    ) -> Result<(Position, Commit), StorageError> {
        let log = self.log;
        let state = &mut *self.state;
        let NewRecord { payload, key, documents, typed, positions, is_append } = new;
        let tail = state.tail;
        let is_full = tail.offset() as usize + frame_bytes(payload.len())
            > log.segments.bytes(tail.segment()) as usize;
        if is_full && tail.offset() > SEGMENT_HEADER_BYTES {
            state.tail = Location::new(tail.segment() + 1, SEGMENT_HEADER_BYTES);
            let (segment, before) = (state.tail.segment(), state.position);
            state.memory.push_back(MemoryIndex { segment, before, entries: Arc::default() });
        }
        state.position += positions;
        let (position, location) = (state.position, state.tail);
        state.tail = location.after(payload.len());
        let record = Arc::new(LocatedRecord { location, position, payload, typed });
        let view = record.view()?;
        let memory = state.memory.back_mut().expect("there is always an active segment");
        let entries = Arc::make_mut(&mut memory.entries);
        let names = EntryNames { spaces: service.spaces, key, documents: &documents };
        index::entries(names, &view.operation, position, location, |entry| {
            entries.insert(entry);
        });
        let of_service = &mut state.services[service.index];
        match view.operation {
            RecordOperation::Append(_) => of_service.last_event = position,
            RecordOperation::Sweep { key, order } => of_service.swept = (key, order, location),
            RecordOperation::DeleteStream { stream } => {
                let stream = text(stream).expect("it was written from a string");
                of_service.deleted.insert(stream.to_owned(), Deletion { location, position });
            }
            _ => {}
        }
        state.recent_bytes += record.memory_bytes();
        state.recent.push_back(Arc::clone(&record));
        state.queue_bytes += record.payload.len();
        state.queue.push(QueuedRecord {
            record,
            service: Arc::clone(service),
            is_append,
            has_documents: !documents.is_empty(),
        });
        let length = state.queue.len();
        if length == 1 {
            state.queued_since = Instant::now();
        }
        drop(self);
        if length == 1 || length == FLUSH_WRITES {
            log.flush_work.notify();
        }
        Ok((position, log.commit_at(position)))
    }
}
