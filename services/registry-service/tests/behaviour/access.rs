//! Who may use a registry with credentials.

use crate::fixture::{Fixture, instance};
use axum::body::Body;
use base64::{Engine, prelude::BASE64_STANDARD};
use http::Method;

fn basic(pair: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(pair))
}

#[tokio::test]
async fn with_credentials_nothing_is_answered_without_them() {
    let file = std::env::temp_dir().join(format!("registry-token-{}", std::process::id()));
    std::fs::write(&file, "a-token\n").unwrap();
    let settings =
        [("user", "shop"), ("password", "pass:word"), ("token_file", file.to_str().unwrap())];
    let fixture = Fixture::with_settings(&settings).await;
    std::fs::remove_file(&file).unwrap();
    let all = [
        (Method::GET, "/"),
        (Method::GET, "/lastn"),
        (Method::GET, "/eureka/apps"),
        (Method::GET, "/eureka/watch"),
        (Method::GET, "/eureka/status"),
        (Method::POST, "/eureka/apps/ORDERS"),
        (Method::PUT, "/eureka/apps/ORDERS/a"),
        (Method::DELETE, "/eureka/apps/ORDERS/a"),
        (Method::POST, "/eureka/peerreplication/batch/"),
        (Method::GET, "/eureka/nothing"),
    ];
    for (method, path) in &all {
        let answer = fixture.exchange(method.clone(), path, &[], Body::empty()).await;
        assert_eq!(answer.status, 401, "{method} {path}");
        assert!(answer.header("www-authenticate").starts_with("Basic "), "{method} {path}");
    }
    let status = async |value: &str| {
        let headers = [("authorization", value)];
        fixture.exchange(Method::GET, "/eureka/apps", &headers, Body::empty()).await.status.as_u16()
    };
    for value in [
        &basic("shop:pass:word"),
        "Bearer a-token",
        "bearer a-token",
        &basic("shop:pass:word").replace("Basic", "basic"),
    ] {
        assert_eq!(status(value).await, 200, "{value}");
    }
    for value in [
        &basic("shop:password"),
        &basic("shop"),
        &basic("other:pass:word"),
        "Basic !",
        "Basic",
        "Bearer b-token",
        "Bearer shop:pass:word",
        &basic("a-token"),
        "Digest a-token",
    ] {
        assert_eq!(status(value).await, 401, "{value}");
    }
}

#[tokio::test]
async fn without_credentials_everybody_is_answered() {
    let fixture = Fixture::start().await;
    assert_eq!(fixture.register(&instance("ORDERS", "a", 1)).await.status, 204);
    assert_eq!(fixture.status(Method::GET, "/").await, 200);
}
