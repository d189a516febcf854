//! The log all services of the engine share: the order of writes, and how far they are flushed.

use crate::{documents::Records, events::Events, key_value::Values};
use ::journal::{Position, Snapshot};
use parking_lot::Mutex;
use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};
use storage::{Commit, StorageError, Watermark, Write, durability};
use tokio::sync::Notify;

#[derive(Debug, Default)]
pub(crate) struct Log {
    tail: Arc<Watermark>,
    state: Mutex<State>,
    /// Told when something is held back.
    held_back: Notify,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    position: Position,
    flushing: Flushing,
    services: HashMap<&'static str, Service>,
    /// What is decided and not flushed, oldest first.
    pending: VecDeque<Pending>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Flushing {
    #[default]
    AtOnce,
    Held,
    Closed,
}

/// What one service keeps.
#[derive(Debug, Default)]
pub(crate) struct Service {
    /// All that were decided, flushed or not.
    pub(crate) events: Events,
    /// The flushed ones.
    pub(crate) records: Records,
    /// The flushed ones, and what is laid over them until its flush.
    pub(crate) values: Values,
    pub(crate) snapshots: HashMap<String, Snapshot>,
    /// How far this service's events are flushed.
    pub(crate) followed: Arc<Watermark>,
}

#[derive(Debug)]
struct Pending {
    position: Position,
    service: &'static str,
    effect: Effect,
}

/// What a flush makes visible.
#[derive(Debug)]
pub(crate) enum Effect {
    Events(Vec<Write>),
    Documents(Vec<Write>),
    Value { key: String },
    Snapshot { name: String, snapshot: Snapshot },
}

impl Log {
    pub(crate) fn tail(&self) -> &Arc<Watermark> {
        &self.tail
    }

    /// Looks at a service's data. What is shown and not flushed must be touched by the caller.
    pub(crate) fn read<T>(&self, service: &'static str, look: impl FnOnce(&mut Service) -> T) -> T {
        look(self.state.lock().services.entry(service).or_default())
    }

    /// Decides under the lock; what `decide` leads to takes its place in the order and is touched in the scope.
    /// `decide` gets the position of the last write before it, and returns how many positions it takes.
    pub(crate) fn write<T, E: From<StorageError>>(
        &self,
        service: &'static str,
        decide: impl FnOnce(&mut Service, Position) -> Result<(T, Option<(u64, Effect)>), E>,
    ) -> Result<(T, Commit), E> {
        let mut state = self.state.lock();
        if state.flushing == Flushing::Closed {
            return Err(StorageError::Unavailable("the engine is closed".to_owned()).into());
        }
        let before = state.position;
        let (output, taken) = decide(state.services.entry(service).or_default(), before)?;
        let Some((positions, effect)) = taken else { return Ok((output, Commit::durable())) };
        state.position += positions;
        let position = state.position;
        state.pending.push_back(Pending { position, service, effect });
        match state.flushing {
            Flushing::AtOnce => state.flush(&self.tail, usize::MAX),
            Flushing::Held | Flushing::Closed => self.held_back.notify_one(),
        }
        drop(state);
        let commit = self.commit(position);
        Ok((output, commit))
    }

    /// The commit of what stands at `position`, touched in the running scope.
    pub(crate) fn commit(&self, position: Position) -> Commit {
        let commit = Commit::at(&self.tail, position);
        durability::depend_on(&commit);
        commit
    }

    pub(crate) fn hold(&self) {
        self.state.lock().flushing = Flushing::Held;
    }

    pub(crate) fn flush(&self, writes_max: usize) {
        self.state.lock().flush(&self.tail, writes_max);
    }

    pub(crate) fn unflushed(&self) -> usize {
        self.state.lock().pending.len()
    }

    pub(crate) async fn wanted(&self) {
        while self.unflushed() == 0 {
            self.held_back.notified().await;
        }
    }

    pub(crate) fn close(&self) {
        let mut state = self.state.lock();
        state.flush(&self.tail, usize::MAX);
        state.flushing = Flushing::Closed;
    }

    /// The log as a restart finds it.
    pub(crate) fn crash(&self) -> Self {
        let mut state = self.state.lock();
        state.flushing = Flushing::Closed;
        state.pending.clear();
        self.tail.void();
        let mut position = self.tail.flushed();
        if kernel::defects::planted("tail_of_batch_lost") {
            position = position.saturating_sub(1);
        }
        let mut services = std::mem::take(&mut state.services);
        for service in services.values_mut() {
            service.events.truncate(position);
            service.values.lose_pending();
            service.followed = Watermark::at(service.events.last_position(position));
        }
        let state = State { position, services, ..State::default() };
        Self { tail: Watermark::at(position), state: Mutex::new(state), held_back: Notify::new() }
    }
}

impl State {
    fn flush(&mut self, tail: &Watermark, writes_max: usize) {
        let count = self.pending.len().min(writes_max);
        for Pending { position, service, effect } in self.pending.drain(..count) {
            let service = self.services.entry(service).or_default();
            match effect {
                Effect::Events(writes) => {
                    service.records.apply(writes);
                    tail.advance(position);
                    service.followed.advance(position);
                }
                Effect::Documents(writes) => service.records.apply(writes),
                Effect::Value { key } => service.values.settle(&key, position),
                Effect::Snapshot { name, snapshot } => {
                    service.snapshots.insert(name, snapshot);
                }
            }
            tail.advance(position);
        }
    }
}
