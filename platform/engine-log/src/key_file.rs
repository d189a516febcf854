//! Key file in the data folder: the keys of data subjects, beside the log and in no backup of it.
//!
//! It is replaced by a rename. What it had before, a destroyed key among it, is overwritten then, which is as much as a program can
//! do: a file system or a disk that writes elsewhere keeps it until it needs the room.

use crate::{
    disk::{DiskFile, FileSystem, FolderDisk},
    folder_state::LogFolderState,
};
use data_folder::OpenError;
use kernel::Randomness;
use std::{
    io::{self, ErrorKind},
    path::Path,
    sync::Arc,
};
use subject_keys::{KeyFile, MasterSecret, OpenKeysError, SubjectKeys, store_id_of};

/// The key file, and its name in the state of the folder.
pub const KEY_FILE: &str = "icommerce.keys";
/// Key file that is being written.
const NEW_KEY_FILE: &str = "icommerce.keys.new";
/// List of erasures.
const ERASURES_FILE: &str = "icommerce.erased";
/// List of erasures that is being written.
const NEW_ERASURES_FILE: &str = "icommerce.erased.new";

/// Key file of a folder that no engine has open.
pub fn key_file(folder: &Path) -> impl KeyFile + use<> {
    DiskKeyFile(Arc::new(FolderDisk(folder.to_owned())))
}

/// Lets a folder that no engine has open begin with new keys: what the former ones encrypt is lost.
///
/// # Errors
///
/// The error of the operating system.
pub fn forget_keys(folder: &Path) -> io::Result<()> {
    let disk: Arc<dyn FileSystem> = Arc::new(FolderDisk(folder.to_owned()));
    let state = LogFolderState::read(folder, disk)?;
    if state.has_keys() { state.note_keys(None) } else { Ok(()) }
}

/// Opens the keys of a data folder, and makes them in one that never had any.
///
/// # Errors
///
/// [`OpenError::KeysMissing`] when the folder had keys, and whatever they encrypt would be lost; [`OpenError::KeysDamaged`] and
/// [`OpenError::Failed`] when they cannot be read, or are those of another folder.
pub(crate) fn open_keys(
    folder: &Path,
    disk: &Arc<dyn FileSystem>,
    state: &LogFolderState,
    master: Option<&MasterSecret>,
    randomness: &dyn Randomness,
) -> Result<SubjectKeys, OpenError> {
    let file = Arc::new(DiskKeyFile(Arc::clone(disk)));
    let failed = |error: io::Error| data_folder::open_error(folder, &error);
    for name in [NEW_KEY_FILE, NEW_ERASURES_FILE] {
        file.discard(name).map_err(failed)?;
    }
    let content = file.read().map_err(failed)?;
    if content.is_none() && state.has_keys() {
        return Err(state.keys_missing());
    }
    let (found, expected) = (content.as_deref().and_then(store_id_of), state.store_id());
    let path = |name| folder.join(name);
    if found.zip(expected).is_some_and(|(found, expected)| found != expected) {
        let reason = "its keys are of another shop than this folder".to_owned();
        return Err(OpenError::Failed { file: path(KEY_FILE), reason });
    }
    let opened = SubjectKeys::open(file, master, randomness);
    let keys = opened.map_err(|error| match error {
        OpenKeysError::File(error) => failed(error),
        OpenKeysError::Damaged => {
            OpenError::KeysDamaged { file: path(KEY_FILE), reason: error.to_string() }
        }
        OpenKeysError::DamagedList(line) => {
            OpenError::KeysDamaged { file: path(ERASURES_FILE), reason: line.to_string() }
        }
        OpenKeysError::OtherMasterKey => {
            OpenError::Failed { file: path(KEY_FILE), reason: error.to_string() }
        }
    })?;
    if expected.is_none() {
        state.note_keys(Some(keys.store_id())).map_err(failed)?;
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
        self.discard(new)?;
        let disk = &*self.0;
        let file = disk.create(new)?;
        file.write_at(content, 0)?;
        file.sync()?;
        let old = found(disk, name)?;
        disk.rename(new, name)?;
        disk.sync()?;
        Ok(old)
    }

    /// Overwrites and removes what a replacement that was broken off has left: it may have keys that are destroyed later.
    fn discard(&self, name: &str) -> io::Result<()> {
        let Some(file) = found(&*self.0, name)? else { return Ok(()) };
        overwrite(&*file)?;
        self.0.remove(name)?;
        self.0.sync()
    }

    fn content(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        let Some(file) = found(&*self.0, name)? else { return Ok(None) };
        let mut content = vec![0; usize::try_from(file.bytes()?).map_err(io::Error::other)?];
        let count = file.read_at(&mut content, 0)?;
        content.truncate(count);
        Ok(Some(content))
    }
}

impl KeyFile for DiskKeyFile {
    fn read(&self) -> io::Result<Option<Vec<u8>>> {
        self.content(KEY_FILE)
    }

    fn replace(&self, content: &[u8]) -> io::Result<()> {
        if let Some(old) = self.replace_file((KEY_FILE, NEW_KEY_FILE), content)?
            // The keys are replaced, whatever becomes of this.
            && let Err(error) = overwrite(&*old)
        {
            tracing::warn!(%error, "the former key file could not be overwritten");
        }
        Ok(())
    }

    fn read_erasures(&self) -> io::Result<Option<String>> {
        let list = self.content(ERASURES_FILE)?;
        Ok(list.map(|list| String::from_utf8_lossy(&list).into_owned()))
    }

    fn publish_erasures(&self, list: &str) -> io::Result<()> {
        self.replace_file((ERASURES_FILE, NEW_ERASURES_FILE), list.as_bytes()).map(drop)
    }
}

/// Overwrites a file with zeros.
fn overwrite(file: &dyn DiskFile) -> io::Result<()> {
    let bytes = usize::try_from(file.bytes()?).map_err(io::Error::other)?;
    file.write_at(&vec![0; bytes], 0)?;
    file.sync()
}

/// File of this name, if there is one.
fn found(disk: &dyn FileSystem, name: &str) -> io::Result<Option<Arc<dyn DiskFile>>> {
    match disk.open(name) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
