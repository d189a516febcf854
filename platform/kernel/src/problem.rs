//! Problem details for HTTP APIs (RFC 9457), with a code from a closed set.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{
    borrow::Cow,
    hash::{Hash, Hasher},
};

/// Error code: a stable word for what went wrong. The closed set is [`codes`](mod@codes) here and the business codes of
/// `contracts`; nothing else declares one. Codes are equal if their words are.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(description = "Stable word for what went wrong, from a closed set.")]
pub struct Code {
    word: Cow<'static, str>,
    /// Usual HTTP status; `None` for a code that was received.
    #[serde(skip)]
    status: Option<u16>,
}

impl Code {
    /// Declares a code. Only [`codes!`](crate::codes!) calls this.
    pub const fn declare(word: &'static str, status: u16) -> Self {
        Self { word: Cow::Borrowed(word), status: Some(status) }
    }

    /// Code as text.
    pub fn as_str(&self) -> &str {
        &self.word
    }
}

impl PartialEq for Code {
    fn eq(&self, other: &Self) -> bool {
        self.word == other.word
    }
}

impl Eq for Code {}

impl Hash for Code {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.word.hash(state);
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.word)
    }
}

/// Declares error codes and the list `ALL` of them.
///
/// ```
/// kernel::codes! {
///     LANE_CLOSED = "lane_closed", 409, "The lane is closed; take another.";
/// }
/// assert_eq!(LANE_CLOSED.as_str(), "lane_closed");
/// assert_eq!(kernel::Problem::of(LANE_CLOSED, "take another lane").status, 409);
/// assert_eq!(ALL[0].1, 409);
/// ```
#[macro_export]
macro_rules! codes {
    ($($name:ident = $word:literal, $status:literal, $meaning:literal;)*) => {
        $(#[doc = $meaning] pub const $name: $crate::Code = $crate::Code::declare($word, $status);)*

        /// Every code of this list: the word, its usual HTTP status, its meaning.
        pub const ALL: &[(&str, u16, &str)] = &[$(($word, $status, $meaning)),*];
    };
}

/// Error codes that any service may answer with, whatever its business.
pub mod codes {
    codes! {
        MALFORMED_JSON = "malformed_json", 400, "The body is not JSON or not UTF-8, or has an array where an object is wanted.";
        MISSING_BODY = "missing_body", 400, "A body was expected and there is none.";
        INVALID_FIELD = "invalid_field", 422, "A field has a wrong type or a value outside its range; `errors` names it.";
        INVALID_QUERY = "invalid_query", 400, "A query parameter is unknown, of a wrong type or outside its range.";
        INVALID_PATH = "invalid_path", 400, "A part of the path does not have the form expected there.";
        INVALID_CURSOR = "invalid_cursor", 400, "The cursor does not belong to this list.";
        INVALID_HEADER = "invalid_header", 400, "A header does not have the form expected.";
        UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type", 415, "Send application/json.";
        BODY_TOO_LARGE = "body_too_large", 413, "The body is larger than this operation accepts.";
        NOT_FOUND = "not_found", 404, "Nothing is at this address.";
        METHOD_NOT_ALLOWED = "method_not_allowed", 405, "The address exists, but does not support this method; see Allow.";
        FORBIDDEN = "forbidden", 403, "The caller may not do this.";
        UNAUTHENTICATED = "unauthenticated", 401, "Sign in first.";
        INVALID_TOKEN = "invalid_token", 401, "The access token is not valid, has expired or was revoked; get a new one.";
        INSUFFICIENT_SCOPE = "insufficient_scope", 403, "The access token lacks the scope that `facts.scope` names.";
        VERSION_CONFLICT = "version_conflict", 409, "Another request changed this meanwhile; read it again.";
        POSITION_UNKNOWN = "position_unknown", 409, "The feed has no such position; read it from the beginning.";
        PRECONDITION_FAILED = "precondition_failed", 412, "If-Match names another version than the current one.";
        IDEMPOTENCY_KEY_MISSING = "idempotency_key_missing", 400, "This operation must not happen twice and needs an Idempotency-Key.";
        IDEMPOTENCY_KEY_REUSED = "idempotency_key_reused", 422, "The same Idempotency-Key came with another body.";
        IDEMPOTENCY_IN_FLIGHT = "idempotency_in_flight", 409, "The first request with this Idempotency-Key is still running.";
        RATE_LIMITED = "rate_limited", 429, "Too many requests from this client; see Retry-After.";
        OVERLOADED = "overloaded", 503, "Too many requests are in progress; see Retry-After.";
        UNAVAILABLE = "unavailable", 503, "A part that this answer needs is unavailable at the moment; see Retry-After.";
        DEADLINE_EXCEEDED = "deadline_exceeded", 504, "The deadline passed before the answer was ready.";
        STORAGE_FULL = "storage_full", 503, "The disk is nearly full: reads are served, writes are refused.";
        SHUTTING_DOWN = "shutting_down", 503, "The process is shutting down; try again.";
        INTERNAL = "internal", 500, "An internal error; the request id finds it in the log.";
    }
}

/// Validation error of one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FieldError {
    /// Field: a path such as `lines[2].quantity`, a query parameter, or a header.
    pub field: String,
    /// Sentence that says what is wrong and what would be right.
    pub message: String,
}

