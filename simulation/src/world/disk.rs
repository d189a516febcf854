//! The disks under a process: each flush takes its time, sometimes long, and may be the last thing that happens.

use super::{Process, World, spawn};
use engine_memory::{Disk, MemoryEngine};
use std::{sync::Arc, time::Duration};
use tokio::task::AbortHandle;

/// Sets the disks of a life turning.
pub(super) fn spin(
    world: &Arc<World>,
    process: &Arc<Process>,
    engine: &MemoryEngine,
    life: u64,
) -> Vec<AbortHandle> {
    let disks = [(engine.disk(), Bears::Shop), (engine.bulk_disk(), Bears::Bulk)];
    let spun = disks.into_iter().map(|(disk, bears)| {
        disk.hold();
        let turning = turn(Arc::clone(world), Arc::clone(process), disk, life, bears);
        spawn(turning)
    });
    spun.collect()
}

/// What a disk bears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bears {
    Shop,
    Bulk,
}

async fn turn(world: Arc<World>, process: Arc<Process>, disk: Disk, life: u64, bears: Bears) {
    loop {
        disk.wanted().await;
        let batch = disk.unflushed();
        let takes = duration(&world, &process);
        tokio::time::sleep(takes).await;
        if process.state.lock().life != life {
            return;
        }
        if bears == Bears::Shop && fails(&world, &process) {
            return;
        }
        disk.flush_oldest(batch);
        world.watch(&process);
    }
}

fn duration(world: &World, process: &Process) -> Duration {
    let weather = world.wires.weather();
    let mut luck = process.luck.lock();
    let mut millis = luck.between(1, 4);
    if luck.chance(weather.late_flushes) {
        world.saw("fault: late flush");
        millis += luck.between(10, weather.late_flush_ms.max(10));
    }
    if let Some((at_least, until)) = process.state.lock().slow_flush
        && world.now_ms() < until
    {
        millis = millis.max(at_least);
    }
    Duration::from_millis(millis)
}

/// Whether this flush fails; then the process has ended.
fn fails(world: &Arc<World>, process: &Arc<Process>) -> bool {
    let failing = {
        let mut state = process.state.lock();
        match &mut state.failing_flush {
            Some(failing) if failing.after == 0 => state.failing_flush.take(),
            Some(failing) => {
                failing.after -= 1;
                None
            }
            None => None,
        }
    };
    let Some(failing) = failing else { return false };
    if !process.is_up() {
        return false;
    }
    world.saw("fault: failed flush");
    process.crash(world, failing.kept);
    process.come_back(world, Duration::from_millis(failing.down_ms));
    true
}
