//! PostgreSQL: one database for the services of the process, and a data folder for what a database must not have, the keys of data
//! subjects, or does not need to, whole files.

use super::{check_finished, metrics, transfer::services};
use crate::{error::CliError, process::ProcessSettings, shop::PROCESS};
use data_folder::{BlobFolder, FolderBlobs, FolderLock};
use engine_log::{KEY_FILE, key_file};
use engine_postgres::{
    DatabaseError, Migration, PostgresEngine, PostgresOptions, migrate, pending,
};
use journal::ServiceStorage;
use kernel::{SystemRandomness, Timestamp};
use std::{path::Path, sync::Arc};
use storage::{Blobs, KeyValue};
use subject_keys::SubjectKeys;
use telemetry::Metrics;

/// Value of [`PROCESS`] with the identifier of the keys of data subjects.
pub(super) const KEYS_ID: &str = "subject-keys/store-id";

/// Open database.
#[derive(Clone, Debug)]
pub(crate) struct Postgres {
    engine: PostgresEngine,
    /// Held as long as the engine is open.
    _lock: Arc<FolderLock>,
}

impl Postgres {
    /// Opens the database, whose schemas are migrated first where the settings allow it, and the data folder.
    pub(crate) async fn open(settings: &ProcessSettings) -> Result<Self, CliError> {
        // What is wrong about the settings is said before a folder is made.
        options(settings)?;
        let lock = data_folder::lock(&settings.data).map_err(CliError::unavailable)?;
        Self::opened(settings, lock).await
    }

    /// The same; `None` when a running shop has the data folder open.
    pub(crate) async fn open_unless_served(
        settings: &ProcessSettings,
    ) -> Result<Option<Self>, CliError> {
        match data_folder::lock(&settings.data) {
            Err(data_folder::OpenError::Locked { .. }) => Ok(None),
            Err(error) => Err(CliError::unavailable(error)),
            Ok(lock) => Self::opened(settings, lock).await.map(Some),
        }
    }

    async fn opened(settings: &ProcessSettings, lock: FolderLock) -> Result<Self, CliError> {
        check_finished(&settings.data)?;
        let options = options(settings)?;
        if settings.storage.migrate_at_start {
            migrate_all(settings).await?;
        }
        let folder = &settings.data;
        let lock = Arc::new(lock);
        let is_new = !folder.join(KEY_FILE).exists();
        let keys = SubjectKeys::open(
            Arc::new(key_file(folder)),
            settings.master_secret.as_ref(),
            &SystemRandomness,
        );
        let keys = Arc::new(keys.map_err(|error| {
            CliError::unavailable(format!("{}: {error}", folder.join(KEY_FILE).display()))
        })?);
        data_folder::restrict(folder);
        let blobs = Arc::new(BlobFolder::open(folder, settings.disk_reserve_bytes));
        let blobs =
            |name| -> Arc<dyn Blobs> { Arc::new(FolderBlobs::new(Arc::clone(&blobs), name)) };
        let services = services();
        let engine = PostgresEngine::open(options, &services, Arc::clone(&keys), &blobs);
        let engine = engine.await.map_err(|error| open_error(&error))?;
        let opened = Self { engine, _lock: lock };
        let values = opened.service(PROCESS).key_value;
        check_keys(&*values, &keys, folder, is_new).await?;
        Ok(opened)
    }

    /// Storage of a service.
    pub(crate) fn service(&self, name: &'static str) -> ServiceStorage {
        self.engine.service(name).expect("every service was opened")
    }

    /// Registers the metrics of the engine's writers.
    pub(crate) fn register_metrics(&self, metrics: &Metrics) {
        let engine = self.engine.clone();
        metrics.register_collector(move || metrics::writer_samples(&engine.statistics()));
    }

    /// Completes with the reason when the process must stop.
    pub(crate) async fn failed(&self) -> String {
        self.engine.failed().await
    }

    /// Waits for what is under way.
    pub(crate) async fn close(self) {
        self.engine.close().await;
    }
}

/// Refuses keys that are not those of the database: what they encrypt would be lost.
async fn check_keys(
    values: &dyn KeyValue,
    keys: &SubjectKeys,
    folder: &Path,
    is_new: bool,
) -> Result<(), CliError> {
    let own = kernel::hex::encode(&keys.store_id());
    let known =
        values.value(KEYS_ID, Timestamp::UNIX_EPOCH).await.map_err(CliError::unavailable)?;
    let file = folder.join(KEY_FILE);
    match known {
        Some(known) if *known == *own.as_bytes() => Ok(()),
        Some(_) => {
            if is_new {
                // The keys were made a moment ago, and nothing is encrypted with them.
                std::fs::remove_file(&file).map_err(CliError::unavailable)?;
            }
            Err(CliError::unavailable(format!(
                "{} does not have the keys of this database, without which its personal data cannot be read; give the data folder that has them with --data",
                file.display()
            )))
        }
        None => {
            let commit =
                values.put(KEYS_ID, own.into(), None).await.map_err(CliError::unavailable)?;
            commit.wait().await.map_err(CliError::unavailable)
        }
    }
}

/// Database of the settings.
pub(super) fn options(settings: &ProcessSettings) -> Result<PostgresOptions, CliError> {
    let storage = &settings.storage;
    let url = storage.url()?;
    let mut options = PostgresOptions::new(&url)
        .map_err(|error| CliError::usage(format!("storage.url: {error}")))?;
    #[expect(clippy::disallowed_methods, reason = "PostgreSQL's own programs know it by this name")]
    let password = std::env::var("PGPASSWORD");
    if let Ok(password) = password {
        options = options.or_password(&password);
    }
    if !storage.certificate_authorities.as_os_str().is_empty() {
        options.certificate_authorities = Some(storage.certificate_authorities.clone());
    }
    // A process with all services follows nobody else's events.
    options.hints = !settings.services.is_empty();
    Ok(options)
}

/// Database of the settings, as its owner.
fn owner(settings: &ProcessSettings) -> Result<PostgresOptions, CliError> {
    let options = options(settings)?;
    let url = settings.storage.migrate_url()?;
    if url.is_empty() {
        return Ok(options);
    }
    let mut owner = PostgresOptions::new(&url)
        .map_err(|error| CliError::usage(format!("storage.migrate_url: {error}")))?;
    owner.certificate_authorities = options.certificate_authorities;
    Ok(owner)
}

/// Applies what is outstanding, as the owner of the database.
pub(crate) async fn migrate_all(settings: &ProcessSettings) -> Result<Vec<Migration>, CliError> {
    let user = options(settings)?.user().to_owned();
    let migrated = migrate(&owner(settings)?, &user, &services()).await;
    migrated.map_err(|error| open_error(&error))
}

/// What is outstanding.
pub(crate) async fn pending_migrations(
    settings: &ProcessSettings,
) -> Result<Vec<Migration>, CliError> {
    pending(&owner(settings)?, &services()).await.map_err(|error| open_error(&error))
}

pub(super) fn open_error(error: &DatabaseError) -> CliError {
    let setting = match error {
        DatabaseError::Certificates { .. } => "storage.certificate_authorities",
        DatabaseError::Schema { .. } => "storage.migrate_url",
        DatabaseError::Unreachable { .. }
        | DatabaseError::Credentials { .. }
        | DatabaseError::NoDatabase { .. }
        | DatabaseError::Version { .. }
        | DatabaseError::Unfinished { .. }
        | DatabaseError::Server { .. } => "storage.url",
    };
    CliError::unavailable(format!("{setting}: {error}"))
}
