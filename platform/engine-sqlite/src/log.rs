//! The log: decisions take their place in one order here, under one lock, and wait for the writer.

use crate::{
    backlog::{APPLY_WRITES, Portion},
    operation::{Operation, Queued},
    options::Options,
    readers::Readers,
    reserve::Reserve,
    schema::{self, Contents},
    service::{Service, ServiceState},
    statistics::Counters,
};
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

#[derive(Debug)]
pub(crate) struct Log {
    /// How far it is flushed.
    pub(crate) tail: Arc<Watermark>,
    /// How far the tables have it.
    applied: Arc<Watermark>,
    pub(crate) readers: Readers,
    pub(crate) counters: Counters,
    pub(crate) options: Options,
    pub(crate) pace: Pace,
    reserve: Reserve,
    state: Mutex<State>,
    /// There is something to flush, or no more will come.
    work: Condvar,
    services: Mutex<HashMap<&'static str, Arc<Service>>>,
    /// The services found in the database when it was opened, and the last position of each.
    found: HashMap<String, Position>,
    /// The names of the tables that are in the database.
    tables: RwLock<HashSet<String>>,
    /// Why a flush failed.
    failed: watch::Sender<Option<String>>,
    /// Whether the writer has let go of the file.
    freed: watch::Sender<bool>,
}

#[derive(Debug)]
struct State {
    /// The last place taken.
    position: Position,
    queue: Vec<Queued>,
    queue_bytes: usize,
    /// Since when something is queued.
    queued_since: Instant,
    /// Somebody waits for a flush of everything up to here.
    wanted: Position,
    /// The writer has seen the queue and waits for somebody who wants it flushed.
    lingers: bool,
    /// Somebody waits for the tables to have everything up to here.
    demanded: Position,
    phase: Phase,
    services: Vec<ServiceState>,
}

#[derive(Debug, PartialEq, Eq)]
enum Phase {
    Open,
    /// Nothing more is taken; what is queued is still flushed.
    Closed,
    /// A flush failed, for this reason: what was not flushed is lost.
    Failed(String),
}

/// What nobody waits for is flushed after this time. A request makes many writes before its answer waits for them: one
/// flush for all of them is cheaper than one for the first and one for the rest, and the answer leaves no later.
const UNWANTED_LINGER: Duration = Duration::from_millis(5);

/// When a batch is flushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// The moment the flush before it is done and somebody waits for it.
    AtOnce,
    /// When some has come together.
    Lagging,
}

/// What the writer is to do next.
pub(crate) enum Work {
    /// Flush these, of so many bytes.
    Batch(Vec<Queued>, usize),
    /// Bring what is flushed into the tables.
    Tables(Portion),
    /// No more will come.
    End,
}

/// A decision under way: nobody else decides meanwhile.
pub(crate) struct Deciding<'log> {
    log: &'log Log,
    state: MutexGuard<'log, State>,
}

impl Log {
    /// The log of the database at `path`, in which this was found.
    pub(crate) fn new(
        folder: &Path,
        path: &Path,
        contents: Contents,
        options: Options,
        pace: Pace,
    ) -> Self {
        let Contents { journals, tables } = contents;
        let position = journals.iter().map(|(_, last)| *last).max().unwrap_or(0);
        let state = State {
            position,
            queue: Vec::new(),
            queue_bytes: 0,
            queued_since: Instant::now(),
            wanted: 0,
            lingers: false,
            demanded: 0,
            phase: Phase::Open,
            services: Vec::new(),
        };
        Self {
            tail: Watermark::at(position),
            applied: Watermark::at(position),
            readers: Readers::new(path),
            counters: Counters::default(),
            reserve: Reserve::new(folder, options.disk_reserve_bytes),
            options,
            pace,
            state: Mutex::new(state),
            work: Condvar::new(),
            services: Mutex::default(),
            found: journals.into_iter().collect(),
            tables: RwLock::new(tables),
            failed: watch::Sender::new(None),
            freed: watch::Sender::new(false),
        }
    }

