//! TLS of a listener: what clients see of it, and what those that want nothing good hold of it.

use crate::listener::{TestServer, things};
use axum::{Router, body::Body, http::Request, routing::any};
use std::{fs, net::SocketAddr, path::Path, sync::Arc, time::Duration};
use tempfile::TempDir;
use test_servers::{CertifiedKey, TestAuthority};
use tls_files::{ClientCertificates, ListenerFiles, ListenerTls, TlsFiles};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::{Instant, timeout},
};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{ClientConfig, pki_types::ServerName},
};
use web::{ConnectionLimits, SecureConnection, ServeOptions};

/// Longer than anything here takes.
const ENDS_WITHIN: Duration = Duration::from_secs(30);

fn tls(server: &CertifiedKey, clients: ClientCertificates) -> ListenerTls {
    let (certificate, key) = (server.certificate.clone(), Some(server.key.clone()));
    ListenerTls::open(ListenerFiles { certificate, key, clients }).unwrap()
}

/// Configuration of a client that trusts this authority, and shows itself with this certificate.
fn trusting(authority: &TestAuthority, client: Option<&CertifiedKey>) -> Arc<ClientConfig> {
    let files = TlsFiles {
        certificate_authorities: Some(authority.certificate()),
        client_certificate: client.map(|client| client.certificate.clone()),
        client_key: client.map(|client| client.key.clone()),
    };
    Arc::new(files.client_config().unwrap())
}

async fn shake(
    server: SocketAddr,
    name: &str,
    config: Arc<ClientConfig>,
) -> std::io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(server).await?;
    let name = ServerName::try_from(name.to_owned()).unwrap();
    TlsConnector::from(config).connect(name, stream).await
}

/// The answer to a request over TLS, with its head; an error if the connection does not come about.
async fn get(server: SocketAddr, name: &str, config: Arc<ClientConfig>) -> std::io::Result<String> {
    let mut stream = shake(server, name, config).await?;
    stream.write_all(b"GET / HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n\r\n").await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

/// Service that says what it knows of the connection.
fn connection() -> transport::RequestHandler {
    let answer = async |request: Request<Body>| match request.extensions().get::<SecureConnection>()
    {
        None => "plain".to_owned(),
        Some(SecureConnection { certificate: None }) => "nobody".to_owned(),
        Some(SecureConnection { certificate: Some(certificate) }) => certificate.thumbprint(),
    };
    Router::new().fallback(any(answer)).into()
}

async fn start(tls: ListenerTls) -> TestServer {
    TestServer::secured(connection(), ServeOptions::default(), Some(tls)).await
}

fn thumbprint(certificate: &CertifiedKey) -> String {
    use tokio_rustls::rustls::pki_types::{CertificateDer, pem::PemObject};
    let der = CertificateDer::from_pem_file(&certificate.certificate).unwrap();
    transport::ClientCertificate::new(vec![der.to_vec()]).unwrap().thumbprint()
}

#[tokio::test]
async fn a_client_that_trusts_the_authority_is_answered_and_knows_whom_it_talks_to() {
    let (authority, other) = (TestAuthority::create().unwrap(), TestAuthority::create().unwrap());
    let certified = authority.certify_server().unwrap();
    let server = start(tls(&certified, ClientCertificates::NotAsked)).await;
    let own = trusting(&authority, None);
    let answer = get(server.address, "localhost", own.clone()).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("\r\nnobody"), "{answer}");
    assert!(get(server.address, "127.0.0.1", own.clone()).await.is_ok());
    assert!(get(server.address, "elsewhere.example", own.clone()).await.is_err());
    assert!(get(server.address, "localhost", trusting(&other, None)).await.is_err());

    let mut speaks_both = (*own).clone();
    speaks_both.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let stream = shake(server.address, "localhost", speaks_both.clone().into()).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    speaks_both.alpn_protocols.pop();
    assert!(get(server.address, "localhost", speaks_both.into()).await.is_err(), "h2 alone");
}

