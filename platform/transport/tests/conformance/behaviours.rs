//! Behaviour that callers rely on, over either transport.

use crate::echo_service::{EchoQuery, ObservedContext, Parcel, transports};
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
    for (name, transport) in transports().await {
        let echo = Client::new("echo-service", transport);
        let echoed: Parcel = echo.post("/echo").json(&parcel()).send().await.unwrap();
        assert_eq!(echoed, parcel(), "{name}");
        let query = EchoQuery { name: Some(NAME.to_owned()), weight: Some(7) };
        let asked: EchoQuery = echo.get("/query").query(&query).send().await.unwrap();
        assert_eq!(asked, query, "{name}");
        let asked: EchoQuery =
            echo.get("/query").query(&EchoQuery::default()).send().await.unwrap();
        assert_eq!(asked, EchoQuery::default(), "{name}");
        echo.put("/nothing").send::<()>().await.unwrap();
    }
}

#[tokio::test]
async fn the_whole_answer_comes_back() {
    for (name, transport) in transports().await {
        let echo = Client::new("echo-service", transport);
        let small = Parcel { name: "a".to_owned(), weight: 1 };
        let made = echo.post("/make").json(&small).send_raw().await.unwrap();
        assert_eq!(made.status(), 201, "{name}");
        assert_eq!(made.headers()["location"], "/p/a", "{name}");
        assert_eq!(made.headers()["content-type"], "application/json", "{name}");
        assert_eq!(made.body(), r#"{"name":"a","weight":1}"#, "{name}");
        let head = echo.request(Method::HEAD, "/query").send_raw().await.unwrap();
        assert_eq!((head.status().as_u16(), head.body().len()), (200, 0), "{name}");
        let large = echo.get("/large/3000000").send_raw().await.unwrap();
        assert_eq!(large.body().len(), 3_000_000, "{name}");
    }
}

#[tokio::test]
async fn a_refusal_keeps_all_it_says() {
    for (name, transport) in transports().await {
        let echo = Client::new("echo-service", transport);
        let refused = echo.get("/refused").send::<()>().await.unwrap_err();
        assert!(refused.problem(&codes::NOT_FOUND).is_some(), "{name}");
        let expected = Problem::not_found("parcel", 7).subject("7").fact("left", 3);
        assert_eq!(problem(refused), expected, "{name}");
    }
}

#[tokio::test]
async fn mistakes_are_refused_alike() {
    for (name, transport) in transports().await {
        let echo = Client::new("echo-service", transport);
        let bad = serde_json::json!({ "name": "a", "weight": -1 });
        let refused = problem(echo.post("/echo").json(&bad).send::<()>().await.unwrap_err());
        assert_eq!((refused.status, &*refused.errors[0].field), (422, "weight"), "{name}");
        let refused = problem(echo.get("/nowhere").send::<()>().await.unwrap_err());
        assert_eq!((refused.status, refused.code), (404, codes::NOT_FOUND), "{name}");
        let refused = problem(echo.get("/echo").send::<()>().await.unwrap_err());
        assert_eq!((refused.status, refused.code), (405, codes::METHOD_NOT_ALLOWED), "{name}");
        let refused = problem(echo.get("/query?colour=red").send::<()>().await.unwrap_err());
        assert_eq!((refused.status, refused.code), (400, codes::INVALID_QUERY), "{name}");
        let large = Parcel { name: "a".repeat(2 << 20), weight: 1 };
        let refused = problem(echo.post("/echo").json(&large).send::<()>().await.unwrap_err());
        assert_eq!((refused.status, refused.code), (413, codes::BODY_TOO_LARGE), "{name}");
    }
}

#[tokio::test]
async fn a_failure_of_the_other_side_is_told_alike() {
    for (name, transport) in transports().await {
        let echo = Client::new("echo-service", transport);
        let failed = problem(echo.get("/panics").send::<()>().await.unwrap_err());
        assert_eq!((failed.status, failed.code), (500, codes::INTERNAL), "{name}");
        // An answer that is no problem and one that is too large are no answers.
        for path in ["/plain", "/large/20000000"] {
            let failed = echo.get(path).send::<()>().await.unwrap_err();
            assert!(
                matches!(failed, CallError::Unavailable { service: "echo-service", .. }),
                "{name}"
            );
            let observed = Problem::from(failed);
            assert_eq!((observed.status, observed.code), (503, codes::UNAVAILABLE), "{name}");
        }
        let other_shape = echo.get("/context").send::<Parcel>().await.unwrap_err();
        assert!(matches!(other_shape, CallError::Unavailable { .. }), "{name}");
    }
}

#[tokio::test]
async fn the_context_travels_along() {
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    for (name, transport) in transports().await {
        let echo = Client::new("echo-service", transport);
        let context = Context {
            trace: telemetry::TraceContext::parse(trace),
            request_id: Some("r1".into()),
            deadline: Some(Instant::now() + Duration::from_mins(1)),
            edge: Edge::Operator,
            actor: Some("anna".into()),
            ..Context::default()
        };
        let observed: ObservedContext = context.scope(echo.get("/context").send()).await.unwrap();
        assert_eq!(
            (&*observed.edge, observed.actor.as_deref()),
            ("operator", Some("anna")),
            "{name}"
        );
        assert_eq!(observed.request_id.as_deref(), Some("r1"), "{name}");
        assert_eq!(observed.trace.as_deref(), Some(&trace[3..35]), "{name}");
        assert!(observed.has_deadline, "{name}");

        let observed: ObservedContext = echo.get("/context").send().await.unwrap();
        assert_eq!((&*observed.edge, observed.actor), ("internal", None), "{name}");
        assert!(observed.request_id.is_some() && observed.trace.is_some(), "{name}");
    }
}

#[tokio::test]
async fn who_has_no_time_left_is_told_so() {
    for (name, transport) in transports().await {
        let echo = Client::new("echo-service", transport.clone());
        for left in [Duration::ZERO, Duration::from_millis(30)] {
            let deadline = Some(Instant::now() + left);
            let context = Context { deadline, ..Context::default() };
            let late = context.scope(echo.get("/never").send::<()>()).await.unwrap_err();
            let late = problem(late);
            assert_eq!((late.status, late.code), (504, codes::DEADLINE_EXCEEDED), "{name}");
            let request = http::Request::get("/never").body(bytes::Bytes::new()).unwrap();
            let context = Context { deadline, ..Context::default() };
            let late = context.scope(transport.send(request)).await.unwrap_err();
            assert!(
                matches!(late, TransportError::DeadlineExceeded { service: "echo-service" }),
                "{name}"
            );
        }
    }
}
