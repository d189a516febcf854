//! Checks of the client: the host that it names, its limits, and the site whose page it shows.

use super::{Gateway, RequestInfo};
use crate::{
    client_identity::{ClientIdentity, ClientRoute},
    client_limiter::ClientState,
    csrf,
};
use axum::http::{HeaderMap, request::Parts};
use kernel::{Problem, codes};
use std::sync::Arc;
use tokio::time::Instant;
use transport::Edge;
use web::HostName;

const UNKNOWN_HOST: &str =
    "this host name is not configured; use localhost, or add the name to the setting hosts";
const UNKNOWN_PROXY: &str = "a proxy on this machine forwarded this request; add the proxy's address, such as 127.0.0.1, to the setting trusted_proxies";
const CROSS_SITE: &str = "pages of other sites may not do this; send the request from a program, or allow the site in the setting cors_origins";

impl Gateway {
    /// What a request names as its host. Over the loopback interface only a known one passes, and only without a proxy:
    /// behind one that is not trusted every client would look like a program on this machine.
    pub(super) fn check_host(
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
    pub(super) fn limited_client(
        &self,
        client: &ClientIdentity,
        host: HostName,
    ) -> Option<Arc<ClientState>> {
        let is_limited = self.limit_loopback || !client.is_local(host);
        is_limited.then(|| self.clients.client(client.address, Instant::now()))
    }

    /// Refuses a change that a page of another site asks for, unless it may.
    pub(super) fn check_site(&self, info: &RequestInfo<'_>, head: &Parts) -> Result<(), Problem> {
        let forwarded_host = info.client.forwarded_host();
        if !csrf::is_cross_site_write(&head.method, &head.headers, forwarded_host) {
            return Ok(());
        }
        let is_shop = info.edge.edge == Edge::Shop;
        if is_shop && self.cors.allowed_origin(&head.headers).is_some() {
            return Ok(());
        }
        Err(Problem::of(codes::FORBIDDEN, CROSS_SITE))
    }
}
