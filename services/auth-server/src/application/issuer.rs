//! Issuer identifier: the one address under which this provider is known, byte for byte (OpenID Connect Discovery, section 3).

use std::net::Ipv4Addr;
use url::Url;

/// Path of the provider below the origin of the shop edge, and within the fleet. At a listener of its own the provider has no path.
pub(crate) const MOUNT: &str = "/auth";

/// Issuer identifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Issuer {
    text: String,
    origin: String,
    pub(crate) is_https: bool,
}

impl Issuer {
    /// Issuer of this address: `https`, or `http` on a loopback address, with the path at which the provider is mounted or without any.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let url = Url::parse(text).ok()?;
        let is_https = url.scheme() == "https";
        let host = url.host_str()?;
        let is_loopback = ["127.0.0.1", "[::1]", "localhost"].contains(&host);
        let origin = url.origin().ascii_serialization();
        // Written as it is understood: no user, no default port, no capital letters, no query, no fragment.
        let is_canonical = matches!(text.strip_prefix(&*origin), Some("" | MOUNT));
        let is_accepted = is_https || (url.scheme() == "http" && is_loopback);
        (is_accepted && is_canonical).then(|| Self { text: text.to_owned(), origin, is_https })
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Origin, such as `https://shop.example`. It is also the audience of access tokens: the shop's own API.
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// Host of the origin, with its port if it is not the default.
    pub(crate) fn authority(&self) -> &str {
        self.origin.split_once("://").map_or("", |(_, authority)| authority)
    }

    /// Name of the host; none of an address on the network.
    pub(crate) fn name(&self) -> Option<&str> {
        let host = self.authority().split(':').next()?;
        let is_address = host.starts_with('[') || host.parse::<Ipv4Addr>().is_ok();
        (!is_address).then_some(host)
    }

    /// Path of the issuer, below which everything of the provider is: that of the mount, or none.
    pub(crate) fn mount(&self) -> &str {
        &self.text[self.origin.len()..]
    }

    /// Path of something below the issuer, as browsers know it.
    pub(crate) fn path(&self, path: &str) -> String {
        [self.mount(), path].concat()
    }

    /// Address of a path below the issuer.
    pub(crate) fn at(&self, path: &str) -> String {
        [&self.text, path].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_written_in_one_way() {
        for good in [
            "https://shop.example/auth",
            "https://shop.example:8443/auth",
            "http://127.0.0.1:8080/auth",
            "http://localhost/auth",
            "http://[::1]:1/auth",
            "https://id.example",
            "http://127.0.0.1:9000",
        ] {
            assert_eq!(Issuer::parse(good).unwrap().as_str(), good);
        }
        for wrong in [
            "",
            "shop.example/auth",
            "https://shop.example/",
            "https://shop.example/authority",
            "https://shop.example/auth/auth",
            "https://shop.example/auth/",
            "https://shop.example/auth?a=1",
            "https://shop.example/auth#a",
            "https://user@shop.example/auth",
            "https://shop.example:443/auth",
            "https://Shop.example/auth",
            "https://shop.example/x/../auth",
            "http://shop.example/auth",
            "http://127.0.0.1.example/auth",
            "ftp://127.0.0.1/auth",
        ] {
            assert_eq!(Issuer::parse(wrong), None, "{wrong}");
        }
        let name = |text| Issuer::parse(text).unwrap().name().map(ToOwned::to_owned);
        assert_eq!(name("https://shop.example:8443/auth").as_deref(), Some("shop.example"));
        assert_eq!(name("http://localhost/auth").as_deref(), Some("localhost"));
        assert_eq!((name("http://127.0.0.1:8080/auth"), name("http://[::1]:1/auth")), (None, None));
        let issuer = Issuer::parse("https://shop.example:8443/auth").unwrap();
        assert_eq!(issuer.authority(), "shop.example:8443");
        assert_eq!(
            (issuer.origin(), &*issuer.at("/jwks")),
            ("https://shop.example:8443", "https://shop.example:8443/auth/jwks")
        );
        assert_eq!((issuer.mount(), &*issuer.path("/jwks")), ("/auth", "/auth/jwks"));
        let issuer = Issuer::parse("https://id.example").unwrap();
        assert_eq!((issuer.mount(), &*issuer.path("/jwks")), ("", "/jwks"));
        assert_eq!(
            (issuer.origin(), &*issuer.at("/jwks")),
            ("https://id.example", "https://id.example/jwks")
        );
    }
}
