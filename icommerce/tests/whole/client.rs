//! HTTP client that exposes the raw response.

use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body_util::{BodyExt, Full};
use hyper_util::{client::legacy, rt::TokioExecutor};
use serde_json::Value;

/// Token that may do everything at the operator edge of a test's shop.
pub(crate) const OPERATOR_TOKEN: &str = "the-token-of-the-operator-of-a-test";

/// Client of one edge.
#[derive(Clone)]
pub(crate) struct Client {
    base: String,
    /// Token that each request carries.
    token: Option<&'static str>,
    http: legacy::Client<legacy::connect::HttpConnector, Full<Bytes>>,
}

/// HTTP response.
#[derive(Clone, Debug)]
pub(crate) struct HttpResponse {
    /// 0 if there was no response.
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Bytes,
    pub(crate) json: Value,
}

impl HttpResponse {
    /// Code of the problem document, or an empty string.
    pub(crate) fn code(&self) -> &str {
        self.json["code"].as_str().unwrap_or_default()
    }

    /// Body of a successful response.
    pub(crate) fn ok(self) -> Value {
        assert!((200..300).contains(&self.status), "{} {}", self.status, self.json);
        self.json
    }
}

impl Client {
    pub(crate) fn new(port: u16) -> Self {
        let http = legacy::Client::builder(TokioExecutor::new()).build_http();
        Self { base: format!("http://127.0.0.1:{port}"), token: None, http }
    }

    /// Client of an operator.
    pub(crate) fn of_operator(port: u16) -> Self {
        Self { token: Some(OPERATOR_TOKEN), ..Self::new(port) }
    }

    pub(crate) async fn get(&self, path: &str) -> HttpResponse {
        self.send("GET", path, &[], Bytes::new()).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> HttpResponse {
        self.with_json("POST", path, &[], body).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> HttpResponse {
        self.with_json("PUT", path, &[], body).await
    }

    pub(crate) async fn post_with_key(&self, path: &str, key: &str, body: &Value) -> HttpResponse {
        self.with_json("POST", path, &[("idempotency-key", key)], body).await
    }

    pub(crate) async fn with_json(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> HttpResponse {
        let json = [("content-type", "application/json")];
        self.send(method, path, &[headers, &json].concat(), body.to_string().into()).await
    }

    /// Sends a request. A missing response has status 0, as tests kill processes on purpose.
    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> HttpResponse {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        if let Some(token) = self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(body)).unwrap();
        let no_response = HttpResponse {
            status: 0,
            headers: HeaderMap::new(),
            bytes: Bytes::new(),
            json: Value::Null,
        };
        let Ok(response) = self.http.request(request).await else { return no_response };
        let (head, body) = response.into_parts();
        let Ok(body) = body.collect().await else { return no_response };
        let bytes = body.to_bytes();
        let json = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        HttpResponse { status: head.status.as_u16(), headers: head.headers, bytes, json }
    }
}
