//! Transfer of a shop between the engines: a folder is read as it lies, a database as of one moment. Every record is counted and
//! hashed on both sides, and nothing of the source is changed.

mod files;
mod into_database;
mod into_folder;

pub(crate) use into_database::{RestoredKeys, move_into_database, restore_into_database};
pub(crate) use into_folder::{back_up_database, move_into_folder};

use crate::{error::CliError, modules, output::counted, shop::PROCESS};
use engine_log::StoredFolder;
use engine_postgres::{DatabaseError, DatabaseExport, RecordKind};
use journal::RecordDigest;
use std::collections::BTreeMap;
use storage::Collection;

/// Digests of the records of each service.
pub(crate) type ServiceDigests = BTreeMap<&'static str, RecordDigest>;

/// What was carried over and compared.
#[derive(Debug)]
pub(crate) struct TransferReport {
    /// Services, the same on both sides.
    pub(crate) services: ServiceDigests,
    /// Number of whole files, pictures for the most part.
    pub(crate) files: u64,
    /// Last position of the source.
    pub(crate) position: u64,
}

/// Names of all storages.
pub(super) fn services() -> Vec<&'static str> {
    modules::ALL.iter().map(|module| module.name).chain([PROCESS]).collect()
}

/// Name of a storage, as the module table has it.
fn service_named(name: &str) -> Option<&'static str> {
    services().into_iter().find(|service| *service == name)
}

/// Collections with indexes that a service has.
fn collections(service: &str) -> Vec<&'static Collection> {
    let module = modules::ALL.iter().find(|module| module.name == service);
    let own = module.into_iter().flat_map(|module| module.collections).copied();
    let consumes = module.is_some_and(|module| !module.follows.is_empty());
    own.chain(messaging::COLLECTIONS.into_iter().filter(|_| consumes)).collect()
}

/// Digests of what a folder has.
fn folder_digests(folder: &StoredFolder) -> Result<ServiceDigests, CliError> {
    let mut sums = DigestSums::default();
    folder
        .for_each(|_, service, record| -> Result<(), TransferError> {
            sums.add(service, &record)?;
            Ok(())
        })
        .map_err(CliError::from)?;
    Ok(sums.digests)
}

/// Digests of what a database has, without what belongs to this engine alone.
async fn database_digests(export: &DatabaseExport) -> Result<ServiceDigests, CliError> {
    let mut sums = DigestSums::default();
    for service in services() {
        let collections = collections(service);
        for kind in [RecordKind::Events].into_iter().chain(RecordKind::BESIDE_EVENTS) {
            let cursor = export.cursor(service, kind).await.map_err(|error| refused(&error))?;
            loop {
                let records =
                    export.next(&cursor, &collections).await.map_err(|error| refused(&error))?;
                if records.is_empty() {
                    break;
                }
                for record in records.iter().filter(|record| !is_of_engine(service, record)) {
                    sums.add(service, record)?;
                }
            }
        }
    }
    Ok(sums.digests)
}

/// Whether a record says something about the database, and nothing about the shop.
fn is_of_engine(service: &str, record: &journal::StoredRecord) -> bool {
    let journal::StoredRecord::Value { key, .. } = record else { return false };
    service == PROCESS && key == super::postgres::KEYS_ID
}

/// Sums of digests by service.
#[derive(Debug, Default)]
struct DigestSums {
    digests: ServiceDigests,
    collections: BTreeMap<&'static str, Vec<&'static Collection>>,
}

impl DigestSums {
    fn add(&mut self, name: &str, record: &journal::StoredRecord) -> Result<(), TransferError> {
        let service = service_named(name).ok_or_else(|| {
            TransferError(CliError::failed(format!(
                "there are records of {name}, a service that this program does not have"
            )))
        })?;
        let collections = self.collections.entry(service).or_insert_with(|| collections(service));
        self.digests.entry(service).or_default().add(record, collections);
        Ok(())
    }
}

/// Refuses a target that has not what the source has.
fn compare(source: &ServiceDigests, target: &ServiceDigests) -> Result<(), CliError> {
    for service in services() {
        let (one, other) = (source.get(service), target.get(service));
        if one == other {
            continue;
        }
        let shown = |digest: Option<&RecordDigest>| {
            let digest = digest.cloned().unwrap_or_default();
            let RecordDigest { events, documents, values, snapshots, .. } = digest;
            format!(
                "{}, {}, {}, {}, checksum {}",
                counted(events, "event"),
                counted(documents, "document"),
                counted(values, "value"),
                counted(snapshots, "snapshot"),
                digest.checksum()
            )
        };
        return Err(CliError::failed(format!(
            "{service} is not the same on both sides: the source has {}; the target has {}; the target must not be used",
            shown(one),
            shown(other)
        )));
    }
    Ok(())
}

fn refused(error: &DatabaseError) -> CliError {
    super::postgres::open_error(error)
}

/// Error within a pass over a folder.
#[derive(Debug)]
struct TransferError(CliError);

impl From<engine_log::OpenError> for TransferError {
    fn from(error: engine_log::OpenError) -> Self {
        Self(CliError::unavailable(error))
    }
}

impl From<TransferError> for CliError {
    fn from(error: TransferError) -> Self {
        error.0
    }
}
