//! Server of any kind, which can be stopped, killed, paused and started again on its data.

use crate::{
    kept_server::{KeptProcess, KeptServer},
    server_process::{ServerProcess, free_port},
};
use rustix::process::Signal;
use std::{
    fmt::Debug,
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};
use tempfile::TempDir;

/// How often a server is given other ports: between the choice and the start, somebody else may take one.
const PORT_CHOICES_MAX: usize = 3;
/// What an error shows of the end of the server's output.
const OUTPUT_SHOWN_BYTES_MAX: usize = 2_000;

/// What one kind of server differs in from another.
pub trait Kind: Debug {
    /// Word in the names of its folders.
    const NAME: &'static str;
    /// Ports that it listens at; at the first it is ready last.
    const PORTS: usize = 1;
    /// Signal that asks it to stop in good order.
    const STOP: i32 = Signal::TERM.as_raw();

    /// Prepares the folder of a new server.
    fn prepare(&mut self, placement: &Placement) -> io::Result<()>;
    /// Command that starts it in the foreground.
    fn command(&self, placement: &Placement) -> Command;
    /// Whether a server that takes connections also answers.
    fn is_ready(&self, placement: &Placement) -> bool;
    /// Another process that the server needs.
    fn companion(&mut self) -> Option<ServerProcess> {
        None
    }
    /// Deletes everything that the server has.
    fn flush(&self, _: &Placement) -> io::Result<()> {
        Err(io::Error::other(format!("{} is not flushed", Self::NAME)))
    }
    /// Holds commits back, or releases them.
    fn hold_commits(&self, _: &Placement, _: bool) -> io::Result<()> {
        Err(io::Error::other(format!("{} holds no commits back", Self::NAME)))
    }
}

/// Server whose kind does not matter to the test that lets it fail.
pub trait AnyServer: Debug + Send {
    /// Starts the stopped server again at its ports, on its data.
    ///
    /// # Errors
    ///
    /// When it does not start.
    fn run(&mut self) -> io::Result<()>;
    /// Kills the server.
    ///
    /// # Errors
    ///
    /// When it cannot be killed.
    fn kill(&mut self) -> io::Result<()>;
    /// Stops the server as an operator does.
    ///
    /// # Errors
    ///
    /// When it cannot be stopped.
    fn stop(&mut self) -> io::Result<()>;
    /// Stops the server and its children from running, until [`AnyServer::resume`].
    ///
    /// # Errors
    ///
    /// When it does not run.
    fn pause(&mut self) -> io::Result<()>;
    /// Lets a paused server go on.
    ///
    /// # Errors
    ///
    /// When it does not run.
    fn resume(&mut self) -> io::Result<()>;
    /// Deletes everything that the server has, while it runs.
    ///
    /// # Errors
    ///
    /// When this kind of server has no command for it, or the command fails.
    fn flush(&mut self) -> io::Result<()>;
    /// Holds commits back: they are written, and neither answered nor visible until [`AnyServer::release_commits`].
    ///
    /// # Errors
    ///
    /// When this kind of server has no setting for it, or does not take it.
    fn hold_commits(&mut self) -> io::Result<()>;
    /// Lets the server answer its commits again.
    ///
    /// # Errors
    ///
    /// As of [`AnyServer::hold_commits`].
    fn release_commits(&mut self) -> io::Result<()>;
}

impl<K: Kind + Send> AnyServer for Server<K> {
    fn run(&mut self) -> io::Result<()> {
        Self::run(self)
    }

    fn kill(&mut self) -> io::Result<()> {
        Self::kill(self)
    }

    fn stop(&mut self) -> io::Result<()> {
        Self::stop(self)
    }

    fn pause(&mut self) -> io::Result<()> {
        Self::pause(self)
    }

    fn resume(&mut self) -> io::Result<()> {
        Self::resume(self)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.kind.flush(&self.placement)
    }

    fn hold_commits(&mut self) -> io::Result<()> {
        self.kind.hold_commits(&self.placement, true)
    }

    fn release_commits(&mut self) -> io::Result<()> {
        self.kind.hold_commits(&self.placement, false)
    }
}

/// Folder and ports of a server; they stay while it is stopped.
#[derive(Debug)]
pub struct Placement {
    folder: TempDir,
    ports: Vec<u16>,
}

/// Server on loopback.
#[derive(Debug)]
pub struct Server<K> {
    process: Option<ServerProcess>,
    pub(crate) kind: K,
    pub(crate) placement: Placement,
}

impl Placement {
    pub(crate) fn choose<K: Kind>() -> io::Result<Self> {
        let prefix = format!("icommerce-{}-", K::NAME);
        let folder = tempfile::Builder::new().prefix(&prefix).tempdir()?;
        // Some servers run as another user than this process.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777))?;
        let mut ports = Vec::new();
        while ports.len() < K::PORTS {
            let port = free_port()?;
            if !ports.contains(&port) {
                ports.push(port);
            }
        }
        Ok(Self { folder, ports })
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder().join("data")
    }

