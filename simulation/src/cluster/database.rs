//! Simulated database: the storage that several processes with the same services share, as those on PostgreSQL do. Its server never
//! fails; what fails is the way to it.
//!
//! A process has a connection for its lease and others for its data, and each may be cut: then what it asks for may never arrive,
//! arrive late, or be done without an answer. The database fences its writers: those whose place another one took are refused.

mod connection;
mod lease;
mod ports;
mod writer;

pub(crate) use connection::OpenDatabase;
pub(crate) use lease::SimulatedLease;

use crate::{
    environment::Environment,
    oracle::Oracle,
    plan::{Cut, CutScope},
    rng::SimRng,
};
use engine_memory::{MemoryEngine, MemoryLease};
use futures_util::FutureExt;
use journal::ServiceStorage;
use parking_lot::Mutex;
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use storage::{Lease, LeaseState, LeaseTiming, StorageError};
use tokio::time::Instant;

/// Invariant about the writers of a service.
const ONE_WRITER: &str = "only the owner's writes are accepted";
/// Invariant about what an owner loads.
const LOADED_LAST: &str = "an owner has loaded what its predecessor wrote";
/// Invariant about the epochs of its owners.
const EPOCHS_RISE: &str = "the epochs of owners rise";
/// Invariant about the end of an ownership.
const NOT_TAKEN_EARLY: &str = "a lease that is renewed is not taken";

/// Database of some services, which several processes share.
#[derive(Debug)]
pub(crate) struct SimulatedDatabase {
    pub(crate) services: &'static [&'static str],
    env: Arc<Environment>,
    oracle: Arc<Oracle>,
    engine: MemoryEngine,
    lease: MemoryLease,
    state: Mutex<DatabaseState>,
    rng: Mutex<SimRng>,
}

#[derive(Debug, Default)]
struct DatabaseState {
    /// Cuts by process, each with its end.
    cuts: BTreeMap<usize, (Cut, u64)>,
    /// When the last cut of each process ends or has ended.
    disturbed_until: BTreeMap<usize, u64>,
    /// Each answer takes at least so many milliseconds until then.
    slow: Option<(u64, u64)>,
    last_token: u64,
    /// Token of the writer of each service.
    tokens: BTreeMap<&'static str, u64>,
    /// Latest owner that took the place of the writer before, by service: its epoch and its process.
    owners: BTreeMap<&'static str, (i64, usize)>,
    /// Latest epoch of an owner that has read, by service.
    read_in: BTreeMap<&'static str, i64>,
    /// Latest renewal of the lease.
    renewed: Option<Instant>,
}

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Lease,
    Data,
}

/// Who asks the database, and for what.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asker {
    pub(super) process: usize,
    pub(super) purpose: Purpose,
}

/// The connection is refused, or reset in the middle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ConnectionReset;

impl From<ConnectionReset> for StorageError {
    fn from(_: ConnectionReset) -> Self {
        Self::Unavailable("the connection was reset".to_owned())
    }
}

/// Writer as the database knows it.
#[derive(Clone, Copy, Debug)]
pub(super) struct WriterIdentity {
    pub(super) process: usize,
    /// Epoch of the lease, where there is one.
    pub(super) epoch: Option<i64>,
}

/// Refusal of a writer: another process has its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fenced;

/// Write of a batch, at the database: applies it unless an append before it in its sequence was not accepted, and returns whether it was.
pub(super) type ApplyWrite = Arc<dyn Fn(&ServiceStorage, bool) -> bool + Send + Sync>;

