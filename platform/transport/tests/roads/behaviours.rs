//! What a caller may rely on, on either road.

use crate::town::{Parcel, Told, Wanted, roads};
use http::Method;
use kernel::{Problem, codes};
use std::time::Duration;
use tokio::time::Instant;
use transport::{CallError, Client, Context, Edge, TransportError};

const NAME: &str = "späte Lieferung & mehr=%/?";

fn parcel() -> Parcel {
    Parcel { name: NAME.to_owned(), weight: u32::MAX }
}

fn problem(error: CallError) -> Problem {
    match error {
        CallError::Problem(problem) => *problem,
        CallError::Unavailable { reason, .. } => panic!("no problem, but {reason}"),
    }
}

#[tokio::test]
async fn what_is_sent_arrives_and_what_is_answered_comes_back() {
    for (road, transport) in roads().await {
        let town = Client::new("town", transport);
        let echoed: Parcel = town.post("/echo").json(&parcel()).send().await.unwrap();
        assert_eq!(echoed, parcel(), "{road}");
        let wanted = Wanted { name: Some(NAME.to_owned()), weight: Some(7) };
        let asked: Wanted = town.get("/wanted").query(&wanted).send().await.unwrap();
        assert_eq!(asked, wanted, "{road}");
        let asked: Wanted = town.get("/wanted").query(&Wanted::default()).send().await.unwrap();
        assert_eq!(asked, Wanted::default(), "{road}");
        town.put("/nothing").send::<()>().await.unwrap();
    }
}

#[tokio::test]
async fn the_whole_answer_comes_back() {
    for (road, transport) in roads().await {
        let town = Client::new("town", transport);
        let small = Parcel { name: "a".to_owned(), weight: 1 };
        let made = town.post("/make").json(&small).send_raw().await.unwrap();
        assert_eq!(made.status(), 201, "{road}");
        assert_eq!(made.headers()["location"], "/p/a", "{road}");
        assert_eq!(made.headers()["content-type"], "application/json", "{road}");
        assert_eq!(made.body(), r#"{"name":"a","weight":1}"#, "{road}");
        let head = town.request(Method::HEAD, "/wanted").send_raw().await.unwrap();
        assert_eq!((head.status().as_u16(), head.body().len()), (200, 0), "{road}");
        let large = town.get("/large/3000000").send_raw().await.unwrap();
        assert_eq!(large.body().len(), 3_000_000, "{road}");
    }
}

#[tokio::test]
async fn a_refusal_keeps_all_it_says() {
    for (road, transport) in roads().await {
        let town = Client::new("town", transport);
        let refused = town.get("/refused").send::<()>().await.unwrap_err();
        assert!(refused.problem(&codes::NOT_FOUND).is_some(), "{road}");
        let expected = Problem::not_found("parcel", 7).subject("7").fact("left", 3);
        assert_eq!(problem(refused), expected, "{road}");
    }
}

#[tokio::test]
async fn mistakes_are_refused_alike() {
    for (road, transport) in roads().await {
        let town = Client::new("town", transport);
        let bad = serde_json::json!({ "name": "a", "weight": -1 });
        let refused = problem(town.post("/echo").json(&bad).send::<()>().await.unwrap_err());
        assert_eq!((refused.status, &*refused.errors[0].field), (422, "weight"), "{road}");
        let refused = problem(town.get("/nowhere").send::<()>().await.unwrap_err());
        assert_eq!((refused.status, refused.code), (404, codes::NOT_FOUND), "{road}");
        let refused = problem(town.get("/echo").send::<()>().await.unwrap_err());
        assert_eq!((refused.status, refused.code), (405, codes::METHOD_NOT_ALLOWED), "{road}");
        let refused = problem(town.get("/wanted?colour=red").send::<()>().await.unwrap_err());
        assert_eq!((refused.status, refused.code), (400, codes::INVALID_QUERY), "{road}");
        let large = Parcel { name: "a".repeat(2 << 20), weight: 1 };
        let refused = problem(town.post("/echo").json(&large).send::<()>().await.unwrap_err());
        assert_eq!((refused.status, refused.code), (413, codes::BODY_TOO_LARGE), "{road}");
    }
}

#[tokio::test]
async fn a_failure_of_the_other_side_is_told_alike() {
    for (road, transport) in roads().await {
        let town = Client::new("town", transport);
        let failed = problem(town.get("/panics").send::<()>().await.unwrap_err());
        assert_eq!((failed.status, failed.code), (500, codes::INTERNAL), "{road}");
        // An answer that is no problem and one that is too large are no answers.
        for path in ["/plain", "/large/20000000"] {
            let failed = town.get(path).send::<()>().await.unwrap_err();
            assert!(matches!(failed, CallError::Unavailable { service: "town", .. }), "{road}");
            let told = Problem::from(failed);
            assert_eq!((told.status, told.code), (503, codes::UNAVAILABLE), "{road}");
        }
        let other_shape = town.get("/told").send::<Parcel>().await.unwrap_err();
        assert!(matches!(other_shape, CallError::Unavailable { .. }), "{road}");
    }
}

#[tokio::test]
async fn the_context_travels_along() {
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    for (road, transport) in roads().await {
        let town = Client::new("town", transport);
        let context = Context {
            trace: telemetry::TraceContext::parse(trace),
            request_id: Some("r1".into()),
            deadline: Some(Instant::now() + Duration::from_mins(1)),
            edge: Edge::Operator,
            actor: Some("anna".into()),
        };
        let told: Told = context.scope(town.get("/told").send()).await.unwrap();
        assert_eq!((&*told.edge, told.actor.as_deref()), ("operator", Some("anna")), "{road}");
        assert_eq!(told.request_id.as_deref(), Some("r1"), "{road}");
        assert_eq!(told.trace.as_deref(), Some(&trace[3..35]), "{road}");
        assert!(told.hurries, "{road}");

        let told: Told = town.get("/told").send().await.unwrap();
        assert_eq!((&*told.edge, told.actor), ("internal", None), "{road}");
        assert!(told.request_id.is_some() && told.trace.is_some(), "{road}");
    }
}

#[tokio::test]
async fn who_has_no_time_left_is_told_so() {
    for (road, transport) in roads().await {
        let town = Client::new("town", transport.clone());
        for left in [Duration::ZERO, Duration::from_millis(30)] {
            let deadline = Some(Instant::now() + left);
            let context = Context { deadline, ..Context::default() };
            let late = context.scope(town.get("/never").send::<()>()).await.unwrap_err();
            let late = problem(late);
            assert_eq!((late.status, late.code), (504, codes::DEADLINE_EXCEEDED), "{road}");
            let request = http::Request::get("/never").body(bytes::Bytes::new()).unwrap();
            let context = Context { deadline, ..Context::default() };
            let late = context.scope(transport.send(request)).await.unwrap_err();
            assert!(matches!(late, TransportError::DeadlineExceeded { service: "town" }), "{road}");
        }
    }
}
