//! Calls that are no shopper's doing: they say so, and the catalogue counts them neither as view nor as search.

use async_trait::async_trait;
use http::HeaderValue;
use transport::{Carry, Request, Response, Transport, TransportError};

/// The header browsers mark fetching ahead with; passed on in their own word.
const SEC_PURPOSE: &str = "sec-purpose";

/// The same way, with every request marked.
pub(crate) fn transport(way: Transport) -> Transport {
    Transport::new(Quiet(way))
}

struct Quiet(Transport);

#[async_trait]
impl Carry for Quiet {
    async fn carry(&self, mut request: Request) -> Result<Response, TransportError> {
        request.headers_mut().insert(SEC_PURPOSE, HeaderValue::from_static("prefetch"));
        self.0.send(request).await
    }
}
