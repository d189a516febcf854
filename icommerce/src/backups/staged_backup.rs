//! Staged backup: a backup in the data folder, beside a file that is locked while somebody takes it away.

use crate::wiring::Embedded;
use journal::Position;
use std::{
    fs::{DirBuilder, File},
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

const LOCK_FILE: &str = "lock";
const DATA_FOLDER: &str = "data";

/// Backup below this folder.
#[derive(Debug)]
pub(crate) struct StagedBackup(PathBuf);

impl StagedBackup {
    /// Backup of this name among the backups of a data folder.
    pub(crate) fn named(backups: &Path, name: u64) -> Self {
        Self(backups.join(name.to_string()))
    }

    /// Backup whose data is in this folder.
    pub(crate) fn of_data(data: &Path) -> Self {
        Self(data.parent().unwrap_or(data).to_owned())
    }

    /// Folder with what is backed up.
    pub(crate) fn data(&self) -> PathBuf {
        self.0.join(DATA_FOLDER)
    }

    /// Whether it is, or is being written, on this machine.
    pub(crate) fn is_on_this_machine(&self) -> bool {
        self.0.join(LOCK_FILE).is_file()
    }

    /// Makes the place of a backup, with an empty folder for its data.
    #[cfg(feature = "postgres")]
    pub(super) fn begin(&self) -> io::Result<()> {
        self.create()?;
        DirBuilder::new().mode(0o700).create(self.data())
    }

    fn create(&self) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.0)?;
        File::create(self.0.join(LOCK_FILE)).map(drop)
    }

    /// Writes the backup of a data folder, whose files are linked; returns the position of the log that it stands at. Nothing is left
    /// of one that fails.
    pub(crate) fn link(&self, engine: &Embedded) -> io::Result<Position> {
        let written = self.create().and_then(|()| engine.backup(&self.data()));
        written.inspect_err(|_| {
            // The first error is the one to report.
            let _ = self.remove();
        })
    }

    /// Locks the backup as long as the file is open.
    pub(crate) fn lock(&self) -> io::Result<File> {
        let file = File::open(self.0.join(LOCK_FILE))?;
        file.lock()?;
        Ok(file)
    }

    /// Whether somebody takes the backup away at this moment.
    pub(crate) fn is_locked(&self) -> io::Result<bool> {
        match File::open(self.0.join(LOCK_FILE)) {
            Ok(lock) => Ok(lock.try_lock().is_err()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Removes the backup; one that is not there is removed already.
    pub(crate) fn remove(&self) -> io::Result<()> {
        remove_tree(&self.0)
    }
}

/// Removes a folder with everything in it, if it is there.
pub(crate) fn remove_tree(folder: &Path) -> io::Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
