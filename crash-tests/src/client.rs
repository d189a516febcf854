//! A client of both edges that shows exactly what was answered, and whether anybody answered at all.

use bytes::Bytes;
use http::{HeaderMap, Request as HttpRequest, header::CONTENT_TYPE};
use http_body_util::{BodyExt, Full};
use hyper_util::{client::legacy, rt::TokioExecutor};
use serde_json::Value;
use std::{net::SocketAddr, time::Duration};

/// Longer than the shop ever lets anybody wait.
const PATIENCE: Duration = Duration::from_mins(1);

/// Which of the shop's two doors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edge {
    Shop,
    Operator,
}

/// A request that can be sent again: the key says that it is the same one.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Request {
    pub(crate) edge: Edge,
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) key: String,
    pub(crate) body: Value,
}

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Bytes,
    pub(crate) json: Value,
}

impl Answer {
    pub(crate) fn is_good(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The problem's code, or nothing.
    pub(crate) fn code(&self) -> &str {
        self.json["code"].as_str().unwrap_or_default()
    }

    /// Whether the same request is to be sent again.
    pub(crate) fn asks_again(&self) -> bool {
        self.headers.contains_key("retry-after")
    }

    /// Whether the shop could not say yes or no, and asks to be asked again.
    pub(crate) fn means_later(&self) -> bool {
        matches!(self.status, 429 | 503 | 504 | 507) || self.code() == "idempotency_in_flight"
    }
}

/// The doors of a running shop.
#[derive(Clone, Debug)]
pub struct Doors {
    shop: SocketAddr,
    operator: SocketAddr,
    http: legacy::Client<legacy::connect::HttpConnector, Full<Bytes>>,
}

impl Doors {
    pub(crate) fn new(shop: SocketAddr, operator: SocketAddr) -> Self {
        Self { shop, operator, http: legacy::Client::builder(TokioExecutor::new()).build_http() }
    }

    /// Sends a request; `None` when nobody answers.
    pub(crate) async fn send(&self, request: &Request) -> Option<Answer> {
        let http = HttpRequest::builder()
            .method(request.method)
            .uri(self.address(request.edge, &request.path))
            .header(CONTENT_TYPE, "application/json")
            .header("idempotency-key", &request.key);
        self.exchange(http, request.body.to_string().into()).await
    }

    /// Reads a path; `None` when nobody answers.
    pub(crate) async fn read(&self, edge: Edge, path: &str) -> Option<Answer> {
        self.exchange(HttpRequest::get(self.address(edge, path)), Bytes::new()).await
    }

    fn address(&self, edge: Edge, path: &str) -> String {
        let door = match edge {
            Edge::Shop => self.shop,
            Edge::Operator => self.operator,
        };
        format!("http://{door}{path}")
    }

    async fn exchange(&self, request: http::request::Builder, body: Bytes) -> Option<Answer> {
        let request = request.body(Full::new(body)).ok()?;
        let exchange = async {
            let (head, body) = self.http.request(request).await.ok()?.into_parts();
            let bytes = body.collect().await.ok()?.to_bytes();
            let json = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
            Some(Answer { status: head.status.as_u16(), headers: head.headers, bytes, json })
        };
        tokio::time::timeout(PATIENCE, exchange).await.ok().flatten()
    }
}
