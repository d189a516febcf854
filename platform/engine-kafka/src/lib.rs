//! Message bus on Kafka.
//!
//! A topic `PREFIX.SOURCE.PARTITIONS` for each source, made at its first use. One idempotent producer publishes for all sources of the
//! process; a member of a consumer group is a consumer of its own with a thread that polls it.
//!
//! Two Kafka clients exist for Rust: this one wraps librdkafka, which is C and knows consumer groups and idempotence; none
//! without C does.

#![warn(missing_docs)]

mod assignment;
mod bus;
mod client;
mod member;
mod options;
mod topics;
mod wire;

pub use bus::{ConnectError, KafkaBus};
pub use options::{KafkaOptions, KafkaUrlError};
