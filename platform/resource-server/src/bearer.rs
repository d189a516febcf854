//! Bearer token of a request (RFC 6750, section 2.1): from the `Authorization` header, and from nowhere else. A token in a form or in an
//! address is not looked at: addresses end up in logs.

use http::{HeaderMap, header};

/// Request whose `Authorization` is no bearer token although it begins like one, or comes twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the Authorization header is not one bearer token")]
pub struct BearerError;

/// Bearer token of these headers; none if there is no `Authorization`, or one of another scheme.
///
/// # Errors
///
/// [`BearerError`], which is `invalid_request` and not a wrong token.
///
/// ```
/// use http::{HeaderMap, HeaderValue, header};
///
/// let mut headers = HeaderMap::new();
/// assert_eq!(resource_server::bearer_token(&headers), Ok(None));
/// headers.insert(header::AUTHORIZATION, HeaderValue::from_static("bearer a.b.c"));
/// assert_eq!(resource_server::bearer_token(&headers), Ok(Some("a.b.c")));
/// ```
pub fn bearer_token(headers: &HeaderMap) -> Result<Option<&str>, BearerError> {
    let mut lines = headers.get_all(header::AUTHORIZATION).iter();
    let Some(line) = lines.next() else { return Ok(None) };
    if lines.next().is_some() {
        return Err(BearerError);
    }
    let Ok(line) = line.to_str() else { return Err(BearerError) };
    let (scheme, rest) = line.split_once(' ').unwrap_or((line, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Ok(None);
    }
    let token = rest.trim_start_matches(' ');
    if is_bearer_token(token) { Ok(Some(token)) } else { Err(BearerError) }
}

/// Whether this can be sent as a bearer token: it is a `b64token` (RFC 6750, section 2.1).
pub fn is_bearer_token(token: &str) -> bool {
    let characters = token.trim_end_matches('=');
    let is_character = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
    !characters.is_empty() && characters.bytes().all(is_character)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn read(lines: &[&'static str]) -> Result<Option<String>, BearerError> {
        let lines =
            lines.iter().map(|line| (header::AUTHORIZATION, HeaderValue::from_static(line)));
        bearer_token(&lines.collect()).map(|token| token.map(ToOwned::to_owned))
    }

    #[test]
    fn the_scheme_is_of_any_case_and_the_token_is_one_word() {
        let token = Ok(Some("a.b-_~+/c==".to_owned()));
        for line in ["Bearer a.b-_~+/c==", "bearer a.b-_~+/c==", "BEARER   a.b-_~+/c=="] {
            assert_eq!(read(&[line]), token, "{line}");
        }
        for other in ["Basic YTpi", "Bearerx y", "DPoP x", "", "a.b.c"] {
            assert_eq!(read(&[other]), Ok(None), "{other}");
        }
        let wrong = [
            "Bearer",
            "Bearer ",
            "Bearer a b",
            "Bearer a,b",
            "Bearer =",
            "Bearer a=b",
            "Bearer a\tb",
        ];
        for line in wrong {
            assert_eq!(read(&[line]), Err(BearerError), "{line}");
        }
        assert_eq!(read(&["Bearer a", "Bearer a"]), Err(BearerError), "twice");
        assert_eq!(read(&["Basic YTpi", "Bearer a"]), Err(BearerError), "beside another scheme");
    }
}
