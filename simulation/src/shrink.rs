//! Makes a failing plan smaller: leaves out what is not needed for the failure.

use crate::{
    campaign::{Failure, played},
    plan::{Deed, Plan, Weather},
};
use std::time::Duration;
use tokio::time::Instant;

/// How long it is tried.
const TRIED_FOR: Duration = Duration::from_mins(1);

/// The smallest plan that was found to break the same promise.
pub(crate) fn shrink(failure: &Failure) -> Failure {
    let until = Instant::now() + TRIED_FOR;
    let invariant = failure.violations.first().map_or("", |violation| violation.invariant);
    let mut smallest = Failure {
        plan: failure.plan.clone(),
        violations: failure.violations.clone(),
        story: failure.story.clone(),
    };
    loop {
        let smaller = candidates(&smallest.plan).into_iter().find_map(|plan| {
            if Instant::now() > until {
                return None;
            }
            let outcome = played(plan.clone());
            let is_same = outcome.violations.iter().any(|it| it.invariant == invariant);
            let (violations, story) = (outcome.violations, outcome.story);
            is_same.then_some(Failure { plan, violations, story })
        });
        match smaller {
            Some(smaller) => smallest = smaller,
            None => return smallest,
        }
    }
}

/// Plans that are a little smaller, the boldest first.
fn candidates(plan: &Plan) -> Vec<Plan> {
    let mut smaller = Vec::new();
    let mut offer = |change: &dyn Fn(&mut Plan)| {
        let mut plan = plan.clone();
        change(&mut plan);
        smaller.push(plan);
    };
    if plan.weather != Weather::default() {
        offer(&|plan| plan.weather = Weather::default());
    }
    if plan.strikes.len() > 1 {
        offer(&|plan| plan.strikes.clear());
    }
    for index in 0..plan.acts.len() {
        offer(&|plan| drop(plan.acts.remove(index)));
    }
    for index in 0..plan.strikes.len() {
        offer(&|plan| {
            plan.strikes.remove(index);
        });
    }
    for (index, act) in plan.acts.iter().enumerate() {
        match &act.deed {
            Deed::Visit(visit) => {
                for step in 0..visit.steps.len() {
                    offer(&|plan| {
                        if let Deed::Visit(visit) = &mut plan.acts[index].deed {
                            visit.steps.remove(step);
                        }
                    });
                }
                if visit.lines.len() > 1 {
                    offer(&|plan| {
                        if let Deed::Visit(visit) = &mut plan.acts[index].deed {
                            visit.lines.truncate(1);
                        }
                    });
                }
            }
            Deed::WholeOrder { .. }
            | Deed::Price { .. }
            | Deed::Count { .. }
            | Deed::Move { .. }
            | Deed::Refund { .. }
            | Deed::Fulfil { .. }
            | Deed::Cancel { .. }
            | Deed::Look { .. } => {}
        }
    }
    smaller
}
