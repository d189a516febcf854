//! Campaign of many seeds on all cores: each thread runs one seed after the other.

use crate::{
    coverage::{Coverage, CoverageGap},
    defects,
    plan::{self, Plan, Topology},
    runner::{self, RunResult},
    violation::Violation,
};
use parking_lot::Mutex;
use shop_client::{Progress, Unit};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};
use tokio::time::Instant;

/// Number of seeds for one whose fault-free plan is also run in all topologies and compared.
const SEEDS_PER_COMPARISON: u64 = 10;

/// Range of seeds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SeedRange {
    pub(crate) first: u64,
    pub(crate) count: u64,
}

/// Result of a campaign.
#[derive(Debug, Default)]
pub(crate) struct Campaign {
    pub(crate) runs: u64,
    pub(crate) took: Duration,
    pub(crate) simulated: Duration,
    pub(crate) coverage: Coverage,
    pub(crate) failure: Option<Failure>,
}

/// Plan that violated an invariant.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) plan: Plan,
    pub(crate) violations: Vec<Violation>,
    pub(crate) trace: Vec<String>,
}

impl Campaign {
    /// Faults and outcomes that the seeds did not see often enough.
    pub(crate) fn coverage_gaps(
        &self,
        seeds: SeedRange,
        topologies: &[Topology],
    ) -> Vec<CoverageGap> {
        if self.failure.is_some() {
            Vec::new()
        } else {
            self.coverage.gaps(seeds.count, topologies)
        }
    }
}

/// Runs seeds until one fails or all are done.
pub(crate) fn run(
    seeds: SeedRange,
    topologies: &[Topology],
    threads: usize,
    defect: Option<&str>,
    progress: Progress,
) -> Campaign {
    let started = Instant::now();
    let runs = seeds.count.saturating_mul(topologies.len() as u64);
    let work = progress.begin("runs", runs, Unit::Things);
    let next = AtomicU64::new(0);
    let campaign = Mutex::new(Campaign::default());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                if let Some(defect) = defect {
                    defects::plant(defect).ok();
                }
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= seeds.count || campaign.lock().failure.is_some() {
                        return;
                    }
                    run_seed(seeds.first.wrapping_add(number), topologies, &campaign);
                    work.advance(topologies.len() as u64);
                }
            });
        }
    });
    let mut campaign = campaign.into_inner();
    campaign.took = started.elapsed();
    campaign
}

fn run_seed(seed: u64, topologies: &[Topology], campaign: &Mutex<Campaign>) {
    for topology in topologies {
        let plan = plan::generate(seed, *topology);
        let result = run_plan(plan.clone());
        let mut campaign = campaign.lock();
        campaign.runs += 1;
        campaign.simulated += result.simulated;
        campaign.coverage.merge(&result.coverage);
        if !result.violations.is_empty() {
            fail(&mut campaign, plan, result);
            return;
        }
    }
    if let [first, others @ ..] = topologies
        && !others.is_empty()
        && seed.is_multiple_of(SEEDS_PER_COMPARISON)
    {
        let fault_free = |topology| plan::generate(seed, topology).fault_free();
        let expected = run_plan(fault_free(*first));
        for topology in others {
            let mut result = run_plan(fault_free(*topology));
            if result.final_state != expected.final_state {
                let (one, other) = (first.as_str(), topology.as_str());
                let (is, not) = (&result.final_state, &expected.final_state);
                let what = format!("{one}: {not:?}, {other}: {is:?}");
                let invariant = "all topologies come to the same result";
                result.violations.push(Violation { invariant, what });
            }
            let mut campaign = campaign.lock();
            campaign.coverage.record("outcome: topologies compared");
            if !result.violations.is_empty() {
                fail(&mut campaign, fault_free(*topology), result);
                return;
            }
        }
    }
}

/// Runs a plan; a panic is a violation like any other.
pub(crate) fn run_plan(plan: Plan) -> RunResult {
    let result = catch_unwind(AssertUnwindSafe(|| runner::run(plan)));
    match result {
        Ok(Ok(result)) => result,
        Ok(Err(error)) => RunResult::failed("the shop starts", error),
        Err(_) => RunResult::failed("nothing panics", "see above".to_owned()),
    }
}

fn fail(campaign: &mut Campaign, plan: Plan, result: RunResult) {
    let RunResult { violations, trace, .. } = result;
    campaign.failure.get_or_insert(Failure { plan, violations, trace });
}
