//! The page for people, and the arithmetic that it explains.

use crate::fixture::{Fixture, instance};
use axum::body::Body;
use http::Method;
use serde_json::json;

#[tokio::test]
async fn the_page_lists_instances_and_explains_self_preservation() {
    let fixture = Fixture::start().await;
    let mut body = instance("ORDERS", "<script>alert(1)</script>", 1);
    body["instance"]["statusPageUrl"] = json!("javascript:alert(1)");
    fixture.register(&body).await;
    for path in ["/", "/eureka", "/eureka/"] {
        let answer = fixture.exchange(Method::GET, path, &[], Body::empty()).await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.header("content-security-policy").contains("default-src 'none'"));
        let page = answer.text();
        assert!(page.contains("&lt;script&gt;") && !page.contains("<script"), "{page}");
        assert!(!page.contains("javascript:"), "{page}");
        assert!(page.contains("1 instances promise 2.0 heartbeats a minute"), "{page}");
    }
    let last = fixture.exchange(Method::GET, "/lastn", &[], Body::empty()).await;
    assert!(last.text().contains("ORDERS") && last.text().contains("None yet."));
    let style = fixture.exchange(Method::GET, "/eureka/registry.css", &[], Body::empty()).await;
    assert!(style.header("content-type").starts_with("text/css"));
}

#[tokio::test]
async fn the_arithmetic_of_self_preservation_is_there_for_programs() {
    let fixture = Fixture::start().await;
    for number in 0..10 {
        fixture.register(&instance("ORDERS", &number.to_string(), 1)).await;
    }
    let state = async || fixture.get("/eureka/self-preservation").await.json();
    let before = state().await;
    assert_eq!(before["threshold_per_minute"], 17);
    assert_eq!(
        (&before["may_evict"], &before["received_in_last_minute"]),
        (&json!(false), &json!(0))
    );
    assert!(before["explanation"].as_str().unwrap().contains("nothing is evicted"), "{before}");
    for _ in 0..2 {
        for number in 0..9 {
            fixture.status(Method::PUT, &format!("/eureka/apps/ORDERS/{number}")).await;
        }
    }
    fixture.advance_ms(60_000);
    let after = state().await;
    assert_eq!(
        (&after["may_evict"], &after["received_in_last_minute"]),
        (&json!(true), &json!(18))
    );
}
