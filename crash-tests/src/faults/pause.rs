//! Process-pause fault: SIGSTOP and, after a while, SIGCONT. The process must go on as if nothing had happened.

use crate::{
    run::{Run, RunOptions, RunReport, under_load},
    shop::{Program, Shop},
    storage_fault::StorageFault,
    violation::{CheckResult, Violation},
};
use rand::Rng;
use rustix::process::Signal;
use std::{ops::Range, path::Path, time::Duration};

const BETWEEN_MS: Range<u64> = 20..250;
const PAUSE_MS: Range<u64> = 1..400;
/// Share of long pauses: one in this many.
const LONG_PAUSE_ONE_IN: u32 = 12;
const LONG_PAUSE_MS: Range<u64> = 1_000..3_000;

/// Pauses a process of the shop `options.faults` times under uninterrupted load.
pub async fn pause(
    program: &Program,
    data: &Path,
    options: &RunOptions,
    mut on_progress: impl FnMut(&str),
) -> CheckResult<RunReport> {
    let (mut run, mut shop) = Run::start(program, data, options, StorageFault::None).await?;
    let mut paused_for = Duration::ZERO;
    while run.report.faults < options.faults {
        let step = run.step();
        let context = |violation: Violation| violation.context(&step);
        let until_quiescence = options.quiesce_every - run.report.faults % options.quiesce_every;
        let pauses: Vec<Pause> = (0..until_quiescence.min(options.faults - run.report.faults))
            .map(|_| Pause::random(&mut run.random, shop.process_count()))
            .collect();
        run.report.faults += pauses.len() as u64;
        paused_for += pauses.iter().map(|pause| pause.length).sum::<Duration>();
        let client = shop.client.clone();
        let pausing = async {
            for pause in &pauses {
                pause.inject(&mut shop).await?;
            }
            Ok(())
        };
        under_load(&mut run.workload, &client, pausing).await.map_err(context)?;
        run.workload.read_back(&shop.client).await.map_err(context)?;
        run.quiesce_if_due(&shop, &mut on_progress).await.map_err(context)?;
    }
    run.report.notes.push(format!("paused for {:.1} s in all", paused_for.as_secs_f64()));
    run.finish(shop).await
}

/// One pause of one process.
struct Pause {
    delay: Duration,
    process: usize,
    length: Duration,
}

impl Pause {
    fn random(random: &mut impl Rng, process_count: usize) -> Self {
        let lengths =
            if random.random_ratio(1, LONG_PAUSE_ONE_IN) { LONG_PAUSE_MS } else { PAUSE_MS };
        Self {
            delay: Duration::from_millis(random.random_range(BETWEEN_MS)),
            process: random.random_range(0..process_count),
            length: Duration::from_millis(random.random_range(lengths)),
        }
    }

    async fn inject(&self, shop: &mut Shop) -> CheckResult {
        tokio::time::sleep(self.delay).await;
        shop.check_running()?;
        shop.signal(self.process, Signal::STOP)?;
        tokio::time::sleep(self.length).await;
        shop.signal(self.process, Signal::CONT)
    }
}
