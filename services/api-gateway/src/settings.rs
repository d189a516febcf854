//! Settings of the gateway.

use crate::{client_certificate::CertificateSource, client_limiter::ClientLimits, cors::Origin};
use axum::http::Uri;
use resource_server::is_bearer_token;
use serde::{Deserialize, Serialize};
use settings::{Allowed, InvalidSetting, Secret, SectionSettings};
use std::time::Duration;
use web::{AllowedHost, ConnectionLimits, IpNetwork};

/// Shortest token of an operator, in characters: one that can be guessed protects nothing.
const TOKEN_CHARACTERS_MIN: usize = 32;

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
    /// CPU time in milliseconds that one request of the rate limit stands for, at the shop edge; a request that takes more
    /// counts as several.
    pub(crate) client_request_cpu_ms: u32,
    /// Concurrency limit per client: requests in progress.
    pub(crate) client_requests_max: usize,
    /// Open connections per client and edge; at the limit the oldest idle one is closed. A trusted proxy has no such limit.
    pub(crate) client_connections_max: usize,
    /// Bytes of request bodies in progress, per client; the first 16 KiB of a body do not count.
    pub(crate) client_body_bytes_in_progress_max: usize,
    /// Bytes of request bodies in progress, of all clients.
    pub(crate) body_bytes_in_progress_max: usize,
    /// Whether the limits per client also apply to clients on this machine.
    pub(crate) limit_loopback_clients: bool,
    /// Proxies whose `X-Forwarded-For` or `Forwarded` is trusted: addresses or networks such as `10.0.0.0/8`.
    pub(crate) trusted_proxies: Vec<IpNetwork>,
    /// Header in which trusted proxies pass on the certificate that a client presented to them: `client-cert` (RFC 9440, with
    /// `client-cert-chain`), `x-forwarded-client-cert` as Envoy writes it, or another name for a URL-encoded PEM as nginx writes it
    /// (`$ssl_client_escaped_cert`). The proxy must replace what clients send by this name. Empty for none.
    pub(crate) client_certificate_header: String,
    /// How long browsers are to come by TLS alone once they have come so, in seconds (HSTS, RFC 6797), said where this edge speaks it
    /// itself; 0 for nothing.
    pub(crate) strict_transport_seconds: u32,
    /// Host names allowed over the loopback interface besides `localhost`, such as `shop.example` when a proxy runs on
    /// this machine; `*` for any.
    pub(crate) hosts: Vec<AllowedHost>,
    /// CORS: origins whose pages may call the API of the shop edge, such as `https://example.com`; `*` for any.
    pub(crate) cors_origins: Vec<Origin>,
    /// Whether the operator edge asks for a token or a sign-in. By default it does everywhere but in the demonstration on loopback, and
    /// nowhere else may it be false.
    pub(crate) operator_sign_in: bool,
    /// Address of the operator edge as browsers know it, such as `https://ops.example`, for the sign-in there; that of the listener by
    /// default, if it is on loopback.
    pub(crate) operator_url: String,
    /// Address of the shop edge as browsers know it, such as `https://shop.example`, for the sign-in of customers; by default
    /// `storefront.url` over https, or the address of the listener, if it is on loopback.
    pub(crate) shop_url: String,
    /// Whether proofs of possession (DPoP) need a nonce of this process, so that none can be made beforehand. Clients ask once more for
    /// each of their first requests.
    pub(crate) requires_dpop_nonces: bool,
    /// Token that may do everything at the operator edge, of at least 32 characters, for programs where no issuer of tokens can be
    /// reached. By default there is none but that of this process itself, which is made at each start.
    pub(crate) operator_token: Secret,
}

