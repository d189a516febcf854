//! Prefetch calls: reads of the public API that services record neither as a view nor as a search.

use async_trait::async_trait;
use http::HeaderValue;
use transport::{Channel, Request, Response, Transport, TransportError};

/// Header with which browsers mark a prefetch; services leave such requests out of their records.
const SEC_PURPOSE: &str = "sec-purpose";

/// Channel that marks every request as a prefetch.
pub(crate) fn channel(channel: Channel) -> Channel {
    Channel::new(PrefetchTransport(channel))
}

/// Decorator that adds the prefetch header.
struct PrefetchTransport(Channel);

#[async_trait]
impl Transport for PrefetchTransport {
    async fn send(&self, mut request: Request) -> Result<Response, TransportError> {
        request.headers_mut().insert(SEC_PURPOSE, HeaderValue::from_static("prefetch"));
        self.0.send(request).await
    }
}
