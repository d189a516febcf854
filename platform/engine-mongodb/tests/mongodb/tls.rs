//! TLS: which servers are trusted.

use engine_mongodb::{MongoEngine, MongoError, MongoOptions};
use std::{path::PathBuf, time::Duration};
use test_servers::{MongoServer, TestAuthority, mongodb_libraries};

async fn open(url: &str, authority: Option<PathBuf>) -> Result<(), MongoError> {
    let mut options = MongoOptions::new(url).unwrap();
    options.connect_timeout = Duration::from_secs(2);
    options.certificate_authorities = authority;
    MongoEngine::open(options).await.map(drop)
}

#[tokio::test]
async fn tls_is_spoken_with_a_server_whose_authority_is_known_and_which_has_the_name() {
    let authority = TestAuthority::create().unwrap();
    let certified = authority.certify_server_as("IP:127.0.0.1").unwrap();
    let server = MongoServer::start_with_tls(&mongodb_libraries().unwrap(), certified).unwrap();
    let (url, own) = (format!("{}/shop", server.url()), Some(authority.certificate()));
    open(&url, own.clone()).await.unwrap();

    let other = Some(TestAuthority::create().unwrap().certificate());
    assert!(open(&url, other).await.is_err(), "its file is gone");
    let other = TestAuthority::create().unwrap();
    let by_name = url.replace("127.0.0.1", "localhost");
    let with_tls = format!("{url}?tls=true");
    for (url, authority, told) in [
        (&url, Some(other.certificate()), "certificate"),
        (&with_tls, None, "certificate"),
        (&by_name, own, "not valid for name"),
        (&url, None, ""),
    ] {
        let error = open(url, authority).await.unwrap_err();
        assert!(matches!(error, MongoError::Unexpected { .. }), "{url}: {error:?}");
        assert!(error.to_string().contains(told), "{url}: {error}");
    }
}
