//! Shrinking of a failing plan: leaves out operations, steps and faults as long as the same invariant is violated.

use crate::{
    campaign::{Failure, run_plan},
    plan::{FaultRates, Operation, Plan},
};
use std::time::Duration;
use tokio::time::Instant;

/// Time after which shrinking stops.
const TIMEOUT: Duration = Duration::from_mins(1);

/// Smallest plan that was found to violate the same invariant.
pub(crate) fn shrink(failure: &Failure) -> Failure {
    let deadline = Instant::now() + TIMEOUT;
    let invariant = failure.violations.first().map_or("", |violation| violation.invariant);
    let mut smallest = Failure {
        plan: failure.plan.clone(),
        violations: failure.violations.clone(),
        trace: failure.trace.clone(),
    };
    loop {
        let smaller = candidates(&smallest.plan).into_iter().find_map(|plan| {
            if Instant::now() > deadline {
                return None;
            }
            let result = run_plan(plan.clone());
            let is_same = result.violations.iter().any(|it| it.invariant == invariant);
            let (violations, trace) = (result.violations, result.trace);
            is_same.then_some(Failure { plan, violations, trace })
        });
        match smaller {
            Some(smaller) => smallest = smaller,
            None => return smallest,
        }
    }
}

/// Plans that are a little smaller, the boldest change first.
fn candidates(plan: &Plan) -> Vec<Plan> {
    let mut smaller = Vec::new();
    let mut offer = |change: &dyn Fn(&mut Plan)| {
        let mut plan = plan.clone();
        change(&mut plan);
        smaller.push(plan);
    };
    if plan.fault_rates != FaultRates::default() {
        offer(&|plan| plan.fault_rates = FaultRates::default());
    }
    if plan.faults.len() > 1 {
        offer(&|plan| plan.faults.clear());
    }
    for index in 0..plan.operations.len() {
        offer(&|plan| drop(plan.operations.remove(index)));
    }
    for index in 0..plan.faults.len() {
        offer(&|plan| {
            plan.faults.remove(index);
        });
    }
    for (index, scheduled) in plan.operations.iter().enumerate() {
        match &scheduled.operation {
            Operation::ShopperSession(session) => {
                for step in 0..session.steps.len() {
                    offer(&|plan| {
                        if let Operation::ShopperSession(session) =
                            &mut plan.operations[index].operation
                        {
                            session.steps.remove(step);
                        }
                    });
                }
                if session.lines.len() > 1 {
                    offer(&|plan| {
                        if let Operation::ShopperSession(session) =
                            &mut plan.operations[index].operation
                        {
                            session.lines.truncate(1);
                        }
                    });
                }
            }
            Operation::OperatorOrder { .. }
            | Operation::SetPrice { .. }
            | Operation::CountStock { .. }
            | Operation::MoveStock { .. }
            | Operation::Refund { .. }
            | Operation::Fulfil { .. }
            | Operation::Cancel { .. }
            | Operation::EraseCustomer { .. }
            | Operation::Inspect { .. } => {}
        }
    }
    smaller
}
