//! Opening: what is wrong about a broker is told in a sentence, without a password.

use crate::broker::shared;
use engine_rabbitmq::{BrokerError, RabbitBus, RabbitOptions};

async fn refused(url: &str) -> BrokerError {
    let error = RabbitBus::open(RabbitOptions::new(url).unwrap()).await.unwrap_err();
    assert!(!error.to_string().contains("the-password"), "{error}");
    error
}

#[tokio::test]
async fn a_broker_that_is_not_there_is_unreachable() {
    let error = refused("amqp://guest:the-password@127.0.0.1:1").await;
    assert!(matches!(error, BrokerError::Unreachable { .. }), "{error:?}");
}

#[tokio::test]
async fn a_wrong_password_and_a_missing_virtual_host_are_told() {
    let broker = shared();
    let error = refused(&broker.url().replace("guest:guest", "guest:the-password")).await;
    assert!(matches!(error, BrokerError::Credentials { .. }), "{error:?}");
    let error = refused(&format!("{}/missing", broker.url())).await;
    assert!(matches!(error, BrokerError::VirtualHost { .. }), "{error:?}");
}