#[tokio::test]
async fn what_is_no_tls_is_not_answered() {
    let authority = TestAuthority::create().unwrap();
    let certified = authority.certify_server().unwrap();
    let server = start(tls(&certified, ClientCertificates::NotAsked)).await;
    let mut garbage = vec![0; 70_000];
    garbage[..3].copy_from_slice(&[0x16, 3, 1]);
    for text in
        [&b"GET / HTTP/1.1\r\nhost: shop\r\n\r\n"[..], b"\x16\x03\x01\x00\x01\x01", &garbage]
    {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(text).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut rest = Vec::new();
        drop(timeout(ENDS_WITHIN, stream.read_to_end(&mut rest)).await.unwrap());
        assert!(!String::from_utf8_lossy(&rest).contains("HTTP"), "{rest:?}");
    }
    assert!(get(server.address, "localhost", trusting(&authority, None)).await.is_ok());
}

#[tokio::test]
async fn a_certificate_is_asked_for_where_it_is_wanted_and_any_is_taken() {
    let authority = TestAuthority::create().unwrap();
    let certified = authority.certify_server_as("DNS:shop.example,DNS:mtls.example").unwrap();
    let names = vec!["mtls.example".to_owned()];
    let server = start(tls(&certified, ClientCertificates::AskedAt(names))).await;
    let [signed, own] =
        [authority.certify_client("app"), authority.self_signed("app")].map(Result::unwrap);
    for client in [&signed, &own] {
        let config = trusting(&authority, Some(client));
        let asked = get(server.address, "mtls.example", config.clone()).await.unwrap();
        assert!(asked.ends_with(&thumbprint(client)), "{asked}");
        let again = get(server.address, "MTLS.example", config.clone()).await.unwrap();
        assert!(again.ends_with(&thumbprint(client)), "{again}");
        let unasked = get(server.address, "shop.example", config).await.unwrap();
        assert!(unasked.ends_with("nobody"), "{unasked}");
    }
    let without = get(server.address, "mtls.example", trusting(&authority, None)).await.unwrap();
    assert!(without.ends_with("nobody"), "{without}");
}

#[tokio::test]
async fn a_certificate_without_its_key_is_not_taken() {
    let authority = TestAuthority::create().unwrap();
    let certified = authority.certify_server().unwrap();
    let any = ClientCertificates::AskedAt(vec!["*".to_owned()]);
    let server = start(tls(&certified, any)).await;
    let [stolen, own] = ["app", "thief"].map(|name| authority.certify_client(name).unwrap());
    let config = trusting(&authority, Some(&stolen));
    let mut forged = (*trusting(&authority, Some(&own))).clone();
    forged.client_auth_cert_resolver = Arc::new(OtherKey {
        certificate: config.client_auth_cert_resolver.resolve(&[], &SCHEMES).unwrap(),
        key: forged.client_auth_cert_resolver.resolve(&[], &SCHEMES).unwrap(),
    });
    assert!(
        get(server.address, "localhost", config).await.unwrap().ends_with(&thumbprint(&stolen))
    );
    assert!(get(server.address, "localhost", forged.into()).await.is_err());
}

const SCHEMES: [tokio_rustls::rustls::SignatureScheme; 1] =
    [tokio_rustls::rustls::SignatureScheme::ECDSA_NISTP256_SHA256];

/// Certificate of one key, signed for with another.
#[derive(Debug)]
struct OtherKey {
    certificate: Arc<tokio_rustls::rustls::sign::CertifiedKey>,
    key: Arc<tokio_rustls::rustls::sign::CertifiedKey>,
}

impl tokio_rustls::rustls::client::ResolvesClientCert for OtherKey {
    fn resolve(
        &self,
        _: &[&[u8]],
        _: &[tokio_rustls::rustls::SignatureScheme],
    ) -> Option<Arc<tokio_rustls::rustls::sign::CertifiedKey>> {
        let (chain, key) = (self.certificate.cert.clone(), Arc::clone(&self.key.key));
        Some(Arc::new(tokio_rustls::rustls::sign::CertifiedKey::new(chain, key)))
    }

    fn has_certs(&self) -> bool {
        true
    }
}

