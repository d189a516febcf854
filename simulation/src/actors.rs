//! Actors of the simulation: shoppers and operators, who send requests, retry them, and keep what they observed.

pub(crate) mod erasures;
mod operators;
mod ordering;
mod shoppers;

use crate::{
    plan::{Operation, ScheduledOperation},
    simulation::Simulation,
};
use std::{sync::Arc, time::Duration};

/// Executes an operation at its moment.
pub(crate) async fn execute(sim: Arc<Simulation>, scheduled: ScheduledOperation) {
    let ScheduledOperation { id, at_ms, operation } = scheduled;
    tokio::time::sleep(Duration::from_millis(at_ms)).await;
    match operation {
        Operation::ShopperSession(session) => shoppers::execute(&sim, id, session).await,
        Operation::OperatorOrder { lines, token, duplicate } => {
            ordering::place_operator_order(&sim, id, &lines, token, duplicate).await;
        }
        operation => operators::execute(&sim, id, operation).await,
    }
}
