//! HTTP/1.1 transport with a pool of keep-alive connections to one base address.

use async_trait::async_trait;
use bytes::Bytes;
use http::{Uri, uri::PathAndQuery};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::{
    client::legacy::Client,
    rt::{TokioExecutor, TokioTimer},
};
use std::{error::Error, time::Duration};
use tls_files::ClientTls;
use tokio::time::timeout;
use transport::{Request, Response, ServerConnector, Transport, TransportError};

/// The most bytes of a response body that are read.
const RESPONSE_BYTES_MAX: usize = 32 * 1024 * 1024;
/// The most idle connections in the pool.
const IDLE_CONNECTIONS_MAX: usize = 256;
/// Keep-alive time of an idle connection: shorter than that of servers, so that the client is the side that closes.
const IDLE_TIMEOUT: Duration = Duration::from_secs(15);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Time limit of one attempt, including the response body.
const ATTEMPT_TIMEOUT: Duration = Duration::from_mins(1);

/// Channel over pooled connections to one base address.
#[derive(Debug)]
pub(crate) struct HttpTransport {
    name: &'static str,
    base: Uri,
    client: Client<ServerConnector, Full<Bytes>>,
}

impl HttpTransport {
    pub(crate) fn new(name: &'static str, base: Uri, tls: Option<ClientTls>) -> Self {
        let connector = ServerConnector::new(tls, CONNECT_TIMEOUT);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(IDLE_CONNECTIONS_MAX)
            .build(connector);
        Self { name, base, client }
    }

    async fn send_once(&self, request: Request) -> Result<Response, TransportError> {
        let (mut head, body) = request.into_parts();
        head.uri = self.address(head.uri.path_and_query()).map_err(|it| self.unreachable(&it))?;
        let request = http::Request::from_parts(head, Full::new(body));
        let response = self.client.request(request).await.map_err(|it| self.unreachable(&it))?;
        let (head, body) = response.into_parts();
        match Limited::new(body, RESPONSE_BYTES_MAX).collect().await {
            Ok(body) => Ok(Response::from_parts(head, body.to_bytes())),
            Err(error) => Err(self.unreachable(&*error)),
        }
    }

    fn address(&self, path: Option<&PathAndQuery>) -> Result<Uri, http::Error> {
        let mut address = self.base.clone().into_parts();
        address.path_and_query = Some(path.cloned().unwrap_or(PathAndQuery::from_static("/")));
        Uri::from_parts(address).map_err(Into::into)
    }

    fn unreachable(&self, error: &dyn Error) -> TransportError {
        // The outermost error only says "client error"; the cause that helps a person is the innermost source.
        let mut innermost = error;
        while let Some(source) = innermost.source() {
            innermost = source;
        }
        let reason = format!("{} cannot be reached: {innermost}", self.base);
        TransportError::Unreachable { service: self.name, reason }
    }
}

#[async_trait]
impl Transport for HttpTransport {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        timeout(ATTEMPT_TIMEOUT, self.send_once(request))
            .await
            .unwrap_or(Err(TransportError::DeadlineExceeded { service: self.name }))
    }
}
