//! The way to a service in this process: its router, called in the caller's own task.

use crate::{Channel, Context, Request, Response, Transport, TransportError};
use async_trait::async_trait;
use axum::{Router, body::Body};
use http_body_util::BodyExt;
use tokio::time::{Instant, timeout_at};
use tower::Service;

/// The most bytes of an answer that is taken from another service.
pub(crate) const RESPONSE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// A way to `service`, whose router is in this process. There is nothing to balance, break or retry; the deadline
/// stays. Because it runs in the caller's task, what it touches is in the caller's durability scope.
pub fn loopback(service: &'static str, router: Router) -> Channel {
    Channel::new(Loopback { service, router })
}

struct Loopback {
    service: &'static str,
    router: Router,
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
        let mut request = request.map(Body::from);
        // An extension, not headers: nothing is formatted to be parsed again a moment later.
        request.extensions_mut().insert(context);
        let answer = async {
            // A router is always ready.
            let response = match self.router.clone().call(request).await {
                Ok(response) => response,
                Err(never) => match never {},
            };
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
            None => answer.await,
            Some(deadline) => timeout_at(deadline, answer).await.unwrap_or_else(|_| Err(late())),
        }
    }
}
