//! Test support: what tests of several crates share.

mod reserved_port;

pub use reserved_port::{PortError, ReservedPort};
