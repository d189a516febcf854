//! Log: the queue in front of the writer. Decisions take their positions in one order here, under one lock.
//!
//! Two watermarks follow the order: `watermark` (everything up to it is flushed, and so durable) and `applied` (everything
//! up to it is in the tables, and so visible to queries).

use crate::{
    backlog::{APPLY_WRITES, Portion},
    options::Options,
    reader_pool::ReaderPool,
    schema::{self, DatabaseContents},
    service::SqliteService,
    service_state::ServiceState,
    write_operation::{QueuedWrite, WriteOperation},
};
use data_folder::{DiskReserve, WriterCounters};
use journal::Position;
use parking_lot::{Condvar, Mutex, MutexGuard, RwLock};
use std::{
    collections::{HashMap, HashSet},
    path::Path,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use storage::{Commit, CommitError, StorageError, Watermark, durability};
use tokio::{sync::watch, time::Instant};

/// Log of one database.
#[derive(Debug)]
pub(crate) struct SqliteLog {
    /// High-watermark: the position up to which the log is flushed.
    pub(crate) watermark: Arc<Watermark>,
    /// Position up to which the log is applied to the tables.
    applied: Arc<Watermark>,
    pub(crate) readers: ReaderPool,
    pub(crate) counters: WriterCounters,
    pub(crate) options: Options,
    pub(crate) flush_policy: FlushPolicy,
    reserve: DiskReserve,
    state: Mutex<LogState>,
    /// Signals the writer that there is something to flush or to apply, or that the log is closed.
    work: Condvar,
    services: Mutex<HashMap<&'static str, Arc<SqliteService>>>,
    /// Services that the database had when it was opened, with the last position of each.
    stored_positions: HashMap<String, Position>,
    /// Names of the tables in the database.
    tables: RwLock<HashSet<String>>,
    /// Reason of the failure of a flush.
    failure: watch::Sender<Option<String>>,
    /// Whether the writer has ended and closed the file.
    stopped: watch::Sender<bool>,
}

#[derive(Debug)]
struct LogState {
    /// Last position taken.
    position: Position,
    queue: Vec<QueuedWrite>,
    queue_bytes: usize,
    /// When the queue last became non-empty.
    queued_since: Instant,
    /// Highest position whose flush is awaited.
    flush_requested: Position,
    /// Whether the writer lingers: it has seen the queue, and waits for a request to flush it.
    is_lingering: bool,
    /// Highest position whose application to the tables is awaited.
    apply_requested: Position,
    phase: LogPhase,
    services: Vec<ServiceState>,
}

/// Life cycle of a log.
#[derive(Debug, PartialEq, Eq)]
enum LogPhase {
    Open,
    /// Writes are refused; what is queued is still flushed.
    Closed,
    /// A flush failed, for this reason: what was not flushed is lost.
    Failed(String),
}

/// Linger of writes whose flush is not awaited. A request makes many writes before its answer waits for them: one flush for
/// all of them is cheaper than one for the first and one for the rest, and the answer leaves no later.
const UNAWAITED_LINGER: Duration = Duration::from_millis(5);

/// Policy of when a batch is flushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FlushPolicy {
    /// As soon as the previous flush is done and a task waits for this one.
    Immediate,
    /// After [`Options::bulk_linger`], or when the batch is large.
    Lingering,
}

/// Task for the writer.
pub(crate) enum WriterTask {
    /// Flush these writes, of this many bytes.
    Flush(Vec<QueuedWrite>, usize),
    /// Apply flushed writes to the tables.
    Apply(Portion),
    /// Stop: the log is closed, and nothing is queued.
    Stop,
}

/// Exclusive right to write, with the log's lock: what it reads cannot change before it enqueues its decision.
pub(crate) struct WriteGuard<'log> {
    log: &'log SqliteLog,
    state: MutexGuard<'log, LogState>,
}

impl SqliteLog {
    /// Log of the database at `path` with these contents.
    pub(crate) fn new(
        folder: &Path,
        path: &Path,
        contents: DatabaseContents,
        options: Options,
        flush_policy: FlushPolicy,
    ) -> Self {
        let DatabaseContents { journals, tables } = contents;
        let position = journals.iter().map(|(_, last)| *last).max().unwrap_or(0);
        let state = LogState {
            position,
            queue: Vec::new(),
            queue_bytes: 0,
            queued_since: Instant::now(),
            flush_requested: 0,
            is_lingering: false,
            apply_requested: 0,
            phase: LogPhase::Open,
            services: Vec::new(),
        };
        Self {
            watermark: Watermark::at(position),
            applied: Watermark::at(position),
            readers: ReaderPool::new(path),
            counters: WriterCounters::default(),
            reserve: DiskReserve::new(folder, options.disk_reserve_bytes),
            options,
            flush_policy,
            state: Mutex::new(state),
            work: Condvar::new(),
            services: Mutex::default(),
            stored_positions: journals.into_iter().collect(),
            tables: RwLock::new(tables),
            failure: watch::Sender::new(None),
            stopped: watch::Sender::new(false),
        }
    }

