//! Open error: why a data folder was refused.

use std::path::PathBuf;

/// Open error: why the data folder could not be opened. Nothing in it was changed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Folder that cannot be created or written to.
    #[error("the data folder {} cannot be written to: {reason}", folder.display())]
    NotWritable {
        /// Data folder.
        folder: PathBuf,
        /// Error of the operating system.
        reason: String,
    },
    /// Folder that another engine, in this process or another one, has open.
    #[error("the data folder {} is in use by another running icommerce", folder.display())]
    Locked {
        /// Data folder.
        folder: PathBuf,
    },
    /// Database that a later release has written.
    #[error("{} has data format {found}, and this release reads up to {known}: use the later release", file.display())]
    NewerFormat {
        /// Database file.
        file: PathBuf,
        /// Format of the file.
        found: i32,
        /// Latest format that this release reads.
        known: i32,
    },
    /// File that is not a database of this program.
    #[error("{} is not an icommerce database; move it away or choose another data folder", file.display())]
    NotADatabase {
        /// File in the place of the database.
        file: PathBuf,
    },
    /// Database of this program that cannot be read.
    #[error("{} is damaged: {reason}; restore it from a backup", file.display())]
    Damaged {
        /// Database file.
        file: PathBuf,
        /// Error of the database.
        reason: String,
    },
    /// Database that the folder had and that is gone or empty.
    #[error("{} is missing or empty, and this folder had data: restore it from a backup, or choose another folder to begin anew ({} says what the folder had; delete that file too where the loss is meant)", file.display(), state.display())]
    Missing {
        /// Database file.
        file: PathBuf,
        /// File with the state of the folder.
        state: PathBuf,
    },
    /// Keys of personal data that the folder had and that are gone.
    #[error("{} is missing, and with it the keys of personal data: no backup has it, so put back the copy that is kept elsewhere ({} says that the folder had it; delete that file too where the loss is meant)", file.display(), state.display())]
    KeysMissing {
        /// Key file.
        file: PathBuf,
        /// File with the state of the folder.
        state: PathBuf,
    },
    /// Keys of personal data, or the list of erasures, that cannot be read.
    #[error("{} is damaged: {reason}; no backup has it, so put back the copy that is kept elsewhere", file.display())]
    KeysDamaged {
        /// Key file, or list of erasures.
        file: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Write-ahead log that is gone although its database was not closed.
    #[error("{} is missing, and with it the last changes before a crash: restore it, or the whole folder from a backup (to go on without those changes, delete {})", file.display(), state.display())]
    LogMissing {
        /// Write-ahead log.
        file: PathBuf,
        /// File with the state of the folder.
        state: PathBuf,
    },
    /// Disk without the free space that opening needs.
    #[error("the disk of {} is full: make room and start again", folder.display())]
    DiskFull {
        /// Data folder.
        folder: PathBuf,
    },
    /// Disk without the room that a migration takes.
    #[error("the data folder {} is of an earlier format, and to bring it into the present one takes {} MB of free room: make room and start again", folder.display(), needed_bytes.div_ceil(1_000_000))]
    NoRoomToMigrate {
        /// Data folder.
        folder: PathBuf,
        /// Room that it takes, in bytes.
        needed_bytes: u64,
    },
    /// Any other error of the operating system or the database.
    #[error("{} cannot be opened: {reason}", file.display())]
    Failed {
        /// Database file.
        file: PathBuf,
        /// Error of the operating system or the database.
        reason: String,
    },
}
