//! What a shopper's request says about itself.

use super::{Encoding, cookie};
use crate::locale::{Language, Locale};
use crate::shop::Shop;
use axum::extract::FromRequestParts;
use contracts::shared::CartId;
use http::{HeaderMap, Uri, header, request::Parts};
use std::{convert::Infallible, sync::Arc};

/// One request of a shopper.
#[derive(Clone, Debug)]
pub(crate) struct Visit {
    pub(crate) locale: Locale,
    /// The cart the cookie names; knowing its id is the right to use it.
    pub(crate) cart: Option<CartId>,
    pub(crate) purpose: Purpose,
    pub(crate) wants: Wants,
    pub(crate) scheme: Scheme,
    pub(crate) uri: Uri,
    encoding: Encoding,
    known: Option<String>,
}

/// Why a page is fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Somebody looks at it.
    Look,
    /// A browser fetches ahead; nobody may ever look.
    Prefetch,
}

/// How much of a page is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wants {
    /// The whole page; a form leads on to another one.
    Page,
    /// What a script puts into the page that is there.
    Part,
}

/// How the shopper reached the shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Http,
    Https,
}

/// The header by which our scripts ask for a part. Another site cannot send it without asking first.
const PART: &str = "shop-part";

impl Visit {
    pub(crate) fn of(shop: &Shop, headers: &HeaderMap, uri: &Uri) -> Self {
        let text = |name: &str| headers.get(name).and_then(|it| it.to_str().ok());
        let language = text("accept-language").and_then(Language::accepted);
        let prefetch = ["sec-purpose", "purpose"]
            .into_iter()
            .any(|name| text(name).is_some_and(|it| it.starts_with("prefetch")));
        let https = text("x-forwarded-proto").is_some_and(|it| it.eq_ignore_ascii_case("https"));
        Self {
            locale: Locale::new(
                language.unwrap_or(shop.settings.language),
                shop.settings.currency_display,
            ),
            cart: cookie::cart_of(headers),
            purpose: if prefetch { Purpose::Prefetch } else { Purpose::Look },
            wants: if headers.contains_key(PART) { Wants::Part } else { Wants::Page },
            scheme: if https { Scheme::Https } else { Scheme::Http },
            uri: uri.clone(),
            encoding: Encoding::accepted(headers),
            known: text(header::IF_NONE_MATCH.as_str()).map(ToOwned::to_owned),
        }
    }
}

impl Visit {
    /// The best encoding the client takes.
    pub(crate) fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// Whether the client has the page with this tag already.
    pub(crate) fn has(&self, tag: &str) -> bool {
        self.known.as_deref().is_some_and(|known| known.split(',').any(|it| it.trim() == tag))
    }
}

impl FromRequestParts<Arc<Shop>> for Visit {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, shop: &Arc<Shop>) -> Result<Self, Infallible> {
        Ok(Self::of(shop, &parts.headers, &parts.uri))
    }
}
