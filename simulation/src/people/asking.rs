//! Asking the shop something over HTTP, as often as patience lasts.

use crate::world::{WEBHOOK_SECRET, World};
use bytes::Bytes;
use hmac::{Hmac, Mac};
use http::Method;
use serde_json::Value;
use sha2::Sha256;
use std::{sync::Arc, time::Duration};
use transport::{Edge, headers};

/// How long somebody waits for an answer: longer than the gateway lets a request run.
const ANSWER_WAIT: Duration = Duration::from_secs(40);

/// A question.
#[derive(Clone, Debug)]
pub(crate) struct Asking {
    pub(crate) edge: Edge,
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) key: Option<String>,
    pub(crate) body: Option<Value>,
    /// How often it is asked again without an answer.
    pub(crate) patience: u32,
    /// Whether it bears the processor's signature.
    pub(crate) is_signed: bool,
}

/// What was told.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Told {
        status: u16,
        body: Value,
        /// Whether an earlier try under the same key may have had an effect.
        blurred: bool,
        /// Whether the shop says that it has given this answer before.
        replayed: bool,
    },
    /// Nobody knows what came of it.
    Unknown,
}

impl Answer {
    /// The body of a success.
    pub(crate) fn success(&self) -> Option<&Value> {
        match self {
            Self::Told { status: 200..=299, body, .. } => Some(body),
            _ => None,
        }
    }

    /// The code of a refusal.
    pub(crate) fn code(&self) -> Option<&str> {
        match self {
            Self::Told { status: 400.., body, .. } => body["code"].as_str(),
            _ => None,
        }
    }
}

impl Asking {
    pub(crate) fn shopper(method: Method, path: String) -> Self {
        Self {
            edge: Edge::Shop,
            method,
            path,
            key: None,
            body: None,
            patience: 0,
            is_signed: false,
        }
    }

    pub(crate) fn operator(method: Method, path: String) -> Self {
        Self { edge: Edge::Operator, ..Self::shopper(method, path) }
    }

    pub(crate) fn key(mut self, key: &str) -> Self {
        self.key = Some(key.to_owned());
        self
    }

    pub(crate) fn body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    pub(crate) fn patience(mut self, patience: u32) -> Self {
        self.patience = patience;
        self
    }

    pub(crate) fn signed(mut self) -> Self {
        self.is_signed = true;
        self
    }

    fn request(&self) -> Option<transport::Request> {
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

    /// Whether asking again does no harm.
    fn bears_repeating(&self) -> bool {
        self.key.is_some() || self.method != Method::POST
    }
}

/// What the processor signs with.
fn signature(body: &[u8]) -> String {
    let Ok(mac) = Hmac::<Sha256>::new_from_slice(WEBHOOK_SECRET.as_bytes()) else {
        return String::new();
    };
    let signature = mac.chain_update(body).finalize().into_bytes();
    let digits = signature.iter().fold(String::new(), |digits, byte| format!("{digits}{byte:02x}"));
    format!("sha256={digits}")
}

impl World {
    /// Asks, and asks again while patience lasts.
    pub(crate) async fn ask(self: &Arc<Self>, asking: Asking) -> Answer {
        let mut blurred = false;
        let mut tries = 0;
        loop {
            let answer = self.ask_once(&asking).await;
            let is_final = match &answer {
                Answer::Told { status: 429 | 500.., .. } | Answer::Unknown => false,
                Answer::Told { .. } => answer.code() != Some("idempotency_in_flight"),
            };
            if is_final {
                return match answer {
                    Answer::Told { status, body, replayed, .. } => {
                        Answer::Told { status, body, blurred, replayed }
                    }
                    Answer::Unknown => Answer::Unknown,
                };
            }
            blurred = true;
            tries += 1;
            if tries > asking.patience || !asking.bears_repeating() {
                self.saw("outcome: client gave up");
                return Answer::Unknown;
            }
            self.saw("outcome: client asked again");
            let pause = 300 * u64::from(tries) + self.draw(|luck| luck.between(0, 200));
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
    }

    async fn ask_once(self: &Arc<Self>, asking: &Asking) -> Answer {
        let weather = self.wires.weather();
        let is_lost = self.draw(|luck| luck.chance(weather.lost_requests));
        let is_answer_lost = self.draw(|luck| luck.chance(weather.lost_answers));
        let (method, path) = (&asking.method, &asking.path);
        let key = asking.key.as_deref().unwrap_or("-");
        if is_lost {
            self.saw("fault: client's request lost");
            self.tell(format_args!("{method} {path} [{key}] never arrives"));
            tokio::time::sleep(Duration::from_secs(2)).await;
            return Answer::Unknown;
        }
        let Some(request) = asking.request() else { return Answer::Unknown };
        self.tell(format_args!("{method} {path} [{key}]"));
        let answer = tokio::time::timeout(ANSWER_WAIT, self.ask_edge(asking.edge, request)).await;
        let Ok(Ok(answer)) = answer else {
            self.saw("fault: client got no answer");
            self.tell(format_args!("{method} {path} [{key}] → no answer"));
            return Answer::Unknown;
        };
        let status = answer.status().as_u16();
        let body: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        let code = body["code"].as_str().unwrap_or_default();
        self.tell(format_args!("{method} {path} [{key}] → {status} {code}"));
        if status >= 500 {
            self.saw(if code == "internal" {
                "outcome: answered 500"
            } else {
                "outcome: answered 503 or 504"
            });
            if code == "internal" || status == 500 {
                self.violated("nothing is answered with 500", format!("{method} {path}: {body}"));
            }
        }
        let replayed = answer.headers().contains_key("idempotent-replayed");
        if replayed {
            self.saw("outcome: answer replayed");
        }
        // What is shown is for good at the moment it leaves, whether or not it arrives.
        self.check_shown(path, &body);
        if is_answer_lost {
            self.saw("fault: client's answer lost");
            self.tell(format_args!("   … which never arrives"));
            tokio::time::sleep(Duration::from_secs(2)).await;
            return Answer::Unknown;
        }
        Answer::Told { status, body, blurred: false, replayed }
    }

    /// An answer that shows a version of something which is not flushed shows what may never have been.
    fn check_shown(&self, path: &str, body: &Value) {
        let (Some(id), Some(version)) = (body["id"].as_str(), body["version"].as_u64()) else {
            return;
        };
        let kind = if body["number"].is_string() { "order" } else { "cart" };
        if !path.starts_with("/api/v1/carts") && !path.starts_with("/api/v1/orders") {
            return;
        }
        let flushed = self.books.lock().version(&format!("{kind}-{id}"));
        if version > flushed {
            let what = format!("{kind} {id}: version {version} is shown and {flushed} is flushed");
            self.violated("answers show what is for good", what);
        }
    }
}
