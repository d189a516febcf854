//! The one type every call goes through.

use async_trait::async_trait;
use bytes::Bytes;
use std::sync::Arc;

/// A whole request; cloning it costs a reference count, so it can be sent again.
pub type Request = http::Request<Bytes>;

/// A whole response.
pub type Response = http::Response<Bytes>;

/// Why no response came. Whether the request had an effect is unknown unless it says otherwise.
#[derive(Clone, Debug, thiserror::Error)]
pub enum TransportError {
    /// The time for the call was over.
    #[error("{service} did not answer in time")]
    DeadlineExceeded {
        /// Who was called.
        service: &'static str,
    },
    /// Too many calls are waiting already; the request was not sent.
    #[error("too many calls to {service} are under way")]
    Overloaded {
        /// Who was called.
        service: &'static str,
    },
    /// Nobody could be reached.
    #[error("{service} cannot be reached: {reason}")]
    Unreachable {
        /// Who was called.
        service: &'static str,
        /// What went wrong last.
        reason: String,
    },
}

/// Something that carries requests to a service.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Carries one request.
    async fn send(&self, request: Request) -> Result<Response, TransportError>;
}

/// A way to a service.
#[derive(Clone)]
pub struct Channel(pub(crate) Arc<dyn Transport>);

impl Channel {
    /// A way made of this carrier.
    pub fn new(carrier: impl Transport + 'static) -> Self {
        Self(Arc::new(carrier))
    }

    /// Sends one request.
    pub async fn send(&self, request: Request) -> Result<Response, TransportError> {
        self.0.send(request).await
    }
}

impl std::fmt::Debug for Channel {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Channel")
    }
}
