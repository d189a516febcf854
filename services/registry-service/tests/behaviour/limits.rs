//! Limits: of bodies, of texts, of instances.

use crate::fixture::{Fixture, instance};
use flate2::{Compression, write::GzEncoder};
use http::Method;
use serde_json::json;
use std::io::Write;

fn gzipped(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn a_body_beyond_its_limit_is_refused_compressed_or_not() {
    let fixture = Fixture::start().await;
    let post = async |headers: &[(&str, &str)], body: Vec<u8>| {
        fixture.exchange(Method::POST, "/eureka/apps/ORDERS", headers, body).await.status.as_u16()
    };
    let large = " ".repeat(512 * 1024 + 1);
    let gzip = [("content-encoding", "gzip")];
    assert_eq!(post(&[], large.clone().into_bytes()).await, 413);
    assert_eq!(post(&gzip, gzipped(&large)).await, 413);
    assert_eq!(post(&gzip, b"no gzip".to_vec()).await, 400);
    assert_eq!(post(&gzip, gzipped(&instance("ORDERS", "a", 1).to_string())).await, 204);
}

#[tokio::test]
async fn texts_and_metadata_are_bounded() {
    let fixture = Fixture::start().await;
    let mut long = instance("ORDERS", "a", 1);
    long["instance"]["homePageUrl"] = json!("x".repeat(2_049));
    let answer = fixture.register(&long).await;
    assert_eq!((answer.status.as_u16(), answer.text().contains("homePageUrl")), (400, true));
    let mut large = instance("ORDERS", "a", 1);
    large["instance"]["metadata"] = json!({"a": "x".repeat(65_536)});
    assert_eq!(fixture.register(&large).await.status, 400);
    large["instance"]["metadata"] = json!({"a": "x".repeat(65_000)});
    assert_eq!(fixture.register(&large).await.status, 204);
    let more = format!("/eureka/apps/ORDERS/a/metadata?b={}", "x".repeat(600));
    assert_eq!(fixture.status(Method::PUT, &more).await, 400);
}

#[tokio::test]
async fn a_full_registry_says_so() {
    let fixture = Fixture::with_settings(&[("instances_max", "1")]).await;
    assert_eq!(fixture.register(&instance("ORDERS", "a", 1)).await.status, 204);
    let answer = fixture.register(&instance("ORDERS", "b", 1)).await;
    assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, "5"));
    assert_eq!(fixture.register(&instance("ORDERS", "a", 2)).await.status, 204);
}
