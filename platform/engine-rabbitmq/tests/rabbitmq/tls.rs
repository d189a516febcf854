//! TLS: which brokers are trusted, and the certificate that one may ask for.

use engine_rabbitmq::{BrokerError, RabbitBus, RabbitOptions};
use std::path::PathBuf;
use test_servers::{CertifiedKey, RabbitServer, RabbitTls, TestAuthority, rabbitmq_program};
use tls_files::{TlsFile, TlsFiles};

fn start(server: CertifiedKey, client_authority: Option<PathBuf>) -> RabbitServer {
    let tls = RabbitTls { server, client_authority };
    RabbitServer::start_with_tls(&rabbitmq_program().unwrap(), tls).expect("the broker starts")
}

async fn open(
    url: &str,
    authority: Option<PathBuf>,
    client: Option<&CertifiedKey>,
) -> Result<(), BrokerError> {
    let mut options = RabbitOptions::new(url).unwrap();
    options.tls = TlsFiles {
        certificate_authorities: authority,
        client_certificate: client.map(|client| client.certificate.clone()),
        client_key: client.map(|client| client.key.clone()),
    };
    RabbitBus::open(options).await.map(drop)
}

#[tokio::test]
async fn tls_is_spoken_with_a_broker_whose_authority_is_known_and_which_has_the_name() {
    let authority = TestAuthority::create().unwrap();
    let broker = start(authority.certify_server_as("IP:127.0.0.1").unwrap(), None);
    let (url, own) = (broker.tls_url(), Some(authority.certificate()));
    open(&url, own.clone(), None).await.unwrap();
    let wrong = url.replace("guest:guest", "guest:the-password");
    let error = open(&wrong, own.clone(), None).await.unwrap_err();
    assert!(matches!(error, BrokerError::Credentials { .. }), "{error:?}");

    let other = TestAuthority::create().unwrap();
    for unknown in [None, Some(other.certificate())] {
        let error = open(&url, unknown, None).await.unwrap_err();
        assert!(matches!(error, BrokerError::Untrusted { .. }), "{error:?}");
    }
    let by_name = url.replace("127.0.0.1", "localhost");
    let error = open(&by_name, own.clone(), None).await.unwrap_err();
    assert!(matches!(error, BrokerError::OtherName { .. }), "{error:?}");
    let plain = broker.url().replace("amqp://", "amqps://");
    let error = open(&plain, own, None).await.unwrap_err();
    assert!(matches!(error, BrokerError::Unexpected { .. }), "{error:?}");
    let missing = open(&url, Some("/nothing/here.pem".into()), None).await.unwrap_err();
    let BrokerError::Tls(error) = missing else { panic!("{missing:?}") };
    assert_eq!(error.file, TlsFile::CertificateAuthorities);
}

#[tokio::test]
async fn a_broker_may_ask_for_a_certificate() {
    let authority = TestAuthority::create().unwrap();
    let own = authority.certificate();
    let broker = start(authority.certify_server().unwrap(), Some(own.clone()));
    let client = authority.certify_client("shop").unwrap();
    open(&broker.tls_url(), Some(own.clone()), Some(&client)).await.unwrap();
    let strangers = TestAuthority::create().unwrap();
    let stranger = strangers.certify_client("shop").unwrap();
    for wrong in [None, Some(&stranger)] {
        let error = open(&broker.tls_url(), Some(own.clone()), wrong).await.unwrap_err();
        assert!(matches!(error, BrokerError::Unexpected { .. }), "{error:?}");
    }
}
