//! Application state shared by all pages: service clients, assets and caches.

use crate::{
    assets::Assets,
    cached_catalogue::CachedCatalogue,
    compression::CompressionCache,
    locale::ShopTexts,
    pages::sitemap::SitemapCache,
    prefetch,
    request_context::{FetchPurpose, RequestContext},
    settings::StorefrontSettings,
};
use axum::extract::FromRequestParts;
use contracts::{
    auth::AccountClient,
    cart::{Cart, CartClient, CartMerge, CartStatus},
    codes::CHECKING_OUT,
    order::{OrderClient, OrderLookup},
    payment::PaymentClient,
    product::ProductClient,
    shared::OrderId,
};
use http::request::Parts;
use jiff::tz::TimeZone;
use kernel::{Ids, codes};
use runtime::{BuildContext, BuildError};
use std::{convert::Infallible, sync::Arc};
use transport::CallError;

/// Application state: the axum state of every page handler.
#[derive(Debug)]
pub(crate) struct AppState {
    pub(crate) settings: StorefrontSettings,
    /// Translations of the shop's own texts.
    pub(crate) shop_texts: &'static ShopTexts,
    /// Time zone of the pages.
    pub(crate) time_zone: &'static TimeZone,
    products: ProductClient,
    /// Product client whose calls are recorded neither as views nor as searches.
    prefetch_products: ProductClient,
    pub(crate) carts: CartClient,
    pub(crate) orders: OrderClient,
    pub(crate) payments: PaymentClient,
    pub(crate) accounts: AccountClient,
    pub(crate) ids: Ids,
    pub(crate) assets: Assets,
    pub(crate) compression: CompressionCache,
    pub(crate) cached_catalogue: CachedCatalogue,
    pub(crate) sitemap: SitemapCache,
}

impl AppState {
    pub(crate) fn new(
        settings: StorefrontSettings,
        context: &BuildContext,
    ) -> Result<Self, BuildError> {
        let products = context.channel(ProductClient::SERVICE)?;
        let prefetch_products = ProductClient::new(prefetch::channel(products.clone()));
        let carts = CartClient::new(context.channel(CartClient::SERVICE)?);
        let ids = context.ids.clone();
        Ok(Self {
            assets: Assets::new(settings.hue, &settings.name),
            // It lives as long as the process, as the settings do that it comes from.
            time_zone: Box::leak(Box::new(settings.zone().unwrap_or(TimeZone::UTC))),
            shop_texts: ShopTexts::leaked(settings.language, settings.translations.clone()),
            cached_catalogue: CachedCatalogue::new(
                prefetch_products.clone(),
                carts.clone(),
                settings.country.clone(),
                ids.clone(),
            ),
            settings,
            sitemap: SitemapCache::default(),
            products: ProductClient::new(products),
            prefetch_products,
            carts,
            accounts: AccountClient::new(context.channel(AccountClient::SERVICE)?),
            payments: PaymentClient::new(context.channel(PaymentClient::SERVICE)?),
            orders: OrderClient::new(context.channel(OrderClient::SERVICE)?),
            ids,
            compression: CompressionCache::default(),
        })
    }

    /// Product client for calls on behalf of the shopper, which count as a view or a search unless the browser only
    /// prefetches.
    pub(crate) fn products_for(&self, context: &RequestContext) -> &ProductClient {
        match context.purpose {
            FetchPurpose::Navigate => &self.products,
            FetchPurpose::Prefetch => &self.prefetch_products,
        }
    }

    /// Product client for what a page adds by itself, which counts neither as a view nor as a search.
    pub(crate) fn prefetch_products(&self) -> &ProductClient {
        &self.prefetch_products
    }

    /// Cart of the shopper, as long as it has not been ordered. A failed call is an error, not an absent cart.
    pub(crate) async fn current_cart(
        &self,
        context: &RequestContext,
    ) -> Result<Option<Cart>, CallError> {
        let Some(id) = context.cart else { return Ok(None) };
        match self.carts.cart(id).await {
            Ok(cart) => Ok((cart.status != CartStatus::Ordered).then_some(cart)),
            Err(error) if error.problem(&codes::NOT_FOUND).is_some() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Cart of the customer who is signed in, into which that of the guest is merged which the cookie names. A cart that is being paid
    /// for is left as it is.
    pub(crate) async fn account_cart(
        &self,
        context: &RequestContext,
    ) -> Result<Option<Cart>, CallError> {
        let is_paying = context.paying_order.is_some();
        if context.customer.is_none() || is_paying {
            let cart = self.current_cart(context).await?;
            if context.customer.is_none() || cart.is_some() {
                return Ok(cart);
            }
        }
        let guest_cart = context.cart.filter(|_| !is_paying);
        match self.carts.account_cart(&CartMerge { guest_cart }).await {
            Ok(cart) => Ok(Some(cart)),
            Err(error) if error.problem(&codes::NOT_FOUND).is_some() => Ok(None),
            // The cart of the account is being ordered in another window.
            Err(error) if error.problem(&CHECKING_OUT).is_some() => {
                self.current_cart(context).await
            }
            Err(error) => Err(error),
        }
    }

    /// Id of the order with this number, for a shopper who knows the e-mail address it was placed with.
    pub(crate) async fn find_order(
        &self,
        number: &str,
        email: &str,
    ) -> Result<Option<OrderId>, CallError> {
        let lookup = OrderLookup { number: number.to_owned(), email: email.to_owned() };
        match self.orders.look_up(&lookup).await {
            Ok(order) => Ok(Some(order.id)),
            Err(error) if error.problem(&codes::NOT_FOUND).is_some() => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl FromRequestParts<Arc<AppState>> for RequestContext {
    type Rejection = Infallible;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &Arc<AppState>,
    ) -> Result<Self, Infallible> {
        Ok(Self::new(state, &parts.headers, &parts.uri))
    }
}
