//! Form fields of a query string or a body, with a same-origin check against cross-site request forgery.

use crate::page_error::PageError;
use axum::{body::Body, extract::FromRequest};
use http::{HeaderMap, Request};
use http_body_util::{BodyExt, Limited};
use web::FormOrigin;

/// Fields of a form, in their order.
#[derive(Clone, Debug, Default)]
pub(crate) struct FormFields(Vec<(String, String)>);

/// Maximum size of a form, in bytes.
const FORM_BYTES_MAX: usize = 64 * 1024;
/// Maximum number of fields of a form; further ones are ignored.
const FIELDS_MAX: usize = 200;

impl FormFields {
    /// Fields of a query string or of a body in `application/x-www-form-urlencoded`.
    pub(crate) fn parse(text: &[u8]) -> Self {
        Self(form_urlencoded::parse(text).into_owned().take(FIELDS_MAX).collect())
    }

    /// First non-empty value of this name, trimmed.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let values = self.0.iter().filter(|(known, _)| known == name);
        values.map(|(_, value)| value.trim()).find(|value| !value.is_empty())
    }

    /// All non-empty values of this name, trimmed.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let values = self.0.iter().filter(move |(known, _)| known == name);
        values.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }

    /// All fields as they were sent, in their order.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Whether there is a field of this name, even an empty one.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }
}

impl<S: Sync> FromRequest<S> for FormFields {
    type Rejection = PageError;

    async fn from_request(request: Request<Body>, _: &S) -> Result<Self, PageError> {
        if !is_same_origin(request.headers()) {
            return Err(PageError::CrossOrigin);
        }
        let body = Limited::new(request.into_body(), FORM_BYTES_MAX).collect().await;
        Ok(Self::parse(&body.map_err(|_| PageError::PayloadTooLarge)?.to_bytes()))
    }
}

/// Whether a form was sent by a page of this shop, under the name that the client or a proxy in front of it knows.
fn is_same_origin(headers: &HeaderMap) -> bool {
    let forwarded = headers.get("x-forwarded-host").and_then(|it| it.to_str().ok());
    FormOrigin::of(headers, forwarded.as_slice()) == FormOrigin::Same
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(headers: &[(&'static str, &str)]) -> bool {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        is_same_origin(&map)
    }

    #[test]
    fn cross_origin_forms_are_recognised() {
        assert!(same(&[("sec-fetch-site", "same-origin")]));
        assert!(!same(&[
            ("sec-fetch-site", "cross-site"),
            ("origin", "http://shop"),
            ("host", "shop")
        ]));
        assert!(!same(&[("sec-fetch-site", "same-site")]));
        assert!(same(&[("origin", "http://shop:8080"), ("host", "shop:8080")]));
        assert!(same(&[
            ("origin", "https://shop"),
            ("host", "inside"),
            ("x-forwarded-host", "shop")
        ]));
        assert!(!same(&[("origin", "http://evil"), ("host", "shop")]));
        assert!(!same(&[("origin", "null"), ("host", "shop")]));
        assert!(same(&[("host", "shop")]));
    }

    #[test]
    fn values_are_trimmed() {
        let fields = FormFields::parse(b"a=+1+&b=&a=2&c=%C3%A4");
        assert_eq!(fields.text("a"), Some("1"));
        assert_eq!(fields.all("a").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!((fields.text("b"), fields.has("b")), (None, true));
        assert_eq!(fields.text("c"), Some("ä"));
    }
}
