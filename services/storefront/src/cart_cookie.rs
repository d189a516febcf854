//! Cart cookie. It is set when the first line is added to a cart, never before.

use contracts::shared::{CartId, OrderId};
use http::{HeaderMap, HeaderValue};

/// Name of the cookie over HTTP.
const NAME: &str = "cart";
/// Name of the cookie over HTTPS. Browsers take a cookie with this prefix only from the host itself and only over HTTPS, so
/// that no other host of the domain can set the cart of a shopper.
const SECURE_NAME: &str = "__Host-cart";
/// Lifetime of the cookie, the same as that of an untouched cart.
const MAX_AGE_DAYS: u32 = 30;

/// URI scheme by which the shopper reached the shop: over HTTPS, the cookie is `Secure`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Http,
    Https,
}

impl Scheme {
    /// Name of the scheme in addresses.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    fn cookie_name(self) -> &'static str {
        match self {
            Self::Http => NAME,
            Self::Https => SECURE_NAME,
        }
    }
}

/// Change of the cart cookie that goes with a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CartCookie {
    /// No `Set-Cookie` header.
    Unchanged,
    /// The cookie names this cart.
    Set(CartId),
    /// The cookie names this cart and the order that is being paid for with it.
    Paying(CartId, OrderId),
    /// The cookie expires.
    Clear,
}

impl CartCookie {
    /// Value of the `Set-Cookie` header, if there is to be one.
    pub(crate) fn set_cookie(self, scheme: Scheme) -> Option<HeaderValue> {
        let (value, seconds) = match self {
            Self::Unchanged => return None,
            Self::Set(id) => (id.to_string(), MAX_AGE_DAYS * 86_400),
            Self::Paying(id, order) => (format!("{id}{SEPARATOR}{order}"), MAX_AGE_DAYS * 86_400),
            Self::Clear => (String::new(), 0),
        };
        let secure = match scheme {
            Scheme::Https => "; Secure",
            Scheme::Http => "",
        };
        let name = scheme.cookie_name();
        let text =
            format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
        HeaderValue::from_str(&text).ok()
    }
}

/// Separator between the cart and its order.
const SEPARATOR: char = '.';

/// Ids that the request's cookie names: the cart, and the order that is being paid for with it. Only the services make
/// ids: one that they do not know is no cart and no order.
pub(crate) fn ids(headers: &HeaderMap, scheme: Scheme) -> Option<(CartId, Option<OrderId>)> {
    let (_, value) = web::cookies(headers).find(|(name, _)| *name == scheme.cookie_name())?;
    match value.split_once(SEPARATOR) {
        Some((cart, order)) => Some((cart.parse().ok()?, Some(order.parse().ok()?))),
        None => Some((value.parse().ok()?, None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::header;

    const CART: &str = "0190a8b4-0000-7000-8000-000000000000";

    fn cart(scheme: Scheme, cookies: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for cookie in cookies {
            headers.append(header::COOKIE, cookie.parse().unwrap());
        }
        ids(&headers, scheme).map(|(id, _)| id.to_string())
    }

    #[test]
    fn the_cookie_has_the_host_prefix_over_https_and_its_plain_name_over_http() {
        let id = CART.parse().unwrap();
        let set = |cookie: CartCookie, scheme| {
            cookie.set_cookie(scheme).map(|value| value.to_str().unwrap().to_owned())
        };
        let rest = "Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax";
        let secure = format!("__Host-cart={CART}; {rest}; Secure");
        assert_eq!(set(CartCookie::Set(id), Scheme::Https), Some(secure));
        assert_eq!(set(CartCookie::Set(id), Scheme::Http), Some(format!("cart={CART}; {rest}")));
        for (scheme, name) in [(Scheme::Https, "__Host-cart"), (Scheme::Http, "cart")] {
            let cleared = set(CartCookie::Clear, scheme).unwrap();
            assert!(cleared.starts_with(&format!("{name}=; Path=/; Max-Age=0;")), "{cleared}");
            assert_eq!(set(CartCookie::Unchanged, scheme), None);
        }
    }

    #[test]
    fn the_cookie_names_the_order_that_is_being_paid_for() {
        let order = CART.replace("0190", "0192");
        let paying = CartCookie::Paying(CART.parse().unwrap(), order.parse().unwrap());
        let set = paying.set_cookie(Scheme::Http).unwrap();
        let cookie = set.to_str().unwrap().split(';').next().unwrap().to_owned();
        assert_eq!(cookie, format!("cart={CART}.{order}"));
        for (cookie, expected) in [
            (cookie, Some(Some(order.clone()))),
            (format!("cart={CART}"), Some(None)),
            (format!("cart={CART}."), None),
            (format!("cart={CART}.x"), None),
            (format!("cart=.{order}"), None),
        ] {
            let mut headers = HeaderMap::new();
            headers.append(header::COOKIE, cookie.parse().unwrap());
            let found = ids(&headers, Scheme::Http);
            let found = found.map(|(_, order)| order.map(|order| order.to_string()));
            assert_eq!(found, expected, "{cookie}");
        }
    }

    #[test]
    fn a_cookie_that_another_host_could_have_set_counts_for_nothing_over_https() {
        let (plain, secure) = (format!("cart={CART}"), format!("__Host-cart={CART}"));
        let other = format!("{plain}; a=b; __Host-cart={}", CART.replace("0190", "0191"));
        assert_eq!(cart(Scheme::Https, &[&secure]).as_deref(), Some(CART));
        assert_eq!(cart(Scheme::Https, &["a=b", &other]), Some(CART.replace("0190", "0191")));
        assert_eq!(cart(Scheme::Https, &[&plain]), None);
        assert_eq!(cart(Scheme::Http, &[&plain]).as_deref(), Some(CART));
        assert_eq!(cart(Scheme::Http, &[&secure]), None);
        for wrong in [
            "",
            "cart",
            "cart=",
            "cart=1",
            "xcart=1",
            &format!("carts={CART}"),
            &format!("{plain}x"),
        ] {
            assert_eq!(cart(Scheme::Http, &[wrong]), None, "{wrong}");
        }
    }
}
