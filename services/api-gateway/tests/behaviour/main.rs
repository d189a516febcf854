//! Behaviour of the two edges, with upstream services that echo their requests.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod access;
mod browsers;
mod customers;
mod documents;
mod edges;
mod forwarding;
mod harness;
mod issuer;
mod limits;
mod own_tls;
mod sender_constraints;
