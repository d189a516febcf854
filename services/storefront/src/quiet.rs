//! Calls that are the shop's own doing and no shopper's: they say so, and nobody counts them as a view or a search.

use async_trait::async_trait;
use http::HeaderValue;
use transport::{Channel, Context, Edge, Request, Response, Transport, TransportError};

/// The header browsers mark fetching ahead with; passed on in their own word.
const SEC_PURPOSE: &str = "sec-purpose";

/// The same way, with every request marked.
pub(crate) fn transport(way: Channel) -> Channel {
    Channel::new(Quiet(way))
}

/// Does something as the shop itself, which may see more than a shopper and is asked less.
pub(crate) async fn as_the_shop<T>(work: impl Future<Output = T>) -> T {
    Context { edge: Edge::Internal, actor: None, ..Context::current() }.scope(work).await
}

struct Quiet(Channel);

#[async_trait]
impl Transport for Quiet {
    async fn send(&self, mut request: Request) -> Result<Response, TransportError> {
        request.headers_mut().insert(SEC_PURPOSE, HeaderValue::from_static("prefetch"));
        as_the_shop(self.0.send(request)).await
    }
}