    /// Service of this name; the same one each time.
    pub(crate) fn service(&self, name: &'static str) -> Arc<SqliteService> {
        let mut services = self.services.lock();
        let service = services.entry(name).or_insert_with(|| {
            let mut state = self.state.lock();
            let index = state.services.len();
            let stored = self.stored_positions.get(&schema::name_part(name)).copied();
            state.services.push(ServiceState::new(self.options.heads_max, stored.unwrap_or(0)));
            Arc::new(SqliteService::new(name, index, stored))
        });
        Arc::clone(service)
    }

    /// Whether the database has a table of this name.
    pub(crate) fn contains_table(&self, name: &str) -> bool {
        self.tables.read().contains(name)
    }

    /// Records tables that the writer has created.
    pub(crate) fn add_tables(&self, tables: Vec<String>) {
        if !tables.is_empty() {
            self.tables.write().extend(tables);
        }
    }

    /// Begins a write: takes the lock under which the caller decides and enqueues.
    ///
    /// # Errors
    ///
    /// [`StorageError::Full`] when the disk has reached its reserve; [`StorageError::Unavailable`] when the log is closed, has
    /// failed, or its queue is full.
    pub(crate) fn begin_write(&self) -> Result<WriteGuard<'_>, StorageError> {
        let has_room = self.reserve.has_room(self.counters.growth_bytes());
        let state = self.state.lock();
        match &state.phase {
            LogPhase::Open => {}
            LogPhase::Closed => {
                return Err(StorageError::Unavailable("the engine is closed".to_owned()));
            }
            LogPhase::Failed(reason) => return Err(StorageError::Unavailable(reason.clone())),
        }
        if !has_room {
            return Err(StorageError::Full);
        }
        if state.queue.len() >= self.options.queue_writes_max
            || state.queue_bytes >= self.options.queue_bytes_max
        {
            return Err(StorageError::Unavailable("too many writes wait for the disk".to_owned()));
        }
        Ok(WriteGuard { log: self, state })
    }

    /// Enqueues an operation that depends on no state.
    pub(crate) fn enqueue(
        &self,
        service: &Arc<SqliteService>,
        operation: WriteOperation,
    ) -> Result<Commit, StorageError> {
        Ok(self.begin_write()?.enqueue(service, 1, operation))
    }

    /// Runs `work` on a service's state under the lock, outside of any write.
    pub(crate) fn with_state<T>(
        &self,
        service: &SqliteService,
        work: impl FnOnce(&mut ServiceState) -> T,
    ) -> T {
        work(&mut self.state.lock().services[service.index])
    }

    /// Commit of the write at `position`, added to the running durability scope.
    pub(crate) fn commit_at(&self, position: Position) -> Commit {
        let commit = Commit::at(&self.watermark, position);
        durability::depend_on(&commit);
        commit
    }

    /// Waits until every flushed write to this collection is applied.
    pub(crate) async fn wait_until_applied(
        &self,
        service: &SqliteService,
        collection: &str,
    ) -> Result<(), StorageError> {
        if self.with_state(service, |state| state.has_unapplied_documents(collection)) {
            self.wait_until_all_applied().await?;
        }
        Ok(())
    }

    /// Waits until every flushed write is applied.
    pub(crate) async fn wait_until_all_applied(&self) -> Result<(), StorageError> {
        let flushed = self.watermark.flushed();
        self.request_apply(flushed);
        self.work.notify_all();
        let unavailable = |lost: CommitError| StorageError::Unavailable(lost.to_string());
        self.applied.wait_for(flushed).await.map_err(unavailable)
    }

    /// Requests a flush up to `position`, because a task waits for it.
    pub(crate) fn request_flush(&self, position: Position) {
        let mut state = self.state.lock();
        state.flush_requested = state.flush_requested.max(position);
        let is_lingering = state.is_lingering;
        drop(state);
        if is_lingering {
            self.work.notify_one();
        }
    }

    fn request_apply(&self, position: Position) {
        let mut state = self.state.lock();
        state.apply_requested = state.apply_requested.max(position);
    }

    /// Waits for the writer's next task. The backlog is due to be applied in `due` (`None` when it is empty); a slice of it is
    /// applied at once when `has_slice` and there is nothing to flush.
    pub(crate) fn next_task(&self, due: Option<Duration>, has_slice: bool) -> WriterTask {
        let called_at = Instant::now();
        let mut state = self.state.lock();
        loop {
            let due = due.map(|due| due.saturating_sub(called_at.elapsed()));
            let is_requested = due.is_some() && state.apply_requested > self.applied.flushed();
            if is_requested || due.is_some_and(|due| due.is_zero()) {
                return WriterTask::Apply(Portion::All);
            }
            let is_open = state.phase == LogPhase::Open;
            let linger = match (state.queue.len(), self.flush_policy) {
                (1..APPLY_WRITES, FlushPolicy::Lingering) if is_open => self.options.bulk_linger,
                (1..APPLY_WRITES, FlushPolicy::Immediate)
                    if is_open && state.flush_requested <= self.watermark.flushed() =>
                {
                    UNAWAITED_LINGER
                }
                _ => Duration::ZERO,
            };
            let linger = linger.saturating_sub(state.queued_since.elapsed());
            if !state.queue.is_empty() && linger.is_zero() {
                let capacity = state.queue.len();
                let batch = std::mem::replace(&mut state.queue, Vec::with_capacity(capacity));
                return WriterTask::Flush(batch, std::mem::take(&mut state.queue_bytes));
            }
            if !is_open {
                return WriterTask::Stop;
            }
            if has_slice {
                return WriterTask::Apply(Portion::Slice);
            }
            let linger = (!linger.is_zero()).then_some(linger);
            state.is_lingering = linger.is_some();
            match due.into_iter().chain(linger).min() {
                None => self.work.wait(&mut state),
                Some(pause) => drop(self.work.wait_for(&mut state, pause)),
            }
            state.is_lingering = false;
        }
    }

    /// Publishes a batch that the writer has flushed.
    pub(crate) fn mark_flushed(&self, batch: &[QueuedWrite], bytes: usize) {
        let Some(last) = batch.last() else { return };
        let is_append =
            |queued: &QueuedWrite| matches!(queued.operation, WriteOperation::Append { .. });
        let mut state = self.state.lock();
        for queued in batch {
            state.services[queued.service.index].mark_flushed(queued);
        }
        drop(state);
        for queued in batch {
            queued.service.created.store(true, Ordering::Release);
            if is_append(queued) {
                queued.service.last_position.store(queued.position, Ordering::Release);
            }
        }
        self.watermark.advance(last.position);
        for queued in batch.iter().filter(|queued| is_append(queued)) {
            queued.service.events_watermark.advance(queued.position);
        }
        self.reserve.record_written(bytes);
    }

    /// Records that the writer has applied these to the tables.
    pub(crate) fn mark_applied(&self, applied: &[QueuedWrite]) {
        let Some(last) = applied.last() else { return };
        let mut state = self.state.lock();
        for queued in applied {
            state.services[queued.service.index].mark_applied(queued);
        }
        drop(state);
        self.applied.advance(last.position);
    }

    /// Fails the log after a flush that failed: whatever is not flushed is lost, and later writes are refused.
    pub(crate) fn fail(&self, reason: &str) {
        tracing::error!(
            reason,
            "a flush failed: unflushed writes are lost, later writes are refused"
        );
        self.state.lock().phase = LogPhase::Failed(reason.to_owned());
        self.watermark.void();
        self.applied.void();
        self.readers.close();
        self.failure.send_replace(Some(reason.to_owned()));
    }

    /// Closes the log: later writes are refused; what is queued is still flushed.
    pub(crate) fn close(&self) {
        let mut state = self.state.lock();
        if state.phase == LogPhase::Open {
            state.phase = LogPhase::Closed;
        }
        drop(state);
        self.work.notify_all();
    }

    /// Records that the writer has ended and closed the file.
    pub(crate) fn mark_stopped(&self) {
        self.readers.close();
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

impl WriteGuard<'_> {
    /// State of a service.
    pub(crate) fn state(&mut self, service: &SqliteService) -> &mut ServiceState {
        &mut self.state.services[service.index]
    }

    /// Position that the next write will take.
    pub(crate) fn next_position(&self) -> Position {
        self.state.position + 1
    }

    /// Enqueues an operation for the writer, at the next `positions` positions. The commit is added to the running durability
    /// scope.
    pub(crate) fn enqueue(
        mut self,
        service: &Arc<SqliteService>,
        positions: u64,
        operation: WriteOperation,
    ) -> Commit {
        self.state.position += positions;
        let position = self.state.position;
        self.state.queue_bytes += operation.bytes();
        self.state.queue.push(QueuedWrite { position, service: Arc::clone(service), operation });
        let length = self.state.queue.len();
        if length == 1 {
            self.state.queued_since = Instant::now();
        }
        let writer_may_sleep = length == 1 || length == APPLY_WRITES;
        let log = self.log;
        drop(self);
        if writer_may_sleep {
            log.work.notify_one();
        }
        log.commit_at(position)
    }
}
