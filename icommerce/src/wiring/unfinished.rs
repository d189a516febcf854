//! Mark of a data folder into which a transfer is under way: no shop starts on it.

use crate::error::CliError;
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

/// Begins a transfer from this source into a locked folder, or goes on with it; refuses a folder that has anything else.
#[cfg(feature = "postgres")]
pub(super) fn begin(folder: &Path, source: &str) -> Result<(), CliError> {
    let failed = |error: io::Error| CliError::unavailable(format!("{}: {error}", folder.display()));
    match fs::read_to_string(folder.join(UNFINISHED_FILE)) {
        Ok(noted) if noted == source => return Ok(()),
        Ok(_) => {
            return Err(CliError::usage(format!(
                "a move or a restore of something else was broken off in {}, or its source was changed since; give a new folder",
                folder.display()
            )));
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(failed(error)),
    }
    // The lock is there already.
    if folder.read_dir().map_err(failed)?.flatten().count() > 1 {
        return Err(CliError::usage(format!(
            "{} is not empty; give a new folder",
            folder.display()
        )));
    }
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
