//! MongoDB's protocol, spoken by mongo-java-server: atomic for one document, without transactions and change streams.

use crate::{
    certificates::CertifiedKey,
    server::{Kind, Placement, Server},
};
use std::{
    io,
    path::{Path, PathBuf},
    process::Command,
};

/// Server of MongoDB's protocol that keeps its data in a file. What it has acknowledged is in the file once it is stopped; a kill loses
/// the last of it.
pub type MongoServer = Server<Mongo>;

/// Kind of [`MongoServer`].
#[derive(Debug)]
pub struct Mongo {
    libraries: PathBuf,
    version: MongoVersion,
    tls: Option<CertifiedKey>,
}

/// Version that a server says it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MongoVersion {
    /// 5.0, the oldest that is supported.
    Five,
    /// 4.4, which is too old.
    Four,
}

/// Options for a process that is small and starts fast.
const JAVA: &[&str] = &["-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"];
/// Class of the program beside the jars.
const PROGRAM: &str = "MongoServerProgram";

impl MongoServer {
    /// Starts a new server from the jars and the program in this folder.
    ///
    /// # Errors
    ///
    /// Whatever keeps it from running.
    pub fn start(libraries: &Path) -> io::Result<Self> {
        Self::start_version(libraries, MongoVersion::Five)
    }

    /// The same, of a version.
    ///
    /// # Errors
    ///
    /// Whatever keeps it from running.
    pub fn start_version(libraries: &Path, version: MongoVersion) -> io::Result<Self> {
        Self::start_new(Mongo { libraries: libraries.to_owned(), version, tls: None })
    }

    /// Starts a new server that takes TLS alone.
    ///
    /// # Errors
    ///
    /// Whatever keeps the program from running.
    pub fn start_with_tls(libraries: &Path, server: CertifiedKey) -> io::Result<Self> {
        let (libraries, version) = (libraries.to_owned(), MongoVersion::Five);
        Self::start_new(Mongo { libraries, version, tls: Some(server) })
    }

    /// Kills the server, and starts it again at its port without its data.
    ///
    /// # Errors
    ///
    /// When it does not start.
    pub fn restart_without_data(&mut self) -> io::Result<()> {
        self.kill()?;
        std::fs::remove_file(self.placement.data())?;
        self.run()
    }

    /// URL of the server without a database.
    pub fn url(&self) -> String {
        format!("mongodb://{}", self.address())
    }

    /// Host and port of the server.
    pub fn address(&self) -> String {
        self.placement.address(0)
    }
}

impl Kind for Mongo {
    const NAME: &'static str = "mongodb";

    fn prepare(&mut self, _: &Placement) -> io::Result<()> {
        Ok(())
    }

    fn command(&self, placement: &Placement) -> Command {
        let libraries = self.libraries.display();
        let mut command = Command::new("java");
        // Java itself finds the jars of a folder.
        command.args(JAVA).arg("-cp").arg(format!("{libraries}:{libraries}/*")).arg(PROGRAM);
        command.arg(placement.port(0).to_string()).arg(placement.data());
        command.args(match self.version {
            MongoVersion::Five => ["5.0.0", "13"],
            MongoVersion::Four => ["4.4.0", "9"],
        });
        command.args(self.tls.iter().flat_map(|tls| [&tls.certificate, &tls.key]));
        command
    }

    fn is_ready(&self, _: &Placement) -> bool {
        // It takes connections last.
        true
    }
}
