//! HTTP routes: carts, delivery methods and countries in public; quotes and checkouts for other services.

use crate::{
    application::{cart_service::CartService, error::CartError},
    domain::countries,
};
use contracts::{
    cart::{
        Cart, Countries, Country, ForOrder, LineQuantity, NewCart, Quote, QuoteRequest,
        ShippingMethod, ShippingMethods,
    },
    shared::{CartId, Done, OrderId, Quantity},
};
use kernel::{Currency, Money, Problem};
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::Arc;
use web::{
    ApiResult, ApiRouter, Created, IdempotencyKey, IfMatch, Json, Path, Query, Versioned,
    routing::{get_with, patch_with, post_with, put_with},
};

/// All routes of the service.
pub(crate) fn routes(carts: &Arc<CartService>) -> ApiRouter {
    public_routes(carts).merge(internal_routes(carts))
}

fn public_routes(carts: &Arc<CartService>) -> ApiRouter {
    ApiRouter::new()
        .api_route(
            "/api/v1/carts",
            post_with(create, |it| it.id("createCart").summary("Create a cart").tag("Carts")),
        )
        .api_route(
            "/api/v1/carts/{id}",
            get_with(get_cart, |it| {
                it.id("getCart").summary("Get a cart at current prices").tag("Carts")
            }),
        )
        .api_route(
            "/api/v1/carts/{id}/lines",
            post_with(add_line, |it| it.id("addCartLine").summary("Add a line").tag("Carts")),
        )
        .api_route(
            "/api/v1/carts/{id}/lines/{sku}",
            patch_with(change_line, |it| {
                it.id("changeCartLine")
                    .summary("Set the quantity of a line; 0 removes it")
                    .tag("Carts")
            })
            .delete_with(remove_line, |it| {
                it.id("removeCartLine").summary("Remove a line").tag("Carts")
            }),
        )
        .api_route(
            "/api/v1/shipping-methods",
            get_with(list_shipping_methods, |it| {
                it.id("listShippingMethods")
                    .summary("List the shipping methods for a country, the default first")
                    .tag("Delivery")
            }),
        )
        .api_route(
            "/api/v1/countries",
            get_with(list_countries, |it| {
                it.id("listCountries")
                    .summary("List the countries we deliver to, with their address rules")
                    .tag("Delivery")
            }),
        )
        .with_state(Arc::clone(carts))
}

fn internal_routes(carts: &Arc<CartService>) -> ApiRouter {
    ApiRouter::new()
        .api_route("/internal/v1/quotes", post_with(quote, |it| it.summary("Quote lines")))
        .api_route(
            "/internal/v1/carts/{id}/checkouts/{order_id}",
            put_with(begin_checkout, |it| it.summary("Freeze a cart for an order")),
        )
        .api_route(
            "/internal/v1/carts/{id}/ordered",
            post_with(ordered, |it| it.summary("Mark a cart as ordered")),
        )
        .api_route(
            "/internal/v1/carts/{id}/reopen",
            post_with(reopen, |it| it.summary("Reopen a cart whose order was not placed")),
        )
        .with_state(Arc::clone(carts))
}

type AppState = axum::extract::State<Arc<CartService>>;

async fn create(carts: AppState, Json(new): Json<NewCart>) -> ApiResult<Versioned<Created<Cart>>> {
    let cart = carts.create(&new.lines, new.currency).await?;
    let location = format!("/api/v1/carts/{}", cart.id);
    Ok(Versioned { version: cart.version, answer: Created::at(location, cart) })
}

async fn get_cart(carts: AppState, Path(id): Path<CartId>) -> ApiResult<Versioned<Json<Cart>>> {
    Ok(versioned(carts.cart(id).await?))
}

async fn add_line(
    carts: AppState,
    Path(id): Path<CartId>,
    key: Option<IdempotencyKey>,
    IfMatch(if_version): IfMatch,
    Json(line): Json<Quantity>,
) -> ApiResult<Versioned<Json<Cart>>> {
    let operation = key.map(|key| key.operation(&format!("cart/{id}/lines")));
    Ok(versioned(carts.add_line(id, &line, operation, if_version).await?))
}

