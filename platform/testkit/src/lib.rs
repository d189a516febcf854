//! Test support: what tests of several crates share.

mod answers;
mod reserved_port;
mod service_fixture;

pub use answers::{code, field, on_edge, problem};
pub use reserved_port::{PortError, ReservedPort};
pub use service_fixture::{ServiceFixture, fake};
