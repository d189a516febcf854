//! Connection pool: HTTP/1.1 connections to the endpoints of a service.

use super::CallPolicy;
use crate::{
    Channel, Request, Response, ServerConnector, Transport, TransportError,
    loopback::RESPONSE_BYTES_MAX,
};
use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderName, Uri, header, uri::PathAndQuery};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::{
    client::legacy::Client,
    rt::{TokioExecutor, TokioTimer},
};
use std::error::Error;
use tls_files::ClientTls;

/// Header with the host that the client asked for, as proxies name it.
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// Connection pool for all endpoints of one service.
#[derive(Clone, Debug)]
pub(super) struct ConnectionPool {
    service: &'static str,
    client: Client<ServerConnector, Full<Bytes>>,
}

impl ConnectionPool {
    pub(super) fn new(service: &'static str, policy: &CallPolicy, tls: Option<ClientTls>) -> Self {
        let connector = ServerConnector::new(tls, policy.connect_timeout);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(policy.idle_connection_timeout)
            .pool_max_idle_per_host(policy.idle_connections_max)
            .build(connector);
        Self { service, client }
    }

    /// A channel to one endpoint over the pool.
    pub(super) fn to(&self, base: &Uri) -> Channel {
        Channel::new(PooledConnection { connections: self.clone(), base: base.clone() })
    }
}

struct PooledConnection {
    connections: ConnectionPool,
    base: Uri,
}

#[async_trait]
impl Transport for PooledConnection {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let (mut head, body) = request.into_parts();
        // The host that the client asked for is not this endpoint's.
        if let Some(host) = head.headers.remove(header::HOST) {
            head.headers.entry(FORWARDED_HOST).or_insert(host);
        }
        head.uri = self.address(head.uri.path_and_query()).map_err(|it| self.unreachable(&it))?;
        let request = http::Request::from_parts(head, Full::new(body));
        let response = self.connections.client.request(request).await.map_err(|error| {
            if error.is_connect() { self.not_connected(&error) } else { self.unreachable(&error) }
        })?;
        let (head, body) = response.into_parts();
        match Limited::new(body, RESPONSE_BYTES_MAX).collect().await {
            Ok(body) => Ok(Response::from_parts(head, body.to_bytes())),
            Err(error) => Err(self.unreachable(&*error)),
        }
    }
}

impl PooledConnection {
    /// The absolute URI of this path at this endpoint.
    fn address(&self, path: Option<&PathAndQuery>) -> Result<Uri, http::Error> {
        let base = self.base.clone().into_parts();
        let mut address = http::uri::Builder::new();
        if let (Some(scheme), Some(authority)) = (base.scheme, base.authority) {
            address = address.scheme(scheme).authority(authority);
        }
        address.path_and_query(path.map_or("/", PathAndQuery::as_str)).build()
    }

    fn not_connected(&self, error: &dyn Error) -> TransportError {
        let (service, reason) = (self.connections.service, self.reason(error));
        TransportError::NotConnected { service, reason }
    }

    fn unreachable(&self, error: &dyn Error) -> TransportError {
        let (service, reason) = (self.connections.service, self.reason(error));
        TransportError::Unreachable { service, reason }
    }

    fn reason(&self, error: &dyn Error) -> String {
        // The outer error says only "client error"; the innermost one says what happened.
        let mut innermost = error;
        while let Some(source) = innermost.source() {
            innermost = source;
        }
        format!("{}: {innermost}", self.base)
    }
}
