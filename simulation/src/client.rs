//! HTTP client of shoppers and operators: it times out, retries, and loses requests and responses as the fault rates
//! say.

use crate::{
    cluster::{Cluster, WEBHOOK_SECRET},
    environment::Environment,
    oracle::{self, Oracle, shown_stream},
    rng::SimRng,
};
use bytes::Bytes;
use hmac::{Hmac, Mac};
use http::Method;
use parking_lot::Mutex;
use serde_json::Value;
use sha2::Sha256;
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use transport::{Edge, headers};

/// Time-out of a request: longer than the gateway lets one run.
const TIMEOUT: Duration = Duration::from_secs(40);
/// Time after which a client notices that a message was lost.
const LOSS_NOTICED_AFTER: Duration = Duration::from_secs(2);

/// Request to the public API.
#[derive(Clone, Debug)]
pub(crate) struct ApiRequest {
    pub(crate) edge: Edge,
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) key: Option<String>,
    pub(crate) body: Option<Value>,
    /// How often the request is retried without a response.
    pub(crate) retries_max: u32,
    /// Whether the request carries the processor's signature.
    pub(crate) is_signed: bool,
}

/// Response to a request, after all retries.
#[derive(Clone, Debug)]
pub(crate) enum ApiResponse {
    Received {
        status: u16,
        body: Value,
        /// Whether an earlier attempt, which got no response, may have had an effect of its own.
        is_ambiguous: bool,
        /// Whether the shop says that it replayed the response of an earlier attempt.
        replayed: bool,
    },
    /// No response came: the request may have had an effect, may yet have one, or never will.
    Indeterminate,
}

impl ApiResponse {
    /// Body of a successful response.
    pub(crate) fn success(&self) -> Option<&Value> {
        match self {
            Self::Received { status: 200..=299, body, .. } => Some(body),
            _ => None,
        }
    }

    /// Problem code of a rejection.
    pub(crate) fn code(&self) -> Option<&str> {
        match self {
            Self::Received { status: 400.., body, .. } => body["code"].as_str(),
            _ => None,
        }
    }

    /// Whether the request may have had an effect that this response does not show.
    pub(crate) fn is_ambiguous(&self) -> bool {
        !matches!(self, Self::Received { is_ambiguous: false, .. })
    }
}

impl ApiRequest {
    /// Request of a shopper, without key and body, that is not retried.
    pub(crate) fn shopper(method: Method, path: String) -> Self {
        Self {
            edge: Edge::Shop,
            method,
            path,
            key: None,
            body: None,
            retries_max: 0,
            is_signed: false,
        }
    }

    /// Request of an operator, without key and body, that is not retried.
    pub(crate) fn operator(method: Method, path: String) -> Self {
        Self { edge: Edge::Operator, ..Self::shopper(method, path) }
    }

    /// Sets the idempotency key.
    pub(crate) fn key(mut self, key: &str) -> Self {
        self.key = Some(key.to_owned());
        self
    }

    /// Sets the JSON body.
    pub(crate) fn body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    /// Sets how often the request is retried.
    pub(crate) fn retries_max(mut self, retries_max: u32) -> Self {
        self.retries_max = retries_max;
        self
    }

    /// Signs the body as the processor does.
    pub(crate) fn signed(mut self) -> Self {
        self.is_signed = true;
        self
    }

    fn to_http(&self) -> Option<transport::Request> {
        let mut request = http::Request::builder().method(self.method.clone()).uri(&self.path);
        if let Some(key) = &self.key {
            request = request.header(headers::IDEMPOTENCY_KEY, key);
        }
        let body = match &self.body {
            Some(body) => {
                request = request.header(http::header::CONTENT_TYPE, "application/json");
                serde_json::to_vec(body).map(Bytes::from).unwrap_or_default()
            }
            None => Bytes::new(),
        };
        if self.is_signed {
            request = request.header("icommerce-signature", signature(&body));
        }
        request.body(body).ok()
    }

