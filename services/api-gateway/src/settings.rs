//! Settings of the gateway.

use crate::{client_identity::IpNetwork, cors::Origin, host_check::AllowedHost};
use serde::{Deserialize, Serialize};

/// Settings section `api-gateway`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct GatewaySettings {
    /// Deadline of a request, from its arrival to its response, in milliseconds.
    pub(crate) deadline_ms: u64,
    /// Concurrency limit of the shop edge; a request beyond it is refused at once.
    pub(crate) shop_requests_max: usize,
    /// Concurrency limit of the operator edge, which is independent of the shop edge.
    pub(crate) operator_requests_max: usize,
    /// Largest request body, in bytes.
    pub(crate) body_bytes_max: usize,
    /// Largest import batch, in bytes.
    pub(crate) import_bytes_max: usize,
    /// Largest uploaded picture, in bytes; the product service takes up to 16 MiB.
    pub(crate) media_bytes_max: usize,
    /// Rate limit per client, in requests per second on average; 0 for no limit. A client is an IPv4 address or an IPv6
    /// /64 network.
    pub(crate) client_requests_per_second: u32,
    /// Burst of the rate limit: requests that a client may send at once.
    pub(crate) client_requests_burst: u32,
    /// Whether the rate limit also applies to clients on this machine.
    pub(crate) limit_loopback_clients: bool,
    /// Proxies whose `X-Forwarded-For` is trusted: addresses or networks such as `10.0.0.0/8`.
    pub(crate) trusted_proxies: Vec<IpNetwork>,
    /// Host names allowed over the loopback interface besides `localhost`, such as `shop.example` when a proxy runs on
    /// this machine; `*` for any.
    pub(crate) hosts: Vec<AllowedHost>,
    /// CORS: origins whose pages may call the API of the shop edge, such as `https://example.com`; `*` for any.
    pub(crate) cors_origins: Vec<Origin>,
}

impl Default for GatewaySettings {
    fn default() -> Self {
        Self {
            deadline_ms: 30_000,
            shop_requests_max: 512,
            operator_requests_max: 256,
            body_bytes_max: 1 << 20,
            import_bytes_max: 16 << 20,
            media_bytes_max: 16 << 20,
            client_requests_per_second: 50,
            client_requests_burst: 200,
            limit_loopback_clients: false,
            trusted_proxies: Vec::new(),
            hosts: Vec::new(),
            cors_origins: Vec::new(),
        }
    }
}
