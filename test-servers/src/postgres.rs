//! PostgreSQL.

use crate::server_process::{ServerProcess, free_port};
use rustix::process::Signal;
use std::{
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};
use tempfile::TempDir;

/// What a server does for what it has committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Nothing: for tests of logic, which it makes fast.
    None,
    /// Flushes, as it is shipped.
    Full,
}

/// PostgreSQL server with the superuser `postgres`, who needs no password.
#[derive(Debug)]
pub struct PostgresServer {
    process: Option<ServerProcess>,
    programs: PathBuf,
    folder: TempDir,
    port: u16,
    durability: Durability,
}

/// Connections that the server takes: each test opens several.
const CONNECTIONS_MAX: u32 = 400;

impl PostgresServer {
    /// Starts a new server with the programs in this folder (`initdb`, `postgres`).
    ///
    /// # Errors
    ///
    /// Whatever keeps the programs from running.
    pub fn start(programs: &Path, durability: Durability) -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("icommerce-postgres-").tempdir()?;
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777))?;
        let data = folder.path().join("data");
        let mut initdb = unprivileged(&programs.join("initdb"));
        initdb.arg("-D").arg(&data);
        initdb.args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]);
        let output = initdb.current_dir(folder.path()).output()?;
        if !output.status.success() {
            let reason = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(io::Error::other(format!("initdb failed: {reason}")));
        }
        let (programs, port) = (programs.to_owned(), free_port()?);
        let mut server = Self { process: None, programs, folder, port, durability };
        server.run()?;
        Ok(server)
    }

    /// URL of the server without a database, as the superuser.
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}", self.port)
    }

    /// Kills the server, as a power failure would but for what the operating system has.
    ///
    /// # Errors
    ///
    /// When it cannot be killed.
    pub fn kill(&mut self) -> io::Result<()> {
        self.process.take().map_or(Ok(()), |mut process| process.kill())
    }

    /// Stops the server as an operator does; what is under way is rolled back.
    ///
    /// # Errors
    ///
    /// When it cannot be stopped.
    pub fn stop(&mut self) -> io::Result<()> {
        // The fast shutdown.
        self.process.take().map_or(Ok(()), |mut process| process.stop(Signal::INT))
    }

    /// Starts the server again at its port, on its data.
    ///
    /// # Errors
    ///
    /// When it does not start.
    pub fn run(&mut self) -> io::Result<()> {
        let mut command = unprivileged(&self.programs.join("postgres"));
        command.arg("-D").arg(self.folder.path().join("data"));
        command.arg("-p").arg(self.port.to_string());
        let mut settings = vec![
            "listen_addresses=127.0.0.1".to_owned(),
            "unix_socket_directories=".to_owned(),
            "logging_collector=off".to_owned(),
            format!("max_connections={CONNECTIONS_MAX}"),
        ];
        if self.durability == Durability::None {
            let off = ["fsync=off", "synchronous_commit=off", "full_page_writes=off"];
            settings.extend(off.map(str::to_owned));
        }
        for setting in settings {
            command.arg("-c").arg(setting);
        }
        let log = self.folder.path().join("log");
        let log = fs::OpenOptions::new().create(true).append(true).open(log)?;
        command.current_dir(self.folder.path()).stdout(log.try_clone()?).stderr(log);
        let mut is_ready = Command::new(self.programs.join("pg_isready"));
        is_ready.args(["-q", "-h", "127.0.0.1", "-p", &self.port.to_string()]);
        let is_ready = std::cell::RefCell::new(is_ready);
        let is_ready = || is_ready.borrow_mut().status().is_ok_and(|status| status.success());
        self.process = Some(ServerProcess::start(&mut command, self.port, is_ready)?);
        Ok(())
    }

    /// Stops the server and its children from running, until [`PostgresServer::resume`].
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

    fn signal(&self, signal: Signal) -> io::Result<()> {
        let process = self.process.as_ref().ok_or_else(|| io::Error::other("it does not run"))?;
        process.signal_all(signal)
    }
}

/// Command that runs as a user without privileges where this process has them: PostgreSQL refuses to run as root.
fn unprivileged(program: &Path) -> Command {
    if !rustix::process::geteuid().is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=nobody", "--regid=nogroup", "--clear-groups"]).arg(program);
    command
}
