//! Folder state: a small file that says which databases the data folder has, and which of them are in use. So a database that
//! is gone, or whose write-ahead log is gone after a crash, is not taken for one that never was.

use data_folder::OpenError;
use parking_lot::Mutex;
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs::File,
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

/// File of the state: a line for each database, `name state`, padded with spaces, and so overwritten in place.
pub(crate) const STATE_FILE: &str = "icommerce.state";
/// Bytes of a line, including its end.
const LINE_BYTES: usize = 32;

/// State of one database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum DatabaseState {
    /// In use: its write-ahead log is there, and has changes that the database itself may lack.
    InUse,
    /// Closed: the database has everything.
    Closed,
}

/// State of the data folder.
#[derive(Debug)]
pub(crate) struct FolderState {
    folder: PathBuf,
    file: &'static str,
    /// Known databases; the file is written from here, and locked with it.
    databases: Mutex<BTreeMap<&'static str, DatabaseState>>,
}

impl FolderState {
    /// Reads the state of a folder that may have these databases, from a file of this name. A folder without a state is new, or of an early version;
    /// a line that cannot be read says nothing.
    ///
    /// # Errors
    ///
    /// [`OpenError::NotWritable`] when the file cannot be read.
    pub(crate) fn read(
        folder: &Path,
        file: &'static str,
        names: &[&'static str],
    ) -> Result<Self, OpenError> {
        let path = folder.join(file);
        let text = match std::fs::read(&path) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(data_folder::open_error(folder, &error)),
        };
        let mut databases = BTreeMap::new();
        for line in text.lines() {
            let state = match line.split_whitespace().nth(1) {
                Some("in-use") => DatabaseState::InUse,
                Some("closed") => DatabaseState::Closed,
                _ => continue,
            };
            let name = line.split_whitespace().next();
            if let Some(name) = names.iter().copied().find(|known| Some(*known) == name) {
                databases.insert(name, state);
            }
        }
        Ok(Self { folder: folder.to_owned(), file, databases: Mutex::new(databases) })
    }

    /// Whether the folder had this database before.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.databases.lock().contains_key(name)
    }

    /// Refuses a database that the folder had and that is missing or empty, or in use without its write-ahead log.
    ///
    /// # Errors
    ///
    /// [`OpenError::Missing`] and [`OpenError::LogMissing`].
    pub(crate) fn check(&self, name: &'static str) -> Result<(), OpenError> {
        let Some(state) = self.databases.lock().get(name).copied() else { return Ok(()) };
        let file = self.folder.join(name);
        if file.metadata().map_or(0, |file| file.len()) == 0 {
            return Err(self.missing(name));
        }
        if state == DatabaseState::InUse && !wal(&file).exists() {
            return Err(OpenError::LogMissing { file: wal(&file), state: self.path() });
        }
        Ok(())
    }

    /// Error for a database that the folder had.
    pub(crate) fn missing(&self, name: &str) -> OpenError {
        OpenError::Missing { file: self.folder.join(name), state: self.path() }
    }

    /// Records that a database is in use from now on. Its write-ahead log exists, and so it does after a crash: the folder is
    /// flushed first.
    ///
    /// # Errors
    ///
    /// [`OpenError`] when the file cannot be written.
    pub(crate) fn begin_use(&self, name: &'static str) -> Result<(), OpenError> {
        let has_wal = wal(&self.folder.join(name)).exists();
        let state = if has_wal { DatabaseState::InUse } else { DatabaseState::Closed };
        let written = File::open(&self.folder)
            .and_then(|folder| folder.sync_all())
            .and_then(|()| self.write(name, state));
        written.map_err(|error| data_folder::open_error(&self.folder, &error))
    }

    /// Records that a database is closed, before its connections close and `SQLite` removes the write-ahead log.
    pub(crate) fn end_use(&self, name: &'static str) {
        if let Err(error) = self.write(name, DatabaseState::Closed) {
            tracing::warn!(%error, "the state of the data folder could not be written");
        }
    }

    fn write(&self, name: &'static str, state: DatabaseState) -> io::Result<()> {
        let mut databases = self.databases.lock();
        databases.insert(name, state);
        let mut text = String::new();
        for (name, state) in &*databases {
            let state = match state {
                DatabaseState::InUse => "in-use",
                DatabaseState::Closed => "closed",
            };
            let line = format!("{name} {state}");
            let _ = writeln!(text, "{line:<width$}", width = LINE_BYTES - 1);
        }
        let path = self.path();
        let is_new = !path.exists();
        let file = data_folder::private_file(&path)?;
        file.write_all_at(text.as_bytes(), 0)?;
        file.sync_all()?;
        if is_new { File::open(&self.folder)?.sync_all() } else { Ok(()) }
    }

    fn path(&self) -> PathBuf {
        self.folder.join(self.file)
    }
}

/// Write-ahead log of a database.
fn wal(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}
