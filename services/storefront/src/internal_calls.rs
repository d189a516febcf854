//! Internal calls: requests of the shop itself, which services count neither as a view nor as a search.

use async_trait::async_trait;
use http::HeaderValue;
use transport::{Channel, Context, Edge, Request, Response, Transport, TransportError};

/// Header with which browsers mark a prefetch; services already ignore such requests in their statistics.
const SEC_PURPOSE: &str = "sec-purpose";

/// Channel that marks every request as internal.
pub(crate) fn transport(channel: Channel) -> Channel {
    Channel::new(InternalTransport(channel))
}

/// Runs `work` in the context of the shop itself, which may see more than a shopper.
pub(crate) async fn with_internal_context<T>(work: impl Future<Output = T>) -> T {
    Context { edge: Edge::Internal, actor: None, ..Context::current() }.scope(work).await
}

/// Decorator that adds the prefetch header and the internal context.
struct InternalTransport(Channel);

#[async_trait]
impl Transport for InternalTransport {
    async fn send(&self, mut request: Request) -> Result<Response, TransportError> {
        request.headers_mut().insert(SEC_PURPOSE, HeaderValue::from_static("prefetch"));
        with_internal_context(self.0.send(request)).await
    }
}
