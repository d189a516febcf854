//! Blobs as files of the data folder: `<data>/<service>/<folder>/ab/cdef…`, where `abcdef…` is the name.
//!
//! A file is written under another name, flushed and then renamed, and its folder is flushed too, so that after a crash it
//! is there whole or not at all.

use crate::disk_reserve::DiskReserve;
use async_trait::async_trait;
use bytes::Bytes;
use std::{
    fs::{self, File},
    io::{self, ErrorKind, Write},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};
use storage::{BLOB_BYTES_MAX, BlobEntry, Blobs, StorageError, check_blob_name, check_size};

/// Folder of files that are being written. What a crash leaves in it is removed at the next start.
const INCOMING: &str = "incoming";
/// Folder of the backups of a running shop.
pub const BACKUPS: &str = "icommerce.backups";
/// Bytes of a name that make the folder its file is in.
const PREFIX_BYTES: usize = 2;

/// Files of all blobs of one data folder.
#[derive(Debug)]
pub struct BlobFolder {
    root: PathBuf,
    reserve: DiskReserve,
    /// Number of the next file to be written.
    next: AtomicU64,
}

impl BlobFolder {
    /// Blobs of a data folder that this process has locked.
    pub fn open(root: &Path, reserve_bytes: u64) -> Self {
        match fs::remove_dir_all(root.join(INCOMING)) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                tracing::warn!(%error, "files that a crash left unfinished could not be removed");
            }
            _ => {}
        }
        let reserve = DiskReserve::new(root, reserve_bytes);
        Self { root: root.to_owned(), reserve, next: AtomicU64::new(0) }
    }

    /// Folder of a service's blobs, which is not there before the first of them.
    pub fn folder(&self, service: &str) -> PathBuf {
        self.root.join(service)
    }

    fn write(&self, path: &Path, content: &[u8]) -> Result<(), StorageError> {
        if !self.reserve.has_room(content.len() as u64) {
            return Err(StorageError::Full);
        }
        let incoming = self.root.join(INCOMING);
        let number = self.next.fetch_add(1, Relaxed);
        let temporary = incoming.join(number.to_string());
        let written = (|| {
            fs::create_dir_all(&incoming)?;
            let mut file = File::create(&temporary)?;
            file.write_all(content)?;
            file.sync_all()?;
            let folder = path.parent().ok_or(ErrorKind::InvalidInput)?;
            self.create_folder(folder)?;
            fs::rename(&temporary, path)?;
            File::open(folder)?.sync_all()
        })();
        self.reserve.record_written(content.len());
        written.map_err(|error| {
            // What is left of it is removed at the next start at the latest.
            let _ = fs::remove_file(&temporary);
            failed(&error)
        })
    }

    /// Creates a folder and its parents below the root, each entry flushed.
    fn create_folder(&self, folder: &Path) -> io::Result<()> {
        if folder.is_dir() || folder == self.root {
            return Ok(());
        }
        let parent = folder.parent().ok_or(ErrorKind::InvalidInput)?;
        self.create_folder(parent)?;
        match fs::create_dir(folder) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        File::open(parent)?.sync_all()
    }
}

fn failed(error: &io::Error) -> StorageError {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => StorageError::Full,
        _ => StorageError::Unavailable(error.to_string()),
    }
}

/// Blob store handle of one service.
#[derive(Clone, Debug)]
pub struct FolderBlobs {
    files: Arc<BlobFolder>,
    service: &'static str,
}

impl FolderBlobs {
    /// Blobs of the service of this name.
    pub fn new(files: Arc<BlobFolder>, service: &'static str) -> Self {
        Self { files, service }
    }

    fn folder(&self, folder: &str) -> PathBuf {
        self.files.folder(self.service).join(folder)
    }

    fn path(&self, folder: &str, name: &str) -> Result<PathBuf, StorageError> {
        check_blob_name(name)?;
        let (prefix, rest) = name.split_at(PREFIX_BYTES);
        Ok(self.folder(folder).join(prefix).join(rest))
    }
}

#[async_trait]
impl Blobs for FolderBlobs {
    async fn blob(&self, folder: &'static str, name: &str) -> Result<Option<Bytes>, StorageError> {
        let path = self.path(folder, name)?;
        blocking(move || match fs::read(path) {
            Ok(content) => Ok(Some(content.into())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(&error)),
        })
        .await
    }

