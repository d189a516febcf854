//! HTTP client of both edges that returns responses unchanged and tells a response from none at all.

use bytes::Bytes;
use http::{
    HeaderMap, Request as HttpRequest,
    header::{AUTHORIZATION, CONTENT_TYPE},
};
use http_body_util::{BodyExt, Full};
use hyper_util::{client::legacy, rt::TokioExecutor};
use serde_json::Value;
use std::{net::SocketAddr, time::Duration};

/// Response timeout, longer than any of the shop's own.
const RESPONSE_TIMEOUT: Duration = Duration::from_mins(1);

/// Token that may do everything at the operator edge of the shop under test.
pub(crate) const OPERATOR_TOKEN: &str = "the-token-of-the-operator-of-a-crash-test";

/// An edge of the shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edge {
    Shop,
    Operator,
}

/// A request that can be repeated: its idempotency key identifies it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Request {
    pub(crate) edge: Edge,
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) key: String,
    pub(crate) body: Value,
}

/// A response with its body, as bytes and as JSON (`null` where it is none).
#[derive(Clone, Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Bytes,
    pub(crate) json: Value,
}

impl Response {
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The problem code; empty where there is none.
    pub(crate) fn code(&self) -> &str {
        self.json["code"].as_str().unwrap_or_default()
    }

    /// Whether the response asks for a retry with `Retry-After`.
    pub(crate) fn has_retry_after(&self) -> bool {
        self.headers.contains_key("retry-after")
    }

    /// Whether the response is not final, and the same request may be retried.
    pub(crate) fn is_retryable(&self) -> bool {
        let is_for_the_moment = matches!(self.status, 429 | 503 | 504 | 507);
        is_for_the_moment && !self.is_refusal_for_good() || self.code() == "idempotency_in_flight"
    }

    /// Whether the response says that what was asked for has ended because a service was away: the same request would get it again.
    pub(crate) fn is_refusal_for_good(&self) -> bool {
        self.status == 503 && self.code() == "unavailable" && !self.has_retry_after()
    }
}

/// HTTP client of a running shop's shop edge and operator edge.
#[derive(Clone, Debug)]
pub struct EdgeClient {
    shop: SocketAddr,
    operator: SocketAddr,
    http: legacy::Client<legacy::connect::HttpConnector, Full<Bytes>>,
}

impl EdgeClient {
    pub(crate) fn new(shop: SocketAddr, operator: SocketAddr) -> Self {
        Self { shop, operator, http: legacy::Client::builder(TokioExecutor::new()).build_http() }
    }

    /// Sends a request; `None` when no response comes.
    pub(crate) async fn send(&self, request: &Request) -> Option<Response> {
        let http = self
            .request(request.edge, &request.path)
            .method(request.method)
            .header(CONTENT_TYPE, "application/json")
            .header("idempotency-key", &request.key);
        self.exchange(http, request.body.to_string().into()).await
    }

    /// Reads a path; `None` when no response comes.
    pub(crate) async fn get(&self, edge: Edge, path: &str) -> Option<Response> {
        self.exchange(self.request(edge, path), Bytes::new()).await
    }

    /// Reads a text at another address of the fleet; `None` when no successful response comes.
    pub(crate) async fn text_at(&self, address: SocketAddr, path: &str) -> Option<String> {
        let request = HttpRequest::get(format!("http://{address}{path}"));
        let response = self.exchange(request, Bytes::new()).await?;
        response.is_success().then(|| String::from_utf8_lossy(&response.bytes).into_owned())
    }

    /// Request of an edge, as an operator at the operator edge.
    fn request(&self, edge: Edge, path: &str) -> http::request::Builder {
        let url = |address: SocketAddr| format!("http://{address}{path}");
        match edge {
            Edge::Shop => HttpRequest::get(url(self.shop)),
            Edge::Operator => HttpRequest::get(url(self.operator))
                .header(AUTHORIZATION, format!("Bearer {OPERATOR_TOKEN}")),
        }
    }

    async fn exchange(&self, request: http::request::Builder, body: Bytes) -> Option<Response> {
        let request = request.body(Full::new(body)).ok()?;
        let exchange = async {
            let (head, body) = self.http.request(request).await.ok()?.into_parts();
            let bytes = body.collect().await.ok()?.to_bytes();
            let json = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
            Some(Response { status: head.status.as_u16(), headers: head.headers, bytes, json })
        };
        tokio::time::timeout(RESPONSE_TIMEOUT, exchange).await.ok().flatten()
    }
}
