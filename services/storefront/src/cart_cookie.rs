//! Cart cookie: the only cookie of the shop. It is set when the first line is added to a cart, never before.

use contracts::shared::CartId;
use http::{HeaderMap, HeaderValue, header};

const NAME: &str = "cart";
/// Lifetime of the cookie, the same as that of an untouched cart.
const MAX_AGE_DAYS: u32 = 30;

/// URI scheme by which the shopper reached the shop: over HTTPS, the cookie is `Secure`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Http,
    Https,
}

/// Change of the cart cookie that goes with a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CartCookie {
    /// No `Set-Cookie` header.
    Unchanged,
    /// The cookie names this cart.
    Set(CartId),
    /// The cookie expires.
    Clear,
}

impl CartCookie {
    /// Value of the `Set-Cookie` header, if there is to be one.
    pub(crate) fn set_cookie(self, scheme: Scheme) -> Option<HeaderValue> {
        let (value, seconds) = match self {
            Self::Unchanged => return None,
            Self::Set(id) => (id.to_string(), MAX_AGE_DAYS * 86_400),
            Self::Clear => (String::new(), 0),
        };
        let secure = match scheme {
            Scheme::Https => "; Secure",
            Scheme::Http => "",
        };
        let text =
            format!("{NAME}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
        HeaderValue::from_str(&text).ok()
    }
}

/// Id of the cart that the request's cookie names.
pub(crate) fn cart_id(headers: &HeaderMap) -> Option<CartId> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(NAME)?.strip_prefix('='))
        .and_then(|id| id.parse().ok())
}
