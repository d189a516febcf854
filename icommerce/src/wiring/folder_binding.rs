//! Binding of a data folder to the storage of its shop: started with another one, it would be another shop.

use crate::error::CliError;
#[cfg(feature = "postgres")]
use data_folder::FolderLock;
#[cfg(feature = "postgres")]
use engine_log::{KEY_FILE, LogEngine};
#[cfg(feature = "postgres")]
use std::collections::BTreeSet;
use std::{fs, io, path::Path};

/// File in the folder of processes of a fleet, with their services.
#[cfg(feature = "postgres")]
const SERVICES_FILE: &str = "icommerce.services";
/// Service whose data folder has the pictures.
#[cfg(feature = "postgres")]
const PICTURES: &str = product_service::MODULE.name;
/// File in the folder of a shop whose storage is a database, with the database's place.
const DATABASE_FILE: &str = "icommerce.database";

/// Refuses the folder of a shop whose data are in a database.
pub(super) fn check_for_embedded(folder: &Path) -> Result<(), CliError> {
    match fs::read_to_string(folder.join(DATABASE_FILE)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(unreadable(folder, &error)),
        Ok(place) => Err(CliError::unavailable(format!(
            "{} belongs to the shop in the database {}: start it with --storage or its --config, or give another folder with --data",
            folder.display(),
            place.trim()
        ))),
    }
}

/// Locks the folder for processes with these services, and refuses the folder of processes with others: each of them has its keys of data
/// subjects in memory, and would write the file without what another one destroyed.
#[cfg(feature = "postgres")]
pub(super) fn lock_for_services(
    folder: &Path,
    services: impl Iterator<Item = &'static str>,
) -> Result<FolderLock, CliError> {
    let (lock, others) = data_folder::lock_shared(folder).map_err(CliError::unavailable)?;
    let file = folder.join(SERVICES_FILE);
    let failed = |error| CliError::unavailable(format!("{}: {error}", file.display()));
    let services: BTreeSet<_> = services.collect();
    let services = services.into_iter().collect::<Vec<_>>().join(" ");
    let known = match fs::read_to_string(&file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        read => Some(read.map_err(failed)?),
    };
    if others && !folder.join(KEY_FILE).exists() {
        return Err(CliError::unavailable(format!(
            "another process has just started with the new folder {}: start this one again",
            folder.display()
        )));
    }
    if known.as_deref().is_some_and(|known| known.trim() == services) {
        return Ok(lock);
    }
    if others {
        return Err(CliError::unavailable(format!(
            "{} is in use by processes with other services ({}): give this one a folder of its own with --data",
            folder.display(),
            known.as_deref().unwrap_or_default().trim()
        )));
    }
    fs::write(&file, format!("{services}\n")).map_err(failed)?;
    Ok(lock)
}

/// Refuses the folder of a shop that has its data in it.
#[cfg(feature = "postgres")]
pub(super) fn check_for_database(folder: &Path) -> Result<(), CliError> {
    if !LogEngine::has_filled(folder) {
        return Ok(());
    }
    Err(CliError::unavailable(format!(
        "{} has a shop of its own: start it without storage.engine = \"postgres\", take it into the database with `icommerce move`, or give another folder with --data",
        folder.display()
    )))
}

/// Refuses the folder of a process of a fleet that has not the pictures of the shop.
#[cfg(feature = "postgres")]
pub(super) fn check_has_pictures(folder: &Path) -> Result<(), CliError> {
    let file = folder.join(SERVICES_FILE);
    let services = match fs::read_to_string(&file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        read => {
            read.map_err(|error| CliError::unavailable(format!("{}: {error}", file.display())))?
        }
    };
    if services.split_whitespace().any(|service| service == PICTURES) {
        return Ok(());
    }
    Err(CliError::unavailable(format!(
        "{} is the data folder of {}; give that of {PICTURES} with --data, which has the pictures",
        folder.display(),
        services.trim()
    )))
}

/// Notes that the shop of this folder has its data in the database at this place.
#[cfg(feature = "postgres")]
pub(super) fn note_database(folder: &Path, place: &str) -> Result<(), CliError> {
    let file = folder.join(DATABASE_FILE);
    let noted = fs::read_to_string(&file).is_ok_and(|noted| noted.trim() == place);
    let write = || fs::write(&file, format!("{place}\n"));
    if noted { Ok(()) } else { write().map_err(|error| unreadable(folder, &error)) }
}

fn unreadable(folder: &Path, error: &io::Error) -> CliError {
    CliError::unavailable(format!("{}: {error}", folder.join(DATABASE_FILE).display()))
}
