//! A small service, and requests to it.

use axum::body::Body;
use bytes::Bytes;
use engine_memory::MemoryEngine;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt;
use kernel::{Cursor, Ids, ManualClock, Page, Problem, SeededRandomness};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use telemetry::Metrics;
use tower::ServiceExt;
use transport::RequestHandler;
use web::{
    ApiResult, ApiRouter, Created, Idempotency, Json, Limits, Paging, Path, Query, ServiceParts,
    ServiceRouter, routes,
};

/// A thing to create.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewThing {
    pub(crate) name: String,
    pub(crate) count: u32,
    #[serde(default)]
    pub(crate) parts: Vec<Part>,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Part {
    pub(crate) size: i64,
}

/// A created thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Thing {
    pub(crate) number: usize,
    pub(crate) name: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ThingsQuery {
    /// Only of this kind.
    kind: Option<String>,
    at_least: Option<u32>,
    limit: Option<String>,
    cursor: Option<Cursor>,
}

/// Service that counts the things it has created.
#[derive(Clone, Debug, Default)]
pub(crate) struct Things(pub(crate) Arc<AtomicUsize>);

impl Things {
    pub(crate) fn made(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    fn make(&self, new: NewThing) -> Thing {
        Thing { number: self.0.fetch_add(1, Ordering::SeqCst) + 1, name: new.name }
    }

    pub(crate) fn routes(&self) -> ApiRouter {
        let (making, strict) = (self.clone(), self.clone());
        let make = move |Json(new): Json<NewThing>| {
            let things = making.clone();
            async move {
                let thing = things.make(new);
                ApiResult::Ok(Created::at(format!("/api/v1/things/{}", thing.number), thing))
            }
        };
        let make_strictly = move |Json(new): Json<NewThing>| {
            let things = strict.clone();
            async move { Json(things.make(new)) }
        };
        routes! {
            tag "Things";
            /// Make a thing
            post "/api/v1/things" => make as makeThing;
            /// List things
            get "/api/v1/things" => list as listThings;
            /// Get a thing
            get "/api/v1/things/{number}" => one as thing;
            /// Get a thing of a group
            get "/api/v1/groups/{group}/things/{number}" => grouped as groupedThing;
            /// Make a thing,
            /// with a key
            ///
            /// A repeat makes nothing.
            /// It gets the same answer.
            post "/api/v1/strict" => make_strictly as makeStrictly, web::requires_idempotency_key;
        }
    }
}

async fn list(Query(query): Query<ThingsQuery>) -> ApiResult<Json<Page<Thing>>> {
    let paging = Paging::new(query.limit, query.cursor);
    let (limit, after) = (paging.limit()?, paging.position::<usize>("things")?.unwrap_or(0));
    let name = query.kind.unwrap_or_default();
    let first = after + query.at_least.map_or(0, |it| it as usize);
    let items = (0..limit.get()).map(|it| Thing { number: first + it, name: name.clone() });
    let next_cursor = Some(Cursor::encode("things", &(first + limit.get())));
    Ok(Json(Page { items: items.collect(), next_cursor }))
}

async fn one(Path(number): Path<usize>) -> ApiResult<Json<Thing>> {
    if number == 0 {
        return Err(Problem::not_found("thing", number).into());
    }
    Ok(Json(Thing { number, name: "a thing".to_owned() }))
}

async fn grouped(Path((group, number)): Path<(String, usize)>) -> Json<Thing> {
    Json(Thing { number, name: group })
}

pub(crate) fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at("2026-01-01T00:00:00Z".parse().unwrap()))
}

pub(crate) fn ids(clock: Arc<ManualClock>) -> Ids {
    Ids::new(clock, Arc::new(SeededRandomness::new(1)))
}

pub(crate) fn parts() -> ServiceParts {
    ServiceParts {
        metrics: Metrics::new(),
        ids: ids(clock()),
        idempotency: None,
        limits: Limits::default(),
    }
}

pub(crate) fn idempotent_parts(engine: &MemoryEngine) -> ServiceParts {
    idempotent_parts_at(engine, clock())
}

pub(crate) fn idempotent_parts_at(engine: &MemoryEngine, clock: Arc<ManualClock>) -> ServiceParts {
    let ids = ids(clock);
    let values = engine.service("things").key_value;
    ServiceParts { idempotency: Some(Idempotency::new("things", values, ids)), ..parts() }
}

pub(crate) fn service(routes: ApiRouter, parts: ServiceParts) -> ServiceRouter {
    web::service("things", routes, parts)
}

/// The service with default parts.
pub(crate) fn router() -> RequestHandler {
    service(Things::default().routes(), parts()).router
}

/// A buffered response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TestResponse {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl TestResponse {
    /// The problem in the body; fails the test if there is none.
    pub(crate) fn problem(&self) -> Problem {
        assert_eq!(self.headers["content-type"], "application/problem+json", "{self:?}");
        let problem: Problem = serde_json::from_slice(&self.body).unwrap();
        assert_eq!(problem.status, self.status.as_u16());
        problem
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

pub(crate) fn request(method: Method, uri: &str, body: impl Into<Body>) -> Request<Body> {
    let builder = Request::builder().method(method).uri(uri);
    builder.header("content-type", "application/json").body(body.into()).unwrap()
}

pub(crate) fn keyed(key: &str, uri: &str, body: impl Into<Body>) -> Request<Body> {
    let mut request = request(Method::POST, uri, body);
    request.headers_mut().insert("idempotency-key", key.parse().unwrap());
    request
}

pub(crate) async fn send(router: &RequestHandler, request: Request<Body>) -> TestResponse {
    let (head, body) = router.clone().oneshot(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    TestResponse { status: head.status, headers: head.headers, body }
}

pub(crate) async fn get(router: &RequestHandler, uri: &str) -> TestResponse {
    send(router, request(Method::GET, uri, "")).await
}

pub(crate) async fn make(router: &RequestHandler, body: impl Into<Body>) -> TestResponse {
    send(router, request(Method::POST, "/api/v1/things", body)).await
}
