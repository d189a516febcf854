//! One behaviour on every road: whoever holds a transport cannot tell whether the other service is in this process.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod behaviours;
mod sockets;
mod town;
