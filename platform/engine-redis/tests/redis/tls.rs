//! TLS: which servers are trusted, and the certificate that one may ask for.

use crate::server::start;
use engine_redis::{RedisBus, RedisEngine, RedisOptions, ServerError};
use kernel::Timestamp;
use std::path::PathBuf;
use test_servers::{CertifiedKey, TestAuthority};
use tls_files::{TlsFile, TlsFiles};

fn options(url: &str, authority: Option<PathBuf>, client: Option<&CertifiedKey>) -> RedisOptions {
    let mut options = RedisOptions::new(url).unwrap();
    options.tls = TlsFiles {
        certificate_authorities: authority,
        client_certificate: client.map(|client| client.certificate.clone()),
        client_key: client.map(|client| client.key.clone()),
    };
    options
}

async fn refused(options: RedisOptions) -> ServerError {
    RedisEngine::open(options).await.map(drop).expect_err("it is refused")
}

#[tokio::test]
async fn tls_is_spoken_with_a_server_whose_authority_is_known_and_which_has_the_name() {
    let (server, authority) = (start(), TestAuthority::create().unwrap());
    let certified = authority.certify_server_as("IP:127.0.0.1").unwrap();
    let url = server.listen_with_tls(&certified, None).unwrap();
    let own = Some(authority.certificate());
    let values = RedisEngine::open(options(&url, own.clone(), None)).await.unwrap();
    let values = values.values("limits");
    assert_eq!(values.add("count", 1, Timestamp::UNIX_EPOCH, None).await.unwrap(), 1);
    RedisBus::open(options(&url, own.clone(), None)).await.unwrap();

    let other = TestAuthority::create().unwrap();
    for unknown in [None, Some(other.certificate())] {
        let error = refused(options(&url, unknown, None)).await;
        assert!(matches!(error, ServerError::Untrusted { .. }), "{error:?}");
    }
    let by_name = url.replace("127.0.0.1", "localhost");
    let error = refused(options(&by_name, own.clone(), None)).await;
    assert!(matches!(error, ServerError::OtherName { .. }), "{error:?}");
    // A port without TLS, and one with it that is not asked for any.
    let plain = server.url().replace("redis://", "rediss://");
    let error = refused(options(&plain, own, None)).await;
    assert!(matches!(error, ServerError::Unexpected { .. }), "{error:?}");
    let error = refused(options(&url.replace("rediss://", "redis://"), None, None)).await;
    assert!(matches!(error, ServerError::Unexpected { .. }), "{error:?}");
    let missing = Some(PathBuf::from("/nothing/here.pem"));
    let ServerError::Tls(error) = refused(options(&url, missing, None)).await else { panic!() };
    assert_eq!(error.file, TlsFile::CertificateAuthorities);
}

#[tokio::test]
async fn a_server_may_ask_for_a_certificate_and_a_password() {
    let (server, authority) = (start(), TestAuthority::create().unwrap());
    let (certified, own) = (authority.certify_server().unwrap(), authority.certificate());
    let url = server.listen_with_tls(&certified, Some(&own)).unwrap();
    let open = async |url: &str, client: Option<&CertifiedKey>| {
        RedisEngine::open(options(url, Some(own.clone()), client)).await.map(drop)
    };
    let client = authority.certify_client("shop").unwrap();
    open(&url, Some(&client)).await.unwrap();
    let strangers = TestAuthority::create().unwrap();
    let stranger = strangers.certify_client("shop").unwrap();
    for wrong in [None, Some(&stranger)] {
        let error = open(&url, wrong).await.unwrap_err();
        assert!(matches!(error, ServerError::Unexpected { .. }), "{error:?}");
    }
    server.command(&["CONFIG", "SET", "requirepass", "right"]).unwrap();
    let with = |password: &str| url.replace("rediss://", &format!("rediss://:{password}@"));
    open(&with("right"), Some(&client)).await.unwrap();
    let error = open(&with("the-password"), Some(&client)).await.unwrap_err();
    assert!(matches!(error, ServerError::Credentials { .. }), "{error:?}");
    assert!(!error.to_string().contains("the-password"), "{error}");
}
