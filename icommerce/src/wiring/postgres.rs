//! PostgreSQL: one database for the services of the process, and a data folder for what a database must not have, the keys of data
//! subjects, or does not need to, whole files.

use super::{check_finished, folder_binding, metrics, tls, transfer::services};
use crate::{error::CliError, modules, process::ProcessSettings, shop::PROCESS};
use data_folder::{BlobFolder, FolderBlobs, FolderLock};
use engine_log::{KEY_FILE, key_file};
use engine_postgres::{
    DatabaseError, DatabaseExport, EngineFailure, Migration, PostgresEngine, PostgresLease,
    PostgresOptions, check_rights, migrate, pending,
};
use journal::ServiceStorage;
use kernel::{Clock, SystemClock, SystemRandomness, Timestamp};
use std::{path::Path, sync::Arc, time::Duration};
use storage::{Blobs, KeyValue, StorageError};
use subject_keys::{SubjectKeys, store_id_of};
use telemetry::Metrics;

/// Value of [`PROCESS`] with the identifier of the keys of data subjects.
pub(super) const KEYS_ID: &str = "subject-keys/store-id";

/// Counter of those who would write it first.
const KEYS_CLAIMS: &str = "subject-keys/claims";
/// How long a claim lasts.
const FIRST_START: Duration = Duration::from_secs(10);

/// Setting with the database.
pub(super) const URL: &str = "storage.url";
/// Setting with the database as its owner.
const MIGRATE_URL: &str = "storage.migrate_url";

/// Open database.
#[derive(Clone, Debug)]
pub(crate) struct Postgres {
    engine: PostgresEngine,
    keys: Arc<SubjectKeys>,
    /// Held as long as the engine is open.
    _lock: Arc<FolderLock>,
}

