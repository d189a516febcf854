//! The log: decisions take their place in one order here, under one lock, and wait for the writer.

use crate::{
    operation::{Operation, Queued},
    options::Options,
    readers::Readers,
    reserve::Reserve,
    schema::{self, Tables},
    service::{Service, ServiceState},
    statistics::Counters,
};
use journal::Position;
use parking_lot::{Condvar, Mutex, MutexGuard, RwLock};
use std::{
    collections::HashMap,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};
use storage::{Commit, StorageError, Tail, durability};
use tokio::sync::watch;

#[derive(Debug)]
pub(crate) struct Log {
    pub(crate) tail: Arc<Tail>,
    pub(crate) readers: Readers,
    pub(crate) counters: Counters,
    pub(crate) options: Options,
    reserve: Reserve,
    state: Mutex<State>,
    /// There is something to flush, or no more will come.
    work: Condvar,
    services: Mutex<HashMap<&'static str, Arc<Service>>>,
    /// The services found in the database when it was opened, and the last position of each.
    found: HashMap<String, Position>,
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

/// A decision under way: nobody else decides meanwhile.
pub(crate) struct Deciding<'log> {
    log: &'log Log,
    state: MutexGuard<'log, State>,
}

impl Log {
    /// The log of the database at `path`, in which these journals were found.
    pub(crate) fn new(
        folder: &Path,
        path: &Path,
        journals: Vec<(String, Position)>,
        options: Options,
    ) -> Self {
        let position = journals.iter().map(|(_, last)| *last).max().unwrap_or(0);
        let services = Vec::new();
        let state =
            State { position, queue: Vec::new(), queue_bytes: 0, phase: Phase::Open, services };
        Self {
            tail: Tail::at(position),
            readers: Readers::new(path),
            counters: Counters::default(),
            reserve: Reserve::new(folder, options.disk_reserve_bytes),
            options,
            state: Mutex::new(state),
            work: Condvar::new(),
            services: Mutex::default(),
            found: journals.into_iter().collect(),
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
            state.services.push(ServiceState::new(self.options.heads_max));
            let found = self.found.get(&schema::part(name)).copied();
            Arc::new(Service {
                index,
                tables: Tables::of(name),
                created: AtomicBool::new(found.is_some()),
                last_position: AtomicU64::new(found.unwrap_or(0)),
                followed: Tail::at(found.unwrap_or(0)),
                ready: RwLock::default(),
            })
        });
        Arc::clone(service)
    }

    /// Begins a decision, unless nothing may be written now.
    pub(crate) fn decide(&self) -> Result<Deciding<'_>, StorageError> {
        if !self.reserve.has_room(self.counters.wal_bytes()) {
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

    /// Looks at a service's state without deciding anything.
    pub(crate) fn look<T>(&self, service: &Service, look: impl FnOnce(&ServiceState) -> T) -> T {
        look(&self.state.lock().services[service.index])
    }

    /// The commit of what stands at `position`, touched in the running scope.
    pub(crate) fn commit(&self, position: Position) -> Commit {
        let commit = Commit::at(&self.tail, position);
        durability::touch(&commit);
        commit
    }

    /// Waits for work; `None` when no more will come. For the writer.
    pub(crate) fn next_batch(&self) -> Option<(Vec<Queued>, usize)> {
        let mut state = self.state.lock();
        loop {
            if !state.queue.is_empty() {
                let capacity = state.queue.len();
                let batch = std::mem::replace(&mut state.queue, Vec::with_capacity(capacity));
                return Some((batch, std::mem::take(&mut state.queue_bytes)));
            }
            if state.phase != Phase::Open {
                return None;
            }
            self.work.wait(&mut state);
        }
    }

    /// The batch is on the disk. For the writer.
    pub(crate) fn settle(&self, batch: &[Queued], bytes: usize) {
        let Some(last) = batch.last() else { return };
        let appended = |queued: &Queued| matches!(queued.operation, Operation::Append { .. });
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
        let mut state = self.state.lock();
        for queued in batch {
            state.services[queued.service.index].settle(queued);
        }
    }

    /// A flush failed: whatever is not on the disk is lost, and nothing more is taken. For the writer.
    pub(crate) fn fail(&self, reason: &str) {
        tracing::error!(
            reason,
            "a flush failed: what was not flushed is lost, nothing more is written"
        );
        self.state.lock().phase = Phase::Failed(reason.to_owned());
        self.tail.void();
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
        let writer_may_sleep = self.state.queue.len() == 1;
        let log = self.log;
        drop(self);
        if writer_may_sleep {
            log.work.notify_one();
        }
        log.commit(position)
    }
}
