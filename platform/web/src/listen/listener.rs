//! Listening socket, with TLS or without.

use std::{io, net::SocketAddr, os::fd::AsFd};
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

    /// Another descriptor of the same socket: who accepts from either takes connections from the same queue.
    ///
    /// # Errors
    ///
    /// That of the operating system.
    pub fn try_clone(&self) -> io::Result<Self> {
        let descriptor = self.tcp.as_fd().try_clone_to_owned()?;
        let tcp = TcpListener::from_std(std::net::TcpListener::from(descriptor))?;
        Ok(Self { tcp, tls: self.tls.clone() })
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
