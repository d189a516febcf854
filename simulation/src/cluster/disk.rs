//! Simulated disk: each flush takes its time, sometimes long, and may be the last thing that a process does.

use crate::environment::spawn;
use engine_memory::{Disk, MemoryEngine};
use std::{sync::Arc, time::Duration};
use tokio::task::AbortHandle;

/// Owner of a disk: decides how long a flush takes and whether it fails, and learns what was flushed.
pub(super) trait DiskOwner: Send + Sync + 'static {
    /// Latency of the next flush.
    fn flush_latency(&self) -> Duration;

    /// Whether this incarnation is the newest.
    fn is_current(&self, incarnation: u64) -> bool;

    /// Crashes instead of completing a flush, when that is due. Whether it did.
    fn crashes_at_flush(self: &Arc<Self>) -> bool;

    /// Observes what was flushed.
    fn flushed(&self);
}

/// Role of a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum DiskRole {
    /// Holds the shop's log; the process ends when a flush fails.
    Primary,
    /// Holds what can be rebuilt, or is only bulk.
    Bulk,
}

/// Spawns the flush loops of both disks of an incarnation.
pub(super) fn spawn_flush_loops<O: DiskOwner>(
    owner: &Arc<O>,
    engine: &MemoryEngine,
    incarnation: u64,
) -> Vec<AbortHandle> {
    let disks = [(engine.disk(), DiskRole::Primary), (engine.bulk_disk(), DiskRole::Bulk)];
    let loops = disks.into_iter().map(|(disk, role)| {
        disk.hold();
        spawn(flush_loop(Arc::clone(owner), disk, incarnation, role))
    });
    loops.collect()
}

async fn flush_loop<O: DiskOwner>(owner: Arc<O>, disk: Disk, incarnation: u64, role: DiskRole) {
    loop {
        disk.wanted().await;
        let batch = disk.unflushed();
        let latency = owner.flush_latency();
        tokio::time::sleep(latency).await;
        if !owner.is_current(incarnation) {
            return;
        }
        if role == DiskRole::Primary && owner.crashes_at_flush() {
            return;
        }
        disk.flush_oldest(batch);
        owner.flushed();
    }
}