impl SectionSettings for GatewaySettings {
    const ALLOWED: &'static [Allowed] = &[
        Allowed::range("deadline_ms", 100, 600_000),
        Allowed::range("shop_requests_max", 1, 100_000),
        Allowed::range("operator_requests_max", 1, 100_000),
        Allowed::range("body_bytes_max", 1_024, 1 << 30),
        Allowed::range("import_bytes_max", 1_024, 1 << 30),
        Allowed::range("media_bytes_max", 1_024, 1 << 30),
        Allowed::range("client_requests_per_second", 0, 1_000_000),
        Allowed::range("client_requests_burst", 1, 1_000_000),
        Allowed::range("client_request_cpu_ms", 1, 60_000),
        Allowed::range("client_requests_max", 1, 100_000),
        Allowed::range("client_connections_max", 1, 100_000),
        Allowed::range("client_body_bytes_in_progress_max", 1 << 20, 1 << 40),
        Allowed::range("body_bytes_in_progress_max", 1 << 20, 1 << 40),
        Allowed::range("strict_transport_seconds", 0, 63_072_000),
    ];

    fn check(&self) -> Result<(), InvalidSetting> {
        let token = self.operator_token.expose();
        if !token.is_empty() && token.len() < TOKEN_CHARACTERS_MIN {
            let expected = "expected at least 32 characters, best of `openssl rand -hex 32`";
            return Err(InvalidSetting::new("operator_token", expected));
        }
        if !token.is_empty() && !is_bearer_token(token) {
            let expected = "expected letters, digits and -._~+/ alone, as a bearer token has them";
            return Err(InvalidSetting::new("operator_token", expected));
        }
        if CertificateSource::new(&self.client_certificate_header).is_err() {
            let expected = "expected the name of a header, such as client-cert, or nothing";
            return Err(InvalidSetting::new("client_certificate_header", expected));
        }
        for (path, url) in [("operator_url", &self.operator_url), ("shop_url", &self.shop_url)] {
            if !url.is_empty() && !is_origin(url) {
                let expected = "expected scheme, host and perhaps port, such as https://ops.example; http on loopback only";
                return Err(InvalidSetting::new(path, expected));
            }
        }
        Ok(())
    }
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
            client_request_cpu_ms: 5,
            client_requests_max: 64,
            client_connections_max: 256,
            client_body_bytes_in_progress_max: 32 << 20,
            body_bytes_in_progress_max: 256 << 20,
            limit_loopback_clients: false,
            trusted_proxies: Vec::new(),
            client_certificate_header: String::new(),
            strict_transport_seconds: 31_536_000,
            hosts: Vec::new(),
            cors_origins: Vec::new(),
            operator_sign_in: true,
            operator_url: String::new(),
            shop_url: String::new(),
            requires_dpop_nonces: false,
            operator_token: Secret::default(),
        }
    }
}

impl GatewaySettings {
    /// Limits of each client.
    pub(crate) fn client_limits(&self) -> ClientLimits {
        ClientLimits {
            requests_per_second: self.client_requests_per_second,
            requests_burst: self.client_requests_burst,
            request_cpu: Duration::from_millis(self.client_request_cpu_ms.into()),
            requests_max: self.client_requests_max,
            body_bytes_max: self.client_body_bytes_in_progress_max,
        }
    }

    /// Limits of the connections of an edge, of which all clients together may have `connections_max`.
    pub(crate) fn connection_limits(&self, connections_max: usize) -> ConnectionLimits {
        let mut unlimited_clients = self.trusted_proxies.clone();
        if !self.limit_loopback_clients {
            unlimited_clients.extend(IpNetwork::LOOPBACK);
        }
        let client_connections_max = self.client_connections_max;
        ConnectionLimits { connections_max, client_connections_max, unlimited_clients }
    }
}

/// Whether this is an origin to which a browser may carry a session: over https, or to this machine.
fn is_origin(address: &str) -> bool {
    let address = address.strip_suffix('/').unwrap_or(address);
    let Ok(uri) = address.parse::<Uri>() else { return false };
    let Some(host) = uri.host() else { return false };
    let is_loopback = ["127.0.0.1", "[::1]", "localhost"].contains(&host);
    let is_accepted =
        uri.scheme_str() == Some("https") || (uri.scheme_str() == Some("http") && is_loopback);
    // Without a user, a path or a query, and written as browsers write it.
    let port = uri.port().map(|port| format!(":{port}")).unwrap_or_default();
    let scheme = uri.scheme_str().unwrap_or_default();
    is_accepted
        && address == format!("{scheme}://{host}{port}")
        && address == address.to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_carried_to_https_or_to_this_machine() {
        for address in [
            "https://ops.example",
            "https://ops.example:8443/",
            "http://127.0.0.1:8081",
            "http://[::1]:1",
        ] {
            assert!(is_origin(address), "{address}");
        }
        for address in [
            "http://ops.example",
            "ops.example",
            "https://",
            "https://ops.example/x",
            "https://u@ops.example",
            "https://ops.example?a",
            "https://OPS.example",
            "http://127.0.0.1.evil.example",
            "ftp://127.0.0.1",
            "//x",
        ] {
            assert!(!is_origin(address), "{address}");
        }
    }
}
