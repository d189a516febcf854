//! Tests of the service over fakes of the services around it.

mod adapters;
mod consumer;
mod domain;
mod durability;
mod fulfilments;
mod http;
mod interleavings;
mod refunds;
mod saga_failures;
mod stored_formats;
mod test_world;
mod vectors;
