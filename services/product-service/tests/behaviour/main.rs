//! The product service as its neighbours meet it: through its routes, on the engine in memory.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod changing;
mod importing;
mod looking;
mod refusals;
mod restarting;
mod shop;
mod telling;
