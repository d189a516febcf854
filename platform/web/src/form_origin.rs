//! Same-origin check of forms (CSRF protection), by `Origin` and fetch metadata.

use http::{HeaderMap, header};

/// Origin of a form, as far as its headers say. Browsers write them, and no page can change them.
///
/// ```
/// use http::{HeaderMap, HeaderName};
/// use web::FormOrigin;
///
/// let of = |headers: &[(&'static str, &'static str)]| {
///     let headers = headers.iter().map(|(name, value)| {
///         (HeaderName::from_static(name), value.parse().unwrap())
///     });
///     FormOrigin::of(&headers.collect::<HeaderMap>(), &["inside"])
/// };
/// assert_eq!(of(&[("origin", "https://shop"), ("host", "shop")]), FormOrigin::Same);
/// assert_eq!(of(&[("origin", "https://inside"), ("host", "shop")]), FormOrigin::Same);
/// assert_eq!(of(&[("origin", "https://evil"), ("host", "shop")]), FormOrigin::Other);
/// assert_eq!(of(&[("origin", "null"), ("host", "shop")]), FormOrigin::Opaque);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormOrigin {
    /// A page of this origin; or a client without these headers, which is no browser that a page could use.
    Same,
    /// A page that hides its origin (`Origin: null`): one without a referrer, or one in a sandbox.
    Opaque,
    /// A page of another origin.
    Other,
}

impl FormOrigin {
    /// Origin of a form with these headers. Beside the `Host` header, `hosts` name this origin, with their ports if they have any.
    pub fn of(headers: &HeaderMap, hosts: &[&str]) -> Self {
        let text = |name: &str| headers.get(name).map(|it| it.to_str().unwrap_or("?"));
        if let Some(site) = text("sec-fetch-site") {
            let is_same = matches!(site, "same-origin" | "none");
            return if is_same { Self::Same } else { Self::Other };
        }
        match text(header::ORIGIN.as_str()) {
            None => Self::Same,
            Some("null") => Self::Opaque,
            Some(origin) => {
                let host = origin.split_once("://").map(|(_, host)| host);
                let is_named =
                    |host| hosts.contains(&host) || text(header::HOST.as_str()) == Some(host);
                if host.is_some_and(is_named) { Self::Same } else { Self::Other }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fetch_metadata_count_before_the_origin() {
        let of = |site: &str, origin: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("sec-fetch-site", site.parse().unwrap());
            headers.insert(header::ORIGIN, origin.parse().unwrap());
            headers.insert(header::HOST, "shop".parse().unwrap());
            FormOrigin::of(&headers, &[])
        };
        assert_eq!(of("same-origin", "null"), FormOrigin::Same);
        assert_eq!(of("none", "http://shop"), FormOrigin::Same);
        for site in ["cross-site", "same-site", "", "SAME-ORIGIN"] {
            assert_eq!(of(site, "http://shop"), FormOrigin::Other, "{site}");
        }
    }

    #[test]
    fn an_origin_that_cannot_be_read_is_another() {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, "shop".parse().unwrap());
        assert_eq!(FormOrigin::of(&headers, &[]), FormOrigin::Same, "no browser");
        for origin in ["shop", "", "http://shop:8080", "http://shop.evil", "http://sh\u{e9}p"] {
            headers
                .insert(header::ORIGIN, http::HeaderValue::from_bytes(origin.as_bytes()).unwrap());
            assert_eq!(FormOrigin::of(&headers, &[]), FormOrigin::Other, "{origin}");
        }
    }
}
