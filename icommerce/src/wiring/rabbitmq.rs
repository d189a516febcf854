//! RabbitMQ as the message bus of the process.

use crate::{error::CliError, process::ProcessSettings};
use engine_rabbitmq::{BrokerError, RabbitBus, RabbitOptions};
use messaging::bus::PartitionedBus;
use std::sync::Arc;

/// Connects to the broker.
pub(super) async fn open(settings: &ProcessSettings) -> Result<PartitionedBus, CliError> {
    let bus = &settings.bus;
    let url = bus.url("amqp://guest:guest@127.0.0.1:5672")?;
    let mut options =
        RabbitOptions::new(&url).map_err(|error| CliError::usage(format!("bus.url: {error}")))?;
    if !bus.certificate_authorities.as_os_str().is_empty() {
        options.certificate_authorities = Some(bus.certificate_authorities.clone());
    }
    let engine = RabbitBus::open(options).await.map_err(|error| {
        let setting = match error {
            BrokerError::Certificates { .. } => "bus.certificate_authorities",
            _ => "bus.url",
        };
        CliError::unavailable(format!("{setting}: {error}"))
    })?;
    Ok(PartitionedBus { engine: Arc::new(engine), partitions: bus.partitions })
}
