//! Authentication of clients and peers: HTTP Basic, as Java clients send it from the address of the registry, or a bearer token.

use super::EurekaServer;
use crate::settings::RegistrySettings;
use ::settings::Secret;
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use std::{path::Path, sync::Arc};
use subtle::ConstantTimeEq;

/// What clients have to show: either of these.
#[derive(Clone, Debug)]
pub(crate) struct Credentials {
    /// `user:password`.
    basic: Option<Secret>,
    token: Option<Secret>,
}

impl Credentials {
    /// Credentials of these settings; `None` if nobody has to show any. An error is a sentence.
    pub(crate) fn of(settings: &RegistrySettings) -> Result<Option<Self>, String> {
        let RegistrySettings { user, password, password_file, token_file, .. } = settings;
        let basic = if user.is_empty() {
            None
        } else {
            let password = match password.expose() {
                "" => read("password_file", password_file)?,
                password => password.to_owned(),
            };
            Some(Secret::new(format!("{user}:{password}")))
        };
        let token = if token_file.as_os_str().is_empty() {
            None
        } else {
            Some(Secret::new(read("token_file", token_file)?))
        };
        Ok((basic.is_some() || token.is_some()).then_some(Self { basic, token }))
    }

    fn admit(&self, headers: &HeaderMap) -> bool {
        let Some((scheme, shown)) = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split_once(' '))
        else {
            return false;
        };
        let (shown, expected) = if scheme.eq_ignore_ascii_case("basic") {
            (BASE64_STANDARD.decode(shown.trim()).unwrap_or_default(), &self.basic)
        } else if scheme.eq_ignore_ascii_case("bearer") {
            (shown.trim().as_bytes().to_vec(), &self.token)
        } else {
            return false;
        };
        expected
            .as_ref()
            .is_some_and(|expected| bool::from(expected.expose().as_bytes().ct_eq(&shown)))
    }
}

/// Secret in a file, without the spaces around it.
fn read(setting: &str, file: &Path) -> Result<String, String> {
    let unreadable = |error| format!("registry-service.{setting}: {}: {error}", file.display());
    let text = std::fs::read_to_string(file).map_err(unreadable)?;
    match text.trim() {
        "" => Err(format!("registry-service.{setting}: {} is empty", file.display())),
        text => Ok(text.to_owned()),
    }
}

/// Answers only who shows the credentials, if there are any.
pub(super) async fn authenticate(
    State(server): State<Arc<EurekaServer>>,
    request: Request,
    next: Next,
) -> Response {
    match &server.credentials {
        Some(credentials) if !credentials.admit(request.headers()) => {
            let challenge = HeaderValue::from_static("Basic realm=\"registry\", charset=\"UTF-8\"");
            (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, challenge)]).into_response()
        }
        _ => next.run(request).await,
    }
}
