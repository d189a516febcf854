//! HTTP client with JSON bodies, on which the typed clients of public APIs are built.

use crate::{Channel, Request, Response, TransportError, headers};
use bytes::Bytes;
use http::{HeaderValue, Method, header};
use kernel::{Problem, codes};
use serde::{Serialize, de::DeserializeOwned};

/// HTTP client of one service: JSON bodies, and problem details (RFC 9457) as errors.
///
/// ```
/// use axum::{Router, routing::get};
/// use transport::{Client, loopback};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let router = Router::new().route("/level", get(|| async { axum::Json(7) }));
/// let client = Client::new("meter-service", loopback("meter-service", router));
/// let level: u32 = client.get("/level").send().await.unwrap();
/// assert_eq!(level, 7);
/// # });
/// ```
#[derive(Clone, Debug)]
pub struct Client {
    service: &'static str,
    channel: Channel,
}

/// Error of a call.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CallError {
    /// The service answered with a problem (RFC 9457), or the transport failed in a way that has a problem code:
    /// `deadline_exceeded` (504) and `overloaded` (503), both with `Retry-After`.
    #[error("{0}")]
    Problem(Box<Problem>),
    /// No usable response arrived; it is unknown whether the call had an effect.
    #[error("{service}: {reason}")]
    Unavailable {
        /// The called service.
        service: &'static str,
        /// The cause, for logs.
        reason: String,
    },
}

impl CallError {
    /// The problem, if the call failed with this code.
    pub fn problem(&self, code: &kernel::Code) -> Option<&Problem> {
        match self {
            Self::Problem(problem) if problem.code == *code => Some(problem),
            _ => None,
        }
    }
}

impl From<Problem> for CallError {
    fn from(problem: Problem) -> Self {
        Self::Problem(Box::new(problem))
    }
}

impl From<CallError> for Problem {
    /// The problem for the caller's own caller: a 4xx, and whatever has `Retry-After`, is passed on; any other 5xx becomes
    /// `internal`, and [`CallError::Unvalue`] becomes `unvalue` with `Retry-After`. Logs what it replaces.
    fn from(error: CallError) -> Self {
        match error {
            CallError::Problem(problem)
                if problem.status < 500 || problem.retry_after_seconds.is_some() =>
            {
                *problem
            }
            CallError::Problem(problem) => {
                tracing::error!(%problem, "another service failed");
                Problem::internal()
            }
            CallError::Unavailable { service, reason } => {
                tracing::warn!(service, reason, "another service gave no usable response");
                Problem::unavailable(service)
            }
        }
    }
}

impl Client {
    /// A client of `service` over this channel.
    pub fn new(service: &'static str, channel: Channel) -> Self {
        Self { service, channel }
    }

    /// Begins a GET of `path`.
    pub fn get(&self, path: impl Into<String>) -> RequestBuilder<'_> {
        self.request(Method::GET, path)
    }

    /// Begins a POST to `path`.
    pub fn post(&self, path: impl Into<String>) -> RequestBuilder<'_> {
        self.request(Method::POST, path)
    }

    /// Begins a PUT to `path`.
    pub fn put(&self, path: impl Into<String>) -> RequestBuilder<'_> {
        self.request(Method::PUT, path)
    }

    /// Begins any request.
    pub fn request(&self, method: Method, path: impl Into<String>) -> RequestBuilder<'_> {
        RequestBuilder {
            client: self,
            method,
            path: path.into(),
            body: Ok(Bytes::new()),
            headers: Vec::new(),
        }
    }
}

/// Builder of one request. Errors of its parts are reported when it is sent.
#[derive(Debug)]
pub struct RequestBuilder<'a> {
    client: &'a Client,
    method: Method,
    path: String,
    body: Result<Bytes, String>,
    headers: Vec<(&'static str, String)>,
}

impl RequestBuilder<'_> {
    /// Sets the query string, form-urlencoded from `parameters`.
    #[must_use]
    pub fn query(mut self, parameters: &impl Serialize) -> Self {
        match serde_urlencoded::to_string(parameters) {
            Ok(query) if query.is_empty() => {}
            Ok(query) => {
                self.path.push('?');
                self.path.push_str(&query);
            }
            Err(error) => self.body = Err(error.to_string()),
        }
        self
    }

    /// Sets the body, as JSON.
    #[must_use]
    pub fn json(mut self, body: &impl Serialize) -> Self {
        if self.body.is_ok() {
            self.body =
                serde_json::to_vec(body).map(Bytes::from).map_err(|error| error.to_string());
        }
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Sets the `Idempotency-Key`, with which transports may retry any method.
    #[must_use]
    pub fn idempotency_key(self, key: impl Into<String>) -> Self {
        self.header(headers::IDEMPOTENCY_KEY, key)
    }

    /// Sends the request and decodes the response as `T`; an empty body decodes as `()`.
    ///
    /// # Errors
    ///
    /// [`CallError::Problem`] for a status of 400 or more with a problem as its body, [`CallError::Unvalue`] for
    /// anything else that is not a `T`.
    pub async fn send<T: DeserializeOwned>(self) -> Result<T, CallError> {
        let service = self.client.service;
        let response = self.send_raw().await?;
        // `()` is what JSON `null` decodes as.
        let body = if response.body().is_empty() { b"null" } else { &response.body()[..] };
        serde_json::from_slice(body).map_err(|error| unavailable(service, &error))
    }

    /// Sends the request and drops the body of a successful response.
    pub async fn send_empty(self) -> Result<(), CallError> {
        self.send_raw().await.map(drop)
    }

    /// Sends the request and returns a successful response undecoded; a status of 400 or more is an error.
    pub async fn send_raw(self) -> Result<Response, CallError> {
        let service = self.client.service;
        let body = self.body.map_err(|reason| CallError::Unavailable { service, reason })?;
        let mut request = http::Request::builder().method(self.method).uri(self.path);
        if !body.is_empty() {
            request =
                request.header(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        let request: Request = request.body(body).map_err(|error| unavailable(service, &error))?;
        send(service, &self.client.channel, request).await
    }
}

/// Sends a request over `channel` and returns a successful response undecoded; a status of 400 or more is an error.
pub async fn send(
    service: &'static str,
    channel: &Channel,
    request: Request,
) -> Result<Response, CallError> {
    let response = channel.send(request).await.map_err(|error| failed(service, &error))?;
    if response.status().as_u16() < 400 {
        return Ok(response);
    }
    if let Ok(problem) = serde_json::from_slice::<Problem>(response.body()) {
        return Err(CallError::Problem(Box::new(problem)));
    }
    let reason = format!("answered {} without a problem", response.status());
    Err(CallError::Unavailable { service, reason })
}

fn unavailable(service: &'static str, error: &dyn std::error::Error) -> CallError {
    CallError::Unavailable { service, reason: error.to_string() }
}

fn failed(service: &'static str, error: &TransportError) -> CallError {
    match error {
        TransportError::DeadlineExceeded { .. } => {
            let title = format!("{service} did not answer in time");
            CallError::Problem(Box::new(
                Problem::of(codes::DEADLINE_EXCEEDED, title).retry_after(1),
            ))
        }
        TransportError::Overloaded { .. } => {
            let title = format!("{service} has too much to do at the moment");
            CallError::Problem(Box::new(Problem::of(codes::OVERLOADED, title).retry_after(1)))
        }
        TransportError::NotConnected { reason, .. }
        | TransportError::Unreachable { reason, .. } => {
            CallError::Unavailable { service, reason: reason.clone() }
        }
    }
}
