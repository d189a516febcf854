//! Channel and transport: the one interface of all calls between services.

use crate::RequestHandler;
use async_trait::async_trait;
use bytes::Bytes;
use std::sync::Arc;

/// Buffered HTTP request. Cloning shares the body, so that a retry costs a reference count.
pub type Request = http::Request<Bytes>;

/// Request extension that marks a request as idempotent although its method is not (RFC 9110, section 9.2.2), so that
/// transports may retry it.
#[derive(Clone, Copy, Debug)]
pub struct Idempotent;

/// Buffered HTTP response.
pub type Response = http::Response<Bytes>;

/// Error of a call that got no response. Unless the variant says otherwise, it is unknown whether the request had an
/// effect.
#[derive(Clone, Debug, thiserror::Error)]
pub enum TransportError {
    /// The deadline of the call passed before a response arrived.
    #[error("{service} did not answer in time")]
    DeadlineExceeded {
        /// The called service.
        service: &'static str,
    },
    /// The queue of waiting calls is full; the request was not sent.
    #[error("too many calls to {service} are under way")]
    Overloaded {
        /// The called service.
        service: &'static str,
    },
    /// Nothing accepted a connection, so that the request was not sent.
    #[error("{service} cannot be reached: {reason}")]
    NotConnected {
        /// The called service.
        service: &'static str,
        /// The last error.
        reason: String,
    },
    /// Every endpoint's circuit breaker is open, the connection ended, or the response could not be read.
    #[error("{service} cannot be reached: {reason}")]
    Unreachable {
        /// The called service.
        service: &'static str,
        /// The last error.
        reason: String,
    },
}

/// Transport: sends requests to one service. Implemented by loopback, network, fault injection and test doubles.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Sends one request and returns the whole response.
    ///
    /// A response of any status, 5xx included, is `Ok`; see [`TransportError`] for the errors.
    async fn send(&self, request: Request) -> Result<Response, TransportError>;

    /// The service itself, if it is in this process and nothing stands before it.
    fn local(&self) -> Option<&RequestHandler> {
        None
    }
}

/// Channel to a service: a cheap, cloneable handle to a [`Transport`].
///
/// The holder need not know whether the service runs in this process or elsewhere.
///
/// ```
/// use transport::{Channel, Request, Response, Transport, TransportError};
///
/// struct Fixed(&'static str);
///
/// #[async_trait::async_trait]
/// impl Transport for Fixed {
///     async fn send(&self, _: Request) -> Result<Response, TransportError> {
///         Ok(Response::new(self.0.into()))
///     }
/// }
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let channel = Channel::new(Fixed("pong"));
/// let response = channel.send(Request::new("ping".into())).await.unwrap();
/// assert_eq!(&response.body()[..], b"pong");
/// # });
/// ```
#[derive(Clone)]
pub struct Channel(pub(crate) Arc<dyn Transport>);

impl Channel {
    /// A channel over this transport.
    pub fn new(transport: impl Transport + 'static) -> Self {
        Self(Arc::new(transport))
    }

    /// Sends one request; see [`Transport::send`].
    pub async fn send(&self, request: Request) -> Result<Response, TransportError> {
        self.0.send(request).await
    }

    /// The service itself, if it is in this process: for an edge, which hands it requests and responses as they are.
    pub fn local(&self) -> Option<&RequestHandler> {
        self.0.local()
    }
}

impl std::fmt::Debug for Channel {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Channel")
    }
}
