//! The shop under callgrind, which counts its instructions while it is told to.

use crate::{
    process::{Data, Server},
    profile::Profile,
};
use std::{cell::Cell, path::Path, process::Command};
use tempfile::TempDir;

/// A shop whose instructions are counted.
#[derive(Debug)]
pub(crate) struct Counted {
    server: Server,
    counts: TempDir,
    /// How many counts were written.
    written: Cell<u32>,
}

impl Counted {
    /// The shop on a new data folder, about fifty times slower than otherwise. Nothing is counted yet.
    pub(crate) fn shop(binary: &Path) -> Result<Self, String> {
        let counts = TempDir::new().map_err(|error| error.to_string())?;
        let mut valgrind = Command::new("valgrind");
        valgrind
            .args(["--quiet", "--tool=callgrind", "--instr-atstart=no"])
            .arg(format!("--callgrind-out-file={}", counts.path().join("counts").display()))
            .arg(binary);
        let server = Data::new(binary)?.serve_by(valgrind)?;
        Ok(Self { server, counts, written: Cell::new(0) })
    }

    pub(crate) fn server(&self) -> &Server {
        &self.server
    }

    /// Counts from here.
    pub(crate) fn begin(&self) -> Result<(), String> {
        self.control(&["--instr=on"])?;
        self.control(&["--zero"])
    }

    /// What all threads have spent since the beginning.
    pub(crate) fn end(&self) -> Result<Profile, String> {
        self.control(&["--dump"])?;
        self.control(&["--instr=off"])?;
        self.written.set(self.written.get() + 1);
        let file = self.counts.path().join(format!("counts.{}", self.written.get()));
        let text = std::fs::read_to_string(&file)
            .map_err(|error| format!("{}: {error}", file.display()))?;
        Ok(Profile::read(&text))
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
