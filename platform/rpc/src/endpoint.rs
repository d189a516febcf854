//! Endpoints of a contract, which a server routes calls of other processes to.

use crate::{CallError, Contract, Operation};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use kernel::{Problem, codes, json};
use serde::{Serialize, de::DeserializeOwned};
use std::{fmt, sync::Arc};

/// Maximum size of the arguments of one call, in bytes.
pub const CALL_BYTES_MAX: usize = 4 << 20;

/// The path of an operation.
///
/// ```
/// assert_eq!(rpc::call_path("greeter-service", "greet"), "/internal/v1/greeter-service/greet");
/// ```
pub fn call_path(service: &str, operation: &str) -> String {
    format!("/internal/v1/{service}/{operation}")
}

type Dispatch = dyn Fn(Bytes) -> BoxFuture<'static, Result<Bytes, CallError>> + Send + Sync;

/// Endpoint: one operation of a provided contract, from JSON to JSON.
#[derive(Clone)]
pub struct Endpoint {
    /// The service that provides it.
    pub service: &'static str,
    /// The operation.
    pub operation: Operation,
    dispatch: Arc<Dispatch>,
}

impl Endpoint {
    /// Its path.
    pub fn path(&self) -> String {
        call_path(self.service, self.operation.name)
    }

    /// Runs the operation. Malformed JSON is refused with 400 `malformed_json`, arguments of another shape with 422
    /// `invalid_field`.
    pub async fn call(&self, arguments: Bytes) -> Result<Bytes, CallError> {
        (self.dispatch)(arguments).await
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Endpoint").field("path", &self.path()).finish_non_exhaustive()
    }
}

/// The endpoints of a contract, over a provider that is behind its guard already.
pub fn endpoints<C: ?Sized + Contract>(provider: &Arc<C>) -> Vec<Endpoint> {
    let endpoint = |(index, operation): (usize, &Operation)| {
        let provider = Arc::clone(provider);
        Endpoint {
            service: C::SERVICE,
            operation: *operation,
            dispatch: Arc::new(move |arguments| {
                C::dispatch(Arc::clone(&provider), index, arguments)
            }),
        }
    };
    C::OPERATIONS.iter().enumerate().map(endpoint).collect()
}

/// Decodes the arguments of a call.
#[doc(hidden)]
pub fn decode<T: DeserializeOwned>(arguments: &[u8]) -> Result<T, CallError> {
    json::from_slice(arguments).map_err(|error| {
        let is_array_for_object = error.to_string().starts_with(json::OBJECT_WANTED);
        let code = match error.classify() {
            serde_json::error::Category::Data if !is_array_for_object => codes::INVALID_FIELD,
            _ => codes::MALFORMED_JSON,
        };
        CallError::from(Problem::of(code, format!("the arguments cannot be read: {error}")))
    })
}

/// Encodes the result of a call.
#[doc(hidden)]
pub fn encode<T: Serialize>(result: &T) -> Result<Bytes, CallError> {
    serde_json::to_vec(result).map(Bytes::from).map_err(|error| {
        tracing::error!(%error, "the result of a call cannot be written as JSON");
        CallError::from(Problem::internal())
    })
}
