//! The watch stream: a snapshot, then every change as it happens.

use crate::fixture::{Fixture, instance};
use axum::body::Body;
use http::{Method, Request};
use http_body_util::BodyExt;
use serde_json::Value;

/// Stream of events of one watcher.
struct Events(Body);

/// Event: its name, its id, the ids of its instances, and the hash.
#[derive(Debug)]
struct Event {
    name: String,
    id: String,
    instances: Vec<String>,
    hash: String,
}

impl Events {
    async fn open(fixture: &Fixture, path: &str, last: Option<&str>) -> Self {
        let mut request = Request::builder().uri(path);
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let response = fixture.response(request.body(Body::empty()).unwrap()).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self(response.into_body())
    }

    /// The next event; `None` at the end of the stream.
    async fn next(&mut self) -> Option<Event> {
        let frame = self.0.frame().await?.unwrap().into_data().unwrap();
        let text = std::str::from_utf8(&frame).unwrap();
        let field = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
            line.unwrap_or_else(|| panic!("{name} in {text}")).to_owned()
        };
        let data: Value = serde_json::from_str(&field("data")).unwrap();
        let applications = &data["applications"];
        let instances = applications["application"].as_array().unwrap().iter();
        let instances = instances.flat_map(|app| app["instance"].as_array().unwrap());
        let instances = instances.map(|it| {
            format!("{} {}", it["instanceId"].as_str().unwrap(), it["actionType"].as_str().unwrap())
        });
        let instances = instances.collect();
        let hash = applications["apps__hashcode"].as_str().unwrap().to_owned();
        Some(Event { name: field("event"), id: field("id"), instances, hash })
    }
}

#[tokio::test(start_paused = true)]
async fn a_watcher_gets_everything_and_then_what_changes() {
    let fixture = Fixture::start().await;
    fixture.register(&instance("ORDERS", "a", 1)).await;
    let mut events = Events::open(&fixture, "/eureka/watch", None).await;
    let first = events.next().await.unwrap();
    assert_eq!((&*first.name, &*first.hash), ("snapshot", "UP_1_"));
    assert_eq!(first.instances, ["a ADDED"]);

    fixture.register(&instance("CARTS", "b", 1)).await;
    fixture.status(Method::DELETE, "/eureka/apps/ORDERS/a").await;
    let second = events.next().await.unwrap();
    assert_eq!((&*second.name, &*second.hash), ("delta", "UP_1_"));
    assert_eq!(second.instances, ["b ADDED", "a DELETED"]);
    assert_ne!(second.id, first.id);

    let mut back = Events::open(&fixture, "/eureka/watch", Some(&first.id)).await;
    let event = back.next().await.unwrap();
    assert_eq!((&*event.name, event.instances.len()), ("delta", 2), "goes on where it was");
    let path = format!("/eureka/v2/watch?after={}", second.id);
    let mut idle = Events::open(&fixture, &path, None).await;
    fixture.status(Method::PUT, "/eureka/apps/CARTS/b/status?value=DOWN").await;
    let event = idle.next().await.unwrap();
    assert_eq!((event.instances, &*event.hash), (vec!["b MODIFIED".to_owned()], "DOWN_1_"));
}

#[tokio::test(start_paused = true)]
async fn a_watcher_of_another_registry_begins_anew() {
    let fixture = Fixture::start().await;
    for id in ["0123-7", "nonsense", ""] {
        let mut events = Events::open(&fixture, "/eureka/watch", Some(id)).await;
        assert_eq!(events.next().await.unwrap().name, "snapshot", "{id:?}");
    }
}

#[tokio::test]
async fn watchers_are_bounded_and_make_room_when_they_leave() {
    let fixture = Fixture::with_settings(&[("watchers_max", "1")]).await;
    let events = Events::open(&fixture, "/eureka/watch", None).await;
    let refused = fixture.get("/eureka/watch").await;
    assert_eq!((refused.status.as_u16(), refused.header("retry-after")), (503, "5"));
    drop(events);
    Events::open(&fixture, "/eureka/watch", None).await;
}

#[tokio::test]
async fn a_stream_ends_when_the_process_stops() {
    let fixture = Fixture::start().await;
    let mut events = Events::open(&fixture, "/eureka/watch", None).await;
    assert!(events.next().await.is_some());
    fixture.service.tasks.stop();
    assert!(events.next().await.is_none());
}
