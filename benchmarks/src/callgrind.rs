//! Shop server under valgrind's callgrind, with counting switched on and off.

use crate::{
    process::{DataFolder, Server},
    profile::InstructionProfile,
};
use std::{cell::Cell, path::Path, process::Command};
use tempfile::TempDir;

/// Server whose instructions are counted.
#[derive(Debug)]
pub(crate) struct CallgrindServer {
    server: Server,
    counts: TempDir,
    /// Number of dumps written.
    written: Cell<u32>,
}

impl CallgrindServer {
    /// Starts the shop on a data folder, about fifty times slower than otherwise, with counting off.
    pub(crate) fn shop(binary: &Path, data: DataFolder) -> Result<Self, String> {
        let counts = TempDir::new().map_err(|error| error.to_string())?;
        let mut valgrind = Command::new("valgrind");
        valgrind
            .args(["--quiet", "--tool=callgrind", "--instr-atstart=no"])
            .arg(format!("--callgrind-out-file={}", counts.path().join("counts").display()))
            .arg(binary);
        let server = data.serve_with(valgrind)?;
        Ok(Self { server, counts, written: Cell::new(0) })
    }

    pub(crate) fn server(&self) -> &Server {
        &self.server
    }

    /// Resets the counts and switches counting on.
    pub(crate) fn start_counting(&self) -> Result<(), String> {
        self.control(&["--instr=on"])?;
        self.control(&["--zero"])
    }

    /// Switches counting off and returns the profile of all threads.
    pub(crate) fn stop_counting(&self) -> Result<InstructionProfile, String> {
        self.control(&["--dump"])?;
        self.control(&["--instr=off"])?;
        self.written.set(self.written.get() + 1);
        let file = self.counts.path().join(format!("counts.{}", self.written.get()));
        let text = std::fs::read_to_string(&file)
            .map_err(|error| format!("{}: {error}", file.display()))?;
        Ok(InstructionProfile::parse(&text))
    }

    fn control(&self, what: &[&str]) -> Result<(), String> {
        let out = Command::new("callgrind_control")
            .args(what)
            .arg(self.server.id().to_string())
            .output()
            .map_err(|error| format!("callgrind_control cannot be run: {error}"))?;
        if out.status.success() {
            return Ok(());
        }
        Err(format!("callgrind_control {what:?}: {}", String::from_utf8_lossy(&out.stderr)))
    }
}
