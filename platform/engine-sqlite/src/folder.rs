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

/// The folder is ours as long as this lives.
#[derive(Debug)]
pub(crate) struct Hold(File);

impl Drop for Hold {
    fn drop(&mut self) {
        // Closing the file is not enough: whoever starts another program has for a moment a copy of every open file
        // in the child, and the system keeps a lock until the last copy is closed. Letting go frees it for all.
        // When even that fails, the end of the process does it.
        let _ = self.0.unlock();
    }
}

/// Takes the folder for this process.
pub(crate) fn hold(folder: &Path) -> Result<Hold, OpenError> {
    std::fs::create_dir_all(folder).map_err(|error| refused(folder, &error))?;
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    let file = options.open(folder.join(LOCK_FILE)).map_err(|error| refused(folder, &error))?;
    match file.try_lock() {
        Ok(()) => Ok(Hold(file)),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_is_let_go_is_free_while_a_copy_of_the_file_is_open_elsewhere() {
        let folder = tempfile::tempdir().unwrap();
        let held = hold(folder.path()).unwrap();
        assert!(matches!(hold(folder.path()), Err(OpenError::Locked { .. })));
        // What a child has between its start and the program it becomes.
        let inherited = held.0.try_clone().unwrap();
        drop(held);
        drop(hold(folder.path()).unwrap());
        drop(inherited);
    }
}
