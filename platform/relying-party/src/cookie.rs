//! Cookies of a relying party.

use crate::WebOrigin;
use http::{HeaderMap, HeaderValue};

/// Cookie of a relying party: the name over plain HTTP, which gets the prefix `__Host-` over https, so that no other host can set it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cookie(String);

impl Cookie {
    pub(crate) fn named(name: &str, suffix: &str) -> Self {
        Self([name, suffix].concat())
    }

    /// Value in these headers. Without `Secure`, a cookie that a proxy of another site set could be taken for ours, so only the name
    /// that fits the scheme counts.
    pub(crate) fn value<'a>(&self, origin: &WebOrigin, headers: &'a HeaderMap) -> Option<&'a str> {
        let name = self.full_name(origin);
        web::cookies(headers).find_map(|(known, value)| (known == name).then_some(value))
    }

    /// Header that sets it: for a time, or while the browser is open. Lax, because the provider sends the browser back here.
    pub(crate) fn set(&self, origin: &WebOrigin, value: &str, seconds: Option<u32>) -> HeaderValue {
        let age = seconds.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
        let secure = if origin.is_https() { "; Secure" } else { "" };
        let name = self.full_name(origin);
        let cookie = format!("{name}={value}; Path=/{age}; HttpOnly; SameSite=Lax{secure}");
        HeaderValue::from_str(&cookie).expect("names and values are letters, digits, - and _")
    }

    /// Header that removes it.
    pub(crate) fn remove(&self, origin: &WebOrigin) -> HeaderValue {
        self.set(origin, "", Some(0))
    }

    fn full_name(&self, origin: &WebOrigin) -> String {
        let prefix = if origin.is_https() { "__Host-" } else { "" };
        [prefix, &self.0].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::header;

    #[test]
    fn over_https_only_a_cookie_that_this_host_set_counts() {
        let cookie = Cookie::named("operator", "");
        let (http, https) =
            (WebOrigin::new("http://127.0.0.1:8081"), WebOrigin::new("https://ops.example"));
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, "a=b; operator=plain; xoperator=x".parse().unwrap());
        assert_eq!(cookie.value(&http, &headers), Some("plain"));
        assert_eq!(cookie.value(&https, &headers), None);
        headers.append(header::COOKIE, "__Host-operator=secure".parse().unwrap());
        assert_eq!(cookie.value(&https, &headers), Some("secure"));
        assert_eq!(
            cookie.set(&https, "v", None),
            "__Host-operator=v; Path=/; HttpOnly; SameSite=Lax; Secure"
        );
        assert_eq!(cookie.remove(&http), "operator=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
    }
}
