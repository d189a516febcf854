//! Channels to services in other processes.

use kernel::Randomness;
use rpc::FleetSecret;
use std::sync::Arc;
use telemetry::Metrics;
use tls_files::ClientTls;
use transport::{CallPolicy, Channel};

/// Network channel to `service` at these addresses, with a credential of the fleet where it has a secret, and with its certificate where
/// it has mutual TLS; `None` without an address.
pub(crate) fn channel_to(
    service: &'static str,
    addresses: Option<&Vec<http::Uri>>,
    randomness: &Arc<dyn Randomness>,
    metrics: &Metrics,
    (secret, tls): (Option<&FleetSecret>, Option<&ClientTls>),
) -> Option<Channel> {
    let addresses = addresses.filter(|addresses| !addresses.is_empty())?.clone();
    let (randomness, policy) = (Arc::clone(randomness), CallPolicy::default());
    let channel =
        transport::network_with_tls(service, addresses, policy, randomness, metrics, tls.cloned());
    Some(match secret {
        Some(secret) => secret.sign(service, channel),
        None => channel,
    })
}
