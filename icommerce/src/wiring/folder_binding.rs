//! Binding of a data folder to the storage of its shop: started with another one, it would be another shop.

use crate::error::CliError;
#[cfg(feature = "postgres")]
use engine_log::LogEngine;
use std::{fs, io, path::Path};

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
