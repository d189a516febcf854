//! Data folder: created when it is missing, locked by one process at a time, and closed to other users of the machine.

use crate::{disk_reserve::free_bytes, open_error::OpenError};
use std::{
    fs::{DirBuilder, File, OpenOptions, Permissions, TryLockError},
    io::{self, Error, ErrorKind},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::Path,
};

/// Name of the lock file: open and locked as long as the engine writes. The system releases it however the process ends.
pub const LOCK_FILE: &str = "icommerce.lock";
/// Free space, in bytes, below which no database can be opened.
const FREE_BYTES_MIN: u64 = 256 * 1024;
/// Permissions of a new folder: its owner's alone.
const FOLDER_MODE: u32 = 0o700;
/// Permissions of a new file: its owner's alone.
const FILE_MODE: u32 = 0o600;
/// Permissions of everybody but owner and group.
const OTHERS: u32 = 0o007;
/// Permissions of the group.
const GROUP: u32 = 0o070;
/// Bit by which a folder hands its group on to its files.
const SET_GROUP_ID: u32 = 0o2000;
/// Bit of a folder in which everybody keeps files of their own, such as `/tmp`.
const STICKY: u32 = 0o1000;
/// Beginnings of the names of the engine's files.
const OWN_FILES: [&str; 2] = ["icommerce.", "bulk."];

/// Lock of the data folder, held as long as this value lives.
#[derive(Debug)]
pub struct FolderLock(File);

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
pub fn lock(folder: &Path) -> Result<FolderLock, OpenError> {
    let file = lock_file(folder)?;
    match file.try_lock() {
        Ok(()) => Ok(FolderLock(file)),
        Err(TryLockError::WouldBlock) => Err(OpenError::Locked { folder: folder.to_owned() }),
        Err(TryLockError::Error(error)) => Err(open_error(folder, &error)),
    }
}

/// File of the lock, in a folder that is created when it is missing.
fn lock_file(folder: &Path) -> Result<File, OpenError> {
    DirBuilder::new()
        .recursive(true)
        .mode(FOLDER_MODE)
        .create(folder)
        .map_err(|error| open_error(folder, &error))?;
    private_file(&folder.join(LOCK_FILE)).map_err(|error| open_error(folder, &error))
}

/// Locks a data folder that processes share: together with others that do the same, and against whoever [`lock`]s it. Says whether others
/// have it already.
///
/// # Errors
///
/// Those of [`lock`].
pub fn lock_shared(folder: &Path) -> Result<(FolderLock, bool), OpenError> {
    let file = lock_file(folder)?;
    let others = matches!(file.try_lock(), Err(TryLockError::WouldBlock));
    match file.try_lock_shared() {
        Ok(()) => Ok((FolderLock(file), others)),
        Err(TryLockError::WouldBlock) => Err(OpenError::Locked { folder: folder.to_owned() }),
        Err(TryLockError::Error(error)) => Err(open_error(folder, &error)),
    }
}

/// Opens a file for reading and writing; creates it for its owner alone when it is missing.
pub fn private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(FILE_MODE).open(path)
}

/// Takes away what the group and others may do with the folder and the engine's files in it. A folder that hands its group on (the
/// bit `setgid`) is shared with the group on purpose, and stays so; others never have access. A folder of another owner is
/// left as it is, and so is one that is everybody's.
pub fn restrict(folder: &Path) {
    match restricted(folder) {
        Ok(0) => {}
        Ok(count) => tracing::info!(
            folder = %folder.display(),
            count,
            "access of other users of this machine to the data folder was taken away"
        ),
        Err(error) => tracing::warn!(
            folder = %folder.display(),
            %error,
            "the data folder may be readable for other users of this machine"
        ),
    }
}

/// Restricts the folder and its files; returns how many had to be.
fn restricted(folder: &Path) -> io::Result<usize> {
    let mode = folder.metadata()?.permissions().mode();
    let is_shared = mode & SET_GROUP_ID != 0;
    let forbidden = if is_shared { OTHERS } else { OTHERS | GROUP };
    let mut count = if mode & STICKY == 0 { restrict_path(folder, forbidden)? } else { 0 };
    for entry in folder.read_dir()? {
        let entry = entry?;
        let name = entry.file_name();
        let is_own =
            OWN_FILES.iter().any(|own| name.as_encoded_bytes().starts_with(own.as_bytes()));
        // A link may lead out of the folder.
        if is_own && entry.file_type()?.is_file() {
            count += restrict_path(&entry.path(), forbidden)?;
        }
    }
    Ok(count)
}

fn restrict_path(path: &Path, forbidden: u32) -> io::Result<usize> {
    let mode = match path.metadata() {
        Ok(metadata) => metadata.permissions().mode(),
        // `SQLite` removes files of its own at any time.
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(error),
    };
    if mode & forbidden == 0 {
        return Ok(0);
    }
    std::fs::set_permissions(path, Permissions::from_mode(mode & !forbidden))?;
    Ok(1)
}

/// Whether the disk has too little free space to open a database.
pub fn is_full(folder: &Path) -> bool {
    free_bytes(folder).is_ok_and(|free| free < FREE_BYTES_MIN)
}

/// Maps an error of the operating system to the open error that an operator sees.
pub fn open_error(folder: &Path, error: &Error) -> OpenError {
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
    fn a_folder_is_shared_or_one_process_has_it_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (first, others) = lock_shared(folder.path()).unwrap();
        assert!(!others);
        let (second, others) = lock_shared(folder.path()).unwrap();
        assert!(others);
        drop(first);
        assert!(matches!(lock(folder.path()), Err(OpenError::Locked { .. })));
        drop(second);
        let alone = lock(folder.path()).unwrap();
        assert!(matches!(lock_shared(folder.path()), Err(OpenError::Locked { .. })));
        drop(alone);
        assert!(!lock_shared(folder.path()).unwrap().1);
    }

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
