//! PostgreSQL.

use crate::{
    certificates::{CertifiedKey, text},
    postgres_database::psql,
    server::{Kind, Placement, Server},
};
use rustix::process::Signal;
use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

/// What a server does for what it has committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Nothing: for tests of logic, which it makes fast.
    None,
    /// Flushes, as it is shipped.
    Full,
}

/// PostgreSQL server with the superuser `postgres`, who needs no password.
pub type PostgresServer = Server<Postgres>;

/// Kind of [`PostgresServer`].
#[derive(Debug)]
pub struct Postgres {
    pub(crate) programs: PathBuf,
    durability: Durability,
    tls: Option<PostgresTls>,
}

/// TLS of a server, and whom it lets in with it.
#[derive(Clone, Debug)]
pub struct PostgresTls {
    /// Certificate of the server, with its key.
    pub server: CertifiedKey,
    /// Certificate of the authority of clients' certificates.
    pub client_authority: PathBuf,
    /// Lines of `pg_hba.conf`, in place of those that let everybody in.
    pub access: &'static str,
}

/// Files of TLS in the data folder.
const TLS_FILES: [&str; 3] = ["server.pem", "server-key.pem", "client-authority.pem"];

/// Connections that the server takes: each test opens several.
const CONNECTIONS_MAX: u32 = 400;

impl PostgresServer {
    /// Starts a new server with the programs in this folder (`initdb`, `postgres`).
    ///
    /// # Errors
    ///
    /// Whatever keeps the programs from running.
    pub fn start(programs: &Path, durability: Durability) -> io::Result<Self> {
        Self::start_new(Postgres { programs: programs.to_owned(), durability, tls: None })
    }

    /// The same, without durability and with TLS.
    ///
    /// # Errors
    ///
    /// Whatever keeps the programs from running.
    pub fn start_with_tls(programs: &Path, tls: PostgresTls) -> io::Result<Self> {
        let (programs, durability) = (programs.to_owned(), Durability::None);
        Self::start_new(Postgres { programs, durability, tls: Some(tls) })
    }

    /// URL of the server without a database, as the superuser.
    pub fn url(&self) -> String {
        format!("postgres://postgres@{}", self.address())
    }

    /// Runs SQL in a database, as the superuser, and returns the rows: a line each, with `|` between the columns.
    ///
    /// # Errors
    ///
    /// When the server refuses it.
    pub fn query(&self, database: &str, sql: &str) -> io::Result<String> {
        psql(&self.kind.programs, &format!("{}/{database}", self.url()), sql)
    }

    /// Host and port of the server.
    pub fn address(&self) -> String {
        self.placement.address(0)
    }
}

impl Kind for Postgres {
    const NAME: &'static str = "postgres";
    // The fast shutdown: what is under way is rolled back.
    const STOP: i32 = Signal::INT.as_raw();

    fn prepare(&mut self, placement: &Placement) -> io::Result<()> {
        let mut initdb = unprivileged(&self.programs.join("initdb"));
        initdb.arg("-D").arg(placement.data());
        initdb.args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]);
        let output = initdb.current_dir(placement.folder()).output()?;
        if !output.status.success() {
            let reason = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(io::Error::other(format!("initdb failed: {reason}")));
        }
        self.tls.as_ref().map_or(Ok(()), |tls| prepare_tls(tls, &placement.data()))
    }

    fn command(&self, placement: &Placement) -> Command {
        let mut command = unprivileged(&self.programs.join("postgres"));
        command.arg("-D").arg(placement.data());
        command.arg("-p").arg(placement.port(0).to_string());
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
        if self.tls.is_some() {
            let names = ["ssl_cert_file", "ssl_key_file", "ssl_ca_file"];
            settings.push("ssl=on".to_owned());
            settings
                .extend(names.iter().zip(TLS_FILES).map(|(name, file)| format!("{name}={file}")));
        }
        for setting in settings {
            command.arg("-c").arg(setting);
        }
        command
    }

    /// Commits wait for a copy that is not there.
    fn hold_commits(&self, placement: &Placement, is_held: bool) -> io::Result<()> {
        let names = if is_held { "nobody" } else { "" };
        let set = format!("ALTER SYSTEM SET synchronous_standby_names = '{names}'");
        let url = format!("postgres://postgres@{}/postgres", placement.address(0));
        for sql in [set.as_str(), "SELECT pg_reload_conf()"] {
            psql(&self.programs, &url, sql)?;
        }
        Ok(())
    }

    fn is_ready(&self, placement: &Placement) -> bool {
        let mut is_ready = Command::new(self.programs.join("pg_isready"));
        is_ready.args(["-q", "-h", "127.0.0.1", "-p", &placement.port(0).to_string()]);
        is_ready.status().is_ok_and(|status| status.success())
    }
}

/// Copies the files of TLS into the data folder as the user of the server, who must be alone with the key.
fn prepare_tls(tls: &PostgresTls, data: &Path) -> io::Result<()> {
    let sources = [&tls.server.certificate, &tls.server.key, &tls.client_authority];
    for (source, name) in sources.into_iter().zip(TLS_FILES) {
        let mut install = unprivileged(Path::new("install"));
        let output = install.args(["-m", "600"]).arg(source).arg(data.join(name)).output()?;
        if !output.status.success() {
            let reason = String::from_utf8_lossy(&output.stderr);
            return Err(io::Error::other(format!("{}: {reason}", text(source))));
        }
    }
    fs::write(data.join("pg_hba.conf"), tls.access)
}

/// Command that runs as a user without privileges where this process has them: PostgreSQL refuses to run as root.
pub(crate) fn unprivileged(program: &Path) -> Command {
    if !rustix::process::geteuid().is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=nobody", "--regid=nogroup", "--clear-groups"]).arg(program);
    command
}
