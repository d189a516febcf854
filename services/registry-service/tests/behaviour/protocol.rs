//! Status codes and effects of each request of the protocol.

use crate::fixture::{Fixture, instance};
use axum::body::Body;
use http::Method;
use serde_json::json;

const PATH: &str = "/eureka/apps/ORDERS/a:orders:8080";

async fn with_one() -> Fixture {
    let fixture = Fixture::start().await;
    assert_eq!(fixture.register(&instance("ORDERS", "a:orders:8080", 100)).await.status, 204);
    fixture
}

fn change(action: &str, status: &str) -> Vec<(String, String, String)> {
    vec![("a:orders:8080".to_owned(), action.to_owned(), status.to_owned())]
}

#[tokio::test]
async fn an_instance_registers_renews_and_cancels() {
    let fixture = with_one().await;
    assert_eq!(fixture.delta().await, ("UP_1_".to_owned(), change("ADDED", "UP")));
    for (query, expected) in [
        ("?status=UP&lastDirtyTimestamp=100", 200),
        ("?status=UP&lastDirtyTimestamp=99", 200),
        ("?status=UP&lastDirtyTimestamp=101", 404),
        ("", 200),
    ] {
        let path = format!("{PATH}{query}");
        assert_eq!(fixture.status(Method::PUT, &path).await, expected, "{query}");
        let path = path.replace("/eureka/", "/eureka/v2/").replace("ORDERS", "orders");
        assert_eq!(fixture.status(Method::PUT, &path).await, expected, "{path}");
    }
    assert_eq!(fixture.status(Method::PUT, "/eureka/apps/ORDERS/other").await, 404);
    let cancelled = fixture.exchange(Method::DELETE, PATH, &[], Body::empty()).await;
    assert_eq!((cancelled.status.as_u16(), cancelled.body.len()), (200, 0));
    assert_eq!(fixture.delta().await, (String::new(), change("DELETED", "UP")));
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let answer = fixture.exchange(method.clone(), PATH, &[], Body::empty()).await;
        assert_eq!((answer.status.as_u16(), answer.body.len()), (404, 0), "{method}");
    }
}

#[tokio::test]
async fn an_operator_takes_an_instance_out_of_service_and_lets_it_back() {
    let fixture = with_one().await;
    let set = format!("{PATH}/status?value=OUT_OF_SERVICE");
    assert_eq!(fixture.status(Method::PUT, &set).await, 200);
    let expected = ("OUT_OF_SERVICE_1_".to_owned(), change("MODIFIED", "OUT_OF_SERVICE"));
    assert_eq!(fixture.delta().await, expected);
    let overrides = fixture.get("/eureka/serverinfo/statusoverrides").await.json();
    assert_eq!(overrides, json!({"a:orders:8080": "OUT_OF_SERVICE"}));
    assert_eq!(fixture.status(Method::PUT, &format!("{PATH}?lastDirtyTimestamp=100")).await, 200);
    assert_eq!(fixture.status(Method::DELETE, &format!("{PATH}/status")).await, 200);
    assert_eq!(fixture.delta().await.0, "UNKNOWN_1_");
    assert_eq!(fixture.status(Method::PUT, PATH).await, 404, "the client must register again");
    assert_eq!(fixture.register(&instance("ORDERS", "a:orders:8080", 200)).await.status, 204);
    assert_eq!(fixture.delta().await.0, "UP_1_");
    for (method, path) in [
        (Method::PUT, "/eureka/apps/ORDERS/other/status?value=DOWN"),
        (Method::DELETE, "/eureka/apps/ORDERS/other/status"),
        (Method::PUT, "/eureka/apps/ORDERS/other/metadata?a=b"),
    ] {
        assert_eq!(fixture.status(method, path).await, 404, "{path}");
    }
    for query in ["", "?value=", "?value=SLEEPING"] {
        let path = format!("{PATH}/status{query}");
        assert_eq!(fixture.status(Method::PUT, &path).await, 400, "{query}");
    }
}

#[tokio::test]
async fn metadata_is_merged() {
    let fixture = with_one().await;
    let path = format!("{PATH}/metadata?zone=b&management.port=9&a%20b=%C3%BC");
    assert_eq!(fixture.status(Method::PUT, &path).await, 200);
    let metadata = &fixture.get(PATH).await.json()["instance"]["metadata"];
    assert_eq!(*metadata, json!({"zone": "b", "management.port": "9", "a b": "ü"}));
}

