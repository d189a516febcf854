//! Behaviour of feeds and consumers, on the in-memory engine.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod bus;
mod delivery;
mod failure;
mod feed;
mod parking;
mod projected;
mod restored;
mod source;
