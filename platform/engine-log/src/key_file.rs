//! Key file in the data folder: the keys of data subjects, beside the log and in no backup of it.
//!
//! It is replaced by a rename. What it had before, a destroyed key among it, is overwritten then, which is as much as a program can
//! do: a file system or a disk that writes elsewhere keeps it until it needs the room.

use crate::{
    disk::{DiskFile, FileSystem},
    folder_state::LogFolderState,
    frame::Location,
};
use data_folder::OpenError;
use kernel::Randomness;
use std::{
    io::{self, ErrorKind},
    path::Path,
    sync::Arc,
};
use subject_keys::{KeyFile, MasterSecret, OpenKeysError, SubjectKeys};

/// The key file, and its name in the state of the folder.
pub const KEY_FILE: &str = "icommerce.keys";
/// Key file that is being written.
const NEW_KEY_FILE: &str = "icommerce.keys.new";
/// List of erasures.
const ERASURES_FILE: &str = "icommerce.erased";
/// List of erasures that is being written.
const NEW_ERASURES_FILE: &str = "icommerce.erased.new";

/// Opens the keys of a data folder, and makes them in one that never had any.
///
/// # Errors
///
/// [`OpenError::Missing`] when the folder had keys, and whatever they encrypt would be lost; [`OpenError::Damaged`] and
/// [`OpenError::Failed`] when they cannot be read.
pub(crate) fn open_keys(
    folder: &Path,
    disk: &Arc<dyn FileSystem>,
    state: &LogFolderState,
    master: Option<&MasterSecret>,
    randomness: &dyn Randomness,
) -> Result<SubjectKeys, OpenError> {
    let file = Arc::new(DiskKeyFile(Arc::clone(disk)));
    let failed = |error: io::Error| data_folder::open_error(folder, &error);
    let is_there = file.read().map_err(failed)?.is_some();
    let was_there = state.reached(KEY_FILE).is_some();
    if was_there && !is_there {
        return Err(state.missing(KEY_FILE));
    }
    let path = folder.join(KEY_FILE);
    let opened = SubjectKeys::open(file, master, randomness);
    let keys = opened.map_err(|error| match error {
        OpenKeysError::File(error) => failed(error),
        OpenKeysError::Damaged => {
            OpenError::Damaged { file: path, reason: OpenKeysError::Damaged.to_string() }
        }
        OpenKeysError::OtherMasterKey => {
            OpenError::Failed { file: path, reason: OpenKeysError::OtherMasterKey.to_string() }
        }
    })?;
    if !was_there {
        state.note_end(KEY_FILE, Location::new(1, 0)).map_err(failed)?;
    }
    Ok(keys)
}

/// Key file on a disk.
#[derive(Debug)]
struct DiskKeyFile(Arc<dyn FileSystem>);

impl DiskKeyFile {
    /// Replaces a file by one with this content; returns the file that was there before.
    fn replace_file(
        &self,
        (name, new): (&str, &str),
        content: &[u8],
    ) -> io::Result<Option<Arc<dyn DiskFile>>> {
        let disk = &*self.0;
        let file = disk.create(new)?;
        file.write_at(content, 0)?;
        file.sync()?;
        let old = found(disk, name)?;
        disk.rename(new, name)?;
        disk.sync()?;
        Ok(old)
    }
}

impl KeyFile for DiskKeyFile {
    fn read(&self) -> io::Result<Option<Vec<u8>>> {
        let Some(file) = found(&*self.0, KEY_FILE)? else { return Ok(None) };
        let mut content = vec![0; usize::try_from(file.bytes()?).map_err(io::Error::other)?];
        let count = file.read_at(&mut content, 0)?;
        content.truncate(count);
        Ok(Some(content))
    }

    fn replace(&self, content: &[u8]) -> io::Result<()> {
        if let Some(old) = self.replace_file((KEY_FILE, NEW_KEY_FILE), content)? {
            let bytes = usize::try_from(old.bytes()?).map_err(io::Error::other)?;
            let overwritten = old.write_at(&vec![0; bytes], 0).and_then(|()| old.sync());
            // The keys are replaced, whatever becomes of this.
            if let Err(error) = overwritten {
                tracing::warn!(%error, "the former key file could not be overwritten");
            }
        }
        Ok(())
    }

    fn publish_erasures(&self, list: &str) -> io::Result<()> {
        self.replace_file((ERASURES_FILE, NEW_ERASURES_FILE), list.as_bytes()).map(drop)
    }
}

/// File of this name, if there is one.
fn found(disk: &dyn FileSystem, name: &str) -> io::Result<Option<Arc<dyn DiskFile>>> {
    match disk.open(name) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
