//! Channels to services in other processes.

use kernel::Randomness;
use std::sync::Arc;
use telemetry::Metrics;
use transport::{CallPolicy, Channel};

/// Network channel to `service` at these addresses; `None` without an address.
pub(crate) fn channel_to(
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
