//! Power-loss fault: everything that was written and not flushed is lost.

use super::LOAD_MS;
use crate::{
    disk::Disk,
    run::{Run, RunOptions, RunReport, under_load},
    shop::{Program, Shop},
    storage_fault::StorageFault,
    violation::{CheckResult, Violation},
};
use rand::Rng;
use std::{ops::Range, time::Duration};

/// Range of the delay between the power loss and the kill of the process.
const KILL_DELAY_MS: Range<u64> = 0..80;

/// Cuts the power of the disk `options.faults` times, and reads back each time it is restored.
pub async fn cut_power(
    program: &Program,
    disk: &Disk,
    options: &RunOptions,
    mut on_progress: impl FnMut(&str),
) -> CheckResult<RunReport> {
    let data = disk.path().join("data");
    let (mut run, mut shop) = Run::start(program, &data, options, StorageFault::DiskLost).await?;
    while run.report.faults < options.faults {
        run.report.faults += 1;
        let step = run.step();
        let context = |violation: Violation| violation.context(&step);
        cut_under_load(&mut run, shop, disk).await.map_err(context)?;
        disk.restore_power().await.map_err(context)?;
        shop = run.restart_and_read_back().await.map_err(context)?;
        run.quiesce_if_due(&shop, &mut on_progress).await.map_err(context)?;
    }
    run.finish(shop).await
}

async fn cut_under_load(run: &mut Run, mut shop: Shop, disk: &Disk) -> CheckResult {
    let load = Duration::from_millis(run.random.random_range(LOAD_MS));
    let kill_delay = Duration::from_millis(run.random.random_range(KILL_DELAY_MS));
    let client = shop.client.clone();
    under_load(&mut run.workload, &client, async {
        tokio::time::sleep(load).await;
        shop.check_running()?;
        // Linux may report success for a flush that was under way when its file system was shut down, although the
        // flushed data are lost (seen on ext4 and XFS, with nothing but a loop of `pwrite` and `fdatasync`). A disk
        // without power reports nothing. The process is therefore suspended first, so that no flush is under way;
        // what is written and not flushed is lost all the same.
        shop.suspend().await?;
        disk.cut_power()?;
        shop.resume()?;
        tokio::time::sleep(kill_delay).await;
        shop.kill_unless_exited()
    })
    .await
}
