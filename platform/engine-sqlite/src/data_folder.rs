//! Data folder: created when it is missing, and locked by one process at a time.

use crate::{disk_reserve::free_bytes, open_error::OpenError};
use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{Error, ErrorKind},
    path::Path,
};

/// Lock file: open and locked as long as the engine writes. The system releases it however the process ends.
const LOCK_FILE: &str = "icommerce.lock";
/// Free space, in bytes, below which no database can be opened.
const FREE_BYTES_MIN: u64 = 256 * 1024;

/// Lock of the data folder, held as long as this value lives.
#[derive(Debug)]
pub(crate) struct FolderLock(File);

impl Drop for FolderLock {
    fn drop(&mut self) {
        // Closing the file is not enough: a forked child has, until it executes its program, a copy of every open
        // descriptor, and the system keeps a lock until the last copy is closed. An explicit unlock releases it at once.
        // If even that fails, the end of the process releases it.
        let _ = self.0.unlock();
    }
}

/// Creates the data folder when it is missing, and locks it for this process.
///
/// # Errors
///
/// [`OpenError::Locked`] when another process or engine holds the lock, [`OpenError::DiskFull`] and
/// [`OpenError::NotWritable`] when the lock file cannot be written.
pub(crate) fn lock(folder: &Path) -> Result<FolderLock, OpenError> {
    std::fs::create_dir_all(folder).map_err(|error| open_error(folder, &error))?;
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    let file = options.open(folder.join(LOCK_FILE)).map_err(|error| open_error(folder, &error))?;
    match file.try_lock() {
        Ok(()) => Ok(FolderLock(file)),
        Err(TryLockError::WouldBlock) => Err(OpenError::Locked { folder: folder.to_owned() }),
        Err(TryLockError::Error(error)) => Err(open_error(folder, &error)),
    }
}

/// Whether the disk has too little free space to open a database.
pub(crate) fn is_full(folder: &Path) -> bool {
    free_bytes(folder).is_ok_and(|free| free < FREE_BYTES_MIN)
}

fn open_error(folder: &Path, error: &Error) -> OpenError {
    let folder = folder.to_owned();
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => OpenError::DiskFull { folder },
        _ => OpenError::NotWritable { folder, reason: error.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unlocked_folder_is_free_while_a_child_still_has_the_lock_file_open() {
        let folder = tempfile::tempdir().unwrap();
        let held = lock(folder.path()).unwrap();
        assert!(matches!(lock(folder.path()), Err(OpenError::Locked { .. })));
        // The descriptor that a child has between fork and exec.
        let inherited = held.0.try_clone().unwrap();
        drop(held);
        drop(lock(folder.path()).unwrap());
        drop(inherited);
    }
}
