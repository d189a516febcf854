//! What typed clients are made of: a request in, a contract type or a problem out.

use crate::{Channel, Request, Response, TransportError, headers};
use bytes::Bytes;
use http::{HeaderValue, Method, header};
use kernel::{Problem, codes};
use serde::{Serialize, de::DeserializeOwned};

/// Speaks JSON to one service.
#[derive(Clone, Debug)]
pub struct Client {
    service: &'static str,
    transport: Channel,
}

/// How a call ended other than well.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CallError {
    /// The service said why not.
    #[error("{0}")]
    Problem(Box<Problem>),
    /// No usable answer came; whether there was an effect is unknown.
    #[error("{service}: {reason}")]
    Unavailable {
        /// Who was called.
        service: &'static str,
        /// What went wrong.
        reason: String,
    },
}

impl CallError {
    /// The problem, if the service stated one with this code.
    pub fn problem(&self, code: &kernel::Code) -> Option<&Problem> {
        match self {
            Self::Problem(problem) if problem.code == *code => Some(problem),
            _ => None,
        }
    }
}

impl From<CallError> for Problem {
    /// What the caller's own caller is told: a business refusal is passed on, anything else is "try again".
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
                tracing::warn!(service, reason, "another service did not answer");
                Problem::unavailable(service)
            }
        }
    }
}

impl Client {
    /// A client of `service` over this transport.
    pub fn new(service: &'static str, transport: Channel) -> Self {
        Self { service, transport }
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

/// A request about to be sent.
#[derive(Debug)]
pub struct RequestBuilder<'a> {
    client: &'a Client,
    method: Method,
    path: String,
    body: Result<Bytes, String>,
    headers: Vec<(&'static str, String)>,
}

impl RequestBuilder<'_> {
    /// With a query string made of `parameters`.
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

    /// With a JSON body.
    #[must_use]
    pub fn json(mut self, body: &impl Serialize) -> Self {
        if self.body.is_ok() {
            self.body =
                serde_json::to_vec(body).map(Bytes::from).map_err(|error| error.to_string());
        }
        self
    }

    /// With a header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Safe to repeat under this key.
    #[must_use]
    pub fn idempotency_key(self, key: impl Into<String>) -> Self {
        self.header(headers::IDEMPOTENCY_KEY, key)
    }

    /// Sends it and reads the answer as `T`.
    pub async fn send<T: DeserializeOwned>(self) -> Result<T, CallError> {
        let service = self.client.service;
        let response = self.send_raw().await?;
        // `()` is what an empty answer reads as.
        let body = if response.body().is_empty() { b"null" } else { &response.body()[..] };
        serde_json::from_slice(body).map_err(|error| unavailable(service, &error))
    }

    /// Sends it; that it worked is all the answer there is.
    pub async fn send_empty(self) -> Result<(), CallError> {
        self.send_raw().await.map(drop)
    }

    /// Sends it and returns the answer of a success as it came; a status of 400 or more is an error.
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
        let response =
            self.client.transport.send(request).await.map_err(|error| failed(service, &error))?;
        if response.status().as_u16() < 400 {
            return Ok(response);
        }
        if let Ok(problem) = serde_json::from_slice::<Problem>(response.body()) {
            return Err(CallError::Problem(Box::new(problem)));
        }
        let reason = format!("answered {} without saying why", response.status());
        Err(CallError::Unavailable { service, reason })
    }
}

fn unavailable(service: &'static str, error: &dyn std::error::Error) -> CallError {
    CallError::Unavailable { service, reason: error.to_string() }
}

fn failed(service: &'static str, error: &TransportError) -> CallError {
    match error {
        TransportError::DeadlineExceeded { .. } => {
            let title = format!("{service} did not answer in time");
            CallError::Problem(Box::new(
                Problem::new(504, codes::DEADLINE_EXCEEDED, title).retry_after(1),
            ))
        }
        TransportError::Overloaded { .. } => {
            let title = format!("{service} has too much to do at the moment");
            CallError::Problem(Box::new(Problem::new(503, codes::OVERLOADED, title).retry_after(1)))
        }
        TransportError::Unreachable { reason, .. } => {
            CallError::Unavailable { service, reason: reason.clone() }
        }
    }
}
