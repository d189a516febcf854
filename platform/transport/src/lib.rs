//! Transports of calls between services: [`loopback`] within the process, [`network`] between processes, behind one
//! [`Channel`].
//!
//! Requests and responses are buffered. Both transports propagate the caller's [`Context`] (trace, request id, deadline,
//! edge, actor) and honour its deadline; the network transport adds retries, a concurrency limit, load balancing and
//! circuit breakers as its [`CallPolicy`] says.

#![warn(missing_docs)]

mod basic_credentials;
mod channel;
mod chaos;
mod client;
mod client_certificate;
mod connector;
mod context;
mod directory;
mod loopback;
mod network;
mod request_handler;
mod token_response;

pub use basic_credentials::basic_credentials;
pub use channel::{Channel, Idempotent, Request, Response, Transport, TransportError};
pub use chaos::chaos;
pub use client::{CallError, Client, RequestBuilder, send};
pub use client_certificate::ClientCertificate;
pub use connector::{ServerConnection, ServerConnector};
pub use context::{Context, headers};
pub use directory::{Directory, DirectoryError};
pub use http::Method;
pub use kernel::Edge;
pub use loopback::loopback;
pub use network::{
    BreakerPermit, CallPolicy, CircuitBreaker, EndpointUpdater, Endpoints, network, network_over,
    network_with_tls,
};
pub use request_handler::{RequestHandler, ResponseFuture};
pub use token_response::TokenResponse;
