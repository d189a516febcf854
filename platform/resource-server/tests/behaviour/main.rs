//! Behaviour of the resource server.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod attacks;
mod claims;
mod harness;
mod introspection;
mod key_sets;
mod outside_issuers;
mod revocation;
mod sender_constraints;
