//! TLS and SCRAM: which brokers are trusted, and with which certificate or password the engine shows itself.

use engine_kafka::{ConnectError, KafkaBus, KafkaOptions};
use std::{path::PathBuf, time::Duration};
use test_servers::{CertifiedKey, KafkaServer, KafkaTls, TestAuthority, kafka_libraries};
use tls_files::{TlsFile, TlsFiles};

async fn connect(
    url: &str,
    authority: Option<PathBuf>,
    client: Option<&CertifiedKey>,
) -> Result<(), ConnectError> {
    let mut options = KafkaOptions::new(url).unwrap();
    options.connect_timeout = Duration::from_secs(5);
    options.tls = TlsFiles {
        certificate_authorities: authority,
        client_certificate: client.map(|client| client.certificate.clone()),
        client_key: client.map(|client| client.key.clone()),
    };
    KafkaBus::connect(options).await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn brokers_are_trusted_by_their_authority_and_take_a_certificate_or_a_password() {
    let (authority, other) = (TestAuthority::create().unwrap(), TestAuthority::create().unwrap());
    let server = authority.certify_server_as("IP:127.0.0.1").unwrap();
    let tls = KafkaTls { server, client_authority: authority.certificate() };
    let broker = KafkaServer::start_with_tls(&kafka_libraries().unwrap(), tls).unwrap();
    let (own, unknown) = (Some(authority.certificate()), Some(other.certificate()));

    let of_user = |password: &str, host: &str| {
        let address = broker.scram_address().replace("127.0.0.1", host);
        format!("kafkas://{}:{password}@{address}?mechanism=SCRAM-SHA-512", KafkaServer::USER)
    };
    let right = of_user(KafkaServer::PASSWORD, "127.0.0.1");
    connect(&right, own.clone(), None).await.unwrap();
    let error = connect(&of_user("another", "127.0.0.1"), own.clone(), None).await.unwrap_err();
    assert!(matches!(error, ConnectError::Credentials { .. }), "{error:?}");
    for authority in [None, unknown] {
        let error = connect(&right, authority, None).await.unwrap_err();
        assert!(matches!(error, ConnectError::Untrusted { .. }), "{error:?}");
    }
    let by_name = of_user(KafkaServer::PASSWORD, "localhost");
    let error = connect(&by_name, own.clone(), None).await.unwrap_err();
    assert!(matches!(error, ConnectError::Untrusted { .. }), "{error:?}");

    let url = format!("kafkas://{}", broker.certificate_address());
    let client = authority.certify_client("shop").unwrap();
    connect(&url, own.clone(), Some(&client)).await.unwrap();
    let stranger = other.certify_client("shop").unwrap();
    for wrong in [None, Some(&stranger)] {
        let error = connect(&url, own.clone(), wrong).await.unwrap_err();
        assert!(matches!(error, ConnectError::Unexpected { .. }), "{error:?}");
        assert!(error.to_string().contains("for want of a certificate"), "{error}");
    }
    let missing = connect(&url, Some("/nothing/here.pem".into()), None).await.unwrap_err();
    let ConnectError::Tls(error) = missing else { panic!("{missing:?}") };
    assert_eq!(error.file, TlsFile::CertificateAuthorities);
}
