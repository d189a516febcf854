//! Loopback transport: a service in this process, called in the caller's task.

use crate::{Channel, Context, Request, RequestHandler, Response, Transport, TransportError};
use async_trait::async_trait;
use axum::body::Body;
use http_body_util::BodyExt;
use tokio::time::{Instant, timeout_at};

/// Maximum size of a response body, in bytes.
pub(crate) const RESPONSE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Loopback channel to `service`, whose handler is in this process.
///
/// The caller's deadline applies; there is nothing to balance, break or retry. The handler runs in the caller's task, so
/// its commits become dependencies of the caller's durability scope. A response body may have 16 MiB.
pub fn loopback(service: &'static str, handler: impl Into<RequestHandler>) -> Channel {
    Channel::new(Loopback { service, handler: handler.into() })
}

struct Loopback {
    service: &'static str,
    handler: RequestHandler,
}

#[async_trait]
impl Transport for Loopback {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let context = Context::current();
        let deadline = context.deadline;
        let late = || TransportError::DeadlineExceeded { service: self.service };
        if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
            return Err(late());
        }
        let response = async {
            let response = self.handler.handle(request.map(Body::from), Some(context)).await;
            let (head, body) = response.into_parts();
            let body = http_body_util::Limited::new(body, RESPONSE_BYTES_MAX).collect().await;
            match body {
                Ok(body) => Ok(Response::from_parts(head, body.to_bytes())),
                Err(error) => Err(TransportError::Unreachable {
                    service: self.service,
                    reason: error.to_string(),
                }),
            }
        };
        match deadline {
            None => response.await,
            Some(deadline) => timeout_at(deadline, response).await.unwrap_or_else(|_| Err(late())),
        }
    }

    fn local(&self) -> Option<&RequestHandler> {
        Some(&self.handler)
    }
}
