//! Public HTTP API: carts, quotes of carts, delivery methods and countries.

use super::{replay, view};
use crate::{
    application::{
        cart_service::CartService,
        quote_calculator::{Delivery, find_country},
    },
    domain::{
        cart::CartAccess,
        shipping::{DeliveryOffer, PickupPoint},
    },
};
use contracts::{
    cart::{
        Cart, CartMerge, CartQuoteRequest, Countries, LineQuantity, NewCart, PickupPlace, Quote,
        ShippingMethod, ShippingMethods, ShopTerms, WishList,
    },
    shared::{AccountId, CartId, CustomerActor, Quantity, Sku},
};
use kernel::{Currency, Money};
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::Arc;
use transport::Edge;
use web::{
    ApiResult, ApiRouter, ByReference, Caller, Created, IdempotencyKey, IfMatch, Json, Path, Query,
    Recomputed, Versioned, routes,
};

/// Routes of the service.
pub(crate) fn routes(carts: Arc<CartService>) -> ApiRouter {
    routes! {
        tag "Carts";
        /// Create a cart
        post "/api/v1/carts" => create as createCart;
        /// Get the cart of the customer who is signed in, after a merge with that of a guest
        post "/api/v1/account/cart" => customer_cart as openAccountCart;
        /// Get a cart at current prices
        get "/api/v1/carts/{id}" => get_cart as getCart;
        /// Quote a cart for a destination
        post "/api/v1/carts/{id}/quote" => quote as quoteCart;
        /// Add a line
        post "/api/v1/carts/{id}/lines" => add_line as addCartLine;
        /// Set the quantity of a line; 0 removes it
        patch "/api/v1/carts/{id}/lines/{sku}" => change_line as changeCartLine;
        /// Remove a line
        delete "/api/v1/carts/{id}/lines/{sku}" => remove_line as removeCartLine;
        tag "Wish lists";
        /// Get the wish list of the customer who is signed in, the latest first
        get "/api/v1/account/wish-list" => wish_list as getWishList;
        /// Add an article to it
        put "/api/v1/account/wish-list/{sku}" => add_wish as addWish;
        /// Remove an article from it
        delete "/api/v1/account/wish-list/{sku}" => remove_wish as removeWish;
        tag "Delivery";
        /// List the shipping methods for a country, the default first
        get "/api/v1/shipping-methods" => list_shipping_methods as listShippingMethods;
        /// List the countries we deliver to, with their address rules
        get "/api/v1/countries" => list_countries as listCountries;
        tag "Shop";
        /// Get the shop's currency, country and price mode
        get "/api/v1/shop" => shop_terms as getShopTerms;
    }
    .with_state(carts)
}

type AppState = web::State<Arc<CartService>>;

/// Response with a cart, which is kept by reference under an idempotency key.
type CartResponse = ApiResult<ByReference<Versioned<Json<Cart>>>>;

/// Account of the customer who makes a request at the shop edge.
fn customer(caller: &Caller) -> Option<AccountId> {
    let CustomerActor(account) = caller.actor_as().filter(|_| caller.edge == Edge::Shop)?;
    Some(account)
}

/// Carts that the running request may use.
pub(crate) fn access() -> CartAccess {
    let caller = Caller::current();
    match caller.edge {
        Edge::Shop => CartAccess::Shopper(customer(&caller)),
        Edge::Operator | Edge::Internal => CartAccess::Everything,
    }
}

async fn create(
    carts: AppState,
    caller: Caller,
    Json(new): Json<NewCart>,
) -> ApiResult<ByReference<Versioned<Created<Cart>>>> {
    Ok(replay::created(carts.create(&new.lines, new.currency, customer(&caller)).await?))
}

async fn customer_cart(
    carts: AppState,
    caller: Caller,
    Json(CartMerge { guest_cart }): Json<CartMerge>,
) -> CartResponse {
    let CustomerActor(account) = caller.require_actor()?;
    Ok(replay::changed(carts.customer_cart(account, guest_cart).await?))
}

