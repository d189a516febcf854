//! Behaviour of a relying party, against a provider under the control of the test.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod harness;
mod sessions;
mod sign_in;
