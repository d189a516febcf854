//! The key that makes a request safe to repeat.

use crate::{ProblemResponse, openapi::Presence};
use aide::{OperationInput, generate::GenContext, openapi::Operation, operation::add_parameters};
use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use http::{HeaderMap, request::Parts};
use kernel::{FieldError, Problem, Uuid, codes};
use transport::headers;

/// The longest key that is taken, in bytes.
pub const KEY_BYTES_MAX: usize = 255;

/// The namespace of operation ids: a fixed random number, written once.
const OPERATIONS: Uuid = Uuid::from_u128(0x6e0f_3c52_8a94_4d1b_9f27_b1c5_40de_7a63);

/// The `Idempotency-Key` of this request: 1 to 255 visible ASCII characters. A handler that takes it requires it;
/// one that takes an `Option` of it does not.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(pub String);

impl IdempotencyKey {
    /// The id of the effect that this key asks for within `scope`. It is the same for ever, so that a service that
    /// names its effect by it finds the first one again even when the stored answer is gone.
    ///
    /// The scope has to tell apart whatever must not share keys: the operation, and who may use it.
    pub fn operation(&self, scope: &str) -> Uuid {
        // The length goes in so that no scope and key run together into another scope and key.
        Uuid::new_v5(&OPERATIONS, format!("{}:{scope}:{}", scope.len(), self.0).as_bytes())
    }

    /// The key in these headers.
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
    let mut problem =
        Problem::new(400, codes::INVALID_HEADER, format!("Idempotency-Key {message}"));
    problem.errors.push(FieldError { field: "Idempotency-Key".to_owned(), message });
    problem
}

pub(crate) fn missing() -> Problem {
    let message =
        "is needed here: choose one for this request, and send it again with each repetition";
    let title = format!("Idempotency-Key {message}");
    let mut problem = Problem::new(400, codes::IDEMPOTENCY_KEY_MISSING, title);
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
