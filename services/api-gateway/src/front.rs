//! Front of a listener that can be reached from outside: who the client of a request is, the host that it names, and its limits, whatever is
//! behind the listener.

use crate::{
    client_certificate::CertificateSource,
    client_identity::{ClientIdentity, ClientRoute},
    client_limiter::{ClientLimiter, ClientState},
    security_headers::StrictTransport,
    settings::GatewaySettings,
};
use axum::http::{HeaderMap, HeaderValue};
use kernel::{Problem, codes};
use std::sync::Arc;
use tokio::time::Instant;
use web::{AllowedHost, HostName, IpNetwork};

const UNKNOWN_HOST: &str =
    "this host name is not configured; use localhost, or add the name to the setting hosts";
const UNKNOWN_PROXY: &str = "a proxy on this machine forwarded this request; add the proxy's address, such as 127.0.0.1, to the setting trusted_proxies";

/// Front of a listener.
#[derive(Debug)]
pub(crate) struct Front {
    pub(crate) clients: ClientLimiter,
    limit_loopback: bool,
    pub(crate) trusted_proxies: Vec<IpNetwork>,
    pub(crate) certificates: CertificateSource,
    strict_transport: StrictTransport,
    pub(crate) hosts: Vec<AllowedHost>,
}

impl Front {
    /// Front by these settings; the sentence says what is wrong with them.
    pub(crate) fn new(settings: &GatewaySettings) -> Result<Self, String> {
        Ok(Self {
            clients: ClientLimiter::new(settings.client_limits()),
            limit_loopback: settings.limit_loopback_clients,
            trusted_proxies: settings.trusted_proxies.clone(),
            certificates: CertificateSource::new(&settings.client_certificate_header)?,
            strict_transport: StrictTransport::new(settings.strict_transport_seconds),
            hosts: settings.hosts.clone(),
        })
    }

    /// What a request names as its host. Over the loopback interface only a known one passes, and only without a proxy:
    /// behind one that is not trusted every client would look like a program on this machine.
    pub(crate) fn check_host(
        &self,
        client: &ClientIdentity,
        headers: &HeaderMap,
    ) -> Result<HostName, Problem> {
        let host = HostName::of(headers, &self.hosts);
        match client.route {
            ClientRoute::UnknownLocalProxy => Err(Problem::of(codes::FORBIDDEN, UNKNOWN_PROXY)),
            ClientRoute::Direct if client.address.is_loopback() && host == HostName::Unknown => {
                Err(Problem::of(codes::FORBIDDEN, UNKNOWN_HOST))
            }
            ClientRoute::Direct | ClientRoute::TrustedProxy { .. } => Ok(host),
        }
    }

    /// State of the client, if it is limited.
    pub(crate) fn limited_client(
        &self,
        client: &ClientIdentity,
        host: HostName,
    ) -> Option<Arc<ClientState>> {
        let is_limited = self.limit_loopback || !client.is_local(host);
        is_limited.then(|| self.clients.client(client.address, Instant::now()))
    }

    /// Policy by which browsers come by TLS alone from now on, for a client to which it is said.
    pub(crate) fn strict_transport(
        &self,
        client: &ClientIdentity,
        headers: &HeaderMap,
    ) -> Option<HeaderValue> {
        self.strict_transport.of(client, || HostName::of(headers, &self.hosts))
    }
}
