//! An HTTP client that shows exactly what was answered.

use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body_util::{BodyExt, Full};
use hyper_util::{client::legacy, rt::TokioExecutor};
use serde_json::Value;

/// A client of one edge.
#[derive(Clone)]
pub(crate) struct Client {
    base: String,
    http: legacy::Client<legacy::connect::HttpConnector, Full<Bytes>>,
}

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// 0 when nobody answered.
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Bytes,
    pub(crate) json: Value,
}

impl Answer {
    /// The problem's code, or nothing.
    pub(crate) fn code(&self) -> &str {
        self.json["code"].as_str().unwrap_or_default()
    }

    /// The answer's body, which has to be a success.
    pub(crate) fn ok(self) -> Value {
        assert!((200..300).contains(&self.status), "{} {}", self.status, self.json);
        self.json
    }
}

impl Client {
    pub(crate) fn new(port: u16) -> Self {
        let http = legacy::Client::builder(TokioExecutor::new()).build_http();
        Self { base: format!("http://127.0.0.1:{port}"), http }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], Bytes::new()).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.with_json("POST", path, &[], body).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Answer {
        self.with_json("PUT", path, &[], body).await
    }

    pub(crate) async fn post_with_key(&self, path: &str, key: &str, body: &Value) -> Answer {
        self.with_json("POST", path, &[("idempotency-key", key)], body).await
    }

    pub(crate) async fn with_json(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Answer {
        let json = [("content-type", "application/json")];
        self.send(method, path, &[headers, &json].concat(), body.to_string().into()).await
    }

    /// Sends anything. Nobody answering is a status of 0, as tests kill processes on purpose.
    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(body)).unwrap();
        let nobody =
            Answer { status: 0, headers: HeaderMap::new(), bytes: Bytes::new(), json: Value::Null };
        let Ok(response) = self.http.request(request).await else { return nobody };
        let (head, body) = response.into_parts();
        let Ok(body) = body.collect().await else { return nobody };
        let bytes = body.to_bytes();
        let json = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Answer { status: head.status.as_u16(), headers: head.headers, bytes, json }
    }
}
