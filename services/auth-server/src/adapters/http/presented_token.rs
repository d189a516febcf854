//! Access token that a request presents (RFC 6750, RFC 9449): found in the header, verified, and, if it is bound to a key, accepted
//! with a proof of that key alone.

use super::proof;
use crate::{
    application::{
        error::AuthError,
        tokens::{
            active::ActiveToken,
            dpop::{ProofRefusal, ProvenRequest},
        },
    },
    provider::Provider,
};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use jose::{Algorithm, DpopError};
use kernel::security_checks::holds;
use resource_server::ProofRefusal as Refusal;
use storage::StorageError;
use transport::Context;

/// Scheme of the `Authorization` header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Bearer,
    Dpop,
}

/// Reason why a request is refused.
#[derive(Debug)]
pub(crate) enum TokenRefusal {
    NoCredentials,
    InvalidRequest,
    InvalidToken(Scheme),
    InvalidProof,
    NonceNeeded,
    InsufficientScope(Scheme, &'static str),
    Unavailable(AuthError),
}

/// Request with its token.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TokenRequest<'a> {
    pub(crate) method: &'a Method,
    /// Path below the issuer.
    pub(crate) path: &'a str,
    pub(crate) headers: &'a HeaderMap,
    /// Token in the form of the body, where that is accepted (RFC 6750, section 2.2).
    pub(crate) in_body: Option<&'a str>,
}

/// Token of a request that counts now, with the scheme by which it was presented.
pub(crate) async fn active(
    provider: &Provider,
    request: TokenRequest<'_>,
) -> Result<(ActiveToken, Scheme), TokenRefusal> {
    let (scheme, token) = match (authorization(request.headers)?, request.in_body) {
        (Some(_), Some(_)) => return Err(TokenRefusal::InvalidRequest),
        (Some(presented), None) => presented,
        (None, Some(token)) => (Scheme::Bearer, token),
        (None, None) => return Err(TokenRefusal::NoCredentials),
    };
    let active = provider.tokens.active(token).await?;
    let active = active.ok_or(TokenRefusal::InvalidToken(scheme))?;
    let certificate = Context::current_certificate().map(|it| it.thumbprint());
    let is_its_certificate =
        active.certificate().is_none() || active.certificate() == certificate.as_deref();
    if !holds("token_certificate", is_its_certificate) {
        return Err(TokenRefusal::InvalidToken(scheme));
    }
    match (active.dpop_key(), scheme) {
        (key, Scheme::Bearer) if holds("token_with_proof", key.is_none()) => {}
        // A token without a key proves nothing by a proof, and one with a key nothing without.
        (None, Scheme::Dpop) => return Err(TokenRefusal::InvalidToken(scheme)),
        (_, Scheme::Bearer) => return Err(TokenRefusal::InvalidToken(Scheme::Dpop)),
        (Some(key), Scheme::Dpop) => {
            let header = proof::header(request.headers).ok().flatten();
            let header = header.ok_or(TokenRefusal::InvalidProof)?;
            let client = active.client().ok_or(TokenRefusal::InvalidToken(scheme))?;
            let proven = ProvenRequest {
                method: request.method.as_str(),
                path: request.path,
                client: &client,
                access_token: Some(token),
            };
            let proof = provider.dpop.verify(header, proven).await?;
            if !holds("token_key", proof.thumbprint() == key) {
                return Err(TokenRefusal::InvalidProof);
            }
        }
    }
    Ok((active, scheme))
}

/// Scheme and token of the one `Authorization` header.
fn authorization(headers: &HeaderMap) -> Result<Option<(Scheme, &str)>, TokenRefusal> {
    let invalid = TokenRefusal::InvalidRequest;
    let mut lines = headers.get_all(header::AUTHORIZATION).iter();
    let line = match (lines.next(), lines.next()) {
        (None, _) => return Ok(None),
        (Some(line), None) => line.to_str().map_err(|_| TokenRefusal::InvalidRequest)?,
        (Some(_), Some(_)) => return Err(invalid),
    };
    let Some((scheme, token)) = line.split_once(' ') else { return Err(invalid) };
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    let scheme = match scheme.to_ascii_lowercase().as_str() {
        "bearer" => Scheme::Bearer,
        "dpop" => Scheme::Dpop,
        _ => return Err(invalid),
    };
    if token.is_empty() || !token.bytes().all(is_token) {
        return Err(invalid);
    }
    Ok(Some((scheme, token)))
}

