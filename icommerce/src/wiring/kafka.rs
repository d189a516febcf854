//! Kafka as the message bus of the process.

use crate::{error::CliError, process::ProcessSettings};
use engine_kafka::{KafkaBus, KafkaOptions};
use messaging::bus::PartitionedBus;
use sha2::{Digest, Sha256};
use std::{path::Path, sync::Arc};

/// Bytes of the name of a process that tell it from others.
const INSTANCE_BYTES: usize = 8;

/// Connects to the brokers.
pub(super) async fn open(settings: &ProcessSettings) -> Result<PartitionedBus, CliError> {
    let bus = &settings.bus;
    let url = bus.url("kafka://127.0.0.1:9092")?;
    let mut options =
        KafkaOptions::new(&url).map_err(|error| CliError::usage(format!("bus.url: {error}")))?;
    if !bus.certificate_authorities.as_os_str().is_empty() {
        options.certificate_authorities = Some(bus.certificate_authorities.clone());
    }
    options.instance = Some(instance(&settings.data));
    let connected = KafkaBus::connect(options).await;
    let engine = connected.map_err(|error| CliError::unavailable(format!("bus.url: {error}")))?;
    Ok(PartitionedBus { engine: Arc::new(engine), partitions: bus.partitions })
}

/// Name of the process: that of its machine and data folder, of which nobody else has both.
fn instance(data: &Path) -> String {
    let host = std::fs::read("/proc/sys/kernel/hostname").unwrap_or_default();
    let folder = std::path::absolute(data).unwrap_or_else(|_| data.to_owned());
    let mut hash = Sha256::new();
    hash.update(host);
    hash.update(folder.as_os_str().as_encoded_bytes());
    kernel::hex::encode(&hash.finalize()[..INSTANCE_BYTES])
}
