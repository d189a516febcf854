//! Message bus of the process, as the settings name it.

use super::{Engine, bus_identity::bus_identity};
use crate::{
    error::CliError,
    process::{BusEngineSetting, EngineSetting, ProcessSettings},
};
use messaging::bus::{Bus, BusKey, PartitionedBus};
use rpc::FleetSecret;
use std::sync::Arc;

/// What the secret of the bus is derived for.
const BUS_PURPOSE: &str = "message bus";

/// Connects to the broker; `None` where the services pull each other's feeds.
pub(crate) async fn bus(
    settings: &ProcessSettings,
    fleet: Option<&FleetSecret>,
) -> Result<Option<Arc<dyn Bus>>, CliError> {
    // Processes on embedded stores have a key file each.
    let has_shared_key =
        settings.services.is_empty() || settings.storage.engine != EngineSetting::Embedded;
    if settings.bus.engine != BusEngineSetting::Feeds && !has_shared_key && fleet.is_none() {
        return Err(CliError::usage(
            "expected a secret that all processes of the shop have, by which they know each other's messages on the bus; make one with `openssl rand -hex 32`",
        )
        .about("fleet.secret_file"));
    }
    opened(settings).await.map_err(|error| error.given_in(settings))
}

#[cfg_attr(
    not(any(feature = "kafka", feature = "rabbitmq", feature = "redis")),
    expect(clippy::unused_async, reason = "this build connects to no broker")
)]
async fn opened(settings: &ProcessSettings) -> Result<Option<Arc<dyn Bus>>, CliError> {
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

/// The bus with the key of the shop. It follows from the secret of the fleet, which all processes of a shop have, or else from the
/// keys of data subjects, which those on one database share. A shop of one process has them for itself, and its identity beside
/// them, which a copy of the shop does not have.
pub(crate) fn partitioned(
    bus: Option<Arc<dyn Bus>>,
    settings: &ProcessSettings,
    storage: &Engine,
    fleet: Option<&FleetSecret>,
) -> Result<Option<PartitionedBus>, CliError> {
    // A process that stores nothing has no events and follows none.
    let derived = || storage.derived_secret(BUS_PURPOSE);
    let secret = fleet.map(|fleet| fleet.derived(BUS_PURPOSE)).or_else(derived);
    let Some((engine, secret)) = bus.zip(secret) else { return Ok(None) };
    let mut secret = secret.to_vec();
    if fleet.is_none() && settings.services.is_empty() {
        secret.extend(bus_identity(&settings.data)?);
    }
    let key = BusKey::new(&secret);
    tracing::info!(shop = %key.shop(), "topics, streams and queues of this shop have its name in theirs");
    Ok(Some(PartitionedBus::new(engine, settings.bus.partitions, key)))
}

/// Error of a build that lacks the engine.
#[cfg(not(all(feature = "kafka", feature = "rabbitmq", feature = "redis")))]
fn without(engine: &str, feature: &str) -> CliError {
    CliError::usage(format!(
        "this build has no {engine}; build with `cargo build --release --features {feature}`, or `full` for every engine"
    ))
    .about("bus.engine")
}
