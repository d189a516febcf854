//! Real servers for tests, each on free loopback ports and in a folder of its own, which goes with it.
//!
//! A server is stopped when its handle is dropped. A test that wants a fault kills it, pauses it or starts it again.

#![warn(missing_docs)]
#![expect(clippy::disallowed_methods, reason = "it waits for real servers, which a test run names")]

mod certificates;
mod environment;
mod kafka;
mod kafka_cluster;
mod kept_server;
mod mongodb;
mod mongodb_database;
mod postgres;
mod postgres_database;
mod postgres_replication;
mod rabbitmq;
mod redis;
mod redis_cluster;
mod redis_protocol;
mod server;
mod server_process;
mod smtp;
mod toxiproxy;

pub use certificates::{CertifiedKey, TestAuthority};
pub use environment::{
    clock_library, ip_program, kafka_libraries, mongodb_libraries, old_kafka_libraries,
    postgres_programs, rabbitmq_program, redis_program, smtp_python, toxiproxy_program,
};
pub use kafka::{KafkaServer, KafkaTls};
pub use kafka_cluster::KafkaCluster;
pub use kept_server::{KeptProcess, KeptServer};
pub use mongodb::{MongoServer, MongoVersion};
pub use mongodb_database::MongoDatabase;
pub use postgres::{Durability, PostgresServer, PostgresTls};
pub use postgres_database::{PostgresDatabase, TableLock};
pub use rabbitmq::{RabbitServer, RabbitTls};
pub use redis::RedisServer;
pub use redis_cluster::RedisCluster;
pub use server::AnyServer;
pub use smtp::{SmtpServer, SmtpServerOptions};
pub use toxiproxy::{Proxy, ToxiproxyServer};
