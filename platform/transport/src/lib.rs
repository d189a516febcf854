//! Calls to other services: whole requests and responses over one type, in this process or across the network.
//!
//! Whoever holds a [`Channel`] cannot tell which it is. Both carry the caller's [`Context`]: trace, request id,
//! deadline, edge and actor.

#![warn(missing_docs)]

mod channel;
mod chaos;
mod client;
mod context;
mod directory;
mod loopback;
mod network;

pub use channel::{Channel, Request, Response, Transport, TransportError};
pub use chaos::chaos;
pub use client::{CallError, Client, RequestBuilder};
pub use context::{Context, Edge, headers};
pub use directory::{Directory, DirectoryError};
pub use http::Method;
pub use loopback::loopback;
pub use network::{CallPolicy, EndpointUpdater, Endpoints, network, network_over};
