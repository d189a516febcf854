//! Opening: what is wrong about a server is told in a sentence, without a password; TLS.

use crate::server::start;
use engine_redis::{RedisEngine, RedisOptions, ServerError};
use kernel::Timestamp;
use std::path::{Path, PathBuf};
use test_servers::RedisServer;

async fn refused(url: &str) -> ServerError {
    let error = RedisEngine::open(RedisOptions::new(url).unwrap()).await.unwrap_err();
    assert!(!error.to_string().contains("the-password"), "{error}");
    error
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unreachable() {
    let mut server = start();
    let url = server.url().replace("redis://", "redis://:the-password@");
    server.kill().unwrap();
    let error = refused(&url).await;
    assert!(matches!(error, ServerError::Unreachable { .. }), "{error:?}");
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_unreachable() {
    let server = start();
    server.pause().unwrap();
    let mut options = RedisOptions::new(&server.url()).unwrap();
    options.connect_timeout = std::time::Duration::from_millis(200);
    let error = RedisEngine::open(options).await.unwrap_err();
    assert!(matches!(error, ServerError::Unreachable { .. }), "{error:?}");
}

#[tokio::test]
async fn a_wrong_or_missing_password_is_told() {
    let server = start();
    server.command(&["CONFIG", "SET", "requirepass", "right"]).unwrap();
    for user in ["", ":the-password@", "shop:the-password@"] {
        let error = refused(&server.url().replace("redis://", &format!("redis://{user}"))).await;
        assert!(matches!(error, ServerError::Credentials { .. }), "{user} {error:?}");
    }
    let url = server.url().replace("redis://", "redis://:right@");
    let values = RedisEngine::open(RedisOptions::new(&url).unwrap()).await.unwrap();
    let values = values.values("limits");
    assert_eq!(values.add("count", 1, Timestamp::UNIX_EPOCH, None).await.unwrap(), 1);
}

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/redis/tls").join(name)
}

/// Server that takes TLS beside its other port, and its URL.
fn with_tls() -> (RedisServer, String) {
    let server = start();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let path = |name| file(name).to_str().unwrap().to_owned();
    let (certificate, key, authority) =
        (path("server.pem"), path("server-key.pem"), path("authority.pem"));
    let settings = [
        "CONFIG",
        "SET",
        "tls-cert-file",
        &certificate,
        "tls-key-file",
        &key,
        "tls-ca-cert-file",
        &authority,
        "tls-auth-clients",
        "no",
        "tls-port",
        &port.to_string(),
    ];
    server.command(&settings).unwrap();
    (server, format!("rediss://127.0.0.1:{port}"))
}

#[tokio::test]
async fn tls_is_spoken_with_a_server_whose_authority_is_known() {
    let (_server, url) = with_tls();
    let open = async |authorities: Option<&str>| {
        let mut options = RedisOptions::new(&url).unwrap();
        options.certificate_authorities = authorities.map(file);
        RedisEngine::open(options).await
    };
    let values = open(Some("authority.pem")).await.unwrap().values("limits");
    assert_eq!(values.add("count", 1, Timestamp::UNIX_EPOCH, None).await.unwrap(), 1);
    for unknown in [None, Some("other-authority.pem")] {
        let error = open(unknown).await.unwrap_err();
        assert!(matches!(error, ServerError::Unreachable { .. }), "{error:?}");
        assert!(error.to_string().contains("certificate"), "{error}");
    }
    for unreadable in ["missing.pem", "server-key.pem"] {
        let error = open(Some(unreadable)).await.unwrap_err();
        assert!(matches!(error, ServerError::Certificates { .. }), "{unreadable}: {error:?}");
    }
}
