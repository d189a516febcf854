//! Mark of a data folder into which a transfer is under way: no shop starts on it.

use crate::error::CliError;
#[cfg(feature = "postgres")]
use data_folder::LOCK_FILE;
use std::path::Path;
#[cfg(feature = "postgres")]
use std::{
    fs::{self, File},
    io::{self, ErrorKind, Write},
};

/// File with the name of the source, until everything is carried over and compared.
const UNFINISHED_FILE: &str = "icommerce.unfinished";

/// Refuses a folder into which a transfer was broken off.
pub(crate) fn check_finished(folder: &Path) -> Result<(), CliError> {
    if !folder.join(UNFINISHED_FILE).exists() {
        return Ok(());
    }
    Err(CliError::unavailable(format!(
        "a move or a restore into {} was broken off: run the same command again, which goes on with it",
        folder.display()
    )))
}

/// Refuses a folder that a transfer from this source cannot begin in, or go on in, and leaves it as it is. It need not exist.
#[cfg(feature = "postgres")]
pub(super) fn check(folder: &Path, source: &str) -> Result<(), CliError> {
    is_begun(folder, source).map(drop)
}

/// Whether a transfer from this source has begun in the folder; refuses one that has anything else.
#[cfg(feature = "postgres")]
fn is_begun(folder: &Path, source: &str) -> Result<bool, CliError> {
    let failed = |error: io::Error| CliError::unavailable(format!("{}: {error}", folder.display()));
    match fs::read_to_string(folder.join(UNFINISHED_FILE)) {
        Ok(noted) if noted == source => return Ok(true),
        Ok(_) => {
            return Err(CliError::usage(format!(
                "a move or a restore of something else was broken off in {}, or its source was changed since; give a new folder",
                folder.display()
            )));
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(failed(error)),
    }
    let entries = match folder.read_dir() {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(failed(error)),
    };
    let others = entries.flatten().filter(|entry| entry.file_name() != LOCK_FILE);
    if others.count() > 0 {
        return Err(CliError::usage(format!(
            "{} is not empty; give a new folder",
            folder.display()
        )));
    }
    Ok(false)
}

/// Begins a transfer from this source into a locked folder, or goes on with it; refuses a folder that has anything else.
#[cfg(feature = "postgres")]
pub(super) fn begin(folder: &Path, source: &str) -> Result<(), CliError> {
    if is_begun(folder, source)? {
        return Ok(());
    }
    let failed = |error: io::Error| CliError::unavailable(format!("{}: {error}", folder.display()));
    let write = || {
        let mut file = File::create(folder.join(UNFINISHED_FILE))?;
        file.write_all(source.as_bytes())?;
        file.sync_all()?;
        File::open(folder)?.sync_all()
    };
    write().map_err(failed)
}

/// Ends a transfer.
#[cfg(feature = "postgres")]
pub(super) fn finish(folder: &Path) -> io::Result<()> {
    fs::remove_file(folder.join(UNFINISHED_FILE))?;
    File::open(folder)?.sync_all()
}
