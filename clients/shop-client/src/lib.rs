//! How programs speak to a running shop: JSON over pooled connections, with the patience to wait for one that is
//! busy or starting again, without ever doing anything twice, and how they tell a person how far they are.

mod connection;
mod edge;
mod patience;
mod progress;

pub use edge::{BadAddress, Edge};
pub use patience::Patience;
pub use progress::{Progress, Unit, Work};
/// How a request ended other than well.
pub use transport::CallError;
