//! Page responses: entity tags, compression, cache policy and security headers.

use crate::{
    app_state::AppState, cart_cookie::CartCookie, compression::ContentEncoding,
    request_context::RequestContext,
};
use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header};
use maud::Markup;
use std::hash::{DefaultHasher, Hasher};

/// Cache policy of a response, sent as `Cache-Control`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CachePolicy {
    /// `no-cache`: stored, and revalidated by its entity tag each time.
    Revalidate,
    /// `no-store`: private to one shopper.
    NoStore,
    /// `immutable`: the address changes whenever the content does.
    Immutable,
}

impl CachePolicy {
    pub(crate) fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Revalidate => "no-cache",
            Self::NoStore => "no-store",
            Self::Immutable => "public, max-age=31536000, immutable",
        })
    }
}

/// Builder of the response of a page or file.
#[derive(Debug)]
pub(crate) struct PageResponse<'a> {
    state: &'a AppState,
    context: &'a RequestContext,
    status: StatusCode,
    content_type: &'static str,
    cache_policy: CachePolicy,
    cookie: CartCookie,
    /// Whether the response refers to the speculation rules, by which browsers prefetch links.
    speculation_rules: bool,
}

/// Content security policy: a page loads and does nothing but what comes from the shop itself.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

impl<'a> PageResponse<'a> {
    /// Response of a public page, which caches store and revalidate.
    pub(crate) fn public(state: &'a AppState, context: &'a RequestContext) -> Self {
        Self {
            state,
            context,
            status: StatusCode::OK,
            content_type: "text/html; charset=utf-8",
            cache_policy: CachePolicy::Revalidate,
            cookie: CartCookie::Unchanged,
            speculation_rules: true,
        }
    }

    /// Response of a page that is private to one shopper.
    pub(crate) fn private(state: &'a AppState, context: &'a RequestContext) -> Self {
        Self {
            cache_policy: CachePolicy::NoStore,
            speculation_rules: false,
            ..Self::public(state, context)
        }
    }

    pub(crate) fn status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    pub(crate) fn content_type(self, content_type: &'static str) -> Self {
        Self { content_type, speculation_rules: false, ..self }
    }

    pub(crate) fn cache_policy(self, cache_policy: CachePolicy) -> Self {
        Self { cache_policy, ..self }
    }

    pub(crate) fn cookie(self, cookie: CartCookie) -> Self {
        Self { cookie, ..self }
    }

    /// Response with an HTML body.
    pub(crate) fn html(self, markup: Markup) -> Response {
        self.bytes(markup.into_string().into())
    }

    /// Response with any body; without one when the client has it already.
    pub(crate) fn bytes(self, body: Bytes) -> Response {
        // A private page is never rendered twice with the same content.
        let fingerprint = (self.cache_policy != CachePolicy::NoStore).then(|| fingerprint(&body));
        let tag = fingerprint.filter(|_| self.status == StatusCode::OK);
        let tag = tag.map(|fingerprint| format!("W/\"{fingerprint:016x}\""));
        let unchanged = tag.as_deref().is_some_and(|tag| self.context.matches_etag(tag));
        let mut response = if unchanged {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            let (body, encoding) =
                self.state.compression.encode(body, fingerprint, self.context.encoding());
            self.response_with(body, encoding)
        };
        self.insert_headers(&mut response, tag);
        response
    }

    /// Header of the cache policy. What a customer sees who is signed in, no cache keeps that several people share.
    fn cache_control(&self) -> HeaderValue {
        if self.cache_policy == CachePolicy::Revalidate && self.context.customer.is_some() {
            return HeaderValue::from_static("private, no-cache");
        }
        self.cache_policy.header()
    }

    fn response_with(&self, body: Bytes, encoding: ContentEncoding) -> Response {
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        if let Some(name) = encoding.header_value() {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
        }
        response
    }

    fn insert_headers(self, response: &mut Response, tag: Option<String>) {
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, self.cache_control());
        if let Some(tag) = tag.and_then(|tag| HeaderValue::from_str(&tag).ok()) {
            headers.insert(header::ETAG, tag);
        }
        let vary = match self.cache_policy {
            CachePolicy::Immutable => "accept-encoding",
            CachePolicy::Revalidate | CachePolicy::NoStore => {
                "accept-encoding, accept-language, cookie, shop-part"
            }
        };
        headers.insert(header::VARY, HeaderValue::from_static(vary));
        if let Some(cookie) = self.cookie.set_cookie(self.context.scheme) {
            headers.insert(header::SET_COOKIE, cookie);
        }
        if self.speculation_rules
            && let Ok(rules) =
                HeaderValue::from_str(&format!("\"{}\"", self.state.assets.speculation))
        {
            headers.insert(HeaderName::from_static("speculation-rules"), rules);
        }
        insert_security_headers(headers);
    }
}

/// Inserts the security headers that every response has.
fn insert_security_headers(headers: &mut http::HeaderMap) {
    headers
        .insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_SECURITY_POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // Knowing the address of an order is the right to see it, so other sites never learn it.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
}

/// Redirect after a form was processed (303 See Other).
pub(crate) fn see_other(context: &RequestContext, location: &str, cookie: CartCookie) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let headers = response.headers_mut();
    if let Ok(location) = HeaderValue::from_str(location) {
        headers.insert(header::LOCATION, location);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(cookie) = cookie.set_cookie(context.scheme) {
        headers.insert(header::SET_COOKIE, cookie);
    }
    insert_security_headers(headers);
    response
}

/// Permanent redirect (308) to the canonical address of a page, with the query of the request.
pub(crate) fn moved(context: &RequestContext, path: &str) -> Response {
    let query = context.uri.query();
    let location = query.map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
    let mut response = StatusCode::PERMANENT_REDIRECT.into_response();
    if let Ok(location) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    insert_security_headers(response.headers_mut());
    response
}

/// Fingerprint of a body for entity tags and cache keys, the same on every machine and in every run.
fn fingerprint(body: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(body);
    hasher.finish()
}
