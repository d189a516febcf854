//! Redis.

use crate::{
    certificates::{CertifiedKey, text},
    redis_protocol,
    server::{Kind, Placement, Server},
    server_process::free_port,
};
use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

/// Redis server that keeps what it is given in its append-only file, flushed once a second, as a shop's would.
pub type RedisServer = Server<Redis>;

/// Kind of [`RedisServer`].
#[derive(Debug)]
pub struct Redis {
    program: PathBuf,
    settings: &'static [&'static str],
}

/// Settings of a member of a cluster.
pub(crate) const MEMBER: &[&str] = &[
    "--cluster-enabled",
    "yes",
    "--cluster-config-file",
    "nodes.conf",
    "--cluster-node-timeout",
    "1000",
];

impl RedisServer {
    /// Starts a new server with this program (`redis-server`).
    ///
    /// # Errors
    ///
    /// Whatever keeps the program from running.
    pub fn start(program: &Path) -> io::Result<Self> {
        Self::start_with(program, &[])
    }

    pub(crate) fn start_with(
        program: &Path,
        settings: &'static [&'static str],
    ) -> io::Result<Self> {
        Self::start_new(Redis { program: program.to_owned(), settings })
    }

    /// URL of the server.
    pub fn url(&self) -> String {
        format!("redis://{}", self.address())
    }

    /// Host and port of the server.
    pub fn address(&self) -> String {
        self.placement.address(0)
    }

    /// Takes TLS at a port of its own as well, until the server stops; returns its URL. With the authority of their certificates, clients
    /// must have one.
    ///
    /// # Errors
    ///
    /// When the server does not take the files.
    pub fn listen_with_tls(
        &self,
        server: &CertifiedKey,
        client_authority: Option<&Path>,
    ) -> io::Result<String> {
        let port = free_port()?.to_string();
        let (certificate, key) = (text(&server.certificate), text(&server.key));
        // The server wants a file even where it asks no client.
        let authority = text(client_authority.unwrap_or(&server.certificate));
        let clients = if client_authority.is_some() { "yes" } else { "no" };
        let mut words = vec!["CONFIG", "SET", "tls-cert-file", &certificate];
        words.extend(["tls-key-file", &key, "tls-ca-cert-file", &authority]);
        words.extend(["tls-auth-clients", clients, "tls-port", &port]);
        self.command(&words)?;
        Ok(format!("rediss://127.0.0.1:{port}"))
    }

    /// Port of the cluster's bus.
    pub(crate) fn bus_port(&self) -> u16 {
        self.placement.port(1)
    }

    pub(crate) fn port(&self) -> u16 {
        self.placement.port(0)
    }

    /// Answer to a command, such as `FLUSHALL` or `CONFIG SET`; an array as its elements, one a line.
    ///
    /// # Errors
    ///
    /// The error that the server answers with, or that of the connection.
    pub fn command(&self, words: &[&str]) -> io::Result<String> {
        redis_protocol::command(&self.address(), words)
    }
}

impl Kind for Redis {
    const NAME: &'static str = "redis";
    /// That of clients, and that of the cluster's bus.
    const PORTS: usize = 2;

    fn prepare(&mut self, placement: &Placement) -> io::Result<()> {
        fs::create_dir(placement.data())
    }

    fn command(&self, placement: &Placement) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("--port").arg(placement.port(0).to_string());
        command.args(["--bind", "127.0.0.1", "--save", "", "--daemonize", "no"]);
        command.args(["--appendonly", "yes", "--appendfsync", "everysec"]);
        command.arg("--dir").arg(placement.data());
        if !self.settings.is_empty() {
            command.arg("--cluster-port").arg(placement.port(1).to_string()).args(self.settings);
        }
        command
    }

    fn flush(&self, placement: &Placement) -> io::Result<()> {
        redis_protocol::command(&placement.address(0), &["FLUSHALL"]).map(drop)
    }

    fn is_ready(&self, placement: &Placement) -> bool {
        // A server with a password is ready as well.
        let answer = redis_protocol::command(&placement.address(0), &["PING"]);
        answer.map_or_else(|error| error.to_string().starts_with("NOAUTH"), |pong| pong == "PONG")
    }
}
