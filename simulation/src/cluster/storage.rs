//! Simulated storage of a process: the log engine on a simulated disk. What its threads would do takes time here, and a crash may
//! fall into the middle of it.

use super::document_index::SimulatedIndex;
use crate::{environment::spawn, rng::SimRng};
use document_index::{IndexStore, OpenError};
use engine_log::{
    LogEngine, LogFeatures, LogOptions, RecentRecords, SimulatedParts, SimulatedWorker, WorkerRole,
};
use engine_memory::MemoryEngine;
use journal::ServiceStorage;
use parking_lot::Mutex;
use simulated_disk::SimulatedDisk;
use std::{sync::Arc, time::Duration};
use tokio::task::AbortHandle;

/// Chance in a thousand that everything which was written survives: only then was it the process alone that was killed.
const KILL: u64 = 1_000;
/// Operations of the disk after which a crash may fall into a piece of work.
const OPERATIONS_MAX: u64 = 6;

/// Owner of a storage: decides how long its work takes and whether it fails, and learns what was flushed.
pub(super) trait StorageOwner: Send + Sync + 'static {
    /// Latency of the next flush.
    fn flush_latency(&self) -> Duration;

    /// Latency of the next work behind the flushes.
    fn background_latency(&self) -> Duration;

    /// Whether this incarnation is the newest.
    fn is_current(&self, incarnation: u64) -> bool;

    /// Crashes in the middle of a flush, when that is due. Whether it did.
    fn crashes_at_flush(self: &Arc<Self>) -> bool;

    /// Observes what was flushed.
    fn flushed(&self);
}

/// What a process leaves behind when it crashes.
#[derive(Debug)]
pub(super) struct SimulatedStorage {
    disk: SimulatedDisk,
    indexes: [SimulatedIndex; 2],
    /// Pictures, of which none is lost.
    blobs: MemoryEngine,
    secret: [u8; 16],
    /// Number of values that hashes of names have: few, so that they collide, in most plans.
    hash_values_max: u64,
    /// What the engine had when it last crashed.
    crashed_with: Option<[RecentRecords; 2]>,
}

/// Storage that a process has open.
#[derive(Clone, Debug)]
pub(crate) struct OpenStorage {
    engine: LogEngine,
    blobs: MemoryEngine,
    /// Pieces of work that are due and not done.
    due: Vec<Arc<Mutex<Option<SimulatedWorker>>>>,
}

impl SimulatedStorage {
    /// Storage that has nothing.
    pub(super) fn new(rng: &mut SimRng) -> Self {
        let mut secret = [0; 16];
        for half in secret.chunks_exact_mut(8) {
            half.copy_from_slice(&rng.next_u64().to_le_bytes());
        }
        Self {
            disk: SimulatedDisk::default(),
            indexes: Default::default(),
            blobs: MemoryEngine::new(),
            secret,
            hash_values_max: rng.choose(&[5, 200, u64::MAX]),
            crashed_with: None,
        }
    }

    /// Opens the engine on what the disk has, with options of its own for each life.
    pub(super) fn open(
        &self,
        rng: &mut SimRng,
    ) -> Result<(OpenStorage, Vec<SimulatedWorker>), OpenError> {
        let index = |index: &SimulatedIndex| -> Arc<dyn IndexStore> { Arc::new(index.clone()) };
        let parts = SimulatedParts {
            disk: Arc::new(self.disk.clone()),
            indexes: [index(&self.indexes[0]), index(&self.indexes[1])],
            secret: self.secret,
        };
        let options = LogOptions {
            disk_reserve_bytes: 0,
            // So small that segments become full, and are compacted; records are read from the disk.
            segment_bytes_max: rng.choose(&[4_096, 16_384, 131_072]),
            recent_bytes_max: rng.choose(&[0, 4_096, 1_048_576]),
            unindexed_bytes_max: rng.choose(&[4_096, 1_048_576]),
            hash_values_max: self.hash_values_max,
            ..LogOptions::default()
        };
        let opened = LogEngine::open_simulated(parts, options);
        let (engine, workers) = opened?;
        let blobs = self.blobs.clone();
        Ok((OpenStorage { engine, blobs, due: Vec::new() }, workers))
    }

