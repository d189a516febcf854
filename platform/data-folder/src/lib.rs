//! Data folder of an embedded engine: its lock and access rights, the disk reserve, blobs as files, the errors that an
//! operator reads when it cannot be opened, and the statistics of what is written into it.

#![warn(missing_docs)]

mod blobs;
mod disk_reserve;
mod folder;
mod open_error;
mod statistics;

pub use blobs::{BACKUPS, BlobFolder, FolderBlobs};
pub use disk_reserve::{DiskReserve, has_free};
pub use folder::{
    FolderLock, LOCK_FILE, is_full, lock, lock_shared, open_error, private_file, restrict,
};
pub use open_error::OpenError;
pub use statistics::{Log2Histogram, Statistics, WriterCounters};