impl Postgres {
    /// Opens the database, whose schemas are migrated first where the settings allow it, and the data folder. The services with these
    /// epochs are those whose lease the process has.
    pub(crate) async fn open(
        settings: &ProcessSettings,
        leased: &[(&'static str, i64)],
    ) -> Result<Self, CliError> {
        Self::check_before(settings).await.map_err(|error| error.given_in(settings))?;
        let lock = Self::lock(settings)?;
        Self::opened(settings, lock, leased).await.map_err(|error| error.given_in(settings))
    }

    /// Locks the data folder: for this process alone, or for those with the same services.
    fn lock(settings: &ProcessSettings) -> Result<FolderLock, CliError> {
        if settings.services.is_empty() {
            return data_folder::lock(&settings.data).map_err(CliError::unavailable);
        }
        let selected = modules::selected(settings)?;
        let services = selected.iter().map(|module| module.name);
        folder_binding::lock_for_services(&settings.data, services)
    }

    /// Says what is wrong about the settings or the database before a new folder is made, which would be left behind.
    async fn check_before(settings: &ProcessSettings) -> Result<(), CliError> {
        let options = options(settings)?.for_maintenance();
        if settings.data.join(KEY_FILE).exists() {
            return Ok(());
        }
        check_finished(&settings.data)?;
        if settings.storage.migrate_at_start {
            migrate_all(settings).await?;
        }
        let export = DatabaseExport::begin(&options, &opened_services(settings)?).await;
        let export = export.map_err(|error| open_error(&error))?;
        let known = export.value(PROCESS, KEYS_ID).await.map_err(|error| open_error(&error))?;
        if known.is_some() {
            return Err(other_keys(&settings.data));
        }
        if export.is_incomplete(PROCESS).await.map_err(|error| open_error(&error))? {
            return Err(open_error(&DatabaseError::Unfinished { server: options.server() }));
        }
        Ok(())
    }

    /// The same; `None` when a running shop has the data folder open.
    pub(crate) async fn open_unless_served(
        settings: &ProcessSettings,
    ) -> Result<Option<Self>, CliError> {
        match data_folder::lock(&settings.data) {
            Err(data_folder::OpenError::Locked { .. }) => Ok(None),
            Err(error) => Err(CliError::unavailable(error)),
            Ok(lock) => {
                let opened = Self::opened(settings, lock, &[]).await.map(Some);
                opened.map_err(|error| error.given_in(settings))
            }
        }
    }

    async fn opened(
        settings: &ProcessSettings,
        lock: FolderLock,
        leased: &[(&'static str, i64)],
    ) -> Result<Self, CliError> {
        check_finished(&settings.data)?;
        folder_binding::check_for_database(&settings.data)?;
        let mut options = options(settings)?;
        options.leased = leased.to_vec();
        let place = options.server();
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
        let services = opened_services(settings)?;
        let engine = PostgresEngine::open(options, &services, Arc::clone(&keys), &blobs);
        let engine = engine.await.map_err(|error| open_error(&error))?;
        let opened = Self { engine, keys, _lock: lock };
        let values = opened.service(PROCESS).key_value;
        check_keys(&*values, &opened.keys, folder, is_new).await?;
        folder_binding::note_database(folder, &place)?;
        Ok(opened)
    }

    /// Secret for another purpose, which follows from the keys of data subjects.
    pub(crate) fn derived_secret(&self, purpose: &str) -> [u8; 32] {
        self.keys.derived_secret(purpose)
    }

    /// Storage of a service that [was opened](Self::has).
    pub(crate) fn service(&self, name: &'static str) -> ServiceStorage {
        self.engine.service(name).expect("the settings name the service")
    }

    /// Whether the storage of a service was opened. That of one that the settings do not name was not: the user of this process may not
    /// be allowed to read its tables.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.engine.service(name).is_some()
    }

    /// Registers the metrics of the engine's writers.
    pub(crate) fn register_metrics(&self, metrics: &Metrics) {
        let engine = self.engine.clone();
        metrics.register_collector(move || metrics::writer_samples(&engine.statistics()));
    }

    /// Asks the database whether it is there and takes writes.
    pub(crate) async fn ping(&self) -> Result<(), StorageError> {
        self.engine.ping().await
    }

    /// Completes with the reason when the process must stop.
    pub(crate) async fn failed(&self) -> EngineFailure {
        self.engine.failed().await
    }

    /// Waits for what is under way.
    pub(crate) async fn close(self) {
        self.engine.close().await;
    }
}

/// Names of the storages that a process opens: those of the services that it runs and its own, so that its user needs the roles of no
/// others; all of the shop where the settings name no services, one that runs on request among them.
fn opened_services(settings: &ProcessSettings) -> Result<Vec<&'static str>, CliError> {
    if settings.services.is_empty() {
        return Ok(services());
    }
    Ok(modules::selected(settings)?.into_iter().map(|it| it.name).chain([PROCESS]).collect())
}

/// Claims a database that has no keys yet. A claim lasts as long as a first start may take: who made it may have been killed.
async fn is_claimed(values: &dyn KeyValue) -> Result<bool, CliError> {
    let now = SystemClock.now();
    let until = now.saturating_add(FIRST_START).ok();
    let claims = values.add(KEYS_CLAIMS, 1, now, until).await.map_err(CliError::unavailable)?;
    Ok(claims == 1)
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
            Err(other_keys(folder))
        }
        None if is_claimed(values).await? => {
            let commit =
                values.put(KEYS_ID, own.into(), None).await.map_err(CliError::unavailable)?;
            commit.wait().await.map_err(CliError::unavailable)
        }
        // Another process of a new shop was first, and says which keys in a moment.
        None => Err(CliError::unavailable(
            "storage.url: another process has just started with this database for the first time: start this one again",
        )),
    }
}

/// Refuses a data folder whose keys are not those of the database, before it is opened.
async fn check_keys_before(settings: &ProcessSettings) -> Result<(), CliError> {
    folder_binding::check_for_database(&settings.data)?;
    let file = settings.data.join(KEY_FILE);
    let content = match std::fs::read(&file) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        read => {
            read.map_err(|error| CliError::unavailable(format!("{}: {error}", file.display())))?
        }
    };
    let options = options(settings)?.for_maintenance();
    let export = DatabaseExport::begin(&options, &opened_services(settings)?).await;
    let export = export.map_err(|error| open_error(&error))?;
    let known = export.value(PROCESS, KEYS_ID).await.map_err(|error| open_error(&error))?;
    let own = store_id_of(&content).map(|id| kernel::hex::encode(&id).into_bytes());
    if known.is_some() && known != own { Err(other_keys(&settings.data)) } else { Ok(()) }
}