    fn is_retryable(&self) -> bool {
        self.key.is_some() || self.method != Method::POST
    }
}

/// Signature of a webhook's body.
fn signature(body: &[u8]) -> String {
    let Ok(mac) = Hmac::<Sha256>::new_from_slice(WEBHOOK_SECRET.as_bytes()) else {
        return String::new();
    };
    let signature = mac.chain_update(body).finalize().into_bytes();
    let digits = signature.iter().fold(String::new(), |digits, byte| format!("{digits}{byte:02x}"));
    format!("sha256={digits}")
}

/// Client of the shop, from outside.
#[derive(Debug)]
pub(crate) struct Client {
    env: Arc<Environment>,
    oracle: Arc<Oracle>,
    cluster: Arc<Cluster>,
    rng: Mutex<SimRng>,
    /// First successful response to each request with an idempotency key.
    first_responses: Mutex<BTreeMap<String, Value>>,
}

/// What is shown, without what follows from the settings of now: they are others after a restart.
pub(crate) fn without_settings(shown: &Value) -> Value {
    let mut shown = shown.clone();
    if let Some(shown) = shown.as_object_mut() {
        shown.remove("expires_at");
    }
    shown
}

/// What is shown, without what an erasure of the customer takes away.
fn without_customer(mut shown: Value) -> Value {
    if let Some(shown) = shown.as_object_mut() {
        for field in ["email", "shipping_address", "billing_address", "customer_erased"] {
            shown.remove(field);
        }
    }
    shown
}

impl Client {
    /// Client of this seed.
    pub(crate) fn new(
        seed: u64,
        env: Arc<Environment>,
        oracle: Arc<Oracle>,
        cluster: Arc<Cluster>,
    ) -> Self {
        Self {
            env,
            oracle,
            cluster,
            rng: Mutex::new(SimRng::stream(seed, "clients")),
            first_responses: Mutex::default(),
        }
    }

    /// Draws from the random numbers of clients.
    pub(crate) fn draw<T>(&self, draw: impl FnOnce(&mut SimRng) -> T) -> T {
        draw(&mut self.rng.lock())
    }

    /// Sends a request, and retries it with back-off while it may be retried.
    pub(crate) async fn send(&self, request: ApiRequest) -> ApiResponse {
        let mut is_ambiguous = false;
        let mut attempts = 0;
        loop {
            let response = self.attempt(&request).await;
            let is_final = match &response {
                ApiResponse::Received { status: 429 | 500.., .. } | ApiResponse::Indeterminate => {
                    false
                }
                ApiResponse::Received { .. } => response.code() != Some("idempotency_in_flight"),
            };
            if is_final {
                return match response {
                    ApiResponse::Received { status, body, replayed, .. } => {
                        ApiResponse::Received { status, body, is_ambiguous, replayed }
                    }
                    ApiResponse::Indeterminate => ApiResponse::Indeterminate,
                };
            }
            is_ambiguous = true;
            attempts += 1;
            if attempts > request.retries_max || !request.is_retryable() {
                self.env.cover("outcome: client gave up");
                return ApiResponse::Indeterminate;
            }
            self.env.cover("outcome: client retried");
            let backoff = 300 * u64::from(attempts) + self.draw(|rng| rng.range(0, 200));
            tokio::time::sleep(Duration::from_millis(backoff)).await;
        }
    }

