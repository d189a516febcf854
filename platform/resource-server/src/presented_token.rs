//! Access token of a request (RFC 6750, section 2.1; RFC 9449, section 7.1): from the `Authorization` header, and from nowhere else. A
//! token in a form or in an address is not looked at: addresses end up in logs.

use http::{HeaderMap, HeaderName, header};

/// Header with the proof of possession.
const DPOP: HeaderName = HeaderName::from_static("dpop");

/// Scheme by which a token is presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenScheme {
    /// `Bearer`.
    Bearer,
    /// `DPoP`.
    Dpop,
}

/// Request whose `Authorization` is no token although it begins like one, or comes twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the Authorization header is not one bearer token")]
pub struct BearerError;

/// Token of these headers with its scheme; none if there is no `Authorization`, or one of another scheme.
///
/// # Errors
///
/// [`BearerError`], which is `invalid_request` and not a wrong token.
///
/// ```
/// use http::{HeaderMap, HeaderValue, header};
/// use resource_server::{TokenScheme, presented_token};
///
/// let mut headers = HeaderMap::new();
/// assert_eq!(presented_token(&headers), Ok(None));
/// headers.insert(header::AUTHORIZATION, HeaderValue::from_static("bearer a.b.c"));
/// assert_eq!(presented_token(&headers), Ok(Some((TokenScheme::Bearer, "a.b.c"))));
/// ```
pub fn presented_token(headers: &HeaderMap) -> Result<Option<(TokenScheme, &str)>, BearerError> {
    let mut lines = headers.get_all(header::AUTHORIZATION).iter();
    let Some(line) = lines.next() else { return Ok(None) };
    if lines.next().is_some() {
        return Err(BearerError);
    }
    let Ok(line) = line.to_str() else { return Err(BearerError) };
    let (scheme, rest) = line.split_once(' ').unwrap_or((line, ""));
    let scheme = if scheme.eq_ignore_ascii_case("bearer") {
        TokenScheme::Bearer
    } else if scheme.eq_ignore_ascii_case("dpop") {
        TokenScheme::Dpop
    } else {
        return Ok(None);
    };
    let token = rest.trim_start_matches(' ');
    if is_bearer_token(token) { Ok(Some((scheme, token))) } else { Err(BearerError) }
}

/// Proof of possession of these headers: none without one, and none that counts if there are several.
pub fn presented_proof(headers: &HeaderMap) -> Option<&str> {
    let mut lines = headers.get_all(DPOP).iter();
    let line = lines.next()?;
    if lines.next().is_some() { None } else { line.to_str().ok() }
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

    fn headers(name: &HeaderName, lines: &[&'static str]) -> HeaderMap {
        lines.iter().map(|line| (name.clone(), HeaderValue::from_static(line))).collect()
    }

    fn read(lines: &[&'static str]) -> Result<Option<(TokenScheme, String)>, BearerError> {
        let headers = headers(&header::AUTHORIZATION, lines);
        presented_token(&headers).map(|it| it.map(|(scheme, token)| (scheme, token.to_owned())))
    }

    #[test]
    fn the_scheme_is_of_any_case_and_the_token_is_one_word() {
        let token = |scheme| Ok(Some((scheme, "a.b-_~+/c==".to_owned())));
        for line in ["Bearer a.b-_~+/c==", "bearer a.b-_~+/c==", "BEARER   a.b-_~+/c=="] {
            assert_eq!(read(&[line]), token(TokenScheme::Bearer), "{line}");
        }
        for line in ["DPoP a.b-_~+/c==", "dpop a.b-_~+/c=="] {
            assert_eq!(read(&[line]), token(TokenScheme::Dpop), "{line}");
        }
        for other in ["Basic YTpi", "Bearerx y", "DPoPx y", "", "a.b.c"] {
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
            "DPoP",
            "DPoP a b",
        ];
        for line in wrong {
            assert_eq!(read(&[line]), Err(BearerError), "{line}");
        }
        assert_eq!(read(&["Bearer a", "Bearer a"]), Err(BearerError), "twice");
        assert_eq!(read(&["Basic YTpi", "Bearer a"]), Err(BearerError), "beside another scheme");
    }

    #[test]
    fn there_is_one_proof_or_none() {
        assert_eq!(presented_proof(&headers(&DPOP, &["a"])), Some("a"));
        assert_eq!(presented_proof(&headers(&DPOP, &[])), None);
        assert_eq!(presented_proof(&headers(&DPOP, &["a", "a"])), None);
    }
}
