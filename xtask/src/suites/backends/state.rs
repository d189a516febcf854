//! State of the servers that run, in cargo's target folder.

use crate::Outcome;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::ErrorKind;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use test_servers::{KeptProcess, KeptServer};

const FILE: &str = "backends.json";

/// Running server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RunningBackend {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) address: String,
    /// What a shop is told that is to use it: a flag, or variables.
    pub(super) setting: String,
    folder: PathBuf,
    /// Number of the signal that asks it to stop.
    stop: i32,
    /// Numbers of its processes, the server's first, and the times of their starts.
    processes: Vec<(u32, u64)>,
}

impl RunningBackend {
    pub(super) fn new(
        name: &str,
        version: String,
        address: String,
        setting: String,
        server: KeptServer,
    ) -> Self {
        let processes = server.processes.iter().map(|process| (process.id, process.started));
        let (name, processes) = (name.to_owned(), processes.collect());
        let KeptServer { stop, folder, .. } = server;
        Self { name, version, address, setting, folder, stop, processes }
    }

    pub(super) fn server(&self) -> KeptServer {
        let processes = self.processes.iter().map(|&(id, started)| KeptProcess { id, started });
        let folder = self.folder.clone();
        KeptServer { processes: processes.collect(), stop: self.stop, folder }
    }

    /// Number of the server's process.
    pub(super) fn process(&self) -> u32 {
        self.processes.first().map_or(0, |(id, _)| *id)
    }

    /// Whether it runs and takes connections.
    pub(super) fn answers(&self) -> bool {
        self.server().is_running() && TcpStream::connect(&self.address).is_ok()
    }
}

/// Servers that run, as the file in the target folder lists them.
#[derive(Debug)]
pub(super) struct State {
    file: PathBuf,
    pub(super) running: Vec<RunningBackend>,
}

impl State {
    pub(super) fn read(target: &Path) -> Outcome<Self> {
        let file = target.join(FILE);
        let running = match fs::read(&file) {
            Ok(text) => serde_json::from_slice(&text)
                .map_err(|error| format!("{}: {error}", file.display()))?,
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(format!("{}: {error}", file.display()).into()),
        };
        Ok(Self { file, running })
    }

    pub(super) fn write(&self) -> Outcome<()> {
        // The target folder is absent where the program was built into another one.
        if let Some(folder) = self.file.parent() {
            fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        }
        // A file that is replaced as a whole is never read half written.
        let new = self.file.with_extension("new");
        fs::write(&new, serde_json::to_vec_pretty(&self.running)?)
            .and_then(|()| fs::rename(&new, &self.file))
            .map_err(|error| format!("{}: {error}", self.file.display()).into())
    }

    /// Takes out those that have ended by themselves.
    pub(super) fn take_ended(&mut self) -> Vec<RunningBackend> {
        self.running.extract_if(.., |backend| !backend.server().is_running()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn backend(id: u32, started: u64) -> RunningBackend {
        let server = KeptServer {
            processes: vec![KeptProcess { id, started }],
            stop: 15,
            folder: PathBuf::from("folder"),
        };
        let address = "127.0.0.1:1".to_owned();
        RunningBackend::new("redis", "7.0".to_owned(), address, "--bus x".to_owned(), server)
    }

    #[test]
    fn what_was_written_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut state = State::read(folder.path()).unwrap();
        assert!(state.running.is_empty());
        state.running.push(backend(7, 8));
        state.write().unwrap();
        assert_eq!(State::read(folder.path()).unwrap().running, [backend(7, 8)]);
    }

    #[test]
    fn a_process_that_has_the_number_by_now_is_not_the_server() {
        let folder = tempfile::tempdir().unwrap();
        let mut state = State::read(folder.path()).unwrap();
        state.running.push(backend(std::process::id(), 0));
        assert!(!state.running[0].answers());
        assert_eq!(state.take_ended().len(), 1);
        assert!(state.running.is_empty());
    }
}
