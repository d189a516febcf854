//! Calls to other services: whole requests and responses over one type, in this process or across the network.
//!
//! Whoever holds a [`Transport`] cannot tell which it is. Both carry the caller's [`Context`]: trace, request id,
//! deadline, edge and actor.

#![warn(missing_docs)]

mod carry;
mod chaos;
mod client;
mod context;
mod directory;
mod loopback;
mod network;

pub use carry::{Carry, Request, Response, Transport, TransportError};
pub use chaos::chaos;
pub use client::{CallError, Client, Prepared};
pub use context::{Context, Edge, headers};
pub use directory::{Directory, Unbound};
pub use http::Method;
pub use loopback::loopback;
pub use network::{Announcer, Endpoints, Policy, network, network_over};
