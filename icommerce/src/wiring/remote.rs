//! Channels to services in other processes.

use kernel::Randomness;
use rpc::FleetSecret;
use runtime::FleetMember;
use std::{collections::BTreeMap, sync::Arc, time::Duration};
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

/// How long a process may take to say how it is.
const HEALTH_TIMEOUT: Duration = Duration::from_secs(1);
/// Name of the channels that ask for it, in errors.
const HEALTH_CHANNEL: &str = "member of the fleet";

/// Processes at these addresses, each with a channel to it alone. They say how they are without a credential.
pub(crate) fn members(
    peers: &BTreeMap<&'static str, Vec<http::Uri>>,
    randomness: &Arc<dyn Randomness>,
    tls: Option<&ClientTls>,
) -> Vec<FleetMember> {
    let mut members: Vec<FleetMember> = Vec::new();
    for (service, url) in
        peers.iter().flat_map(|(name, urls)| urls.iter().map(move |url| (name, url)))
    {
        let address = url.to_string().trim_end_matches('/').to_owned();
        if let Some(known) = members.iter_mut().find(|it| it.address == address) {
            known.services.push(service);
            continue;
        }
        let policy = CallPolicy {
            deadline: HEALTH_TIMEOUT,
            attempt_timeout: HEALTH_TIMEOUT,
            attempts_max: 1,
            // Whoever looks is told how it is now.
            breaker_failures: u32::MAX,
            ..CallPolicy::default()
        };
        // The metrics of calls are those of the services' calls.
        let metrics = Metrics::new();
        let channel = transport::network_with_tls(
            HEALTH_CHANNEL,
            vec![url.clone()],
            policy,
            Arc::clone(randomness),
            &metrics,
            tls.cloned(),
        );
        members.push(FleetMember { services: vec![service], address, channel });
    }
    members
}
