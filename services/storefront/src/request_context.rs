//! Request context: what the headers and the URI of a shopper's request say about the page to be rendered.

use crate::app_state::AppState;
use crate::{
    cart_cookie::{self, Scheme},
    compression::ContentEncoding,
    language_cookie,
    locale::{Language, Locale},
    settings,
};
use contracts::shared::{AccountId, CartId, CustomerActor, OrderId};
use http::{HeaderMap, Uri, header};
use web::Caller;

/// Request context, extracted once per request.
#[derive(Clone, Debug)]
pub(crate) struct RequestContext {
    pub(crate) locale: Locale,
    /// Account of the customer who is signed in, as the gateway says.
    pub(crate) customer: Option<AccountId>,
    /// Cart that the cookie names; knowing its id is the right to use it.
    pub(crate) cart: Option<CartId>,
    /// Order that is being paid for with the cart, as the cookie names it.
    pub(crate) paying_order: Option<OrderId>,
    pub(crate) purpose: FetchPurpose,
    pub(crate) scope: ResponseScope,
    pub(crate) scheme: Scheme,
    pub(crate) uri: Uri,
    /// Origin of the shop for absolute addresses: that of the settings, or the one of the request.
    pub(crate) origin: Option<String>,
    encoding: ContentEncoding,
    if_none_match: Option<String>,
}

/// Reason why a browser fetches a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FetchPurpose {
    /// The shopper navigates to it.
    Navigate,
    /// The browser fetches it ahead of a navigation that may never come.
    Prefetch,
}

/// Extent of the response: a full page or a fragment of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ResponseScope {
    /// The whole page; a form is answered by a redirect.
    FullPage,
    /// The fragments that a script swaps into the page that is already open.
    Fragment,
}

/// Header by which the shop's own scripts ask for a fragment. Other sites cannot send it without a CORS preflight.
const FRAGMENT_HEADER: &str = "shop-part";

impl RequestContext {
    /// Context of a request with these headers. The language is the one that the shopper chose, else one that the
    /// browser asks for, else that of the shop.
    pub(crate) fn new(state: &AppState, headers: &HeaderMap, uri: &Uri) -> Self {
        let settings = &state.settings;
        let text = |name: &str| headers.get(name).and_then(|it| it.to_str().ok());
        let available = settings.available_languages();
        let chosen = language_cookie::language(headers).filter(|it| available.contains(it));
        let accepted = || text("accept-language").and_then(|it| Language::negotiate(it, available));
        let language = chosen.or_else(accepted).unwrap_or(settings.language);
        let locale = Locale::new(language, settings.currency_display)
            .with_shop_texts(state.shop_texts)
            .with_time_zone(state.time_zone);
        let prefetch = ["sec-purpose", "purpose"]
            .into_iter()
            .any(|name| text(name).is_some_and(|it| it.starts_with("prefetch")));
        let fragment = headers.contains_key(FRAGMENT_HEADER);
        let https = text("x-forwarded-proto").is_some_and(|it| it.eq_ignore_ascii_case("https"));
        let scheme = if https { Scheme::Https } else { Scheme::Http };
        let ids = cart_cookie::ids(headers, scheme);
        Self {
            locale,
            customer: Caller::current().actor_as().map(|CustomerActor(account)| account),
            cart: ids.map(|(cart, _)| cart),
            paying_order: ids.and_then(|(_, order)| order),
            purpose: if prefetch { FetchPurpose::Prefetch } else { FetchPurpose::Navigate },
            scope: if fragment { ResponseScope::Fragment } else { ResponseScope::FullPage },
            scheme,
            uri: uri.clone(),
            origin: if settings.url.is_empty() {
                let host = text("x-forwarded-host").or_else(|| text(header::HOST.as_str()));
                let host = host.filter(|host| settings::is_host(host));
                host.map(|host| format!("{}://{host}", scheme.name()))
            } else {
                Some(settings.url.clone())
            },
            encoding: ContentEncoding::negotiate(headers),
            if_none_match: text(header::IF_NONE_MATCH.as_str()).map(ToOwned::to_owned),
        }
    }

    /// Absolute address of a path of the shop; none for a client that does not say how it reached the shop.
    pub(crate) fn absolute(&self, path: &str) -> Option<String> {
        self.origin.as_deref().map(|origin| format!("{origin}{path}"))
    }

    /// Best content encoding that the client accepts.
    pub(crate) fn encoding(&self) -> ContentEncoding {
        self.encoding
    }

    /// Whether `If-None-Match` contains this entity tag.
    pub(crate) fn matches_etag(&self, tag: &str) -> bool {
        let listed = self.if_none_match.as_deref();
        listed.is_some_and(|listed| listed.split(',').any(|it| it.trim() == tag))
    }
}
