//! How programs speak to a running shop: JSON over pooled connections, with the patience to wait for one that is
//! busy or starting again, and without ever doing anything twice.

mod connection;
mod edge;
mod patience;

pub use edge::{BadAddress, Edge};
pub use patience::Patience;
/// How a request ended other than well.
pub use transport::CallError;
