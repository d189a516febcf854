//! Connection to one server: resolved, checked, and with TLS where the scheme is `https`.

use crate::{Answer, FetchError, Fetcher, Outgoing, Reach, is_public};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use std::{net::SocketAddr, pin::pin, sync::Arc};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::{
    TlsConnector,
    rustls::{
        ClientConfig, RootCertStore,
        crypto::ring,
        pki_types::{CertificateDer, ServerName},
    },
};
use url::{Host, Url};

/// Largest head of a response, in bytes.
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// Addresses of one host that are tried.
const ADDRESSES_MAX: usize = 4;

/// Opens connections to addresses within reach.
pub(crate) struct Connector {
    reach: Reach,
    tls: TlsConnector,
}

impl Connector {
    /// Connector that trusts the authorities that browsers trust, and these.
    pub(crate) fn new(reach: Reach, authorities: Vec<CertificateDer<'static>>) -> Self {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        roots.add_parsable_certificates(authorities);
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring has the ciphers of TLS 1.2 and 1.3")
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self { reach, tls: TlsConnector::from(Arc::new(config)) }
    }

    pub(crate) fn reach(&self) -> Reach {
        self.reach
    }

    /// One request and its answer.
    pub(crate) async fn exchange(
        &self,
        fetcher: &Fetcher,
        url: &Url,
        outgoing: &Outgoing,
    ) -> Result<Answer, FetchError> {
        let stream = self.connect(url).await?;
        if url.scheme() == "http" {
            return exchange_over(stream, fetcher, url, outgoing).await;
        }
        let name = match url.host().ok_or(FetchError::InvalidAddress)? {
            Host::Domain(name) => ServerName::try_from(name.to_owned()).ok(),
            Host::Ipv4(address) => Some(ServerName::from(std::net::IpAddr::from(address))),
            Host::Ipv6(address) => Some(ServerName::from(std::net::IpAddr::from(address))),
        };
        let name = name.ok_or(FetchError::InvalidAddress)?;
        let stream = self.tls.connect(name, stream).await.map_err(|_| FetchError::NotTrusted)?;
        exchange_over(stream, fetcher, url, outgoing).await
    }

    async fn connect(&self, url: &Url) -> Result<TcpStream, FetchError> {
        let allowed = self.allowed_addresses(url).await?;
        for address in allowed.into_iter().take(ADDRESSES_MAX) {
            if let Ok(stream) = TcpStream::connect(address).await {
                return Ok(stream);
            }
        }
        Err(FetchError::Unreachable)
    }

    /// Addresses of the host that are within reach.
    async fn allowed_addresses(&self, url: &Url) -> Result<Vec<SocketAddr>, FetchError> {
        let port = url.port_or_known_default().ok_or(FetchError::InvalidAddress)?;
        let resolved: Vec<SocketAddr> = match url.host().ok_or(FetchError::InvalidAddress)? {
            Host::Ipv4(address) => vec![(address, port).into()],
            Host::Ipv6(address) => vec![(address, port).into()],
            Host::Domain(name) => tokio::net::lookup_host((name, port))
                .await
                .map_err(|_| FetchError::UnknownHost)?
                .collect(),
        };
        if resolved.is_empty() {
            return Err(FetchError::UnknownHost);
        }
        let allowed: Vec<SocketAddr> =
            resolved.into_iter().filter(|address| self.is_allowed(*address)).collect();
        if allowed.is_empty() { Err(FetchError::NotPublic) } else { Ok(allowed) }
    }

    fn is_allowed(&self, address: SocketAddr) -> bool {
        let is_loopback = address.ip().to_canonical().is_loopback();
        match self.reach {
            Reach::Public => is_public(address.ip()),
            Reach::PublicAndLoopback => is_public(address.ip()) || is_loopback,
            Reach::Everywhere => true,
        }
    }
}

impl std::fmt::Debug for Connector {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Connector({:?})", self.reach)
    }
}

async fn exchange_over<S>(
    stream: S,
    fetcher: &Fetcher,
    url: &Url,
    outgoing: &Outgoing,
) -> Result<Answer, FetchError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let mut builder = http1::Builder::new();
    builder.max_buf_size(HEAD_BYTES_MAX);
    let handshake = builder.handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.map_err(|_| FetchError::Unreachable)?;
    let request = fetcher.request(url, outgoing)?;
    let mut answer = pin!(async {
        let response = sender.send_request(request).await;
        fetcher.read(response.map_err(|_| FetchError::Unreachable)?, outgoing).await
    });
    tokio::select! {
        biased;
        answer = &mut answer => answer,
        // The connection has ended, but its last bytes may not have been read.
        _ = connection => answer.await,
    }
}
