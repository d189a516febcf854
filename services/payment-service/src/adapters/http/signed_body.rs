//! Extractor of a signed body: the signature is verified over the bytes before they are parsed.

use crate::adapters::signature::SigningKey;
use aide::{OperationInput, generate::GenContext, openapi::Operation};
use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, Request},
};
use contracts::payment::SIGNATURE_HEADER;
use http::request::Parts;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use std::marker::PhantomData;
use web::{Json, ProblemResponse};

/// JSON body with a signature.
#[derive(Debug)]
pub(super) struct SignedBody<T> {
    head: Parts,
    body: Bytes,
    content: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned> SignedBody<T> {
    /// Verifies the signature in the header against body and key.
    pub(super) fn is_signed_with(&self, key: &SigningKey) -> bool {
        let header = self.head.headers.get(SIGNATURE_HEADER).and_then(|it| it.to_str().ok());
        header.is_some_and(|signature| key.verify(&self.body, signature))
    }

    /// Parses the body. Verify the signature first.
    pub(super) async fn parse(self) -> Result<T, ProblemResponse> {
        let request = Request::from_parts(self.head, Body::from(self.body));
        Ok(Json::<T>::from_request(request, &()).await?.0)
    }
}

impl<T, S: Send + Sync> FromRequest<S> for SignedBody<T> {
    type Rejection = ProblemResponse;

    async fn from_request(request: Request, _: &S) -> Result<Self, ProblemResponse> {
        let (head, body) = request.into_parts();
        let request = Request::from_parts(head.clone(), body);
        let body = web::read_body(request).await?;
        Ok(Self { head, body, content: PhantomData })
    }
}

impl<T: JsonSchema> OperationInput for SignedBody<T> {
    fn operation_input(context: &mut GenContext, operation: &mut Operation) {
        Json::<T>::operation_input(context, operation);
    }
}