impl SimulatedDatabase {
    /// Database that has nothing.
    pub(super) fn new(
        index: usize,
        services: &'static [&'static str],
        seed: u64,
        env: Arc<Environment>,
        oracle: Arc<Oracle>,
    ) -> Self {
        let rng = Mutex::new(SimRng::stream(seed, &format!("database {index}")));
        let (engine, lease) = (MemoryEngine::new(), MemoryLease::default());
        Self { services, env, oracle, engine, lease, state: Mutex::default(), rng }
    }

    /// Name in the trace.
    pub(crate) fn name(&self) -> String {
        format!("the database of {}", self.services.first().unwrap_or(&"nothing"))
    }

    /// What the database has of a service.
    pub(crate) fn service(&self, name: &'static str) -> ServiceStorage {
        self.engine.service(name)
    }

    /// What the database has of the bulk data of a service.
    pub(crate) fn bulk(&self, name: &'static str) -> ServiceStorage {
        self.engine.bulk(name)
    }

    /// State of the lease.
    pub(crate) fn lease_state(&self) -> Option<LeaseState> {
        self.lease.state().now_or_never().and_then(Result::ok)
    }

    /// Cuts a process off for a while.
    pub(crate) fn cut(&self, process: usize, cut: Cut, until_ms: u64) {
        let mut state = self.state.lock();
        state.cuts.insert(process, (cut, until_ms));
        let disturbed = state.disturbed_until.entry(process).or_default();
        *disturbed = until_ms.max(*disturbed);
    }

    /// Slows every answer down until a moment.
    pub(crate) fn slow_down(&self, at_least_ms: u64, until_ms: u64) {
        self.state.lock().slow = Some((at_least_ms, until_ms));
    }

    /// Withdraws the faults that are still in force.
    pub(crate) fn heal(&self) {
        let mut state = self.state.lock();
        state.cuts.clear();
        state.slow = None;
    }

    /// Until when a fault between a process and the database lasts or has lasted.
    pub(crate) fn disturbed_until(&self, process: usize) -> u64 {
        self.state.lock().disturbed_until.get(&process).copied().unwrap_or_default()
    }

    /// Whether nothing keeps a process from renewing its lease.
    pub(crate) fn hears_renewals_of(&self, process: usize) -> bool {
        let is_slow = self.state.lock().slow.is_some_and(|(_, until)| self.env.now_ms() < until);
        !is_slow && self.cut_of(Asker { process, purpose: Purpose::Lease }).is_none()
    }

    /// Whether nothing keeps a process from the database.
    pub(crate) fn is_reached_by(&self, process: usize) -> bool {
        let is_cut = self.cut_of(Asker { process, purpose: Purpose::Data }).is_some();
        self.hears_renewals_of(process) && !is_cut
    }

    /// Whether a connection that is cut at this moment is reset, and until when.
    fn cut_of(&self, asker: Asker) -> Option<(bool, u64)> {
        let (cut, until) = self.state.lock().cuts.get(&asker.process).copied()?;
        let concerns = match cut.scope {
            CutScope::All => true,
            CutScope::Lease => asker.purpose == Purpose::Lease,
            CutScope::Data => asker.purpose == Purpose::Data,
        };
        (concerns && self.env.now_ms() < until).then_some((cut.is_reset, until))
    }

    /// Travels from a process to the database, or back. Behind a network that drops everything it takes until that is over, as the packets
    /// are sent again; who waits has a time limit.
    pub(super) async fn travel(&self, asker: Asker) -> Result<(), ConnectionReset> {
        let latency = self.latency();
        tokio::time::sleep(latency).await;
        while let Some((is_reset, until)) = self.cut_of(asker) {
            self.env.cover("fault: database unreachable");
            if is_reset {
                return Err(ConnectionReset);
            }
            let wait = until.saturating_sub(self.env.now_ms()) + self.rng.lock().range(0, 5);
            tokio::time::sleep(Duration::from_millis(wait)).await;
        }
        Ok(())
    }

    fn latency(&self) -> Duration {
        let slow = self.state.lock().slow.filter(|(_, until)| self.env.now_ms() < *until);
        let usual = self.rng.lock().range(0, 3);
        Duration::from_millis(slow.map_or(usual, |(at_least, _)| usual.max(at_least / 2)))
    }

    /// Takes the place of whoever wrote for a service before, in this epoch of its lease.
    fn take_over(&self, service: &'static str, writer: WriterIdentity) -> Result<u64, Fenced> {
        let mut state = self.state.lock();
        if let Some(epoch) = writer.epoch {
            let current = self.lease_state().map_or(0, |it| it.0[0].epoch);
            if current != epoch {
                return Err(Fenced);
            }
            let before = state.owners.insert(service, (epoch, writer.process));
            if let Some((before, process)) = before.filter(|(before, _)| *before >= epoch) {
                let what = format!("{service}: {epoch} after {before} of process {process}");
                self.env.report_violation(EPOCHS_RISE, what);
            }
        }
        Ok(state.next_token(service))
    }

    /// Notes that an owner has read: what its predecessor writes from now on, it does not know.
    fn note_read(&self, service: &'static str, reader: WriterIdentity) {
        let Some(epoch) = reader.epoch else { return };
        let mut state = self.state.lock();
        let latest = state.read_in.entry(service).or_default();
        *latest = epoch.max(*latest);
    }

    /// Gives a new connection of a writer its token, in place of those that it had before.
    fn admit(
        &self,
        service: &'static str,
        before: &[u64],
        writer: WriterIdentity,
    ) -> Result<u64, Fenced> {
        let mut state = self.state.lock();
        let is_known = state.tokens.get(service).is_some_and(|token| before.contains(token));
        if is_known || writer.epoch.is_none() {
            return Ok(state.next_token(service));
        }
        Err(Fenced)
    }

    /// Commits a batch of a writer with this token.
    fn commit(
        &self,
        service: &'static str,
        (writer, token): (WriterIdentity, u64),
        is_bulk: bool,
        batch: &[(ApplyWrite, bool)],
    ) -> Result<(), Fenced> {
        let state = self.state.lock();
        if let Some(epoch) = writer.epoch {
            let is_current = state.tokens.get(service) == Some(&token);
            if !is_current && !kernel::defects::planted("lease_without_fencing") {
                self.env.cover("outcome: former owner's writes refused");
                return Err(Fenced);
            }
            let read_in = state.read_in.get(service).copied().unwrap_or_default();
            if epoch < read_in {
                let what = format!("{service}: a write of epoch {epoch}, loaded in {read_in}");
                self.env.report_violation(LOADED_LAST, what);
            }
            let owner = state.owners.get(service).copied();
            if owner != Some((epoch, writer.process)) {
                let process = writer.process;
                let what = format!("{service}: process {process} of epoch {epoch}, not {owner:?}");
                self.env.report_violation(ONE_WRITER, what);
            }
        }
        drop(state);
        let storage = if is_bulk { self.bulk(service) } else { self.service(service) };
        let mut is_in_sequence = true;
        for (apply, is_sequenced) in batch {
            let is_accepted = apply(&storage, is_in_sequence || !is_sequenced);
            is_in_sequence &= is_accepted || !is_sequenced;
        }
        self.oracle.observe(&[service], &|name| self.service(name));
        Ok(())
    }

    /// Notes who has taken the lease.
    fn taken(&self, owner: &str) {
        let renewed = self.state.lock().renewed.replace(Instant::now());
        let since = renewed.map(|at| at.elapsed());
        if since.is_some_and(|since| since < LeaseTiming::default().duration) {
            let what = format!("{owner} took {} after {since:?}", self.name());
            self.env.report_violation(NOT_TAKEN_EARLY, what);
        }
        self.env.cover("outcome: lease taken");
        self.env.trace(format_args!("{owner} takes the lease of {}", self.name()));
    }
}

impl DatabaseState {
    fn next_token(&mut self, service: &'static str) -> u64 {
        self.last_token += 1;
        self.tokens.insert(service, self.last_token);
        self.last_token
    }
}
