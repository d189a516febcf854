//! The service as a whole, over honest books of the services around it.

mod consumer;
mod domain;
mod durability;
mod fulfilments;
mod http;
mod interleavings;
mod matrix;
mod refunds;
mod town;
mod vectors;
