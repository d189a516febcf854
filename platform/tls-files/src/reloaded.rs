//! Value that is made of files, and made again when they have changed.

use crate::TlsFileError;
use parking_lot::Mutex;
use std::{
    fmt,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::time::Instant;

/// How often files are looked at, at most: a change is noticed after this time, when the value is next needed.
pub const CHECKED_EVERY: Duration = Duration::from_secs(5);

/// How a value is made of files.
type Read<T> = dyn Fn() -> Result<T, TlsFileError> + Send + Sync;

/// Value that is made of files. When they have changed it is made again as soon as it is needed; files that are wrong then change nothing,
/// and are told once in the log.
pub struct Reloaded<T> {
    files: Vec<PathBuf>,
    every: Duration,
    read: Box<Read<T>>,
    state: Mutex<LastRead<T>>,
}

struct LastRead<T> {
    value: Arc<T>,
    /// What the files looked like when they were last read, whether they were right or wrong.
    stamps: Vec<Option<Stamp>>,
    checked: Instant,
}

/// What tells a file from the one that was there before: its place, its size, and its times in nanoseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stamp {
    place: (u64, u64),
    bytes: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    /// Stamp of what is at this path, through symbolic links; none where nothing can be seen.
    fn of(path: &Path) -> Option<Self> {
        let found = path.metadata().ok()?;
        Some(Self {
            place: (found.dev(), found.ino()),
            bytes: found.size(),
            modified: (found.mtime(), found.mtime_nsec()),
            changed: (found.ctime(), found.ctime_nsec()),
        })
    }
}

impl<T> Reloaded<T> {
    /// Value of these files, which `read` makes; they are looked at [every five seconds](CHECKED_EVERY) at most.
    ///
    /// # Errors
    ///
    /// That of `read`.
    pub fn open(
        files: Vec<PathBuf>,
        read: impl Fn() -> Result<T, TlsFileError> + Send + Sync + 'static,
    ) -> Result<Self, TlsFileError> {
        Self::checked_every(CHECKED_EVERY, files, read)
    }

    /// The same, whose files are looked at this often at most.
    ///
    /// # Errors
    ///
    /// That of `read`.
    pub fn checked_every(
        every: Duration,
        files: Vec<PathBuf>,
        read: impl Fn() -> Result<T, TlsFileError> + Send + Sync + 'static,
    ) -> Result<Self, TlsFileError> {
        // Before they are read: what changes in between is seen as a change.
        let stamps = stamps(&files);
        let value = Arc::new(read()?);
        let state = Mutex::new(LastRead { value, stamps, checked: Instant::now() });
        Ok(Self { files, every, read: Box::new(read), state })
    }

    /// The value of the files as they are, as far as they are right.
    pub fn current(&self) -> Arc<T> {
        let mut state = self.state.lock();
        if state.checked.elapsed() < self.every {
            return Arc::clone(&state.value);
        }
        state.checked = Instant::now();
        let stamps = stamps(&self.files);
        if stamps == state.stamps {
            return Arc::clone(&state.value);
        }
        state.stamps = stamps;
        match (self.read)() {
            Ok(value) => {
                state.value = Arc::new(value);
                tracing::info!(files = %Named(&self.files), "changed files of TLS were read again");
            }
            Err(error) => {
                tracing::warn!(%error, "a changed file of TLS is wrong: what was read before stays in force");
            }
        }
        Arc::clone(&state.value)
    }
}

fn stamps(files: &[PathBuf]) -> Vec<Option<Stamp>> {
    files.iter().map(|file| Stamp::of(file)).collect()
}

/// Paths in a line of the log.
struct Named<'a>(&'a [PathBuf]);

impl fmt::Display for Named<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, path) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            write!(out, "{separator}{}", path.display())?;
        }
        Ok(())
    }
}

impl<T> fmt::Debug for Reloaded<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Reloaded").field("files", &self.files).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TlsFile;
    use std::{
        fs,
        sync::atomic::{AtomicUsize, Ordering},
    };
    use tempfile::TempDir;

    /// Number in a file, and how often it was read.
    fn number(every: Duration, file: PathBuf) -> (Reloaded<u32>, Arc<AtomicUsize>) {
        let reads = Arc::new(AtomicUsize::new(0));
        let (counted, files) = (Arc::clone(&reads), vec![file.clone()]);
        let reloaded = Reloaded::checked_every(every, files, move || {
            counted.fetch_add(1, Ordering::Relaxed);
            let wrong = |reason: &dyn fmt::Display| TlsFileError::new(TlsFile::Key, &file, reason);
            let text = fs::read_to_string(&file).map_err(|error| wrong(&error))?;
            text.parse().map_err(|error| wrong(&error))
        });
        (reloaded.unwrap(), reads)
    }

    #[test]
    fn a_changed_file_is_read_again_and_a_wrong_one_is_read_once() {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("number");
        fs::write(&file, "1").unwrap();
        let (number, reads) = number(Duration::ZERO, file.clone());
        assert_eq!((*number.current(), reads.load(Ordering::Relaxed)), (1, 1), "nothing changed");
        for (text, expected) in [("22", 22), ("three", 22), ("333", 333)] {
            fs::write(&file, text).unwrap();
            assert_eq!(*number.current(), expected, "{text}");
            assert_eq!(*number.current(), expected, "{text}");
        }
        assert_eq!(reads.load(Ordering::Relaxed), 4, "each change is read once");
        fs::remove_file(&file).unwrap();
        assert_eq!(*number.current(), 333);
        let next = folder.path().join("next");
        fs::write(&next, "444").unwrap();
        fs::rename(next, &file).unwrap();
        assert_eq!(*number.current(), 444);
    }

    #[test]
    fn between_two_looks_nothing_is_read() {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("number");
        fs::write(&file, "1").unwrap();
        let (number, reads) = number(Duration::from_hours(1), file.clone());
        fs::write(&file, "22").unwrap();
        assert_eq!((*number.current(), reads.load(Ordering::Relaxed)), (1, 1));
    }
}
