//! Address of the provider of accounts: below `/auth` of the shop edge, or at a listener of its own. Its issuer says which, and is asked of
//! the provider, so that no process of a fleet has to be told.

use axum::{
    body::Body,
    http::{HeaderValue, Method, StatusCode, Uri, header, request::Parts},
    response::Response,
};
use contracts::auth::TokenIssuer;
use kernel::{Clock, Problem, Timestamp, codes};
use parking_lot::Mutex;
use std::{sync::Arc, time::Duration};

/// Path of the provider at the shop edge.
pub(crate) const MOUNT: &str = "/auth";
/// Time after which the provider is asked again: it may have been started elsewhere.
const AGE_MAX: Duration = Duration::from_mins(1);

/// Address of the provider.
#[derive(Debug)]
pub(crate) struct ProviderAddress {
    issuer: Arc<dyn TokenIssuer>,
    clock: Arc<dyn Clock>,
    /// Issuer as it was last, and until when it is taken to be the same.
    known: Mutex<Option<(Arc<str>, Timestamp)>>,
}

impl ProviderAddress {
    pub(crate) fn new(issuer: Arc<dyn TokenIssuer>, clock: Arc<dyn Clock>) -> Self {
        Self { issuer, clock, known: Mutex::default() }
    }

    /// Answer to a request for the provider at the shop edge where it is elsewhere: a page is there, and nothing else is here. `None` where
    /// it is below the shop edge, and where nobody can say: a request that is passed on says what is wrong.
    pub(crate) async fn elsewhere(&self, head: &Parts) -> Option<Result<Response, Problem>> {
        let issuer = self.issuer().await?;
        if issuer.ends_with(MOUNT) {
            return None;
        }
        let is_read = matches!(head.method, Method::GET | Method::HEAD);
        let location = location(&issuer, &head.uri).filter(|_| is_read);
        Some(location.map(redirect).ok_or_else(not_here))
    }

    async fn issuer(&self) -> Option<Arc<str>> {
        let now = self.clock.now();
        let known = self.known.lock().clone().filter(|(_, until)| now < *until);
        if let Some((issuer, _)) = known {
            return Some(issuer);
        }
        let issuer: Arc<str> = self.issuer.keys().await.ok()?.issuer.into();
        let until = now.checked_add(AGE_MAX).unwrap_or(now);
        *self.known.lock() = Some((Arc::clone(&issuer), until));
        Some(issuer)
    }
}

/// Address of a page of the provider at this issuer, which a path of the shop edge means.
fn location(issuer: &str, uri: &Uri) -> Option<HeaderValue> {
    let rest = uri.path().strip_prefix(MOUNT)?;
    let rest = if rest.is_empty() { "/" } else { rest };
    let query = uri.query().map(|query| ["?", query].concat()).unwrap_or_default();
    HeaderValue::from_str(&[issuer, rest, &query].concat()).ok()
}

fn redirect(location: HeaderValue) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::TEMPORARY_REDIRECT;
    response.headers_mut().insert(header::LOCATION, location);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn not_here() -> Problem {
    let title = "the provider of accounts has an address of its own, which its metadata name";
    Problem::of(codes::NOT_FOUND, title)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_at_the_same_path_below_the_issuer_and_never_at_another_host() {
        for (path, expected) in [
            ("/auth", Some("https://id.example/")),
            ("/auth/account?a=b%20c", Some("https://id.example/account?a=b%20c")),
            ("/auth//evil.example", Some("https://id.example//evil.example")),
            ("/auth/@evil.example", Some("https://id.example/@evil.example")),
            ("/.well-known/oauth-authorization-server/auth", None),
        ] {
            let found = location("https://id.example", &path.parse().unwrap());
            assert_eq!(found.as_ref().map(|it| it.to_str().unwrap()), expected, "{path}");
        }
    }
}
