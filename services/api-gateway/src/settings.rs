//! The settings of the gateway.

use crate::{cors::Origin, host::HostName, visitor::Network};
use serde::{Deserialize, Serialize};

/// The settings of the gateway.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct GatewaySettings {
    /// How long a request may take, from its arrival to its answer.
    pub(crate) deadline_ms: u64,
    /// How many requests of shoppers are answered at the same time; the next one is refused at once.
    pub(crate) shop_requests_max: usize,
    /// The same for operators, who have places of their own.
    pub(crate) operator_requests_max: usize,
    /// The largest body of a request, in bytes.
    pub(crate) body_bytes_max: usize,
    /// The largest batch of an import, in bytes.
    pub(crate) import_bytes_max: usize,
    /// How many requests a client may send in the long run; 0 for no limit. A client is an address, or a network
    /// of the size that IPv6 gives to one household.
    pub(crate) client_requests_per_second: u32,
    /// How many of these it may send at once.
    pub(crate) client_requests_burst: u32,
    /// Whether clients on this machine are limited too.
    pub(crate) limit_loopback_clients: bool,
    /// Who may say for whom a request is sent (`X-Forwarded-For`): addresses or networks such as `10.0.0.0/8`.
    pub(crate) trusted_proxies: Vec<Network>,
    /// The names under which this machine's own clients reach the shop besides `localhost`, such as `shop.example`
    /// when a proxy runs here; `*` for any.
    pub(crate) hosts: Vec<HostName>,
    /// Whose pages may call the API of the shop edge from a browser, such as `https://example.com`, or `*`.
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
            client_requests_per_second: 50,
            client_requests_burst: 200,
            limit_loopback_clients: false,
            trusted_proxies: Vec::new(),
            hosts: Vec::new(),
            cors_origins: Vec::new(),
        }
    }
}
