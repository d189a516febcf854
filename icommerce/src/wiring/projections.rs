//! Store of projected read models, as the settings name it.

#[cfg(feature = "mongodb")]
use crate::modules;
use crate::{
    error::CliError,
    process::{DocumentsEngine, ProcessSettings},
};
#[cfg(feature = "mongodb")]
use engine_mongodb::{MongoEngine, MongoError, MongoOptions};
use journal::ServiceStorage;
#[cfg(feature = "mongodb")]
use std::sync::Arc;
#[cfg(feature = "mongodb")]
use storage::{Collection, DeclaredDocuments};

/// Store of the read models of a shop that consumers of feeds write.
#[derive(Clone, Debug)]
pub(crate) enum ProjectionStore {
    /// The storage of each service.
    Storage,
    /// Database of its own.
    #[cfg(feature = "mongodb")]
    Mongo(MongoEngine),
}

impl ProjectionStore {
    /// Connects to the server of the settings, if they name one.
    pub(crate) async fn open(settings: &ProcessSettings) -> Result<Self, CliError> {
        match settings.storage.documents.engine {
            DocumentsEngine::Storage => Ok(Self::Storage),
            DocumentsEngine::MongoDb => {
                Self::open_mongodb(settings).await.map_err(|error| error.given_in(settings))
            }
        }
    }

    #[cfg(feature = "mongodb")]
    async fn open_mongodb(settings: &ProcessSettings) -> Result<Self, CliError> {
        let settings = &settings.storage.documents;
        let mut options = MongoOptions::new(&settings.url()?)
            .map_err(|error| CliError::usage(error).about("storage.documents.url"))?;
        if !settings.certificate_authorities.as_os_str().is_empty() {
            options.certificate_authorities = Some(settings.certificate_authorities.clone());
        }
        let opened = MongoEngine::open(options).await.map_err(|error| {
            let setting = match error {
                MongoError::Certificates { .. } => "storage.documents.certificate_authorities",
                _ => "storage.documents.url",
            };
            CliError::unavailable(error).about(setting)
        });
        opened.map(Self::Mongo)
    }

    #[cfg(not(feature = "mongodb"))]
    #[expect(clippy::unused_async, reason = "with the engine it connects")]
    async fn open_mongodb(_: &ProcessSettings) -> Result<Self, CliError> {
        Err(CliError::usage(
            "this build has no MongoDB; build with `cargo build --release --features mongodb`, or `full` for every engine",
        )
        .about("storage.documents.engine"))
    }

    /// Whether it is another than the storage of each service, and so in no backup.
    pub(crate) fn is_apart(&self) -> bool {
        !matches!(self, Self::Storage)
    }

    /// Storage of a service, with this store for its projected read models.
    #[cfg_attr(not(feature = "mongodb"), expect(unused_variables, reason = "there is one store"))]
    pub(crate) fn within(&self, service: &'static str, storage: ServiceStorage) -> ServiceStorage {
        match self {
            Self::Storage => storage,
            #[cfg(feature = "mongodb")]
            Self::Mongo(engine) => {
                let documents = engine.documents(service);
                let documents = DeclaredDocuments::new(documents, collections(service));
                ServiceStorage { projections: Arc::new(documents), ..storage }
            }
        }
    }
}

/// Collections of a service that may be apart: those that its line of the module table says so of, and what its consumers keep with them.
#[cfg(feature = "mongodb")]
fn collections(service: &str) -> Vec<&'static Collection> {
    let module = modules::ALL.iter().find(|module| module.name == service);
    let projected = module.into_iter().flat_map(|module| module.projected).copied();
    projected.chain(messaging::CONSUMER_COLLECTIONS).collect()
}