    /// The service of this name; the same one each time.
    pub(crate) fn service(&self, name: &'static str) -> Arc<Service> {
        let mut services = self.services.lock();
        let service = services.entry(name).or_insert_with(|| {
            let mut state = self.state.lock();
            let index = state.services.len();
            let found = self.found.get(&schema::part(name)).copied();
            state.services.push(ServiceState::new(self.options.heads_max, found.unwrap_or(0)));
            Arc::new(Service::new(name, index, found))
        });
        Arc::clone(service)
    }

    /// Whether there is a table of this name.
    pub(crate) fn has_table(&self, name: &str) -> bool {
        self.tables.read().contains(name)
    }

    /// These tables are in the database. For the writer.
    pub(crate) fn made(&self, tables: Vec<String>) {
        if !tables.is_empty() {
            self.tables.write().extend(tables);
        }
    }

    /// Begins a decision, unless nothing may be written now.
    pub(crate) fn decide(&self) -> Result<Deciding<'_>, StorageError> {
        if !self.reserve.has_room(self.counters.growth_bytes()) {
            return Err(StorageError::Full);
        }
        let state = self.state.lock();
        match &state.phase {
            Phase::Open => {}
            Phase::Closed => {
                return Err(StorageError::Unavailable("the engine is closed".to_owned()));
            }
            Phase::Failed(reason) => return Err(StorageError::Unavailable(reason.clone())),
        }
        if state.queue.len() >= self.options.queue_writes_max
            || state.queue_bytes >= self.options.queue_bytes_max
        {
            return Err(StorageError::Unavailable("too many writes wait for the disk".to_owned()));
        }
        Ok(Deciding { log: self, state })
    }

    /// Queues what needs no decision.
    pub(crate) fn queue(
        &self,
        service: &Arc<Service>,
        operation: Operation,
    ) -> Result<Commit, StorageError> {
        Ok(self.decide()?.take(service, 1, operation))
    }

    /// Looks at a service's state, or keeps in it what was read, without deciding anything.
    pub(crate) fn look<T>(
        &self,
        service: &Service,
        look: impl FnOnce(&mut ServiceState) -> T,
    ) -> T {
        look(&mut self.state.lock().services[service.index])
    }

    /// The commit of what stands at `position`, touched in the running scope.
    pub(crate) fn commit(&self, position: Position) -> Commit {
        let commit = Commit::at(&self.tail, position);
        durability::depend_on(&commit);
        commit
    }

    /// Waits until the tables have everything of this collection that is flushed now.
    pub(crate) async fn tables_have(
        &self,
        service: &Service,
        collection: &str,
    ) -> Result<(), StorageError> {
        if self.look(service, |state| state.lacks_documents(collection)) {
            self.tables_have_all().await?;
        }
        Ok(())
    }

    /// Waits until the tables have everything that is flushed now.
    pub(crate) async fn tables_have_all(&self) -> Result<(), StorageError> {
        let flushed = self.tail.flushed();
        self.demand(flushed);
        self.work.notify_all();
        let lost = |voided: CommitError| StorageError::Unavailable(voided.to_string());
        self.applied.wait_for(flushed).await.map_err(lost)
    }

    /// Somebody waits for a flush of everything up to here.
    pub(crate) fn want(&self, position: Position) {
        let mut state = self.state.lock();
        state.wanted = state.wanted.max(position);
        let lingers = state.lingers;
        drop(state);
        if lingers {
            self.work.notify_one();
        }
    }

    fn demand(&self, position: Position) {
        let mut state = self.state.lock();
        state.demanded = state.demanded.max(position);
    }

    /// Waits for work. What is flushed is due to be brought into the tables in `due`, `None` when there is nothing
    /// to bring; a slice of it at once when there is nothing to flush and `has_slice`. For the writer.
    pub(crate) fn next_work(&self, due: Option<Duration>, has_slice: bool) -> Work {
        let asked = Instant::now();
        let mut state = self.state.lock();
        loop {
            let due = due.map(|due| due.saturating_sub(asked.elapsed()));
            let demanded = due.is_some() && state.demanded > self.applied.flushed();
            if demanded || due.is_some_and(|due| due.is_zero()) {
                return Work::Tables(Portion::All);
            }
            let is_open = state.phase == Phase::Open;
            let linger = match (state.queue.len(), self.pace) {
                (1..APPLY_WRITES, Pace::Lagging) if is_open => self.options.bulk_linger,
                (1..APPLY_WRITES, Pace::AtOnce)
                    if is_open && state.wanted <= self.tail.flushed() =>
                {
                    UNWANTED_LINGER
                }
                _ => Duration::ZERO,
            };
            let linger = linger.saturating_sub(state.queued_since.elapsed());
            if !state.queue.is_empty() && linger.is_zero() {
                let capacity = state.queue.len();
                let batch = std::mem::replace(&mut state.queue, Vec::with_capacity(capacity));
                return Work::Batch(batch, std::mem::take(&mut state.queue_bytes));
            }
            if !is_open {
                return Work::End;
            }
            if has_slice {
                return Work::Tables(Portion::Slice);
            }
            let linger = (!linger.is_zero()).then_some(linger);
            state.lingers = linger.is_some();
            match due.into_iter().chain(linger).min() {
                None => self.work.wait(&mut state),
                Some(pause) => drop(self.work.wait_for(&mut state, pause)),
            }
            state.lingers = false;
        }
    }

    /// The batch is on the disk. For the writer.
    pub(crate) fn flushed(&self, batch: &[Queued], bytes: usize) {
        let Some(last) = batch.last() else { return };
        let appended = |queued: &Queued| matches!(queued.operation, Operation::Append { .. });
        let mut state = self.state.lock();
        for queued in batch {
            state.services[queued.service.index].flushed(queued);
        }
        drop(state);
        for queued in batch {
            queued.service.created.store(true, Ordering::Release);
            if appended(queued) {
                queued.service.last_position.store(queued.position, Ordering::Release);
            }
        }
        self.tail.advance(last.position);
        for queued in batch.iter().filter(|queued| appended(queued)) {
            queued.service.followed.advance(queued.position);
        }
        self.reserve.written(bytes);
    }

    /// These are in the tables. For the writer.
    pub(crate) fn settle(&self, applied: &[Queued]) {
        let Some(last) = applied.last() else { return };
        let mut state = self.state.lock();
        for queued in applied {
            state.services[queued.service.index].settle(queued);
        }
        drop(state);
        self.applied.advance(last.position);
    }

    /// A flush failed: whatever is not on the disk is lost, and nothing more is taken. For the writer.
    pub(crate) fn fail(&self, reason: &str) {
        tracing::error!(
            reason,
            "a flush failed: what was not flushed is lost, nothing more is written"
        );
        self.state.lock().phase = Phase::Failed(reason.to_owned());
        self.tail.void();
        self.applied.void();
        self.readers.close();
        self.failed.send_replace(Some(reason.to_owned()));
    }

    /// Takes no more; what is queued is still flushed.
    pub(crate) fn close(&self) {
        let mut state = self.state.lock();
        if state.phase == Phase::Open {
            state.phase = Phase::Closed;
        }
        drop(state);
        self.work.notify_all();
    }

    /// The writer has ended and the file is free. For the writer.
    pub(crate) fn free(&self) {
        self.readers.close();
        self.freed.send_replace(true);
    }

    /// Returns when the writer has ended, with the reason if it was a failure.
    pub(crate) async fn freed(&self) -> Option<String> {
        // The sender is a part of `self` and so outlives this.
        let _ = self.freed.subscribe().wait_for(|freed| *freed).await;
        self.failed.borrow().clone()
    }

    /// Returns when a flush has failed, with the reason.
    pub(crate) async fn failed(&self) -> String {
        let mut failed = self.failed.subscribe();
        let reason = failed.wait_for(Option::is_some).await.ok().and_then(|reason| reason.clone());
        match reason {
            Some(reason) => reason,
            None => std::future::pending().await,
        }
    }
}

impl Deciding<'_> {
    pub(crate) fn state(&mut self, service: &Service) -> &mut ServiceState {
        &mut self.state.services[service.index]
    }

    /// The place the next write will have.
    pub(crate) fn next_position(&self) -> Position {
        self.state.position + 1
    }

    /// Takes so many places for this operation and hands it to the writer.
    pub(crate) fn take(
        mut self,
        service: &Arc<Service>,
        places: u64,
        operation: Operation,
    ) -> Commit {
        self.state.position += places;
        let position = self.state.position;
        self.state.queue_bytes += operation.bytes();
        self.state.queue.push(Queued { position, service: Arc::clone(service), operation });
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
        log.commit(position)
    }
}