/// Problem details of an HTTP API, sent as `application/problem+json` (RFC 9457). The members `code`, `subject`, `errors`,
/// `facts` and `retry_after_seconds` are extensions, which that document allows; `type` is not used.
///
/// ```
/// use kernel::{Problem, codes};
///
/// let problem = Problem::of(codes::VERSION_CONFLICT, "the lamp was changed meanwhile")
///     .subject("lamp-7")
///     .fact("version", 3);
/// assert_eq!(
///     serde_json::to_value(&problem).unwrap(),
///     serde_json::json!({
///         "status": 409,
///         "code": "version_conflict",
///         "title": "the lamp was changed meanwhile",
///         "subject": "lamp-7",
///         "facts": {"version": 3},
///     }),
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(description = "Problem details: what is wrong and what to do (RFC 9457).")]
pub struct Problem {
    /// HTTP status, repeated in the body.
    pub status: u16,
    /// Error code to program against.
    pub code: Code,
    /// Sentence for a person: what is wrong and what to do.
    pub title: String,
    /// Explanation of this occurrence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Name or id of the thing that the problem is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Validation errors by field.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// Facts for programs, such as the new total after a changed price.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    pub facts: serde_json::Map<String, serde_json::Value>,
    /// Seconds after which a retry makes sense; also sent in the header `Retry-After` (RFC 9110).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_seconds: Option<u32>,
}

impl Problem {
    /// Problem with this status, code and title.
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

    /// Problem with the usual status of its code. The title is a sentence, or the error that the problem is made of.
    pub fn of(code: Code, title: impl std::fmt::Display) -> Self {
        // A code that was received comes with its problem, which has the status.
        Self::new(code.status.unwrap_or(500), code, title.to_string())
    }

    /// Problem about one named part of the input: a query parameter, a path parameter, a header, a field.
    pub fn input(code: Code, name: &str, message: impl std::fmt::Display) -> Self {
        let message = message.to_string();
        let mut problem = Self::of(code, format!("{name}: {message}"));
        problem.errors.push(FieldError { field: name.to_owned(), message });
        problem
    }

    /// Problem 422 `invalid_field` about one field.
    pub fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        let message = message.into();
        let mut problem = Self::of(codes::INVALID_FIELD, message.clone());
        problem.errors.push(FieldError { field: field.into(), message });
        problem
    }

    /// Problem 422 `invalid_field` about several fields.
    pub fn fields(errors: Vec<FieldError>) -> Self {
        let sentences = errors.iter().map(|error| format!("{} {}", error.field, error.message));
        let title = sentences.collect::<Vec<_>>().join("; ");
        Self { errors, ..Self::of(codes::INVALID_FIELD, title) }
    }

    /// Problem 404 `not_found`: there is no `what` called `which`.
    pub fn not_found(what: &str, which: impl std::fmt::Display) -> Self {
        Self::of(codes::NOT_FOUND, format!("there is no {what} {which}"))
    }

    /// Problem 503 `unavailable` that names the missing service; a retry makes sense after a second.
    pub fn unavailable(service: &str) -> Self {
        let title = format!("{service} cannot answer at the moment; ask again shortly");
        Self::of(codes::UNAVAILABLE, title).retry_after(1)
    }

    /// Problem 500 `internal`. The cause goes to the log, not to the caller.
    pub fn internal() -> Self {
        Self::of(codes::INTERNAL, "something broke on our side; nothing you sent was lost")
    }

    /// Adds an explanation of this occurrence.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Adds the thing that the problem is about.
    #[must_use]
    pub fn subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// Adds a fact for programs. A value that JSON cannot express is left out.
    #[must_use]
    pub fn fact(mut self, name: &str, value: impl Serialize) -> Self {
        if let Ok(value) = serde_json::to_value(value) {
            self.facts.insert(name.to_owned(), value);
        }
        self
    }

    /// Adds the seconds after which a retry makes sense.
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
