//! Store of values that may be lost, as the settings name it.

#[cfg(feature = "redis")]
use super::tls;
use crate::{
    error::CliError,
    process::{KeyValueEngine, ProcessSettings},
};
#[cfg(feature = "redis")]
use engine_redis::{RedisEngine, RedisOptions, ServerError};
use journal::ServiceStorage;

/// Store of the values of a shop that may be lost.
#[derive(Clone, Debug)]
pub(crate) enum LosableStore {
    /// The storage of each service.
    Storage,
    /// Server of its own; the storage of each service while that does not answer.
    #[cfg(feature = "redis")]
    Redis(RedisEngine),
}

impl LosableStore {
    /// Connects to the server of the settings, if they name one.
    pub(crate) async fn open(settings: &ProcessSettings) -> Result<Self, CliError> {
        match settings.storage.key_value.engine {
            KeyValueEngine::Storage => Ok(Self::Storage),
            KeyValueEngine::Redis => {
                Self::open_redis(settings).await.map_err(|error| error.given_in(settings))
            }
        }
    }

    #[cfg(feature = "redis")]
    async fn open_redis(settings: &ProcessSettings) -> Result<Self, CliError> {
        let settings = &settings.storage.key_value;
        let mut options = RedisOptions::new(&settings.url()?)
            .map_err(|error| CliError::usage(error).about("storage.key_value.url"))?;
        options.tls = tls::key_value_files(settings);
        tls::KEY_VALUE.check_effect(&options.tls, options.speaks_tls(), "the scheme is rediss")?;
        let opened = RedisEngine::open(options).await.map_err(|error| {
            let setting = match &error {
                ServerError::Tls(error) => return tls::KEY_VALUE.file_error(error),
                ServerError::Untrusted { .. } => tls::KEY_VALUE.certificate_authorities,
                _ => "storage.key_value.url",
            };
            CliError::unavailable(error).about(setting)
        });
        opened.map(Self::Redis)
    }

    #[cfg(not(feature = "redis"))]
    #[expect(clippy::unused_async, reason = "with the engine it connects")]
    async fn open_redis(_: &ProcessSettings) -> Result<Self, CliError> {
        Err(CliError::usage(
            "this build has no Redis; build with `cargo build --release --features redis`, or `full` for every engine",
        )
        .about("storage.key_value.engine"))
    }

    /// Storage of a service, with this store for what it may lose.
    #[cfg_attr(not(feature = "redis"), expect(unused_variables, reason = "there is one store"))]
    pub(crate) fn within(&self, service: &'static str, storage: ServiceStorage) -> ServiceStorage {
        match self {
            Self::Storage => storage,
            #[cfg(feature = "redis")]
            Self::Redis(engine) => {
                let own = std::sync::Arc::clone(&storage.key_value);
                let losable = storage::LosableValues::with_fallback(engine.values(service), own);
                ServiceStorage { losable, ..storage }
            }
        }
    }
}
