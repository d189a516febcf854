//! The data folder: made where it is missing, and held by one process at a time.

use crate::{open::OpenError, reserve::free_bytes};
use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{Error, ErrorKind},
    path::Path,
};

/// Held open, and locked, as long as the engine writes. The system frees it whatever way the process ends.
const LOCK_FILE: &str = "icommerce.lock";
/// With less than this nothing can be begun.
const ROOM_BYTES_MIN: u64 = 256 * 1024;

/// Takes the folder for this process.
pub(crate) fn hold(folder: &Path) -> Result<File, OpenError> {
    std::fs::create_dir_all(folder).map_err(|error| refused(folder, &error))?;
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    let file = options.open(folder.join(LOCK_FILE)).map_err(|error| refused(folder, &error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::Locked { folder: folder.to_owned() }),
        Err(TryLockError::Error(error)) => Err(refused(folder, &error)),
    }
}

/// Whether there is no room to begin anything in the folder.
pub(crate) fn is_full(folder: &Path) -> bool {
    free_bytes(folder).is_ok_and(|free| free < ROOM_BYTES_MIN)
}

fn refused(folder: &Path, error: &Error) -> OpenError {
    let folder = folder.to_owned();
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => OpenError::DiskFull { folder },
        _ => OpenError::NotWritable { folder, reason: error.to_string() },
    }
}
