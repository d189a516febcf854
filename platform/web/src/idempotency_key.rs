//! Extractor of the idempotency key.

use crate::{Caller, ProblemResponse, openapi::Presence};
use aide::{OperationInput, generate::GenContext, openapi::Operation, operation::add_parameters};
use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use http::{HeaderMap, request::Parts};
use kernel::{FieldError, Problem, Uuid, codes};
use transport::headers;

/// Maximum length of an idempotency key, in bytes.
pub const KEY_BYTES_MAX: usize = 255;

/// Namespace of operation ids (UUID version 5): a fixed random number.
const OPERATIONS: Uuid = Uuid::from_u128(0x6e0f_3c52_8a94_4d1b_9f27_b1c5_40de_7a63);

/// `Idempotency-Key` of the request: 1 to 255 visible ASCII characters. A handler with this argument requires the header
/// (400 `idempotency_key_missing`); one with an `Option` of it does not. A malformed key is refused with 400
/// `invalid_header`.
///
/// ```
/// use web::{Caller, IdempotencyKey};
///
/// let (key, ann) = (IdempotencyKey("k1".to_owned()), Caller::default());
/// assert_eq!(key.operation(&ann, "send letter"), key.operation(&ann, "send letter"));
/// assert_ne!(key.operation(&ann, "send letter"), key.operation(&ann, "recall letter"));
/// let bob = Caller { actor: Some("bob".into()), ..ann.clone() };
/// assert_ne!(key.operation(&ann, "send letter"), key.operation(&bob, "send letter"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(pub String);

impl IdempotencyKey {
    /// The id of the effect of this key of a caller within `scope`, a UUID version 5. It never changes, so that a service which
    /// uses it as the id of its effect finds the first one even if the stored response is lost.
    ///
    /// A key belongs to its caller, so that nobody occupies that of somebody else. The scope has to distinguish whatever else
    /// must not share keys: the operation, and callers without an actor by something that only they know, such as a secret id.
    /// Their address would not do, since it may change between two attempts. Operators whom nobody tells apart are one caller.
    pub fn operation(&self, caller: &Caller, scope: &str) -> Uuid {
        // The length separates scope and key unambiguously.
        let owned = format!("{}:{scope}:{}", scope.len(), self.0);
        let Some(actor) = &caller.actor else {
            return Uuid::new_v5(&OPERATIONS, owned.as_bytes());
        };
        let edge = caller.edge.as_str();
        Uuid::new_v5(&OPERATIONS, format!("{edge}:{}:{actor}:{owned}", actor.len()).as_bytes())
    }

    /// The key in these headers, if there is one.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Option<Self>, Problem> {
        let mut values = headers.get_all(headers::IDEMPOTENCY_KEY).iter();
        let Some(value) = values.next() else { return Ok(None) };
        let key = value.as_bytes();
        let visible = key.iter().all(u8::is_ascii_graphic);
        if values.next().is_some() || key.is_empty() || key.len() > KEY_BYTES_MAX || !visible {
            return Err(malformed());
        }
        Ok(value.to_str().ok().map(|key| Self(key.to_owned())))
    }
}

fn malformed() -> Problem {
    let message = format!("is not one key of 1 to {KEY_BYTES_MAX} visible ASCII characters");
    let mut problem = Problem::of(codes::INVALID_HEADER, format!("Idempotency-Key {message}"));
    problem.errors.push(FieldError { field: "Idempotency-Key".to_owned(), message });
    problem
}

pub(crate) fn missing() -> Problem {
    let message =
        "is needed here: choose one for this request, and send it again with each repetition";
    let title = format!("Idempotency-Key {message}");
    let mut problem = Problem::of(codes::IDEMPOTENCY_KEY_MISSING, title);
    problem
        .errors
        .push(FieldError { field: "Idempotency-Key".to_owned(), message: message.to_owned() });
    problem
}

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = ProblemResponse;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ProblemResponse> {
        Ok(Self::of(&parts.headers)?.ok_or_else(missing)?)
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for IdempotencyKey {
    type Rejection = ProblemResponse;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, ProblemResponse> {
        Ok(Self::of(&parts.headers)?)
    }
}

impl OperationInput for IdempotencyKey {
    fn operation_input(context: &mut GenContext, operation: &mut Operation) {
        let about =
            "Makes the request safe to repeat: the same key and body get the same answer again.";
        let parameter =
            crate::openapi::header_parameter(context, "Idempotency-Key", about, Presence::Required);
        add_parameters(context, operation, [parameter]);
    }
}
