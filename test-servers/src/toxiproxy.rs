//! Toxiproxy: proxies between a client and a server, which delay what passes or hold it back.

use crate::{
    server::{Kind, Placement, Server},
    server_process::free_port,
};
use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, TcpStream},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

/// Toxiproxy with its proxies.
pub type ToxiproxyServer = Server<Toxiproxy>;

/// Kind of [`ToxiproxyServer`].
#[derive(Debug)]
pub struct Toxiproxy {
    program: PathBuf,
}

/// How long the server may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

impl ToxiproxyServer {
    /// Starts a new server with this program.
    ///
    /// # Errors
    ///
    /// Whatever keeps it from running.
    pub fn start(program: &Path) -> io::Result<Self> {
        Self::start_new(Toxiproxy { program: program.to_owned() })
    }

    /// Puts a new proxy of this name before a server, which has this host and port.
    ///
    /// # Errors
    ///
    /// When there is one of this name.
    pub fn proxy(&self, name: &str, upstream: &str) -> io::Result<Proxy> {
        self.proxy_at(Ipv4Addr::LOCALHOST, name, upstream)
    }

    /// The same, with a proxy that is reached at another address of this machine.
    ///
    /// # Errors
    ///
    /// When there is one of this name, or the machine has no such address.
    pub fn proxy_at(&self, host: Ipv4Addr, name: &str, upstream: &str) -> io::Result<Proxy> {
        let (server, listen) = (self.placement.address(0), format!("{host}:{}", free_port()?));
        let body = format!(r#"{{"name":"{name}","listen":"{listen}","upstream":"{upstream}"}}"#);
        request(&server, "POST", "/proxies", &body)?;
        Ok(Proxy { server, name: name.to_owned(), address: listen })
    }
}

/// Proxy before a server; what passes it is untouched until a toxic is added.
#[derive(Debug)]
pub struct Proxy {
    server: String,
    name: String,
    address: String,
}

impl Proxy {
    /// Host and port for the client.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Goes before another server, which has this host and port.
    ///
    /// # Errors
    ///
    /// When Toxiproxy does not run.
    pub fn redirect(&self, upstream: &str) -> io::Result<()> {
        self.change(&format!(r#"{{"upstream":"{upstream}"}}"#))
    }

    /// Delays everything that the server sends.
    ///
    /// # Errors
    ///
    /// When it is delayed already.
    pub fn add_latency(&self, latency: Duration) -> io::Result<()> {
        let attributes = format!(r#"{{"latency":{}}}"#, latency.as_millis());
        self.add_toxic("latency", &attributes)
    }

    /// Lets nothing through any more, and leaves the connections open.
    ///
    /// # Errors
    ///
    /// When nothing comes through already.
    pub fn add_timeout(&self) -> io::Result<()> {
        self.add_toxic("timeout", r#"{"timeout":0}"#)
    }

    /// Ends what [`Proxy::add_latency`] began.
    ///
    /// # Errors
    ///
    /// When nothing is delayed.
    pub fn remove_latency(&self) -> io::Result<()> {
        self.remove_toxic("latency")
    }

    /// Ends what [`Proxy::add_timeout`] began.
    ///
    /// # Errors
    ///
    /// When everything comes through.
    pub fn remove_timeout(&self) -> io::Result<()> {
        self.remove_toxic("timeout")
    }

    /// Ends every connection, and refuses others.
    ///
    /// # Errors
    ///
    /// When Toxiproxy does not run.
    pub fn disable(&self) -> io::Result<()> {
        self.change(r#"{"enabled":false}"#)
    }

    /// Takes connections again.
    ///
    /// # Errors
    ///
    /// When Toxiproxy does not run.
    pub fn enable(&self) -> io::Result<()> {
        self.change(r#"{"enabled":true}"#)
    }

    fn change(&self, body: &str) -> io::Result<()> {
        request(&self.server, "POST", &format!("/proxies/{}", self.name), body)
    }

    fn add_toxic(&self, kind: &str, attributes: &str) -> io::Result<()> {
        let body = format!(r#"{{"name":"{kind}","type":"{kind}","attributes":{attributes}}}"#);
        request(&self.server, "POST", &format!("/proxies/{}/toxics", self.name), &body)
    }

    fn remove_toxic(&self, kind: &str) -> io::Result<()> {
        request(&self.server, "DELETE", &format!("/proxies/{}/toxics/{kind}", self.name), "")
    }
}

impl Kind for Toxiproxy {
    const NAME: &'static str = "toxiproxy";

    fn prepare(&mut self, _: &Placement) -> io::Result<()> {
        Ok(())
    }

    fn command(&self, placement: &Placement) -> Command {
        let mut command = Command::new(&self.program);
        command.args(["-host", "127.0.0.1", "-port", &placement.port(0).to_string()]);
        command
    }

    fn is_ready(&self, placement: &Placement) -> bool {
        request(&placement.address(0), "GET", "/version", "").is_ok()
    }
}

/// Sends a request; the error has the answer.
fn request(server: &str, method: &str, path: &str, body: &str) -> io::Result<()> {
    let mut stream = TcpStream::connect(server)?;
    stream.set_read_timeout(Some(ANSWER_WITHIN))?;
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {server}\r\nUser-Agent: tests\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    // HTTP/1.1 201 Created
    if answer.split(' ').nth(1).is_some_and(|status| status.starts_with('2')) {
        return Ok(());
    }
    Err(io::Error::other(format!("{method} {path}: {answer}")))
}