    async fn attempt(&self, request: &ApiRequest) -> ApiResponse {
        let env = &self.env;
        let rates = env.fault_rates();
        let is_request_lost = self.draw(|rng| rng.chance(rates.client_request_loss_permille));
        let is_response_lost = self.draw(|rng| rng.chance(rates.client_response_loss_permille));
        let (method, path) = (&request.method, &request.path);
        let key = request.key.as_deref().unwrap_or("-");
        if is_request_lost {
            env.cover("fault: client's request lost");
            env.trace(format_args!("{method} {path} [{key}] is lost"));
            tokio::time::sleep(LOSS_NOTICED_AFTER).await;
            return ApiResponse::Indeterminate;
        }
        let Some(http_request) = request.to_http() else { return ApiResponse::Indeterminate };
        let began_ms = env.now_ms();
        env.trace(format_args!("{method} {path} [{key}]"));
        let delivery = self.cluster.deliver_to_edge(request.edge, http_request);
        let Ok(Ok(response)) = tokio::time::timeout(TIMEOUT, delivery).await else {
            env.cover("fault: client timed out");
            env.trace(format_args!("{method} {path} [{key}] → no response"));
            return ApiResponse::Indeterminate;
        };
        let status = response.status().as_u16();
        let body: Value = serde_json::from_slice(response.body()).unwrap_or_default();
        let code = body["code"].as_str().unwrap_or_default();
        env.trace(format_args!("{method} {path} [{key}] → {status} {code}"));
        if status >= 500 {
            self.check_server_error(request, status, &body);
        }
        let replayed = response.headers().contains_key("idempotent-replayed");
        if replayed {
            env.cover("outcome: response replayed");
        }
        if (200..300).contains(&status) {
            self.check_replay(request, &body, replayed);
        }
        // State must be durable when a response leaves, whether or not the response arrives.
        self.check_durable(path, &body);
        // Of several instances, it is known at the one that answers whether it may be behind.
        if *method == Method::GET
            && self.cluster.instances.is_empty()
            && let Some(stale) = self.oracle.find_stale(path, &body, began_ms)
        {
            env.report_violation(oracle::NO_STALE_READS, stale);
        }
        if is_response_lost {
            env.cover("fault: client's response lost");
            env.trace(format_args!("   … whose response is lost"));
            tokio::time::sleep(LOSS_NOTICED_AFTER).await;
            return ApiResponse::Indeterminate;
        }
        ApiResponse::Received { status, body, is_ambiguous: false, replayed }
    }

    /// Server errors may only be those of an overloaded or unreachable shop.
    fn check_server_error(&self, request: &ApiRequest, status: u16, body: &Value) {
        let is_internal = body["code"] == "internal";
        self.env.cover(if is_internal {
            "outcome: status 500"
        } else {
            "outcome: status 503 or 504"
        });
        if is_internal || status == 500 {
            let what = format!("{} {}: {body}", request.method, request.path);
            self.env.report_violation("no request is answered with 500", what);
        }
    }

    /// A repeated order or change of one shows what the first response showed. Carts show prices of now, and settings may have
    /// changed.
    fn check_replay(&self, request: &ApiRequest, body: &Value, replayed: bool) {
        let Some(key) = &request.key else { return };
        if body["number"].is_null() {
            return;
        }
        let body = without_settings(body);
        let known = format!("{:?} {} {} {key}", request.edge, request.method, request.path);
        let first =
            self.first_responses.lock().entry(known).or_insert_with(|| body.clone()).clone();
        // The customer may have been erased since.
        let is_erased = body["email"] == "";
        let (first, body) = if is_erased {
            (without_customer(first), without_customer(body))
        } else {
            (first, body)
        };
        if replayed && first != body {
            let what = format!("{} [{key}]: first {first}, then {body}", request.path);
            self.env.report_violation("a repeat shows what the first response showed", what);
        }
    }

    /// A response must not show a version that is not flushed: a crash could undo it.
    fn check_durable(&self, path: &str, body: &Value) {
        let Some(stream) = shown_stream(path, body) else { return };
        let Some(version) = body["version"].as_u64() else { return };
        let flushed = self.oracle.model().version(&stream);
        if version > flushed {
            let what = format!("{stream}: version {version} is shown and {flushed} is flushed");
            self.env.report_violation("responses show only durable state", what);
        }
    }
}
