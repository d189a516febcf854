//! Cookies of a request (RFC 6265, section 4.2).

use http::{HeaderMap, header};

/// Names and values of the cookies of a request, one after the other. Headers that are not ASCII, and pairs without a value, are left out.
///
/// ```
/// use http::{HeaderMap, header::COOKIE};
///
/// let headers = HeaderMap::from_iter([(COOKIE, "a=1; b; c=x=y".parse().unwrap())]);
/// let cookies: Vec<_> = web::cookies(&headers).collect();
/// assert_eq!(cookies, [("a", "1"), ("c", "x=y")]);
/// ```
pub fn cookies(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
}
