//! Errors as answers: RFC 9457 problems with a code from a closed set.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// A stable word for what went wrong. The closed set is [`codes`] here plus the business codes of `contracts`;
/// nothing else makes one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Code(Cow<'static, str>);

impl Code {
    /// Declares a code. Only the two lists of codes call this.
    pub const fn declare(word: &'static str) -> Self {
        Self(Cow::Borrowed(word))
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}

/// Declares codes and the list of them all: `codes! { NOT_FOUND = "not_found", 404, "what it means"; … }`.
#[macro_export]
macro_rules! codes {
    ($($name:ident = $word:literal, $status:literal, $meaning:literal;)*) => {
        $(#[doc = $meaning] pub const $name: $crate::Code = $crate::Code::declare($word);)*

        /// Every code of this list: the word, its usual status, its meaning.
        pub const ALL: &[(&str, u16, &str)] = &[$(($word, $status, $meaning)),*];
    };
}

/// The codes that any service may answer with, whatever its business.
pub mod codes {
    codes! {
        MALFORMED_JSON = "malformed_json", 400, "The body is not JSON or not UTF-8.";
        MISSING_BODY = "missing_body", 400, "A body was expected and none came.";
        INVALID_FIELD = "invalid_field", 422, "A field has a wrong type or a value outside its range; `errors` names it.";
        INVALID_QUERY = "invalid_query", 400, "A query parameter is unknown, of a wrong type or outside its range.";
        INVALID_PATH = "invalid_path", 400, "A part of the path is not of the form expected there.";
        INVALID_CURSOR = "invalid_cursor", 400, "The cursor does not belong to this list.";
        INVALID_HEADER = "invalid_header", 400, "A header is not of the form expected.";
        UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type", 415, "Send application/json.";
        BODY_TOO_LARGE = "body_too_large", 413, "The body is larger than this address takes.";
        NOT_FOUND = "not_found", 404, "Nothing is at this address.";
        METHOD_NOT_ALLOWED = "method_not_allowed", 405, "The address exists, but not with this method; see Allow.";
        FORBIDDEN = "forbidden", 403, "The caller may not do this.";
        UNAUTHENTICATED = "unauthenticated", 401, "Sign in first.";
        VERSION_CONFLICT = "version_conflict", 409, "Somebody else changed this meanwhile; read it again.";
        PRECONDITION_FAILED = "precondition_failed", 412, "If-Match names another version than the current one.";
        IDEMPOTENCY_KEY_MISSING = "idempotency_key_missing", 400, "This address must not act twice and needs an Idempotency-Key.";
        IDEMPOTENCY_KEY_REUSED = "idempotency_key_reused", 422, "The same Idempotency-Key came with another body.";
        IDEMPOTENCY_IN_FLIGHT = "idempotency_in_flight", 409, "The first request with this Idempotency-Key is still running.";
        RATE_LIMITED = "rate_limited", 429, "Too many requests from this client; see Retry-After.";
        OVERLOADED = "overloaded", 503, "Too much work is under way; see Retry-After.";
        UNAVAILABLE = "unavailable", 503, "Something this answer needs is not there at the moment; see Retry-After.";
        DEADLINE_EXCEEDED = "deadline_exceeded", 504, "No time was left to answer.";
        STORAGE_FULL = "storage_full", 503, "The disk is nearly full: reading goes on, writing is refused.";
        SHUTTING_DOWN = "shutting_down", 503, "The process is stopping; ask again.";
        INTERNAL = "internal", 500, "Something broke on our side; the request id finds it in the log.";
    }
}

/// One field that was wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FieldError {
    /// Where: a path such as `lines[2].quantity`, a query parameter, a header.
    pub field: String,
    /// What was wrong and what would be right, as a sentence.
    pub message: String,
}

/// An answer that says why not: `application/problem+json` (RFC 9457).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Problem {
    /// The HTTP status, repeated in the body.
    pub status: u16,
    /// The stable word to program against.
    pub code: Code,
    /// A sentence for a person: what was wrong and what to do.
    pub title: String,
    /// More about this one case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The thing it is about: a name, an id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Fields that were wrong.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// Facts a program may use, such as the new total of a changed price.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    pub facts: serde_json::Map<String, serde_json::Value>,
    /// Seconds after which asking again makes sense; also sent as Retry-After.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_seconds: Option<u32>,
}

impl Problem {
    /// A problem with a sentence.
    pub fn new(status: u16, code: Code, title: impl Into<String>) -> Self {
        Self {
            status,
            code,
            title: title.into(),
            detail: None,
            subject: None,
            errors: Vec::new(),
            facts: serde_json::Map::new(),
            retry_after_seconds: None,
        }
    }

    /// 422 about one field.
    pub fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        let message = message.into();
        let mut problem = Self::new(422, codes::INVALID_FIELD, message.clone());
        problem.errors.push(FieldError { field: field.into(), message });
        problem
    }

    /// 404 for a thing.
    pub fn not_found(what: &str, which: impl std::fmt::Display) -> Self {
        Self::new(404, codes::NOT_FOUND, format!("there is no {what} {which}"))
    }

    /// 503 that names who is missing.
    pub fn unavailable(service: &str) -> Self {
        let title = format!("{service} cannot answer at the moment; ask again shortly");
        Self::new(503, codes::UNAVAILABLE, title).retry_after(1)
    }

    /// 500. The cause goes to the log, not to the caller.
    pub fn internal() -> Self {
        Self::new(500, codes::INTERNAL, "something broke on our side; nothing you sent was lost")
    }

    /// With more about this case.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// About this thing.
    #[must_use]
    pub fn subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// With a fact for programs. A value that cannot be JSON is left out.
    #[must_use]
    pub fn fact(mut self, name: &str, value: impl Serialize) -> Self {
        if let Ok(value) = serde_json::to_value(value) {
            self.facts.insert(name.to_owned(), value);
        }
        self
    }

    /// With Retry-After.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_seconds = Some(seconds);
        self
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} ({})", self.title, self.code)
    }
}

impl std::error::Error for Problem {}
