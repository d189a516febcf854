//! DPoP proof of a request (RFC 9449): found in its header, and verified.

use super::{error_response::ErrorResponse, respond};
use crate::{
    application::tokens::dpop::{ProofRefusal, ProvenRequest},
    domain::events::ClientId,
    provider::Provider,
};
use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue};
use jose::{DpopError, DpopProof};
use resource_server::ProofRefusal as Refusal;

/// Header with the proof.
pub(crate) const DPOP: HeaderName = HeaderName::from_static("dpop");
/// Header with the nonce for the next proof.
const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// Proof in the header of a request; `None` without one, and an error if there are several.
pub(crate) fn header(headers: &HeaderMap) -> Result<Option<&str>, ErrorResponse> {
    let mut lines = headers.get_all(DPOP).iter();
    match (lines.next(), lines.next()) {
        (None, _) => Ok(None),
        (Some(line), None) => {
            let malformed = |_| invalid_proof("the DPoP header is malformed".to_owned());
            line.to_str().map(Some).map_err(malformed)
        }
        (Some(_), Some(_)) => Err(invalid_proof("there is more than one DPoP header".to_owned())),
    }
}

/// Verified proof of a POST of a client to a path below the issuer, if there is one.
pub(crate) async fn of_post(
    provider: &Provider,
    headers: &HeaderMap,
    path: &str,
    client: &ClientId,
) -> Result<Option<DpopProof>, ErrorResponse> {
    let Some(proof) = header(headers)? else { return Ok(None) };
    let request = ProvenRequest { method: "POST", path, client, access_token: None };
    Ok(Some(provider.dpop.verify(proof, request).await?))
}

/// The response, with the nonce for the next proof where one is demanded.
pub(crate) fn with_nonce(provider: &Provider, mut response: Response) -> Response {
    if let Some(nonce) = provider.dpop.nonce().and_then(|it| HeaderValue::from_str(&it).ok()) {
        response.headers_mut().insert(DPOP_NONCE, nonce);
    }
    respond::with_cors(response)
}

fn invalid_proof(description: String) -> ErrorResponse {
    ErrorResponse::described("invalid_dpop_proof", description)
}

impl From<ProofRefusal> for ErrorResponse {
    fn from(refusal: ProofRefusal) -> Self {
        match refusal {
            ProofRefusal::Refused(Refusal::Invalid(error @ DpopError::Nonce)) => {
                Self::described("use_dpop_nonce", error.to_string())
            }
            ProofRefusal::Refused(Refusal::TooMany) => Self::unavailable(),
            ProofRefusal::Refused(refusal) => invalid_proof(refusal.to_string()),
            ProofRefusal::Storage(error) => error.into(),
        }
    }
}