    /// Port of this number, the first of which is 0.
    pub(crate) fn port(&self, number: usize) -> u16 {
        self.ports[number]
    }

    pub(crate) fn address(&self, number: usize) -> String {
        format!("127.0.0.1:{}", self.port(number))
    }

    /// File with what the server prints.
    pub(crate) fn output(&self) -> PathBuf {
        self.folder().join("output")
    }
}

impl<K: Kind> Server<K> {
    /// Starts a new server.
    pub(crate) fn start_new(mut kind: K) -> io::Result<Self> {
        for _ in 1..PORT_CHOICES_MAX {
            match Self::start_at(Placement::choose::<K>()?, kind) {
                Ok(server) => return Ok(server),
                Err((error, _)) if error.kind() != io::ErrorKind::ConnectionAborted => {
                    return Err(error);
                }
                Err((_, same)) => kind = same,
            }
        }
        Self::start_at(Placement::choose::<K>()?, kind).map_err(|(error, _)| error)
    }

    pub(crate) fn start_at(placement: Placement, mut kind: K) -> Result<Self, (io::Error, K)> {
        if let Err(error) = kind.prepare(&placement) {
            return Err((error, kind));
        }
        let mut server = Self { process: None, kind, placement };
        match server.run() {
            Ok(()) => Ok(server),
            Err(error) => Err((error, server.kind)),
        }
    }

    /// Starts the stopped server again at its ports, on its data.
    ///
    /// # Errors
    ///
    /// When it does not start.
    pub fn run(&mut self) -> io::Result<()> {
        let mut command = self.kind.command(&self.placement);
        let output =
            fs::OpenOptions::new().create(true).append(true).open(self.placement.output())?;
        command.current_dir(self.placement.folder()).stdout(output.try_clone()?).stderr(output);
        let is_ready = || self.kind.is_ready(&self.placement);
        let process = ServerProcess::start(&mut command, self.placement.port(0), is_ready);
        self.process = Some(process.map_err(|error| {
            io::Error::new(error.kind(), format!("{error}\n{}", end_of(&self.placement.output())))
        })?);
        Ok(())
    }

    /// Kills the server, and starts it again at its ports, on its data.
    ///
    /// # Errors
    ///
    /// When it does not start.
    pub fn restart(&mut self) -> io::Result<()> {
        self.kill()?;
        self.run()
    }

    /// Kills the server, as a power failure would but for what the operating system has.
    ///
    /// # Errors
    ///
    /// When it cannot be killed.
    pub fn kill(&mut self) -> io::Result<()> {
        self.process.take().map_or(Ok(()), |mut process| process.kill())
    }

    /// Stops the server as an operator does.
    ///
    /// # Errors
    ///
    /// When it cannot be stopped.
    pub fn stop(&mut self) -> io::Result<()> {
        let signal = Signal::from_named_raw(K::STOP).unwrap_or(Signal::TERM);
        self.process.take().map_or(Ok(()), |mut process| process.stop(signal))
    }

    /// Stops the server and its children from running, until [`Server::resume`].
    ///
    /// # Errors
    ///
    /// When it does not run.
    pub fn pause(&self) -> io::Result<()> {
        self.signal(Signal::STOP)
    }

    /// Lets a paused server go on.
    ///
    /// # Errors
    ///
    /// When it does not run.
    pub fn resume(&self) -> io::Result<()> {
        self.signal(Signal::CONT)
    }

    /// CPU time of the server's processes, those that have ended included; zero where it does not run.
    pub fn cpu_time(&self) -> Duration {
        self.process.as_ref().map(ServerProcess::cpu_time).unwrap_or_default()
    }

    /// Lets the server go on without this handle.
    ///
    /// # Errors
    ///
    /// When it does not run.
    pub fn keep(mut self) -> io::Result<KeptServer> {
        let process = self.process.take().ok_or_else(|| io::Error::other("it does not run"))?;
        let processes = [Some(process), self.kind.companion()].into_iter().flatten();
        let processes = processes.map(|process| KeptProcess::of(process.keep())).collect();
        Ok(KeptServer { processes, stop: K::STOP, folder: self.placement.folder.keep() })
    }

    fn signal(&self, signal: Signal) -> io::Result<()> {
        let process = self.process.as_ref().ok_or_else(|| io::Error::other("it does not run"))?;
        process.signal_all(signal)
    }
}

/// Last lines of a file.
fn end_of(file: &Path) -> String {
    let text = fs::read(file).unwrap_or_default();
    let from = text.len().saturating_sub(OUTPUT_SHOWN_BYTES_MAX);
    String::from_utf8_lossy(&text[from..]).into_owned()
}
