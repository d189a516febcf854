//! Registry of a test, and requests to it.

use axum::{body::Body, response::Response};
use bytes::Bytes;
use engine_memory::MemoryEngine;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt;
use kernel::{ManualClock, Timestamp};
use registry_service::MODULE;
use runtime::Module;
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use testkit::ServiceFixture;

static TABLE: &[Module] = &[MODULE];

/// When every test begins.
pub(crate) const START_MS: i64 = 1_760_000_000_000;

/// Registry of a test.
pub(crate) struct Fixture {
    pub(crate) service: ServiceFixture,
}

/// Answer to a request, read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("{self:?}"))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Fixture {
    pub(crate) async fn start() -> Self {
        Self::with_settings(&[]).await
    }

    pub(crate) async fn with_settings(settings: &[(&str, &str)]) -> Self {
        Self::started_at(START_MS, settings).await
    }

    /// A registry that starts at this time, in milliseconds. Two that start at one time have one identity, since a test draws no lots.
    pub(crate) async fn started_at(start_ms: i64, settings: &[(&str, &str)]) -> Self {
        let start = Timestamp::from_millisecond(start_ms).unwrap();
        let clock = Arc::new(ManualClock::at(start));
        let service = ServiceFixture::start(TABLE, MemoryEngine::new(), clock, settings).await;
        Self { service }
    }

    pub(crate) fn advance_ms(&self, ms: u64) {
        self.service.clock.advance(Duration::from_millis(ms));
    }

    pub(crate) async fn response(&self, request: Request<Body>) -> Response {
        self.service.router.handle(request, None).await
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let (head, body) = self.response(request).await.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer { status: head.status, headers: head.headers, body }
    }

    /// Answer to a request with these headers.
    pub(crate) async fn exchange(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(body.into()).unwrap()).await
    }

    /// JSON document at a path.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.exchange(Method::GET, path, &[("accept", "application/json")], Body::empty()).await
    }

    /// Status of a request without a body.
    pub(crate) async fn status(&self, method: Method, path: &str) -> u16 {
        self.exchange(method, path, &[], Body::empty()).await.status.as_u16()
    }

    pub(crate) async fn register(&self, instance: &Value) -> Answer {
        let app = instance["instance"]["app"].as_str().unwrap();
        let headers = [("content-type", "application/json")];
        let path = format!("/eureka/apps/{app}");
        self.exchange(Method::POST, &path, &headers, instance.to_string()).await
    }

    /// Hash of the registry, and of each changed instance the id, action and status.
    pub(crate) async fn delta(&self) -> (String, Vec<(String, String, String)>) {
        let answer = self.get("/eureka/apps/delta").await.json();
        let applications = &answer["applications"];
        let hash = applications["apps__hashcode"].as_str().unwrap().to_owned();
        let instances = applications["application"].as_array().unwrap().iter();
        let instances = instances.flat_map(|app| app["instance"].as_array().unwrap());
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let changes = instances
            .map(|it| (text(&it["instanceId"]), text(&it["actionType"]), text(&it["status"])));
        (hash, changes.collect())
    }
}

/// What Spring's client sends to register.
pub(crate) fn instance(app: &str, id: &str, dirty_ms: u64) -> Value {
    json!({"instance": {
        "instanceId": id, "app": app, "appGroupName": null, "ipAddr": "10.0.0.5", "sid": "na",
        "homePageUrl": "http://10.0.0.5:8080/",
        "statusPageUrl": "http://10.0.0.5:8080/actuator/info",
        "healthCheckUrl": "http://10.0.0.5:8080/actuator/health",
        "secureHealthCheckUrl": null, "vipAddress": app.to_lowercase(),
        "secureVipAddress": app.to_lowercase(), "countryId": 1,
        "dataCenterInfo": {
            "@class": "com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo", "name": "MyOwn",
        },
        "hostName": "10.0.0.5", "status": "UP", "overriddenStatus": "UNKNOWN",
        "leaseInfo": {
            "renewalIntervalInSecs": 30, "durationInSecs": 90, "registrationTimestamp": 0,
            "lastRenewalTimestamp": 0, "evictionTimestamp": 0, "serviceUpTimestamp": 0,
        },
        "isCoordinatingDiscoveryServer": false, "lastUpdatedTimestamp": 1,
        "lastDirtyTimestamp": dirty_ms, "actionType": null, "asgName": null,
        "port": {"$": 8080, "@enabled": "true"}, "securePort": {"$": 443, "@enabled": "false"},
        "metadata": {"management.port": "8080"},
    }})
}
