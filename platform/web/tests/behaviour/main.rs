//! Behaviour of a service's router and listener, seen by a client.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod idempotency;
mod invalid_input;
mod listener;
mod listener_limits;
mod openapi;
mod replay;
mod request_layer;
mod things;
mod tls;
