//! What tests are made of.

mod port;

pub use port::{NoPort, Port};
