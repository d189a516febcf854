//! Listening socket, with TLS or without.

use std::{io, net::SocketAddr};
use tls_files::ListenerTls;
use tokio::net::TcpListener;

/// Listening socket, with TLS or without.
#[derive(Debug)]
pub struct Listener {
    pub(super) tcp: TcpListener,
    pub(super) tls: Option<ListenerTls>,
}

impl Listener {
    /// The same socket, at which clients speak TLS.
    #[must_use]
    pub fn with_tls(self, tls: ListenerTls) -> Self {
        Self { tls: Some(tls), ..self }
    }

    /// Whether clients speak TLS here.
    pub fn is_secure(&self) -> bool {
        self.tls.is_some()
    }

    /// Scheme of addresses here.
    pub fn scheme(&self) -> &'static str {
        if self.is_secure() { "https" } else { "http" }
    }

    /// Address of the socket.
    ///
    /// # Errors
    ///
    /// That of the operating system.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.tcp.local_addr()
    }
}

impl From<TcpListener> for Listener {
    fn from(tcp: TcpListener) -> Self {
        Self { tcp, tls: None }
    }
}
