//! Tests of the service over fakes of the services around it.

mod account_orders;
mod adapters;
mod address_books;
mod bank_transfers;
mod concurrent_erasure;
mod consumer;
mod contradictions;
mod customer_erasure;
mod domain;
mod durability;
mod failed_checkouts;
mod fulfilments;
mod http;
mod interleavings;
mod listed_orders;
mod plaintext;
mod refunds;
mod replays;
mod saga_failures;
mod stored_formats;
mod test_world;
mod unpaid_orders;
mod vectors;
