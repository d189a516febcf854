//! Opening: what is wrong about a server is told in a sentence, without a password.

use crate::server::start;
use engine_redis::{RedisEngine, RedisOptions, ServerError};
use kernel::Timestamp;

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
async fn a_server_that_does_not_answer_is_told_from_one_that_is_away() {
    let server = start();
    server.pause().unwrap();
    let mut options = RedisOptions::new(&server.url()).unwrap();
    options.connect_timeout = std::time::Duration::from_millis(200);
    let error = RedisEngine::open(options).await.unwrap_err();
    assert!(matches!(error, ServerError::Unexpected { .. }), "{error:?}");
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
