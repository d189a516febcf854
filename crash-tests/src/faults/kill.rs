//! Process-kill fault: SIGKILL at a random moment, then a restart on the same data folder.

use super::LOAD_MS;
use crate::{
    run::{Run, RunOptions, RunReport, under_load},
    shop::{Program, Shop, StartingShop},
    storage_fault::StorageFault,
    violation::{CheckResult, Violation},
};
use rand::Rng;
use std::{ops::Range, path::Path, time::Duration};

/// Share of kills that hit a shop which is still starting: one in this many.
const KILL_DURING_START_ONE_IN: u32 = 10;
const START_DELAY_MS: Range<u64> = 0..150;

/// Kills the shop `options.faults` times, and reads back after every restart.
pub async fn kill(
    program: &Program,
    data: &Path,
    options: &RunOptions,
    mut on_progress: impl FnMut(&str),
) -> CheckResult<RunReport> {
    let (mut run, mut shop) = Run::start(program, data, options, StorageFault::None).await?;
    let mut during_start = 0;
    while run.report.faults < options.faults {
        run.report.faults += 1;
        let step = run.step();
        let context = |violation: Violation| violation.context(&step);
        let load = Duration::from_millis(run.random.random_range(LOAD_MS));
        kill_under_load(&mut run, shop, load).await.map_err(context)?;
        while run.random.random_ratio(1, KILL_DURING_START_ONE_IN)
            && run.report.faults < options.faults
        {
            let starting = StartingShop::spawn(program, data)?;
            let delay = Duration::from_millis(run.random.random_range(START_DELAY_MS));
            tokio::time::sleep(delay).await;
            starting.kill()?;
            run.report.faults += 1;
            during_start += 1;
        }
        shop = run.restart_and_read_back().await.map_err(context)?;
        run.quiesce_if_due(&shop, &mut on_progress).await.map_err(context)?;
    }
    run.report.notes.push(format!("{during_start} of them during a start"));
    run.finish(shop).await
}

async fn kill_under_load(run: &mut Run, mut shop: Shop, load: Duration) -> CheckResult {
    let client = shop.client.clone();
    under_load(&mut run.workload, &client, async {
        tokio::time::sleep(load).await;
        shop.kill()
    })
    .await
}
