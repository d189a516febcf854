//! Channels to services in other processes.

use kernel::Randomness;
use rpc::FleetSecret;
use std::sync::Arc;
use telemetry::Metrics;
use transport::{CallPolicy, Channel};

/// Network channel to `service` at these addresses, with a credential of the fleet where it has a secret; `None` without
/// an address.
pub(crate) fn channel_to(
    service: &'static str,
    addresses: Option<&Vec<http::Uri>>,
    randomness: &Arc<dyn Randomness>,
    metrics: &Metrics,
    secret: Option<&FleetSecret>,
) -> Option<Channel> {
    let addresses = addresses.filter(|addresses| !addresses.is_empty())?.clone();
    let randomness = Arc::clone(randomness);
    let channel =
        transport::network(service, addresses, CallPolicy::default(), randomness, metrics);
    Some(match secret {
        Some(secret) => secret.sign(service, channel),
        None => channel,
    })
}
