//! Wire client of a contract: arguments and results as JSON over a channel.

use crate::{CallError, Contract, Repeat, call_path};
use bytes::Bytes;
use http::{HeaderValue, Method, header};
use serde::{Serialize, de::DeserializeOwned};
use std::{fmt, marker::PhantomData};
use transport::{Channel, Idempotent, Request};

/// Wire client: implements contract `C` by one HTTP request per call.
///
/// Errors are those of the provider ([`CallError::Problem`]) or of the transport; after
/// [`CallError::Unvalue`] it is unknown whether the call had an effect.
pub struct WireClient<C: ?Sized> {
    channel: Channel,
    contract: PhantomData<fn(&C)>,
}

impl<C: ?Sized + Contract> WireClient<C> {
    /// A client whose calls go over `channel`.
    pub fn new(channel: Channel) -> Self {
        Self { channel, contract: PhantomData }
    }

    /// Calls the operation at this index of the contract's table. What [`crate::contract!`] expands to calls this.
    pub async fn call<A: DeserializeOwned>(
        &self,
        operation: usize,
        arguments: &impl Serialize,
    ) -> Result<A, CallError> {
        let unavailable = |reason: String| CallError::Unavailable { service: C::SERVICE, reason };
        let operation = C::OPERATIONS[operation];
        let body = serde_json::to_vec(arguments).map_err(|error| unavailable(error.to_string()))?;
        let request = http::Request::builder()
            .method(Method::POST)
            .uri(call_path(C::SERVICE, operation.name))
            .header(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .body(Bytes::from(body));
        let mut request: Request = request.map_err(|error| unavailable(error.to_string()))?;
        if operation.repeat == Repeat::Idempotent {
            request.extensions_mut().insert(Idempotent);
        }
        let response = transport::send(C::SERVICE, &self.channel, request).await?;
        serde_json::from_slice(response.body()).map_err(|error| {
            unavailable(format!("the result of {} cannot be decoded: {error}", operation.name))
        })
    }
}

impl<C: ?Sized + Contract> fmt::Debug for WireClient<C> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("WireClient").field(&C::SERVICE).finish()
    }
}
