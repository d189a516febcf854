//! HTTP server framework of the services, on axum: extractors with precise errors, problem responses (RFC 9457),
//! idempotency keys, limits, OpenAPI documentation, and a listener that sends only durable responses.
//!
//! A service builds an [`ApiRouter`] of handlers that take [`Json`], [`Query`] and [`Path`] and return [`ApiResult`];
//! [`service`] wraps it in the request layer, which applies to requests from sockets and by loopback alike; [`serve`] runs
//! it on a listener.

#![warn(missing_docs)]

mod accept_language;
mod binary;
mod body;
mod caller;
mod choice;
mod client_key;
mod contract_routes;
mod cookies;
mod field;
mod form_origin;
mod host_check;
mod idempotency;
mod idempotency_key;
mod ingress;
mod ip_network;
mod json;
mod listen;
mod openapi;
mod paging;
mod path;
mod precondition;
mod query;
mod request_layer;
mod response;
mod routes;
mod service;
mod versioned;

pub use accept_language::accepted_languages;
pub use axum::extract::State;
pub use binary::Binary;
pub use body::read_body;
pub use caller::{Caller, OperatorsOnly};
pub use choice::choice;
pub use client_key::ClientKey;
pub use cookies::{COOKIES_MAX, cookies};
pub use form_origin::FormOrigin;
pub use host_check::{AllowedHost, HostName};
pub use idempotency::{
    ByReference, IDEMPOTENCY_RETENTION, Idempotency, Recomputed, ReplayReference, ReplayRenderer,
    requires_idempotency_key,
};
pub use idempotency_key::{IdempotencyKey, KEY_BYTES_MAX};
pub use ip_network::IpNetwork;
pub use json::{Json, RenderedJson};
pub use listen::{
    ConnectionLimits, DrainOutcome, HttpService, Listener, MinimumRate, SecureConnection,
    ServeOptions, serve, serve_detached,
};
pub use openapi::openapi_document;
pub use paging::Paging;
pub use path::Path;
pub use precondition::{IfMatch, etag};
pub use query::Query;
pub use response::{ApiResult, Created, NoContent, ProblemResponse, standing_by, without_body};
pub use routes::{
    ApiDescription, ApiRouter,
    routing::{self, ApiMethodRouter},
};
pub use service::{Limits, ServiceParts, ServiceRouter, body_limit, service};
pub use versioned::Versioned;
