//! Connector of pooled connections: plain ones, and over TLS where the scheme is `https`.

use http::Uri;
use hyper_util::{
    client::legacy::connect::{Connected, Connection, HttpConnector},
    rt::TokioIo,
};
use std::{
    error::Error,
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use tls_files::ClientTls;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream, rustls::pki_types::ServerName};
use tower::Service;

/// Connector of pooled connections: plain ones, and over TLS where the scheme is `https`.
#[derive(Clone, Debug)]
pub struct ServerConnector {
    http: HttpConnector,
    tls: Option<ClientTls>,
    connect_timeout: Duration,
}

/// Connection to a server, with TLS or without.
#[derive(Debug)]
pub struct ServerConnection(Stream);

#[derive(Debug)]
enum Stream {
    Plain(TcpStream),
    Secure(Box<TlsStream<TcpStream>>),
}

/// Error of a connection that does not come about.
type NotConnected = Box<dyn Error + Send + Sync>;

impl ServerConnector {
    /// Connector with so much time to connect, and as much for a handshake. Without TLS, an address with `https` cannot be reached.
    pub fn new(tls: Option<ClientTls>, connect_timeout: Duration) -> Self {
        let mut http = HttpConnector::new();
        http.enforce_http(false);
        http.set_nodelay(true);
        http.set_connect_timeout(Some(connect_timeout));
        Self { http, tls, connect_timeout }
    }

    async fn connect(mut self, address: Uri) -> Result<Stream, NotConnected> {
        if address.scheme_str() != Some("https") {
            return Ok(Stream::Plain(self.http.call(address).await?.into_inner()));
        }
        let Some(tls) = self.tls else {
            return Err("an address with https needs the settings of TLS".into());
        };
        let host = address.host().unwrap_or_default();
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let name = ServerName::try_from(host)?;
        let stream = self.http.call(address).await?.into_inner();
        let handshake = TlsConnector::from(tls.config()).connect(name, stream);
        let late = |_| io::Error::new(io::ErrorKind::TimedOut, "the handshake took too long");
        let stream = timeout(self.connect_timeout, handshake).await.map_err(late)??;
        Ok(Stream::Secure(Box::new(stream)))
    }
}

impl Service<Uri> for ServerConnector {
    type Response = TokioIo<ServerConnection>;
    type Error = NotConnected;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, NotConnected>> + Send>>;

    fn poll_ready(&mut self, task: &mut Context<'_>) -> Poll<Result<(), NotConnected>> {
        self.http.poll_ready(task).map_err(Into::into)
    }

    fn call(&mut self, address: Uri) -> Self::Future {
        // The one that is ready is used, and its copy kept.
        let copy = self.clone();
        let ready = std::mem::replace(self, copy);
        let connecting = ready.connect(address);
        Box::pin(async { connecting.await.map(ServerConnection).map(TokioIo::new) })
    }
}

impl Connection for ServerConnection {
    fn connected(&self) -> Connected {
        match &self.0 {
            Stream::Plain(stream) => stream.connected(),
            Stream::Secure(stream) => stream.get_ref().0.connected(),
        }
    }
}

impl AsyncRead for ServerConnection {
    fn poll_read(
        self: Pin<&mut Self>,
        task: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut self.get_mut().0 {
            Stream::Plain(stream) => Pin::new(stream).poll_read(task, buffer),
            Stream::Secure(stream) => Pin::new(stream).poll_read(task, buffer),
        }
    }
}

impl AsyncWrite for ServerConnection {
    fn poll_write(
        self: Pin<&mut Self>,
        task: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().0 {
            Stream::Plain(stream) => Pin::new(stream).poll_write(task, bytes),
            Stream::Secure(stream) => Pin::new(stream).poll_write(task, bytes),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        task: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().0 {
            Stream::Plain(stream) => Pin::new(stream).poll_write_vectored(task, parts),
            Stream::Secure(stream) => Pin::new(stream).poll_write_vectored(task, parts),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match &self.0 {
            Stream::Plain(stream) => stream.is_write_vectored(),
            Stream::Secure(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().0 {
            Stream::Plain(stream) => Pin::new(stream).poll_flush(task),
            Stream::Secure(stream) => Pin::new(stream).poll_flush(task),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().0 {
            Stream::Plain(stream) => Pin::new(stream).poll_shutdown(task),
            Stream::Secure(stream) => Pin::new(stream).poll_shutdown(task),
        }
    }
}
