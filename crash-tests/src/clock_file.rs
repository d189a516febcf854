//! Clock of a process that can be set: libfaketime shows it the time of the system with the offset that a file says.
//!
//! Only the time of day (`CLOCK_REALTIME`) is another one: no system sets the monotonic clock, and neither do these tests.

use crate::violation::CheckResult;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

/// After how many whole seconds the library reads the file again.
const READ_EVERY_SECONDS: u64 = 1;
/// Time within which a process has read the file: it counts the ends of seconds.
pub(crate) const READ_WITHIN: Duration = Duration::from_millis(READ_EVERY_SECONDS * 1_000 + 1_500);

/// File with the offset of the clock of a process.
#[derive(Clone, Debug)]
pub(crate) struct ClockFile(PathBuf);

/// Offset of a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClockOffset {
    None,
    Ahead(Duration),
    Behind(Duration),
}

impl ClockFile {
    /// File at this path; the clock is right at first.
    pub(crate) fn create(path: PathBuf) -> CheckResult<Self> {
        let file = Self(path);
        file.set(ClockOffset::None)?;
        Ok(file)
    }

    /// Gives a command this clock.
    pub(crate) fn give(&self, command: &mut Command, library: &Path) {
        command.env("LD_PRELOAD", library).env("FAKETIME_TIMESTAMP_FILE", &self.0);
        command.env("FAKETIME_CACHE_DURATION", READ_EVERY_SECONDS.to_string());
        command.env("FAKETIME_DONT_FAKE_MONOTONIC", "1").env("NO_FAKE_STAT", "1");
    }

    /// Sets the clock, at once as far as a reader is concerned.
    pub(crate) fn set(&self, offset: ClockOffset) -> CheckResult {
        let text = match offset {
            ClockOffset::None => "+0".to_owned(),
            ClockOffset::Ahead(by) => format!("+{}", by.as_secs()),
            ClockOffset::Behind(by) => format!("-{}", by.as_secs()),
        };
        let new = self.0.with_extension("new");
        fs::write(&new, text)?;
        Ok(fs::rename(new, &self.0)?)
    }
}
