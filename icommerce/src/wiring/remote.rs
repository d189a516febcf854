//! Ways to services in other processes.

use kernel::Randomness;
use std::sync::Arc;
use telemetry::Metrics;
use transport::{CallPolicy, Channel};

/// The way to `service` at these addresses; `None` when no address is known.
pub(crate) fn way_to(
    service: &'static str,
    addresses: Option<&Vec<http::Uri>>,
    randomness: &Arc<dyn Randomness>,
    metrics: &Metrics,
) -> Option<Channel> {
    let addresses = addresses.filter(|addresses| !addresses.is_empty())?.clone();
    Some(transport::network(
        service,
        addresses,
        CallPolicy::default(),
        Arc::clone(randomness),
        metrics,
    ))
}
