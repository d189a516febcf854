//! Client of these tests that speaks TLS, with what it trusts and how it shows itself.

use std::{
    io::{self, Read, Write},
    net::TcpStream,
    sync::Arc,
    time::Duration,
};
use test_servers::{CertifiedKey, TestAuthority};
use tls_files::TlsFiles;
use tokio_rustls::rustls::{ClientConfig, ClientConnection, StreamOwned, pki_types::ServerName};

/// Longer than any answer takes.
const ENDS_WITHIN: Duration = Duration::from_mins(1);

/// Client that trusts an authority.
#[derive(Clone)]
pub(crate) struct TlsClient {
    config: Arc<ClientConfig>,
    /// Server name that it asks for.
    name: &'static str,
}

/// Answer of a server.
#[derive(Debug)]
pub(crate) struct TlsAnswer {
    pub(crate) status: u16,
    /// Head and body.
    pub(crate) text: String,
    /// Certificate of the server.
    pub(crate) certificate: Vec<u8>,
}

impl TlsAnswer {
    pub(crate) fn body(&self) -> &str {
        self.text.split_once("\r\n\r\n").unwrap().1
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(self.body()).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }
}

impl TlsClient {
    pub(crate) fn new(authority: &TestAuthority, shown: Option<&CertifiedKey>) -> Self {
        let files = TlsFiles {
            certificate_authorities: Some(authority.certificate()),
            client_certificate: shown.map(|shown| shown.certificate.clone()),
            client_key: shown.map(|shown| shown.key.clone()),
        };
        Self { config: Arc::new(files.client_config().unwrap()), name: "localhost" }
    }

    pub(crate) fn asking_for(&self, name: &'static str) -> Self {
        Self { name, ..self.clone() }
    }

    /// A request on a connection of its own; an error if there is none, or no answer.
    pub(crate) fn request(
        &self,
        address: &str,
        request: &str,
        headers: &str,
        body: &str,
    ) -> io::Result<TlsAnswer> {
        let name = ServerName::try_from(self.name).unwrap();
        let connection = ClientConnection::new(Arc::clone(&self.config), name).unwrap();
        let (_, port) = address.rsplit_once(':').unwrap();
        let stream = TcpStream::connect(format!("127.0.0.1:{port}"))?;
        stream.set_read_timeout(Some(ENDS_WITHIN))?;
        let mut stream = StreamOwned::new(connection, stream);
        let (host, length) = (format!("{}:{port}", self.name), body.len());
        write!(
            stream,
            "{request} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n{body}"
        )?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        let status = text.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.ok_or_else(|| io::Error::other(format!("no answer: {text:?}")))?;
        let certificate = stream.conn.peer_certificates().unwrap()[0].to_vec();
        Ok(TlsAnswer { status, text, certificate })
    }

    pub(crate) fn get(&self, address: &str, path: &str) -> io::Result<TlsAnswer> {
        self.request(address, &format!("GET {path}"), "", "")
    }

    /// A form, as a program posts it.
    pub(crate) fn post_form(&self, address: &str, path: &str, form: &str) -> TlsAnswer {
        let headers = "content-type: application/x-www-form-urlencoded\r\n";
        self.request(address, &format!("POST {path}"), headers, form).unwrap()
    }
}