impl TokenRefusal {
    /// Response with its challenge.
    pub(crate) fn into_response(self) -> Response {
        let (status, scheme, error) = match self {
            Self::NoCredentials => (StatusCode::UNAUTHORIZED, Scheme::Bearer, ""),
            Self::InvalidRequest => (
                StatusCode::BAD_REQUEST,
                Scheme::Bearer,
                r#", error="invalid_request", error_description="one token in one place is expected""#,
            ),
            Self::InvalidToken(scheme) => (
                StatusCode::UNAUTHORIZED,
                scheme,
                r#", error="invalid_token", error_description="the token is not valid, or no longer, or not presented as it must be""#,
            ),
            Self::InvalidProof => {
                (StatusCode::UNAUTHORIZED, Scheme::Dpop, r#", error="invalid_dpop_proof""#)
            }
            Self::NonceNeeded => {
                (StatusCode::UNAUTHORIZED, Scheme::Dpop, r#", error="use_dpop_nonce""#)
            }
            Self::InsufficientScope(scheme, scope) => {
                let error = format!(r#", error="insufficient_scope", scope="{scope}""#);
                return challenged(StatusCode::FORBIDDEN, scheme, &error);
            }
            Self::Unavailable(error) => {
                tracing::error!(%error, "an access token could not be checked");
                let headers = [(header::RETRY_AFTER, "5"), (header::CACHE_CONTROL, "no-store")];
                return (StatusCode::SERVICE_UNAVAILABLE, headers).into_response();
            }
        };
        challenged(status, scheme, error)
    }
}

fn challenged(status: StatusCode, scheme: Scheme, error: &str) -> Response {
    let challenge = match scheme {
        Scheme::Bearer => format!(r#"Bearer realm="auth"{error}"#),
        Scheme::Dpop => {
            let algorithms = Algorithm::names(&Algorithm::STRONG).join(" ");
            format!(r#"DPoP realm="auth"{error}, algs="{algorithms}""#)
        }
    };
    let mut response = (status, [(header::CACHE_CONTROL, "no-store")]).into_response();
    if let Ok(challenge) = HeaderValue::from_str(&challenge) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}

impl From<AuthError> for TokenRefusal {
    fn from(error: AuthError) -> Self {
        Self::Unavailable(error)
    }
}

impl From<StorageError> for TokenRefusal {
    fn from(error: StorageError) -> Self {
        Self::Unavailable(error.into())
    }
}

impl From<ProofRefusal> for TokenRefusal {
    fn from(refusal: ProofRefusal) -> Self {
        match refusal {
            ProofRefusal::Refused(Refusal::Invalid(DpopError::Nonce)) => Self::NonceNeeded,
            ProofRefusal::Refused(Refusal::TooMany) => Self::Unavailable(AuthError::Busy),
            ProofRefusal::Refused(_) => Self::InvalidProof,
            ProofRefusal::Storage(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&'static str]) -> Result<Option<(Scheme, String)>, ()> {
        let name = header::AUTHORIZATION;
        let lines = lines.iter().map(|line| (name.clone(), HeaderValue::from_static(line)));
        let headers = lines.collect();
        let read = authorization(&headers).map_err(drop);
        read.map(|it| it.map(|(scheme, token)| (scheme, token.to_owned())))
    }

    #[test]
    fn one_header_has_one_token_of_one_scheme() {
        let token = |scheme| Ok(Some((scheme, "a.b-c~d+e/f==".to_owned())));
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&["Bearer a.b-c~d+e/f=="]), token(Scheme::Bearer));
        assert_eq!(read(&["bEARER a.b-c~d+e/f=="]), token(Scheme::Bearer));
        assert_eq!(read(&["dpop a.b-c~d+e/f=="]), token(Scheme::Dpop));
        for wrong in [
            &["Bearer"][..],
            &["Bearer "],
            &["Bearer a b"],
            &["Basic a"],
            &["a"],
            &["Bearer a", "Bearer a"],
        ] {
            assert_eq!(read(wrong), Err(()), "{wrong:?}");
        }
    }
}