    /// Checks that a restart found a prefix of what was decided before the crash, and all that was flushed.
    pub(super) fn check_prefix(&self, open: &OpenStorage) -> Result<(), String> {
        self.crashed_with.as_ref().map_or(Ok(()), |before| open.engine.check_prefix(before))
    }

    /// Crashes: the work that was due is broken off somewhere, and of what was not flushed so many sectors in a thousand
    /// survive. `cover` learns what happened.
    pub(super) fn crash(
        &mut self,
        open: &OpenStorage,
        survived_permille: u64,
        rng: &mut SimRng,
        cover: impl Fn(&'static str),
    ) {
        let LogFeatures { has_runs, has_compacted } = open.engine.features();
        for (has_it, what) in [
            (has_runs, "outcome: log has runs"),
            (has_compacted, "outcome: log has a compacted segment"),
        ] {
            if has_it {
                cover(what);
            }
        }
        self.disk.fail_after(rng.range(0, OPERATIONS_MAX));
        for due in &open.due {
            if let Some(mut worker) = due.lock().take()
                && rng.chance(750)
            {
                worker.work();
                if worker.role() == WorkerRole::Writer {
                    cover("fault: flush broken off");
                }
            }
        }
        self.crashed_with = Some(open.engine.recent_records());
        open.engine.crash();
        if survived_permille == KILL {
            self.disk = self.disk.after_kill();
            return;
        }
        cover("fault: power failure");
        self.disk = self.disk.after_power_failure(rng.next_u64(), survived_permille);
        for index in &self.indexes {
            if index.fail_power(rng) {
                cover("fault: document index lost");
            }
        }
    }
}

impl OpenStorage {
    /// Storage of a service.
    pub(crate) fn service(&self, name: &'static str) -> ServiceStorage {
        ServiceStorage { blobs: self.blobs.service(name).blobs, ..self.engine.service(name) }
    }

    /// Bulk storage of a service.
    pub(crate) fn bulk(&self, name: &'static str) -> ServiceStorage {
        ServiceStorage { blobs: self.blobs.bulk(name).blobs, ..self.engine.bulk(name) }
    }

    /// Writes that are not flushed.
    pub(crate) fn unflushed_writes(&self) -> usize {
        self.engine.unflushed_writes()
    }

    /// Spawns the workers of an incarnation.
    pub(super) fn spawn_workers<O: StorageOwner>(
        &mut self,
        owner: &Arc<O>,
        workers: Vec<SimulatedWorker>,
        incarnation: u64,
    ) -> Vec<AbortHandle> {
        let mut handles = Vec::new();
        for worker in workers {
            let due = Arc::default();
            self.due.push(Arc::clone(&due));
            handles.push(spawn(work(Arc::clone(owner), worker, due, incarnation)));
        }
        handles
    }
}

/// Lets a worker do one piece of work after the other.
async fn work<O: StorageOwner>(
    owner: Arc<O>,
    mut worker: SimulatedWorker,
    due: Arc<Mutex<Option<SimulatedWorker>>>,
    incarnation: u64,
) {
    while worker.due().await {
        let (role, is_primary) = (worker.role(), worker.serves_services());
        *due.lock() = Some(worker);
        let latency = match role {
            WorkerRole::Writer => owner.flush_latency(),
            WorkerRole::Indexer | WorkerRole::Keeper => owner.background_latency(),
        };
        tokio::time::sleep(latency).await;
        let is_flush = role == WorkerRole::Writer && is_primary;
        if !owner.is_current(incarnation) || (is_flush && owner.crashes_at_flush()) {
            return;
        }
        let Some(taken) = due.lock().take() else { return };
        worker = taken;
        worker.work();
        if role == WorkerRole::Writer {
            owner.flushed();
        }
    }
}
