//! Answering requests: extractors that refuse bad input by name, problems, idempotency keys, limits, documented
//! routes, and the listener that lets only durable facts out.
//!
//! A service builds an [`ApiRouter`] of handlers that take [`Json`], [`Query`], [`Path`] and answer
//! [`ApiResult`]; [`service`] puts the one layer around it that every hop goes through, whether it came in by a socket
//! or by loopback; [`serve`] puts it on a socket.

#![warn(missing_docs)]

mod answer;
mod caller;
mod field;
mod idempotency;
mod idempotency_key;
mod json;
mod listen;
mod openapi;
mod paging;
mod path;
mod precondition;
mod query;
mod request_layer;
mod routes;
mod service;
mod versioned;

pub use answer::{ApiResult, Created, NoContent, ProblemResponse};
pub use caller::Caller;
pub use idempotency::{IDEMPOTENCY_RETENTION, Idempotency, requires_idempotency_key};
pub use idempotency_key::{IdempotencyKey, KEY_BYTES_MAX};
pub use json::Json;
pub use listen::{DrainOutcome, ServeOptions, serve, serve_detached};
pub use openapi::openapi_document;
pub use paging::Paging;
pub use path::Path;
pub use precondition::{IfMatch, etag};
pub use query::Query;
pub use routes::{
    ApiDescription, ApiRouter,
    routing::{self, ApiMethodRouter},
};
pub use service::{Limits, ServiceParts, ServiceRouter, body_limit, service};
pub use versioned::Versioned;
