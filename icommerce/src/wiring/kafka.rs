//! Kafka as the message bus of the process.

use super::tls;
use crate::{error::CliError, process::ProcessSettings};
use engine_kafka::{ConnectError, KafkaBus, KafkaOptions};
use messaging::bus::Bus;
use sha2::{Digest, Sha256};
use std::{path::Path, sync::Arc};

/// Bytes of the name of a process that tell it from others.
const INSTANCE_BYTES: usize = 8;

/// Connects to the brokers.
pub(super) async fn open(settings: &ProcessSettings) -> Result<Arc<dyn Bus>, CliError> {
    let bus = &settings.bus;
    let url = bus.url("kafka://127.0.0.1:9092")?;
    let mut options =
        KafkaOptions::new(&url).map_err(|error| CliError::usage(error).about("bus.url"))?;
    options.tls = tls::bus_files(bus);
    tls::BUS.check_effect(&options.tls, options.speaks_tls(), "the scheme is kafkas")?;
    options.instance = Some(instance(&settings.data));
    let engine = KafkaBus::connect(options).await.map_err(|error| {
        let setting = match &error {
            ConnectError::Tls(error) => return tls::BUS.file_error(error),
            ConnectError::Untrusted { .. } => tls::BUS.certificate_authorities,
            _ => "bus.url",
        };
        CliError::unavailable(error).about(setting)
    })?;
    Ok(Arc::new(engine))
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
