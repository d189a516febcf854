//! Folder state: a small file that says how far the logs of the data folder reach, so that a log whose files are gone is not
//! taken for one that never was, or for a shorter one; and which keys it has, so that no others take their place.

use crate::{disk::FileSystem, frame::Location, key_file::KEY_FILE};
use data_folder::OpenError;
use parking_lot::Mutex;
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
    sync::Arc,
};
use subject_keys::STORE_ID_BYTES;

/// File of the state: a line for each log, `name segment end`, padded with spaces, and so overwritten in place. The end is 0
/// while the log is in use. The line of the key file has the identifier of its keys. The last line, `personal-data encrypted`, says that
/// nothing personal is left that was stored before it was encrypted.
pub(crate) const STATE_FILE: &str = "icommerce.state";
/// Line of the folder in which no personal data is plaintext, and what it says.
const PERSONAL_DATA: (&str, &str) = ("personal-data", "encrypted");
/// Bytes of a line, including its end.
const LINE_BYTES: usize = 48;

/// State of the data folder.
#[derive(Debug)]
pub(crate) struct LogFolderState {
    folder: PathBuf,
    disk: Arc<dyn FileSystem>,
    /// What is noted of each file: of a log its known end, of the key file the identifier of the keys; and of the personal data of all. The
    /// file is written from here, and locked with it.
    noted: Mutex<BTreeMap<String, String>>,
}

impl LogFolderState {
    /// Reads the state of a folder. A folder without a state is new; a line that cannot be read says nothing.
    pub(crate) fn read(folder: &Path, disk: Arc<dyn FileSystem>) -> io::Result<Self> {
        let mut bytes = Vec::new();
        match disk.open(STATE_FILE) {
            Ok(file) => {
                bytes.resize(usize::try_from(file.bytes()?).unwrap_or(0), 0);
                file.read_at(&mut bytes, 0)?;
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let lines = String::from_utf8_lossy(&bytes);
        let noted = lines.lines().filter_map(|line| line.split_once(' '));
        let noted = noted.map(|(name, of)| (name.to_owned(), of.trim().to_owned())).collect();
        Ok(Self { folder: folder.to_owned(), disk, noted: Mutex::new(noted) })
    }

    /// Location up to which the log reached at least; its offset is known when it was closed.
    pub(crate) fn reached(&self, log: &str) -> Option<Location> {
        self.noted.lock().get(log).and_then(|end| location(end))
    }

    /// Whether the folder had keys.
    pub(crate) fn has_keys(&self) -> bool {
        self.noted.lock().get(KEY_FILE).is_some_and(|note| !note.is_empty())
    }

    /// Identifier of the keys that the folder had, if it was noted.
    pub(crate) fn store_id(&self) -> Option<[u8; STORE_ID_BYTES]> {
        kernel::hex::decode(self.noted.lock().get(KEY_FILE)?)?.try_into().ok()
    }

    /// Records which keys the folder has; none when it shall begin with new ones.
    pub(crate) fn note_keys(&self, store_id: Option<[u8; STORE_ID_BYTES]>) -> io::Result<()> {
        self.write(KEY_FILE, &store_id.map(|id| kernel::hex::encode(&id)).unwrap_or_default())
    }

    /// Whether the folder has nothing personal from before it was encrypted.
    pub(crate) fn is_encrypted(&self) -> bool {
        let (name, note) = PERSONAL_DATA;
        self.noted.lock().get(name).is_some_and(|noted| noted == note)
    }

    /// Records that the folder has nothing personal from before it was encrypted.
    pub(crate) fn note_encrypted(&self) -> io::Result<()> {
        let (name, note) = PERSONAL_DATA;
        self.write(name, note)
    }

    /// Error for a file that the folder had.
    pub(crate) fn missing(&self, file: &str) -> OpenError {
        OpenError::Missing { file: self.folder.join(file), state: self.folder.join(STATE_FILE) }
    }

    /// Error for the key file, which the folder had.
    pub(crate) fn keys_missing(&self) -> OpenError {
        OpenError::KeysMissing {
            file: self.folder.join(KEY_FILE),
            state: self.folder.join(STATE_FILE),
        }
    }

    /// Records that a log is in use, and has this segment.
    pub(crate) fn begin_use(&self, log: &str, segment: u32) -> io::Result<()> {
        self.note_end(log, Location::new(segment, 0))
    }

    /// Records that a log was closed at this location.
    pub(crate) fn end_use(&self, log: &str, end: Location) {
        if let Err(error) = self.note_end(log, end) {
            tracing::warn!(%error, "the state of the data folder could not be written");
        }
    }

    /// Records where a log ends.
    pub(crate) fn note_end(&self, log: &str, end: Location) -> io::Result<()> {
        self.write(log, &format!("{} {}", end.segment(), end.offset()))
    }

    fn write(&self, name: &str, note: &str) -> io::Result<()> {
        let mut noted = self.noted.lock();
        noted.insert(name.to_owned(), note.to_owned());
        let mut text = String::new();
        for (name, note) in &*noted {
            let line = format!("{name} {note}");
            let _ = writeln!(text, "{line:<width$}", width = LINE_BYTES - 1);
        }
        let (file, is_new) = match self.disk.open(STATE_FILE) {
            Ok(file) => (file, false),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                (self.disk.create(STATE_FILE)?, true)
            }
            Err(error) => return Err(error),
        };
        file.write_at(text.as_bytes(), 0)?;
        file.sync()?;
        if is_new { self.disk.sync() } else { Ok(()) }
    }
}

fn location(text: &str) -> Option<Location> {
    let (segment, offset) = text.split_once(' ')?;
    Some(Location::new(segment.parse().ok()?, offset.parse().ok()?))
}
