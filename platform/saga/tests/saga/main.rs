//! Sagas over a small world, broken in every way.

#![expect(clippy::unwrap_used, reason = "a failure here fails the test")]

mod evening;
mod matrix;
mod runner;
