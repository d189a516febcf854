//! Folder state: a small file that says how far the logs of the data folder reach, so that a log whose files are gone is not
//! taken for one that never was, or for a shorter one.

use crate::{disk::FileSystem, frame::Location};
use data_folder::OpenError;
use parking_lot::Mutex;
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
    sync::Arc,
};

/// File of the state: a line for each log, `name segment end`, padded with spaces, and so overwritten in place. The end is 0
/// while the log is in use.
pub(crate) const STATE_FILE: &str = "icommerce.state";
/// Bytes of a line, including its end.
const LINE_BYTES: usize = 48;

/// State of the data folder.
#[derive(Debug)]
pub(crate) struct LogFolderState {
    folder: PathBuf,
    disk: Arc<dyn FileSystem>,
    /// Known end of each log; the file is written from here, and locked with it.
    logs: Mutex<BTreeMap<String, Location>>,
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
        let logs = String::from_utf8_lossy(&bytes).lines().filter_map(parsed).collect();
        Ok(Self { folder: folder.to_owned(), disk, logs: Mutex::new(logs) })
    }

    /// Location up to which the log reached at least; its offset is known when it was closed.
    pub(crate) fn reached(&self, log: &str) -> Option<Location> {
        self.logs.lock().get(log).copied()
    }

    /// Error for a file that the folder had.
    pub(crate) fn missing(&self, file: &str) -> OpenError {
        OpenError::Missing { file: self.folder.join(file), state: self.folder.join(STATE_FILE) }
    }

    /// Records that a log is in use, and has this segment.
    pub(crate) fn begin_use(&self, log: &str, segment: u32) -> io::Result<()> {
        self.write(log, Location::new(segment, 0))
    }

    /// Records that a log was closed at this location.
    pub(crate) fn end_use(&self, log: &str, end: Location) {
        if let Err(error) = self.note_end(log, end) {
            tracing::warn!(%error, "the state of the data folder could not be written");
        }
    }

    /// Records where a log ends.
    pub(crate) fn note_end(&self, log: &str, end: Location) -> io::Result<()> {
        self.write(log, end)
    }

    fn write(&self, log: &str, reached: Location) -> io::Result<()> {
        let mut logs = self.logs.lock();
        logs.insert(log.to_owned(), reached);
        let mut text = String::new();
        for (name, reached) in &*logs {
            let line = format!("{name} {} {}", reached.segment(), reached.offset());
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

fn parsed(line: &str) -> Option<(String, Location)> {
    let mut words = line.split_whitespace();
    let name = words.next()?.to_owned();
    Some((name, Location::new(words.next()?.parse().ok()?, words.next()?.parse().ok()?)))
}
