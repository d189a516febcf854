//! Cookies of a request (RFC 6265, section 4.2).

use http::{HeaderMap, header};

/// Most cookies of a request that are looked at, as many as browsers keep for a site (RFC 6265, section 6.1, asks for at least 50); those beyond
/// are left out.
pub const COOKIES_MAX: usize = 180;

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
        .take(COOKIES_MAX)
        .filter_map(|pair| pair.trim().split_once('='))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beyond_the_limit_no_cookie_is_looked_at() {
        let many = (0..=COOKIES_MAX).map(|number| format!("c{number}=x")).collect::<Vec<_>>();
        let headers = HeaderMap::from_iter([(header::COOKIE, many.join("; ").parse().unwrap())]);
        assert_eq!(cookies(&headers).count(), COOKIES_MAX);
        assert!(cookies(&headers).all(|(name, _)| name != format!("c{COOKIES_MAX}")));
    }
}
