//! Peers over real connections.

use crate::fixture::{Fixture, START_MS, instance};
use axum::body::Body;
use http::Method;
use serde_json::{Value, json};
use std::{future::pending, time::Duration};
use tokio::net::TcpListener;
use web::{ServeOptions, serve};

/// How often a test looks whether something has arrived.
const LOOKS_MAX: usize = 500;
const LOOK_INTERVAL: Duration = Duration::from_millis(20);

/// Serves a registry on a free port.
fn serve_on(fixture: &Fixture, listener: TcpListener) {
    let router = fixture.service.router.clone();
    let options = ServeOptions { content_codings: true, ..ServeOptions::default() };
    fixture.service.tasks.spawn_until_shutdown(async {
        serve(listener, router, options, pending()).await;
    });
}

async fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, format!("http://shop:secret@{address}/eureka"))
}

/// Registry with these peers, the first or second of its test.
async fn with_peers(number: i64, peers: &str) -> Fixture {
    let settings = [("peers", peers), ("user", "shop"), ("password", "secret")];
    Fixture::started_at(START_MS + number, &settings).await
}

/// Answer with the credentials of these registries.
async fn ask(fixture: &Fixture, method: Method, path: &str, body: String) -> (u16, Value) {
    let headers = [("authorization", "Basic c2hvcDpzZWNyZXQ="), ("accept", "application/json")];
    let answer = fixture.exchange(method, path, &headers, Body::from(body)).await;
    let body = serde_json::from_slice(&answer.body).unwrap_or_default();
    (answer.status.as_u16(), body)
}

/// Waits until a registry shows an instance in this status, or not at all.
async fn wait_for(fixture: &Fixture, id: &str, expected: Option<&str>) {
    let path = format!("/eureka/instances/{id}");
    for _ in 0..LOOKS_MAX {
        let (_, shown) = ask(fixture, Method::GET, &path, String::new()).await;
        if shown["instance"]["status"].as_str() == expected {
            return;
        }
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
    let (_, status) = ask(fixture, Method::GET, "/eureka/status", String::new()).await;
    panic!("{id} is not {expected:?}: {status}");
}

async fn register(fixture: &Fixture, id: &str, dirty_ms: u64) {
    let body = instance("ORDERS", id, dirty_ms).to_string();
    assert_eq!(ask(fixture, Method::POST, "/eureka/apps/ORDERS", body).await.0, 204);
}

#[tokio::test]
async fn what_one_registry_learns_the_other_knows() {
    let ((first_port, first_address), (second_port, second_address)) =
        (listener().await, listener().await);
    let peers = format!("{first_address},{second_address}");
    let first = with_peers(1, &second_address).await;
    serve_on(&first, first_port);
    // This one names itself as well.
    let second = with_peers(2, &peers).await;
    serve_on(&second, second_port);

    register(&first, "a", 100).await;
    wait_for(&second, "a", Some("UP")).await;
    let set = "/eureka/apps/ORDERS/a/status?value=OUT_OF_SERVICE";
    assert_eq!(ask(&second, Method::PUT, set, String::new()).await.0, 200);
    wait_for(&first, "a", Some("OUT_OF_SERVICE")).await;
    let unset = "/eureka/apps/ORDERS/a/status?value=UP";
    assert_eq!(ask(&first, Method::DELETE, unset, String::new()).await.0, 200);
    wait_for(&second, "a", Some("UP")).await;
    assert_eq!(ask(&second, Method::DELETE, "/eureka/apps/ORDERS/a", String::new()).await.0, 200);
    wait_for(&first, "a", None).await;
    let (_, status) = ask(&second, Method::GET, "/eureka/status", String::new()).await;
    assert_eq!(status["status"]["isHeathly"], true, "{status}");
}

#[tokio::test]
async fn a_registry_starts_from_that_of_a_peer_and_gets_what_it_missed_with_a_heartbeat() {
    let (port, address) = listener().await;
    let (late_port, late_address) = listener().await;
    let first = with_peers(1, &late_address).await;
    serve_on(&first, port);
    register(&first, "a", 100).await;
    let late = with_peers(2, &format!("http://127.0.0.1:1/eureka,{address}")).await;
    wait_for(&late, "a", Some("UP")).await;
    assert_eq!(ask(&late, Method::DELETE, "/eureka/apps/ORDERS/a", String::new()).await.0, 200);
    wait_for(&first, "a", None).await;

    register(&first, "b", 100).await;
    serve_on(&late, late_port);
    wait_for(&late, "b", Some("UP")).await;
}

#[tokio::test]
async fn a_batch_of_a_java_peer_is_answered_one_by_one() {
    let fixture = Fixture::start().await;
    fixture.register(&instance("ORDERS", "a", 100)).await;
    let change = |action: &str, id: &str, dirty_ms: u64| {
        let info = instance("ORDERS", id, dirty_ms)["instance"].clone();
        json!({
            "appName": "ORDERS", "id": id, "lastDirtyTimestamp": dirty_ms, "status": "UP",
            "overriddenStatus": "UNKNOWN", "instanceInfo": info, "action": action,
        })
    };
    let batch = json!({"replicationList": [
        change("Register", "b", 100), change("Heartbeat", "a", 100), change("Heartbeat", "a", 101),
        change("Heartbeat", "a", 99), change("Heartbeat", "c", 1), change("Cancel", "b", 100),
        change("Cancel", "b", 100), {"action": "Dance"},
    ]});
    let path = "/eureka/peerreplication/batch/";
    let headers =
        [("content-type", "application/json"), ("x-netflix-discovery-replication", "true")];
    let answer = fixture.exchange(Method::POST, path, &headers, batch.to_string()).await;
    assert_eq!(answer.status, 200);
    let answers = answer.json()["responseList"].as_array().unwrap().clone();
    let codes: Vec<_> = answers.iter().map(|it| it["statusCode"].as_u64().unwrap()).collect();
    assert_eq!(codes, [200, 200, 404, 409, 404, 200, 404, 400]);
    assert_eq!(answers[3]["responseEntity"]["instanceId"], "a");
    assert_eq!(answers[3]["responseEntity"]["lastDirtyTimestamp"], "100");
    assert!(answers[0].get("responseEntity").is_none());
    assert_eq!(fixture.exchange(Method::POST, path, &[], "{}").await.status, 400);
}

#[tokio::test]
async fn a_single_replicated_heartbeat_gets_the_newer_instance() {
    let fixture = Fixture::start().await;
    fixture.register(&instance("ORDERS", "a", 100)).await;
    let path = "/eureka/apps/ORDERS/a?status=UP&lastDirtyTimestamp=99";
    let headers = [("x-netflix-discovery-replication", "true"), ("accept", "application/json")];
    let answer = fixture.exchange(Method::PUT, path, &headers, Body::empty()).await;
    assert_eq!(answer.status, 409);
    assert_eq!(answer.json()["instance"]["lastDirtyTimestamp"], "100");
}
