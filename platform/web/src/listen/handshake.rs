//! Handshakes of TLS: each has a deadline, and there is room for a limited number. Where there is none, the client with the most of them
//! gives one up, its oldest, as with connections: who says nothing takes nobody's place.

use super::{
    ServeOptions,
    connections::{ConnectionLimits, Connections, OpenConnection},
};
use std::{io, net::IpAddr, sync::Arc, time::Duration};
use tls_files::ListenerTls;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    task::AbortHandle,
    time::timeout,
};
use tokio_rustls::{LazyConfigAcceptor, rustls::server::Acceptor, server::TlsStream};
use transport::ClientCertificate;

/// What is known of a connection over TLS; an extension of each of its requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecureConnection {
    /// Certificate that the client presented, whose key it has. Who signed it, and until when it is valid, was not looked at.
    pub certificate: Option<ClientCertificate>,
}

/// Handshakes of a listener.
#[derive(Debug)]
pub(super) struct Handshakes {
    tls: ListenerTls,
    timeout: Duration,
    in_progress: Arc<Connections>,
}

/// Handshake that is in progress, until it is dropped.
#[derive(Debug)]
pub(super) struct Handshake {
    tls: ListenerTls,
    timeout: Duration,
    place: OpenConnection,
}

impl Handshakes {
    pub(super) fn new(tls: ListenerTls, options: &ServeOptions) -> Self {
        let limits = ConnectionLimits {
            connections_max: options.handshakes_max,
            client_connections_max: options.handshakes_max,
            unlimited_clients: Vec::new(),
        };
        Self { tls, timeout: options.handshake_timeout, in_progress: Connections::new(limits) }
    }

    /// Handshake with the client at this address; none if there is room for none at all.
    pub(super) fn begin(&self, client: IpAddr) -> Option<Handshake> {
        // None of them is busy, so that the oldest one makes room.
        let place = self.in_progress.admit(client)?;
        Some(Handshake { tls: self.tls.clone(), timeout: self.timeout, place })
    }
}

impl Handshake {
    /// Function that names the task of the handshake, which is aborted when the handshake must make room.
    pub(super) fn task_setter(&self) -> impl FnOnce(AbortHandle) + use<> {
        self.place.task_setter()
    }

    /// Shakes hands.
    pub(super) async fn run<S: AsyncRead + AsyncWrite + Unpin>(
        self,
        stream: S,
    ) -> io::Result<(TlsStream<S>, SecureConnection)> {
        let late = |_| io::Error::new(io::ErrorKind::TimedOut, "the handshake took too long");
        let stream = timeout(self.timeout, self.accept(stream)).await.map_err(late)??;
        let chain = stream.get_ref().1.peer_certificates().unwrap_or_default();
        let chain = chain.iter().map(|certificate| certificate.to_vec()).collect();
        let certificate = ClientCertificate::new(chain);
        Ok((stream, SecureConnection { certificate }))
    }

    async fn accept<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
    ) -> io::Result<TlsStream<S>> {
        let hello = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
        let config = self.tls.config(hello.client_hello().server_name());
        hello.into_stream(config).await
    }
}