fn other_keys(folder: &Path) -> CliError {
    CliError::unavailable(format!(
        "{} does not have the keys of this database, without which its personal data cannot be read; give the data folder that has them with --data",
        folder.join(KEY_FILE).display()
    ))
}

/// Database of the settings.
pub(super) fn options(settings: &ProcessSettings) -> Result<PostgresOptions, CliError> {
    let storage = &settings.storage;
    let url = storage.url()?;
    let mut options =
        PostgresOptions::new(&url).map_err(|error| CliError::usage(error).about(URL))?;
    #[expect(clippy::disallowed_methods, reason = "PostgreSQL's own programs know it by this name")]
    let password = std::env::var("PGPASSWORD");
    if let Ok(password) = password {
        options = options.or_password(&password);
    }
    options.tls = tls::storage_files(storage);
    tls::STORAGE.check_effect(&options.tls, options.may_speak_tls(), "sslmode is not disable")?;
    if !settings.services.is_empty() {
        // Other processes follow its events, and all of them write what a process keeps for itself.
        options.hints = true;
        let selected = modules::selected(settings)?;
        let owned = modules::owned(&selected);
        let names = selected.iter().map(|module| module.name);
        options.shared_services = names.filter(|name| !owned.contains(name)).collect();
        options.shared_services.push(PROCESS);
    }
    Ok(options)
}

/// Lease on the services of this process that one of several processes owns, with their names in the order of its parts; `None` where the
/// process has no such service, or all services and so the database alone. The schemas are migrated first where the settings allow it.
pub(crate) async fn lease(
    settings: &ProcessSettings,
) -> Result<Option<(PostgresLease, Vec<&'static str>)>, CliError> {
    let mut services = modules::owned(&modules::selected(settings)?);
    if settings.services.is_empty() || services.is_empty() {
        return Ok(None);
    }
    services.sort_unstable();
    let open = async {
        if settings.storage.migrate_at_start {
            migrate_all(settings).await?;
        }
        let lease = PostgresLease::open(options(settings)?, &services).await;
        let lease = lease.map_err(|error| open_error(&error))?;
        // What would keep it from taking over is said now: by then nobody else may be there.
        Postgres::check_before(settings).await?;
        check_keys_before(settings).await?;
        Postgres::lock(settings).map(drop)?;
        Ok(lease)
    };
    let lease = open.await.map_err(|error: CliError| error.given_in(settings))?;
    Ok(Some((lease, services)))
}

/// Database of the settings, as its owner, and the setting that names it so.
fn owner(settings: &ProcessSettings) -> Result<(PostgresOptions, &'static str), CliError> {
    let options = options(settings)?;
    let url = settings.storage.migrate_url()?;
    if url.is_empty() {
        return Ok((options, URL));
    }
    let mut owner =
        PostgresOptions::new(&url).map_err(|error| CliError::usage(error).about(MIGRATE_URL))?;
    owner.tls = options.tls;
    Ok((owner, MIGRATE_URL))
}

/// Applies what is outstanding, as the owner of the database.
pub(crate) async fn migrate_all(settings: &ProcessSettings) -> Result<Vec<Migration>, CliError> {
    migrated(settings).await.map_err(|error| error.given_in(settings))
}

async fn migrated(settings: &ProcessSettings) -> Result<Vec<Migration>, CliError> {
    let shop = options(settings)?;
    let (owner, setting) = owner(settings)?;
    let services = opened_services(settings)?;
    let migrated = migrate(&owner, shop.user(), &services).await;
    let migrated = migrated.map_err(|error| database_error(&error, setting))?;
    if setting == MIGRATE_URL {
        check_reached(&shop, &owner, &services).await?;
    }
    Ok(migrated)
}

