//! Message bus of the process, as the settings name it.

use crate::{
    error::CliError,
    process::{BusEngineSetting, ProcessSettings},
};
use messaging::bus::PartitionedBus;

/// Connects to the broker; `None` where the services pull each other's feeds.
pub(crate) async fn bus(settings: &ProcessSettings) -> Result<Option<PartitionedBus>, CliError> {
    match settings.bus.engine {
        BusEngineSetting::Feeds => Ok(None),
        #[cfg(feature = "kafka")]
        BusEngineSetting::Kafka => super::kafka::open(settings).await.map(Some),
        #[cfg(not(feature = "kafka"))]
        BusEngineSetting::Kafka => Err(without("Kafka", "kafka")),
        #[cfg(feature = "rabbitmq")]
        BusEngineSetting::RabbitMq => super::rabbitmq::open(settings).await.map(Some),
        #[cfg(not(feature = "rabbitmq"))]
        BusEngineSetting::RabbitMq => Err(without("RabbitMQ", "rabbitmq")),
        #[cfg(feature = "redis")]
        BusEngineSetting::RedisStreams => super::redis_streams::open(settings).await.map(Some),
        #[cfg(not(feature = "redis"))]
        BusEngineSetting::RedisStreams => Err(without("Redis Streams", "redis")),
    }
}

/// Error of a build that lacks the engine.
#[cfg(not(all(feature = "kafka", feature = "rabbitmq", feature = "redis")))]
fn without(engine: &str, feature: &str) -> CliError {
    CliError::usage(format!(
        "bus.engine: this build has no {engine}; build with `cargo build --release --features {feature}`, or `full` for every engine"
    ))
}