    async fn put(
        &self,
        folder: &'static str,
        name: &str,
        content: Bytes,
    ) -> Result<(), StorageError> {
        check_size(content.len(), BLOB_BYTES_MAX)?;
        let path = self.path(folder, name)?;
        let files = Arc::clone(&self.files);
        blocking(move || files.write(&path, &content)).await
    }

    async fn remove(&self, folder: &'static str, name: &str) -> Result<(), StorageError> {
        let path = self.path(folder, name)?;
        blocking(move || match fs::remove_file(path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(failed(&error)),
            _ => Ok(()),
        })
        .await
    }

    async fn list(
        &self,
        folder: &'static str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<BlobEntry>, StorageError> {
        let (folder, after) = (self.folder(folder), after.map(str::to_owned));
        blocking(move || entries(&folder, after.as_deref(), limit).map_err(|error| failed(&error)))
            .await
    }
}

/// Runs file operations on a thread that may block.
async fn blocking<T: Send + 'static>(
    run: impl FnOnce() -> Result<T, StorageError> + Send + 'static,
) -> Result<T, StorageError> {
    let ended = tokio::task::spawn_blocking(run).await;
    ended.unwrap_or_else(|error| Err(StorageError::Unavailable(error.to_string())))
}

/// Entries of a folder in the order of their names, those after `after`.
fn entries(folder: &Path, after: Option<&str>, limit: usize) -> io::Result<Vec<BlobEntry>> {
    let after = after.unwrap_or_default();
    let mut found = Vec::new();
    for prefix in names(folder)? {
        if after.get(..PREFIX_BYTES).is_some_and(|reached| prefix.as_str() < reached) {
            continue;
        }
        for rest in names(&folder.join(&prefix))? {
            let name = format!("{prefix}{rest}");
            if found.len() == limit {
                return Ok(found);
            }
            if name.as_str() > after {
                let bytes = fs::metadata(folder.join(&prefix).join(rest))?.len();
                found.push(BlobEntry { name, bytes });
            }
        }
    }
    Ok(found)
}

/// Names within a folder, in order; none where there is no folder.
fn names(folder: &Path) -> io::Result<Vec<String>> {
    let listed = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        listed => listed?,
    };
    let mut names = Vec::new();
    for entry in listed {
        // A name that is not text is not one of ours.
        names.extend(entry?.file_name().into_string());
    }
    names.sort_unstable();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_blob_lies_where_a_person_finds_it_and_survives_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let open = || FolderBlobs::new(Arc::new(BlobFolder::open(folder.path(), 0)), "warehouse");
        open().put("letters", "abcdef", "Dear reader".into()).await.unwrap();
        let file = folder.path().join("warehouse/letters/ab/cdef");
        assert_eq!(fs::read(file).unwrap(), b"Dear reader");
        let again = open().blob("letters", "abcdef").await.unwrap();
        assert_eq!(again.as_deref(), Some(&b"Dear reader"[..]));
    }

    #[tokio::test]
    async fn what_a_crash_left_unfinished_is_removed_at_the_next_start() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join(INCOMING)).unwrap();
        fs::write(folder.path().join(INCOMING).join("7"), "half").unwrap();
        let blobs = FolderBlobs::new(Arc::new(BlobFolder::open(folder.path(), 0)), "warehouse");
        assert!(!folder.path().join(INCOMING).exists());
        blobs.put("letters", "abc", "whole".into()).await.unwrap();
        assert_eq!(names(&folder.path().join(INCOMING)).unwrap(), Vec::<String>::new());
    }

    #[tokio::test]
    async fn the_reserve_of_the_disk_is_not_touched() {
        let folder = tempfile::tempdir().unwrap();
        let files = Arc::new(BlobFolder::open(folder.path(), u64::MAX));
        let blobs = FolderBlobs::new(files, "warehouse");
        let refused = blobs.put("letters", "abc", "one".into()).await;
        assert!(matches!(refused, Err(StorageError::Full)), "{refused:?}");
        assert_eq!(blobs.blob("letters", "abc").await.unwrap(), None);
    }
}
