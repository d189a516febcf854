//! Bodies that are files.

use crate::{ProblemResponse, body, response::document_default_problem};
use aide::{
    OperationInput,
    generate::GenContext,
    openapi::{MediaType, Operation, RequestBody},
    operation::set_body,
};
use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
};
use http::header;
use kernel::{Problem, codes};

/// File as a request body: the bytes, with the media type that the client declares.
///
/// Refused are an empty body (400 `missing_body`) and one over the limit (413 `body_too_large`). What the bytes are is for
/// the handler to find out: the declared type is only a claim.
#[derive(Clone, Debug)]
pub struct Binary {
    /// Declared media type, in lower case and without parameters; empty when the client declares none.
    pub media_type: String,
    /// The bytes; at least one.
    pub content: Bytes,
}

impl<S: Send + Sync> FromRequest<S> for Binary {
    type Rejection = ProblemResponse;

    async fn from_request(request: Request, _: &S) -> Result<Self, ProblemResponse> {
        let declared = request.headers().get(header::CONTENT_TYPE);
        let declared = declared.and_then(|value| value.to_str().ok()).unwrap_or_default();
        let essence = declared.split(';').next().unwrap_or_default();
        let media_type = essence.trim().to_ascii_lowercase();
        let content = body::read_body(request).await?;
        if content.is_empty() {
            return Err(Problem::of(codes::MISSING_BODY, "send a file as the body").into());
        }
        Ok(Self { media_type, content })
    }
}

impl OperationInput for Binary {
    fn operation_input(context: &mut GenContext, operation: &mut Operation) {
        let mut body = RequestBody { required: true, ..RequestBody::default() };
        body.content.insert("*/*".to_owned(), MediaType::default());
        set_body(context, operation, body);
        document_default_problem(context, operation);
    }
}
