//! Pages on their way out: fingerprints, compression, and how long others may keep them.

use super::{Encoding, Visit};
use crate::shop::Shop;
use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use contracts::shared::CartId;
use http::{HeaderName, HeaderValue, StatusCode, header};
use maud::Markup;
use std::hash::{DefaultHasher, Hasher};

/// How long an answer may be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    /// Kept, but asked about each time.
    Asked,
    /// Not at all: it is one shopper's.
    Never,
    /// For ever: its address changes when it does.
    Forever,
}

impl Kept {
    pub(crate) fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Asked => "no-cache",
            Self::Never => "no-store",
            Self::Forever => "public, max-age=31536000, immutable",
        })
    }
}

/// An answer being made.
#[derive(Debug)]
pub(crate) struct Reply<'a> {
    shop: &'a Shop,
    visit: &'a Visit,
    status: StatusCode,
    kind: &'static str,
    kept: Kept,
    cookie: Option<HeaderValue>,
    speculation: bool,
}

/// What a page may load and do: nothing but what comes from the shop itself.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

impl<'a> Reply<'a> {
    /// A page that may be kept and asked about.
    pub(crate) fn page(shop: &'a Shop, visit: &'a Visit) -> Self {
        Self {
            shop,
            visit,
            status: StatusCode::OK,
            kind: "text/html; charset=utf-8",
            kept: Kept::Asked,
            cookie: None,
            speculation: true,
        }
    }

    /// A page of one shopper's own.
    pub(crate) fn own(shop: &'a Shop, visit: &'a Visit) -> Self {
        Self { kept: Kept::Never, speculation: false, ..Self::page(shop, visit) }
    }

    pub(crate) fn status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    pub(crate) fn kind(self, kind: &'static str) -> Self {
        Self { kind, speculation: false, ..self }
    }

    pub(crate) fn kept(self, kept: Kept) -> Self {
        Self { kept, ..self }
    }

    /// Remembers or forgets a cart.
    pub(crate) fn cart(self, memory: CartMemory) -> Self {
        Self { cookie: cookie_for(self.visit, memory), ..self }
    }

    /// Sends the page.
    pub(crate) fn send(self, markup: Markup) -> Response {
        self.send_bytes(markup.into_string().into())
    }

    /// Sends any body.
    pub(crate) fn send_bytes(self, body: Bytes) -> Response {
        let print = fingerprint(&body);
        let tag = (self.kept != Kept::Never && self.status == StatusCode::OK)
            .then(|| format!("W/\"{print:016x}\""));
        let unchanged = tag.as_deref().is_some_and(|tag| self.visit.has(tag));
        let mut response = if unchanged {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            // One shopper's own page is never seen again just so.
            let print = (self.kept != Kept::Never).then_some(print);
            let (body, encoding) = self.shop.compressed.encode(body, print, self.visit.encoding());
            self.with_body(body, encoding)
        };
        self.head(&mut response, tag);
        response
    }

    fn with_body(&self, body: Bytes, encoding: Encoding) -> Response {
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.kind));
        if let Some(name) = encoding.name() {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
        }
        response
    }

    fn head(self, response: &mut Response, tag: Option<String>) {
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, self.kept.header());
        if let Some(tag) = tag.and_then(|tag| HeaderValue::from_str(&tag).ok()) {
            headers.insert(header::ETAG, tag);
        }
        let varies = match self.kept {
            Kept::Forever => "accept-encoding",
            Kept::Asked | Kept::Never => "accept-encoding, accept-language, cookie, shop-part",
        };
        headers.insert(header::VARY, HeaderValue::from_static(varies));
        if let Some(cookie) = self.cookie {
            headers.insert(header::SET_COOKIE, cookie);
        }
        if self.speculation
            && let Ok(rules) =
                HeaderValue::from_str(&format!("\"{}\"", self.shop.assets.speculation))
        {
            headers.insert(HeaderName::from_static("speculation-rules"), rules);
        }
        guard(headers);
    }
}

/// The headers every answer has.
pub(super) fn guard(headers: &mut http::HeaderMap) {
    headers
        .insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_SECURITY_POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // The address of an order is the right to see it: other sites never learn it.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
}

/// What becomes of the cookie that names the cart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CartMemory {
    Untouched,
    Remember(CartId),
    Forget,
}

/// Leads on to another page, after a form was taken.
pub(crate) fn see_other(visit: &Visit, location: &str, memory: CartMemory) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let headers = response.headers_mut();
    if let Ok(location) = HeaderValue::from_str(location) {
        headers.insert(header::LOCATION, location);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(cookie) = cookie_for(visit, memory) {
        headers.insert(header::SET_COOKIE, cookie);
    }
    guard(headers);
    response
}

fn cookie_for(visit: &Visit, memory: CartMemory) -> Option<HeaderValue> {
    match memory {
        CartMemory::Untouched => None,
        CartMemory::Remember(cart) => super::cart_cookie(Some(cart), visit.scheme),
        CartMemory::Forget => super::cart_cookie(None, visit.scheme),
    }
}

/// Where something has moved for good.
pub(crate) fn moved(location: &str) -> Response {
    let mut response = StatusCode::MOVED_PERMANENTLY.into_response();
    if let Ok(location) = HeaderValue::from_str(location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    guard(response.headers_mut());
    response
}

/// Equal for equal bodies, on every machine and in every run.
fn fingerprint(body: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(body);
    hasher.finish()
}
