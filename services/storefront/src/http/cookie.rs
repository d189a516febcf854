//! The one cookie: which cart is the shopper's. It is set by the first thing put into the cart, never before.

use contracts::shared::CartId;
use http::{HeaderMap, HeaderValue, header};

const NAME: &str = "cart";
/// As long as a cart lives untouched.
const DAYS: u32 = 30;

/// The cart the request's cookie names.
pub(super) fn cart_of(headers: &HeaderMap) -> Option<CartId> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(NAME)?.strip_prefix('='))
        .and_then(|id| id.parse().ok())
}

/// The cookie that remembers a cart, or forgets it.
pub(super) fn cart_cookie(
    cart: Option<CartId>,
    scheme: super::visit::Scheme,
) -> Option<HeaderValue> {
    let (value, seconds) = cart.map_or((String::new(), 0), |id| (id.to_string(), DAYS * 86_400));
    let secure = match scheme {
        super::visit::Scheme::Https => "; Secure",
        super::visit::Scheme::Http => "",
    };
    let text = format!("{NAME}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
    HeaderValue::from_str(&text).ok()
}
