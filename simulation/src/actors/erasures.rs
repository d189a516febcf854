//! Erasures of customers, by the contract of the order service.

use crate::{observed::Erasure, simulation::Simulation};
use contracts::order::{CustomerErasure, Customers};
use rpc::Contract;
use std::{sync::Arc, time::Duration};

/// Time-out of a call.
const TIMEOUT: Duration = Duration::from_secs(40);

/// Contract of the order service towards whoever answers for a person's data.
pub(crate) fn customers(sim: &Arc<Simulation>) -> Arc<dyn Customers> {
    let channel = sim.cluster.direct_channel(<dyn Customers as Contract>::SERVICE);
    <dyn Customers as Contract>::client(channel)
}

/// Asks once for the erasure of a customer; the answer, if one came.
pub(crate) async fn request(sim: &Arc<Simulation>, email: &str) -> Option<CustomerErasure> {
    sim.env.trace(format_args!("{email} is to be erased"));
    let customers = customers(sim);
    let erased = tokio::time::timeout(TIMEOUT, customers.erase(email.to_owned())).await;
    sim.env.trace(format_args!("{email} is erased: {erased:?}"));
    erased.ok().and_then(Result::ok)
}

/// Erases the customer of an order, and keeps what was acknowledged.
pub(super) async fn erase_customer(sim: &Arc<Simulation>, order: &str) {
    let email = sim.oracle.model().orders.all.get(order).map(|order| order.email.clone());
    let Some(email) = email else { return };
    // From here on it may happen at any moment.
    let erasure = Erasure { email: email.clone(), acknowledged: None };
    sim.observed.lock().erasures.push(erasure);
    let Some(erased) = request(sim, &email).await else { return };
    sim.env.cover(if erased.open_obligations.is_empty() {
        "outcome: customer erased"
    } else {
        "outcome: erasure deferred"
    });
    let mut observed = sim.observed.lock();
    let known = observed.erasures.iter_mut().filter(|erasure| erasure.email == email);
    for erasure in known {
        erasure.acknowledged = Some(erased.open_obligations.clone());
    }
}