/// Refuses an address of the shop that does not lead to what the owner has migrated.
async fn check_reached(
    shop: &PostgresOptions,
    owner: &PostgresOptions,
    services: &[&'static str],
) -> Result<(), CliError> {
    let lacks = match pending(shop, services).await {
        Ok(migrations) => migrations.iter().any(|migration| !migration.change_sets.is_empty()),
        Err(DatabaseError::Schema { .. }) => true,
        Err(error) => {
            tracing::warn!(%error, "the database was migrated, but the shop cannot be connected to it");
            false
        }
    };
    if lacks {
        let (shop, owner) = (shop.server(), owner.server());
        return Err(CliError::usage(format!(
            "it leads to {shop}, which lacks what was migrated at {owner}: {URL} and {MIGRATE_URL} are two ways to one database"
        ))
        .about(URL));
    }
    Ok(())
}

/// What is outstanding, where the owner may apply it.
pub(crate) async fn pending_migrations(
    settings: &ProcessSettings,
) -> Result<Vec<Migration>, CliError> {
    pending_of(settings).await.map_err(|error| error.given_in(settings))
}

async fn pending_of(settings: &ProcessSettings) -> Result<Vec<Migration>, CliError> {
    let user = options(settings)?.user().to_owned();
    let ((owner, setting), services) = (owner(settings)?, opened_services(settings)?);
    let failed = |error: DatabaseError| database_error(&error, setting);
    check_rights(&owner, &user, &services).await.map_err(failed)?;
    let pending = pending(&owner, &services).await.map_err(failed)?;
    if setting == MIGRATE_URL {
        warn_of_connection(&options(settings)?).await;
    }
    Ok(pending)
}

/// Says that the shop cannot be connected to its database, which a migration does not need.
async fn warn_of_connection(shop: &PostgresOptions) {
    if let Err(error) = pending(shop, &[]).await {
        tracing::warn!(%error, "the shop cannot be connected to its database");
    }
}

/// The one user whom a migration gives the roles of the services to, where the settings name no other than the owner.
pub(crate) fn sole_user(settings: &ProcessSettings) -> Result<Option<String>, CliError> {
    let (user, (owner, _)) = (options(settings)?.user().to_owned(), owner(settings)?);
    Ok((user == owner.user()).then_some(user))
}

pub(super) fn open_error(error: &DatabaseError) -> CliError {
    database_error(error, URL)
}

/// Error of the database that this setting names.
fn database_error(error: &DatabaseError, url: &'static str) -> CliError {
    let setting = match error {
        DatabaseError::Tls(error) => return tls::STORAGE.file_error(error),
        DatabaseError::Untrusted { .. } => tls::STORAGE.certificate_authorities,
        DatabaseError::OtherName { .. }
        | DatabaseError::Schema { .. }
        | DatabaseError::Unreachable { .. }
        | DatabaseError::Credentials { .. }
        | DatabaseError::NoPassword { .. }
        | DatabaseError::Unexpected { .. }
        | DatabaseError::Rights { .. }
        | DatabaseError::NoDatabase { .. }
        | DatabaseError::Version { .. }
        | DatabaseError::Encoding { .. }
        | DatabaseError::Unfinished { .. }
        | DatabaseError::InUse { .. }
        | DatabaseError::Silent { .. }
        | DatabaseError::Superseded { .. }
        | DatabaseError::ReadOnly { .. }
        | DatabaseError::Server { .. } => url,
    };
    let advice = match (error, url) {
        (DatabaseError::NoPassword { .. }, URL) => {
            ": give it in PGPASSWORD, or in the URL in a file that storage.url_file names"
        }
        (DatabaseError::NoPassword { .. }, _) => {
            ": give it in the URL in a file that storage.migrate_url_file names"
        }
        (DatabaseError::Rights { .. }, URL) => {
            "; set storage.migrate_url, or storage.migrate_url_file, to the database as its owner"
        }
        (DatabaseError::Rights { .. }, _) => "; name the owner of the database",
        _ => "",
    };
    CliError::unavailable(format!("{error}{advice}")).about(setting)
}
