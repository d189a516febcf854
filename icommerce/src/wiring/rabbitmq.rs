//! RabbitMQ as the message bus of the process.

use super::tls;
use crate::{error::CliError, process::ProcessSettings};
use engine_rabbitmq::{BrokerError, RabbitBus, RabbitOptions};
use messaging::bus::Bus;
use std::sync::Arc;

/// Connects to the broker.
pub(super) async fn open(settings: &ProcessSettings) -> Result<Arc<dyn Bus>, CliError> {
    let bus = &settings.bus;
    let url = bus.url("amqp://guest:guest@127.0.0.1:5672")?;
    let mut options =
        RabbitOptions::new(&url).map_err(|error| CliError::usage(error).about("bus.url"))?;
    options.tls = tls::bus_files(bus);
    tls::BUS.check_effect(&options.tls, options.speaks_tls(), "the scheme is amqps")?;
    let engine = RabbitBus::open(options).await.map_err(|error| {
        let setting = match &error {
            BrokerError::Tls(error) => return tls::BUS.file_error(error),
            BrokerError::Untrusted { .. } => tls::BUS.certificate_authorities,
            _ => "bus.url",
        };
        CliError::unavailable(error).about(setting)
    })?;
    Ok(Arc::new(engine))
}