#[tokio::test]
async fn a_registration_that_lacks_something_is_refused_in_the_words_of_the_original() {
    let fixture = Fixture::start().await;
    for (member, sentence) in [
        ("hostName", "Missing hostname"),
        ("ipAddr", "Missing ip address"),
        ("app", "Missing appName"),
        ("dataCenterInfo", "Missing dataCenterInfo"),
    ] {
        let mut body = instance("ORDERS", "a", 1);
        body["instance"].as_object_mut().unwrap().remove(member);
        let answer = fixture.exchange(Method::POST, "/eureka/apps/ORDERS", &[], body.to_string());
        let answer = answer.await;
        assert_eq!((answer.status.as_u16(), answer.text()), (400, sentence));
    }
    let mut nameless = instance("ORDERS", "a", 1);
    nameless["instance"]["dataCenterInfo"] = json!({"@class": "x"});
    assert_eq!(fixture.register(&nameless).await.text(), "Missing dataCenterInfo Name");
    let mut anonymous = instance("ORDERS", " ", 1);
    anonymous["instance"]["hostName"] = json!("");
    assert_eq!(fixture.register(&anonymous).await.text(), "Missing instanceId");
    let body = instance("ORDERS", "a", 1).to_string();
    let other = fixture.exchange(Method::POST, "/eureka/apps/CARTS", &[], body).await;
    assert_eq!(other.text(), "Mismatched appName, expecting CARTS but was ORDERS");
    for body in ["", "{}", "[", "{\"instance\":7}"] {
        let answer = fixture.exchange(Method::POST, "/eureka/apps/ORDERS", &[], body).await;
        assert_eq!(answer.status, 400, "{body:?}");
        assert_eq!(answer.json(), json!({"error": "cannot parse request body"}), "{body:?}");
    }
}

#[tokio::test]
async fn an_instance_without_an_id_is_named_after_its_host() {
    let fixture = Fixture::start().await;
    let mut body = instance("orders", "", 1);
    body["instance"]["instanceId"] = json!(null);
    assert_eq!(fixture.register(&body).await.status, 204);
    assert_eq!(fixture.get("/eureka/instances/10.0.0.5").await.json()["instance"]["app"], "ORDERS");
}

#[tokio::test]
async fn look_ups_find_what_is_there() {
    let fixture = with_one().await;
    let ids = |answer: &serde_json::Value| {
        answer["applications"]["application"][0]["instance"][0]["instanceId"].clone()
    };
    for path in ["/eureka/vips/orders", "/eureka/svips/orders", "/eureka/apps", "/eureka//apps/"] {
        assert_eq!(ids(&fixture.get(path).await.json()), "a:orders:8080", "{path}");
    }
    let nothing =
        json!({"applications": {"versions__delta": "-1", "apps__hashcode": "", "application": []}});
    assert_eq!(fixture.get("/eureka/vips/nobody").await.json(), nothing);
    assert_eq!(fixture.get("/eureka/apps/orders").await.json()["application"]["name"], "ORDERS");
    for path in ["/eureka/apps/NOBODY", "/eureka/instances/nobody", "/eureka/nothing", "/other"] {
        assert_eq!(fixture.get(path).await.status, 404, "{path}");
    }
    assert_eq!(fixture.status(Method::PUT, "/eureka/asg/a/status?value=ENABLED").await, 400);
    for (method, path) in [(Method::POST, "/eureka/apps"), (Method::PATCH, PATH)] {
        let answer = fixture.exchange(method, path, &[], Body::empty()).await;
        assert_eq!((answer.status.as_u16(), answer.header("allow").contains("GET")), (405, true));
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_is_in_the_delta_for_three_minutes_and_the_hash_is_of_everything() {
    let fixture = with_one().await;
    fixture.advance_ms(180_001);
    fixture.register(&instance("ORDERS", "b", 100)).await;
    tokio::time::sleep(std::time::Duration::from_secs(61)).await;
    let (hash, changes) = fixture.delta().await;
    assert_eq!(hash, "UP_2_");
    assert_eq!(changes.iter().map(|(id, ..)| &**id).collect::<Vec<_>>(), ["b"]);
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_falls_silent_is_evicted_when_its_lease_ends() {
    let settings =
        [("self_preservation", "false"), ("eviction_ms", "1000"), ("lease_seconds", "3")];
    let fixture = Fixture::with_settings(&settings).await;
    let mut body = instance("ORDERS", "a:orders:8080", 1);
    body["instance"]["leaseInfo"] = json!(null);
    fixture.register(&body).await;
    let passed = async |ms| {
        fixture.advance_ms(ms);
        tokio::time::sleep(std::time::Duration::from_millis(ms + 1)).await;
    };
    passed(3_000).await;
    assert_eq!(fixture.delta().await.0, "UP_1_");
    passed(1_000).await;
    assert_eq!(fixture.delta().await, (String::new(), change("DELETED", "UP")));
}