async fn change_line(
    carts: AppState,
    Path((id, sku)): Path<(CartId, String)>,
    IfMatch(if_version): IfMatch,
    Json(line): Json<LineQuantity>,
) -> ApiResult<Versioned<Json<Cart>>> {
    Ok(versioned(carts.change_line(id, sku, line.quantity, if_version).await?))
}

async fn remove_line(
    carts: AppState,
    Path((id, sku)): Path<(CartId, String)>,
    IfMatch(if_version): IfMatch,
) -> ApiResult<Versioned<Json<Cart>>> {
    Ok(versioned(carts.remove_line(id, sku, if_version).await?))
}

fn versioned(cart: Cart) -> Versioned<Json<Cart>> {
    Versioned { version: cart.version, answer: Json(cart) }
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
        Some(id) => carts.items(id).await?,
        None => Money::zero(query.currency.unwrap_or(pricing.currency)),
    };
    let country = query.country.unwrap_or_else(|| pricing.home.code.to_owned());
    if countries::find(&country).is_none() {
        let message =
            format!("{country:?} is not a country we deliver to; use a country code such as DE");
        return Err(Problem::field("country", message).into());
    }
    let items =
        carts.quotes.delivery_options(&country, items).into_iter().map(|option| ShippingMethod {
            code: option.code,
            label: option.label,
            price: option.price,
            free_from: option.free_from,
            days: option.days,
        });
    Ok(Json(ShippingMethods { items: items.collect() }))
}

async fn list_countries() -> Json<Countries> {
    let items = countries::all().into_iter().map(|country| Country {
        code: country.code.to_owned(),
        name: country.name.to_owned(),
        required: country.required().map(str::to_owned).collect(),
        postal_code_pattern: country.postal_code_pattern.map(str::to_owned),
    });
    Json(Countries { items: items.collect() })
}

async fn quote(carts: AppState, Json(request): Json<QuoteRequest>) -> ApiResult<Json<Quote>> {
    let lines = merge_lines(&request.lines)?;
    let currency = request.currency.unwrap_or(carts.quotes.pricing().currency);
    Ok(Json(carts.quotes.quote(&lines, currency, &request).await?))
}

async fn begin_checkout(
    carts: AppState,
    Path((id, order_id)): Path<(CartId, OrderId)>,
    Json(request): Json<QuoteRequest>,
) -> ApiResult<Json<Quote>> {
    Ok(Json(carts.begin_checkout(id, order_id, &request).await?))
}

async fn ordered(
    carts: AppState,
    Path(id): Path<CartId>,
    Json(order): Json<ForOrder>,
) -> ApiResult<Json<Done>> {
    carts.ordered(id, order.order_id).await?;
    Ok(Json(Done {}))
}

async fn reopen(
    carts: AppState,
    Path(id): Path<CartId>,
    Json(order): Json<ForOrder>,
) -> ApiResult<Json<Done>> {
    carts.reopen(id, order.order_id).await?;
    Ok(Json(Done {}))
}

/// Lines of an order without a cart, merged and validated as a cart would do it.
fn merge_lines(lines: &[Quantity]) -> Result<Vec<Quantity>, CartError> {
    use crate::domain::{
        cart::{Cart, Command, DecisionContext},
        events::{CartEvent, Line},
        rejection::Rejection,
    };
    let lines =
        lines.iter().map(|line| Line { sku: line.sku.clone(), quantity: line.quantity }).collect();
    let now = DecisionContext { at: kernel::Timestamp::UNIX_EPOCH, ttl: std::time::Duration::ZERO };
    let command = Command::Create { currency: Currency::EUR, lines };
    match Cart::decide(None, &command, now)?.pop() {
        Some(CartEvent::Created { lines, .. }) if !lines.is_empty() => Ok(lines
            .into_iter()
            .map(|line| Quantity { sku: line.sku, quantity: line.quantity })
            .collect()),
        _ => Err(Rejection::Empty.into()),
    }
}

#[cfg(test)]
mod tests;
