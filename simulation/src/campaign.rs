//! Many seeds, on all cores: each thread plays one seed after the other.

use crate::{
    coverage::{self, Coverage},
    defects,
    plan::{Plan, Shape},
    run::{self, Outcome},
    world::Violation,
};
use parking_lot::Mutex;
use shop_client::{Progress, Unit};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};
use tokio::time::Instant;

/// How many seeds are played for one that is also played on a calm day in both shapes.
const CALM_EVERY: u64 = 10;

/// Which seeds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seeds {
    pub(crate) first: u64,
    pub(crate) count: u64,
}

/// What came of them.
#[derive(Debug, Default)]
pub(crate) struct Campaign {
    pub(crate) played: u64,
    pub(crate) took: Duration,
    pub(crate) simulated: Duration,
    pub(crate) coverage: Coverage,
    pub(crate) failure: Option<Failure>,
}

/// A seed that failed.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) plan: Plan,
    pub(crate) violations: Vec<Violation>,
    pub(crate) story: Vec<String>,
}

impl Campaign {
    /// What the seeds should have seen and did not.
    pub(crate) fn blind_spots(&self, seeds: Seeds, shapes: &[Shape]) -> Vec<coverage::BlindSpot> {
        if self.failure.is_some() {
            Vec::new()
        } else {
            self.coverage.blind_spots(seeds.count, shapes)
        }
    }
}

/// Plays seeds until one fails or all are played.
pub(crate) fn run(
    seeds: Seeds,
    shapes: &[Shape],
    threads: usize,
    defect: Option<&str>,
    progress: Progress,
) -> Campaign {
    let began = Instant::now();
    let plays = seeds.count.saturating_mul(shapes.len() as u64);
    let work = progress.begin("plays", plays, Unit::Things);
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
                    play(seeds.first.wrapping_add(number), shapes, &campaign);
                    work.advance(shapes.len() as u64);
                }
            });
        }
    });
    let mut campaign = campaign.into_inner();
    campaign.took = began.elapsed();
    campaign
}

fn play(seed: u64, shapes: &[Shape], campaign: &Mutex<Campaign>) {
    for shape in shapes {
        let plan = Plan::of(seed, *shape);
        let outcome = played(plan.clone());
        let mut campaign = campaign.lock();
        campaign.played += 1;
        campaign.simulated += outcome.simulated;
        campaign.coverage.add(&outcome.coverage);
        if !outcome.violations.is_empty() {
            fail(&mut campaign, plan, outcome);
            return;
        }
    }
    if shapes.len() > 1 && seed.is_multiple_of(CALM_EVERY) {
        let calm = |shape| Plan::of(seed, shape).calm();
        let (one, mut fleet) = (played(calm(Shape::One)), played(calm(Shape::Fleet)));
        if one.observable != fleet.observable {
            let what = format!("one: {:?}, fleet: {:?}", one.observable, fleet.observable);
            fleet.violations.push(Violation { invariant: "both shapes come to the same", what });
        }
        let mut campaign = campaign.lock();
        campaign.coverage.saw("outcome: both shapes compared");
        if !fleet.violations.is_empty() {
            fail(&mut campaign, calm(Shape::Fleet), fleet);
        }
    }
}

/// Plays a plan; a panic is a violation like any other.
pub(crate) fn played(plan: Plan) -> Outcome {
    let outcome = catch_unwind(AssertUnwindSafe(|| run::play(plan)));
    match outcome {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(error)) => Outcome::failed("the shop opens", error),
        Err(_) => Outcome::failed("nothing panics", "see above".to_owned()),
    }
}

fn fail(campaign: &mut Campaign, plan: Plan, outcome: Outcome) {
    let Outcome { violations, story, .. } = outcome;
    campaign.failure.get_or_insert(Failure { plan, violations, story });
}
