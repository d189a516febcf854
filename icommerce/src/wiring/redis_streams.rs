//! Redis Streams as the message bus of the process.

use super::tls;
use crate::{error::CliError, process::ProcessSettings};
use engine_redis::{RedisBus, RedisOptions, ServerError};
use messaging::bus::Bus;
use std::sync::Arc;

/// Connects to the server, or to a cluster of them.
pub(super) async fn open(settings: &ProcessSettings) -> Result<Arc<dyn Bus>, CliError> {
    let bus = &settings.bus;
    let url = bus.url("redis://127.0.0.1:6379")?;
    let mut options =
        RedisOptions::new(&url).map_err(|error| CliError::usage(error).about("bus.url"))?;
    options.tls = tls::bus_files(bus);
    tls::BUS.check_effect(&options.tls, options.speaks_tls(), "the scheme is rediss")?;
    let engine = RedisBus::open(options).await.map_err(|error| {
        let setting = match &error {
            ServerError::Tls(error) => return tls::BUS.file_error(error),
            ServerError::Untrusted { .. } => tls::BUS.certificate_authorities,
            _ => "bus.url",
        };
        CliError::unavailable(error).about(setting)
    })?;
    Ok(Arc::new(engine))
}
