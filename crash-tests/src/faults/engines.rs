//! Faults of the servers that the shop is on: killed, restarted, paused, flushed, slow or cut off under load, alone or together with the
//! shop. Callers are told to come back where the database is away, and sales go on where another server is; nothing is lost or doubled.

mod engine_fault;
mod registration_limit;
mod servers;

use super::LOAD_MS;
use crate::{
    run::{Run, RunOptions, RunReport, under_load},
    shop::{Program, Shop},
    storage_fault::StorageFault,
    violation::{CheckResult, Violation},
};
pub use engine_fault::{EngineFault, FailingServer, FaultKind};
use rand::Rng;
use registration_limit::Answer;
pub use servers::{BusEngine, Engines};
use std::{collections::BTreeMap, ops::Range, path::Path, sync::Arc, time::Duration};

/// How long a fault lasts.
const FAULT_MS: Range<u64> = 0..1_500;
/// Share of long faults of the database, which outlast the retries of the engine: one in this many.
const LONG_ONE_IN: u32 = 10;
const LONG_MS: Range<u64> = 8_000..14_000;
/// Delay of a slow server.
const LATENCY_MS: Range<u64> = 20..400;
/// Load that goes on when the server is back.
const AFTERWARDS_MS: Range<u64> = 50..400;

/// Lets the servers of a shop fail `options.faults` times, with these faults in turn, and reads back after each.
pub async fn break_engines(
    program: &Program,
    data: &Path,
    engines: &Engines,
    faults: &[EngineFault],
    options: &RunOptions,
    mut on_progress: impl FnMut(&str),
) -> CheckResult<RunReport> {
    let program = engines.configure(program);
    let storage_fault = StorageFault::DatabaseLost;
    let (mut run, mut shop) = Run::start(&program, data, options, storage_fault).await?;
    run.checks_followers = true;
    let (mut counts, mut lasted) = (BTreeMap::new(), Duration::ZERO);
    for &fault in faults.iter().cycle() {
        if run.report.faults == options.faults {
            break;
        }
        run.report.faults += 1;
        *counts.entry(fault).or_insert(0_u64) += 1;
        let step = format!("{}, {fault}", run.step());
        let context = |violation: Violation| violation.context(&step);
        let injection = Injection::random(fault, &mut run.random);
        lasted += injection.length;
        shop = injection.inject(&mut run, shop, engines).await.map_err(context)?;
        run.quiesce_if_due(&shop, &mut on_progress).await.map_err(context)?;
    }
    for (fault, count) in counts {
        run.report.notes.push(format!("{fault}: {count}"));
    }
    run.report.notes.push(format!("faults of {:.1} s in all", lasted.as_secs_f64()));
    let sales = run.workload.outage.all_sales();
    run.report
        .notes
        .push(format!("{sales} orders begun and confirmed while a broker or values failed"));
    run.finish(shop).await
}

/// One fault and its times.
struct Injection {
    fault: EngineFault,
    /// Load before it.
    delay: Duration,
    length: Duration,
    latency: Duration,
    /// Load after it.
    afterwards: Duration,
}

impl Injection {
    fn random(fault: EngineFault, random: &mut impl Rng) -> Self {
        let is_long = random.random_ratio(1, LONG_ONE_IN);
        // Commits that are held back for less are only slow.
        let is_long = is_long && fault.server == FailingServer::Database
            || fault.kind == FaultKind::HoldCommits;
        let lengths = if is_long { LONG_MS } else { FAULT_MS };
        let mut within = |range| Duration::from_millis(random.random_range(range));
        Self {
            fault,
            delay: within(LOAD_MS),
            length: within(lengths),
            latency: within(LATENCY_MS),
            afterwards: within(AFTERWARDS_MS),
        }
    }

    async fn inject(&self, run: &mut Run, mut shop: Shop, engines: &Engines) -> CheckResult<Shop> {
        let client = shop.client.clone();
        let outage = Arc::clone(&run.workload.outage);
        let random = &mut run.random;
        under_load(&mut run.workload, &client, async {
            tokio::time::sleep(self.delay).await;
            shop.check_running()?;
            if self.fault.kills_shop() {
                shop.kill()?;
            }
            if self.fault == EngineFault::FLUSHED_VALUES {
                registration_limit::register_until(Answer::LimitReached, &client, random).await?;
            }
            engines.begin(self.fault, self.latency).await?;
            if self.fault.leaves_sales() {
                outage.begin();
            }
            if self.fault == EngineFault::FLUSHED_VALUES {
                // Limits start anew.
                registration_limit::register_until(Answer::Registered, &client, random).await?;
            } else if self.fault.server == FailingServer::Values {
                // They go on without their server.
                registration_limit::register(&client, random).await?;
            }
            if self.fault.kind != FaultKind::KillShop {
                tokio::time::sleep(self.length).await;
            }
            if self.fault.leaves_sales() {
                outage.wait_for_sale().await?;
            }
            outage.end();
            engines.end(self.fault).await?;
            tokio::time::sleep(self.afterwards).await;
            Ok(())
        })
        .await?;
        if self.fault.kills_shop() {
            drop(shop);
            return run.restart_and_read_back().await;
        }
        shop.check_running()?;
        run.workload.read_back(&client).await?;
        Ok(shop)
    }
}
