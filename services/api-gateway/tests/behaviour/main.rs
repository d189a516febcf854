//! What the two edges promise, with services that only say what they were asked.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod browsers;
mod documents;
mod edges;
mod forwarding;
mod limits;
mod shop;
