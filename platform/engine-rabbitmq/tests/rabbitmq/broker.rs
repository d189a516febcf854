//! Brokers of the tests.

use engine_rabbitmq::{RabbitBus, RabbitOptions};
use std::sync::Arc;
use test_servers::{RabbitServer, rabbitmq_program};

/// Broker of the tests that do it no harm.
pub(crate) fn shared() -> Arc<RabbitServer> {
    RabbitServer::shared()
}

pub(crate) fn start() -> RabbitServer {
    RabbitServer::start(&rabbitmq_program().unwrap()).expect("the broker starts")
}

pub(crate) async fn open(url: &str) -> RabbitBus {
    RabbitBus::open(RabbitOptions::new(url).unwrap()).await.expect("the broker answers")
}
