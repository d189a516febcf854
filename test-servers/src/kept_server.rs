//! Server that goes on without its handle, until it is stopped by its process number.

use crate::server_process::{descendants, is_running, send, started};
use rustix::process::Signal;
use std::{
    fs, io,
    path::PathBuf,
    time::{Duration, Instant},
};

/// How long a server may take to stop in good order before it is killed.
const STOPPED_WITHIN: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(50);

/// Running server that nobody holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptServer {
    /// Its processes, the server first.
    pub processes: Vec<KeptProcess>,
    /// Number of the signal that asks it to stop.
    pub stop: i32,
    /// Its folder, which is removed when it is stopped.
    pub folder: PathBuf,
}

/// Process of a [`KeptServer`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptProcess {
    /// Number of the process.
    pub id: u32,
    /// Time of its start, in ticks since the system's: another process that has the number by now has another time.
    pub started: u64,
}

impl KeptProcess {
    pub(crate) fn of(id: u32) -> Self {
        Self { id, started: started(id).unwrap_or_default() }
    }

    fn is_running(self) -> bool {
        started(self.id) == Some(self.started) && is_running(self.id)
    }
}

impl KeptServer {
    /// Whether the server still runs.
    pub fn is_running(&self) -> bool {
        self.processes.first().is_some_and(|process| process.is_running())
    }

    /// Stops the server and removes its folder. One that has ended by itself is no error.
    ///
    /// # Errors
    ///
    /// When it cannot be stopped, or the folder not removed.
    pub fn stop(&self) -> io::Result<()> {
        for process in self.processes.iter().filter(|process| process.is_running()) {
            let children = descendants(process.id);
            send(process.id, Signal::from_named_raw(self.stop).unwrap_or(Signal::TERM))?;
            let begun = Instant::now();
            while process.is_running() && begun.elapsed() < STOPPED_WITHIN {
                std::thread::sleep(POLL);
            }
            for id in children.into_iter().chain([process.id]) {
                // One that has ended needs no signal.
                let _ = send(id, Signal::KILL);
            }
        }
        match fs::remove_dir_all(&self.folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}
