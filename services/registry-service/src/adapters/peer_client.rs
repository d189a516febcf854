//! HTTP client of a peer, with the credentials in its address.

use super::{
    http::{NODE, REPLICATION},
    wire::{batch, read_applications},
};
use crate::{
    domain::{instance::Instance, replication::ReplicatedChange},
    ports::{Peer, PeerReply, PeerUnavailable},
};
use async_trait::async_trait;
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::{
    client::legacy::Client,
    rt::{TokioExecutor, TokioTimer},
};
use std::{error::Error, time::Duration};
use tls_files::ClientTls;
use transport::ServerConnector;
use url::Url;

/// Time that a peer has to accept a connection.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(1);
/// Time that a peer has to answer.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(5);
/// Time for which an unused connection is kept.
const IDLE_TIME_MAX: Duration = Duration::from_secs(15);
/// Bytes of an answer of a peer, of its whole registry too.
const ANSWER_BYTES_MAX: usize = 128 * 1024 * 1024;

/// Client of one peer.
#[derive(Debug)]
pub(crate) struct PeerClient {
    client: Client<ServerConnector, Full<Bytes>>,
    /// Address without credentials, and without a slash at its end.
    address: String,
    authorization: Option<HeaderValue>,
    identity: HeaderValue,
    lease_seconds: u32,
}

impl PeerClient {
    /// Client of the peer at this address; `None` for an address that is none.
    pub(crate) fn new(
        address: &str,
        identity: &str,
        lease_seconds: u32,
        tls: Option<ClientTls>,
    ) -> Option<Self> {
        let mut url = Url::parse(address).ok()?;
        let authorization = match url.username() {
            "" => None,
            user => {
                let decoded = |text: &str| {
                    let text = text.replace('+', "%2B");
                    let mut pairs = form_urlencoded::parse(text.as_bytes());
                    pairs.next().map(|(text, _)| text.into_owned()).unwrap_or_default()
                };
                let pair = format!("{}:{}", decoded(user), decoded(url.password().unwrap_or("")));
                let value = format!("Basic {}", BASE64_STANDARD.encode(pair));
                let mut value = HeaderValue::from_str(&value).ok()?;
                value.set_sensitive(true);
                Some(value)
            }
        };
        url.set_username("").ok()?;
        url.set_password(None).ok()?;
        let connector = ServerConnector::new(tls, CONNECT_TIME_MAX);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIME_MAX)
            .build(connector);
        let address = url.as_str().trim_end_matches('/').to_owned();
        let identity = HeaderValue::from_str(identity).ok()?;
        Some(Self { client, address, authorization, identity, lease_seconds })
    }

    async fn exchange(
        &self,
        method: Method,
        path: &str,
        body: Vec<u8>,
    ) -> Result<(HeaderMap, Bytes), PeerUnavailable> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}/{path}", self.address))
            .header(header::ACCEPT, "application/json")
            .header(header::CONTENT_TYPE, "application/json")
            .header(REPLICATION, "true")
            .header("discoveryidentity-name", "DefaultServer")
            .header(NODE, &self.identity);
        if let Some(authorization) = &self.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        let request = request.body(Full::from(body)).map_err(|error| unavailable(&error))?;
        let answer = async {
            let response = self.client.request(request).await.map_err(|error| innermost(&error))?;
            let (head, body) = response.into_parts();
            if head.status != StatusCode::OK {
                return Err(PeerUnavailable(format!("it answered {}", head.status)));
            }
            let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
            Ok((head.headers, body.map_err(|error| innermost(&*error))?.to_bytes()))
        };
        match tokio::time::timeout(ANSWER_TIME_MAX, answer).await {
            Ok(answer) => answer,
            Err(_) => Err(PeerUnavailable("it did not answer in time".to_owned())),
        }
    }
}

#[async_trait]
impl Peer for PeerClient {
    fn address(&self) -> &str {
        &self.address
    }

    async fn replicate(&self, changes: &[&ReplicatedChange]) -> Result<PeerReply, PeerUnavailable> {
        let batch = batch::write_batch(changes.iter().copied());
        let (headers, body) = self.exchange(Method::POST, "peerreplication/batch/", batch).await?;
        let node = headers.get(&NODE).and_then(|it| it.to_str().ok()).map(str::to_owned);
        let answers = batch::read_answers(&body, self.lease_seconds);
        let answers =
            answers.ok_or_else(|| PeerUnavailable("its answer is unreadable".to_owned()))?;
        Ok(PeerReply { answers, node })
    }

    async fn instances(&self) -> Result<Vec<Instance>, PeerUnavailable> {
        let (_, body) = self.exchange(Method::GET, "apps/", Vec::new()).await?;
        let instances = read_applications(&body, self.lease_seconds);
        instances.ok_or_else(|| PeerUnavailable("its registry is unreadable".to_owned()))
    }
}

fn unavailable(error: &(impl ToString + ?Sized)) -> PeerUnavailable {
    PeerUnavailable(error.to_string())
}

/// The outer error says only "client error"; the innermost one says what happened.
fn innermost(error: &(dyn Error + 'static)) -> PeerUnavailable {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    unavailable(error)
}