async fn get_cart(carts: AppState, Path(id): Path<CartId>) -> CartResponse {
    Ok(replay::changed(carts.cart(id, access()).await?))
}

async fn quote(
    carts: AppState,
    Path(id): Path<CartId>,
    Json(request): Json<CartQuoteRequest>,
) -> ApiResult<Recomputed<Json<Quote>>> {
    let CartQuoteRequest { destination, shipping_method } = &request;
    let delivery = Delivery::new(destination, "destination", shipping_method.as_deref())?;
    Ok(Recomputed(Json(carts.quote_cart(id, delivery, access()).await?)))
}

async fn add_line(
    carts: AppState,
    Path(id): Path<CartId>,
    caller: Caller,
    key: Option<IdempotencyKey>,
    IfMatch(if_version): IfMatch,
    Json(line): Json<Quantity>,
) -> CartResponse {
    let operation = key.map(|key| key.operation(&caller, &format!("cart/{id}/lines")));
    Ok(replay::changed(carts.add_line(id, &line, operation, if_version, access()).await?))
}

async fn change_line(
    carts: AppState,
    Path((id, sku)): Path<(CartId, Sku)>,
    IfMatch(if_version): IfMatch,
    Json(line): Json<LineQuantity>,
) -> CartResponse {
    Ok(replay::changed(carts.change_line(id, sku, line.quantity, if_version, access()).await?))
}

async fn remove_line(
    carts: AppState,
    Path((id, sku)): Path<(CartId, Sku)>,
    IfMatch(if_version): IfMatch,
) -> CartResponse {
    Ok(replay::changed(carts.remove_line(id, sku, if_version, access()).await?))
}

async fn wish_list(carts: AppState, caller: Caller) -> ApiResult<Json<WishList>> {
    let CustomerActor(account) = caller.require_actor()?;
    Ok(Json(carts.wish_list(account).await?))
}

async fn add_wish(
    carts: AppState,
    caller: Caller,
    Path(sku): Path<Sku>,
) -> ApiResult<Json<WishList>> {
    let CustomerActor(account) = caller.require_actor()?;
    Ok(Json(carts.add_wish(account, &sku).await?))
}

async fn remove_wish(
    carts: AppState,
    caller: Caller,
    Path(sku): Path<Sku>,
) -> ApiResult<Json<WishList>> {
    let CustomerActor(account) = caller.require_actor()?;
    Ok(Json(carts.remove_wish(account, &sku).await?))
}

/// Query parameters of the shipping methods.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct DeliveryQuery {
    /// ISO 3166-1 alpha-2 country code; the shop's home country by default.
    #[serde(default)]
    country: Option<String>,
    /// Cart whose items total decides whether delivery is free.
    #[serde(default)]
    cart_id: Option<CartId>,
    /// Currency, when no cart is given.
    #[serde(default)]
    currency: Option<Currency>,
}

async fn list_shipping_methods(
    carts: AppState,
    Query(query): Query<DeliveryQuery>,
) -> ApiResult<Json<ShippingMethods>> {
    let pricing = carts.quotes.pricing();
    let items = match query.cart_id {
        Some(id) => carts.items(id, access()).await?,
        None => Money::zero(query.currency.unwrap_or(pricing.currency)),
    };
    let country = query.country.as_deref().unwrap_or(pricing.home.code);
    let country = find_country(country, || "country".to_owned())?;
    let items = carts.quotes.delivery_offers(country.code, items).map(|offer| {
        let DeliveryOffer { method, price, free_from } = offer;
        let pickup = method.pickup.clone();
        ShippingMethod {
            code: method.code.clone(),
            label: method.label.clone(),
            price,
            free_from,
            days: method.days,
            pickup: pickup.map(|PickupPoint { address, hours }| PickupPlace { address, hours }),
        }
    });
    Ok(Json(ShippingMethods { items: items.collect() }))
}

async fn list_countries() -> Json<Countries> {
    Json(view::countries())
}

async fn shop_terms(carts: AppState) -> Json<ShopTerms> {
    Json(view::shop_terms(carts.quotes.pricing()))
}
