//! Ways to services in other processes.

use kernel::Randomness;
use std::sync::Arc;
use telemetry::Metrics;
use transport::{Policy, Transport};

/// The way to `service` at these addresses; `None` when no address is known.
pub(crate) fn way_to(
    service: &'static str,
    addresses: Option<&Vec<http::Uri>>,
    randomness: &Arc<dyn Randomness>,
    metrics: &Metrics,
) -> Option<Transport> {
    let addresses = addresses.filter(|addresses| !addresses.is_empty())?.clone();
    Some(transport::network(service, addresses, Policy::default(), Arc::clone(randomness), metrics))
}