#[tokio::test]
async fn where_a_certificate_of_an_authority_is_needed_no_other_gets_in() {
    let (authority, other) = (TestAuthority::create().unwrap(), TestAuthority::create().unwrap());
    let certified = authority.certify_server().unwrap();
    let required = ClientCertificates::Required(authority.certificate());
    let server = start(tls(&certified, required)).await;
    let asks = async |client: Option<&CertifiedKey>| {
        get(server.address, "localhost", trusting(&authority, client)).await
    };
    let member = authority.certify_client("member").unwrap();
    for _ in 0..2 {
        let answer = asks(Some(&member)).await.unwrap();
        assert!(answer.ends_with(&thumbprint(&member)), "{answer}");
    }
    assert!(asks(None).await.is_err());
    assert!(asks(Some(&other.certify_client("member").unwrap())).await.is_err());
    assert!(asks(Some(&authority.self_signed("member").unwrap())).await.is_err());
    assert!(asks(Some(&certified)).await.is_err(), "a certificate for servers alone");
}

#[tokio::test]
async fn clients_that_say_nothing_keep_nobody_out_and_are_gone_in_the_end() {
    let authority = TestAuthority::create().unwrap();
    let certified = authority.certify_server().unwrap();
    let unlimited_clients = Vec::new();
    let connections =
        ConnectionLimits { connections_max: 200, client_connections_max: 200, unlimited_clients };
    let handshake_timeout = Duration::from_millis(500);
    let options = ServeOptions {
        connections,
        handshakes_max: 10,
        handshake_timeout,
        ..ServeOptions::default()
    };
    let listener = tls(&certified, ClientCertificates::NotAsked);
    let server = TestServer::secured(things(), options, Some(listener)).await;
    let mut silent = Vec::new();
    for _ in 0..100 {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
        silent.push(socket.connect(server.address).await.unwrap());
    }
    let answer = get(server.address, "localhost", trusting(&authority, None)).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    let began = Instant::now();
    for mut stream in silent {
        let read = timeout(ENDS_WITHIN, stream.read(&mut [0])).await.unwrap();
        assert!(matches!(read, Ok(0) | Err(_)), "it is closed");
    }
    assert!(began.elapsed() < ENDS_WITHIN);
}

#[tokio::test]
async fn a_listener_that_stops_waits_for_no_handshake() {
    let authority = TestAuthority::create().unwrap();
    let certified = authority.certify_server().unwrap();
    let server = start(tls(&certified, ClientCertificates::NotAsked)).await;
    let _silent = TcpStream::connect(server.address).await.unwrap();
    get(server.address, "localhost", trusting(&authority, None)).await.unwrap();
    assert_eq!(timeout(ENDS_WITHIN, server.stop()).await.unwrap(), web::DrainOutcome::Completed);
}

#[test]
fn a_file_that_is_of_no_use_is_told() {
    let authority = TestAuthority::create().unwrap();
    let [one, other] = [(); 2].map(|()| authority.certify_server().unwrap());
    let missing = Path::new("/nothing/here.pem");
    let open = |certificate: &Path, key: Option<&Path>, clients| {
        let (certificate, key) = (certificate.to_owned(), key.map(Path::to_owned));
        ListenerTls::open(ListenerFiles { certificate, key, clients }).map(drop)
    };
    let told = |certificate: &Path, key: Option<&Path>, clients, told: &str| {
        let error = open(certificate, key, clients).unwrap_err().to_string();
        assert!(error.contains(told), "{error}");
    };
    let nobody = || ClientCertificates::NotAsked;
    let required = |path: &Path| ClientCertificates::Required(path.to_owned());
    told(missing, Some(&one.key), nobody(), "/nothing/here.pem");
    told(&one.certificate, Some(missing), nobody(), "/nothing/here.pem");
    told(&one.key, Some(&one.key), nobody(), "no certificate");
    told(&one.certificate, Some(&one.certificate), nobody(), "no private key");
    told(&one.certificate, Some(&other.key), nobody(), "not the key");
    told(&one.certificate, None, nobody(), "no private key");
    told(&one.certificate, Some(&one.key), required(missing), "/nothing/here.pem");
    told(&one.certificate, Some(&one.key), required(&one.key), "no certificate");
    let folder = TempDir::new().unwrap();
    let both = folder.path().join("both.pem");
    let parts = [&one.certificate, &one.key].map(|part| fs::read(part).unwrap());
    fs::write(&both, parts.concat()).unwrap();
    open(&both, None, nobody()).unwrap();
}
