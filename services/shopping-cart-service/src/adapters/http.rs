//! The service's routes.

use crate::{
    application::{carts::Carts, refusal::CartError},
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

/// The service's routes.
pub(crate) fn routes(carts: &Arc<Carts>) -> ApiRouter {
    shop(carts).merge(internal(carts))
}

fn shop(carts: &Arc<Carts>) -> ApiRouter {
    ApiRouter::new()
        .api_route(
            "/api/v1/carts",
            post_with(create, |it| it.id("createCart").summary("Take a cart").tag("Carts")),
        )
        .api_route(
            "/api/v1/carts/{id}",
            get_with(cart, |it| it.id("getCart").summary("A cart at today's prices").tag("Carts")),
        )
        .api_route(
            "/api/v1/carts/{id}/lines",
            post_with(add_line, |it| {
                it.id("addCartLine").summary("Put units of a SKU in").tag("Carts")
            }),
        )
        .api_route(
            "/api/v1/carts/{id}/lines/{sku}",
            patch_with(change_line, |it| {
                it.id("changeCartLine")
                    .summary("Set the units of a SKU; 0 takes it out")
                    .tag("Carts")
            })
            .delete_with(remove_line, |it| {
                it.id("removeCartLine").summary("Take a SKU out").tag("Carts")
            }),
        )
        .api_route(
            "/api/v1/shipping-methods",
            get_with(shipping_methods, |it| {
                it.id("listShippingMethods")
                    .summary("Deliveries to a country, the default first")
                    .tag("Delivery")
            }),
        )
        .api_route(
            "/api/v1/countries",
            get_with(all_countries, |it| {
                it.id("listCountries")
                    .summary("Where we deliver, and what an address there needs")
                    .tag("Delivery")
            }),
        )
        .with_state(Arc::clone(carts))
}

fn internal(carts: &Arc<Carts>) -> ApiRouter {
    ApiRouter::new()
        .api_route("/internal/v1/quotes", post_with(quote, |it| it.summary("What lines come to")))
        .api_route(
            "/internal/v1/carts/{id}/checkouts/{order_id}",
            put_with(begin_checkout, |it| it.summary("Freeze a cart for an order")),
        )
        .api_route(
            "/internal/v1/carts/{id}/ordered",
            post_with(ordered, |it| it.summary("The order was placed")),
        )
        .api_route(
            "/internal/v1/carts/{id}/reopen",
            post_with(reopen, |it| it.summary("The order was not placed")),
        )
        .with_state(Arc::clone(carts))
}

type Service = axum::extract::State<Arc<Carts>>;

async fn create(carts: Service, Json(new): Json<NewCart>) -> ApiResult<Versioned<Created<Cart>>> {
    let cart = carts.create(&new.lines, new.currency).await?;
    let location = format!("/api/v1/carts/{}", cart.id);
    Ok(Versioned { version: cart.version, answer: Created::at(location, cart) })
}

async fn cart(carts: Service, Path(id): Path<CartId>) -> ApiResult<Versioned<Json<Cart>>> {
    Ok(versioned(carts.cart(id).await?))
}

async fn add_line(
    carts: Service,
    Path(id): Path<CartId>,
    key: Option<IdempotencyKey>,
    IfMatch(seen): IfMatch,
    Json(line): Json<Quantity>,
) -> ApiResult<Versioned<Json<Cart>>> {
    let operation = key.map(|key| key.operation(&format!("cart/{id}/lines")));
    Ok(versioned(carts.add_line(id, &line, operation, seen).await?))
}

async fn change_line(
    carts: Service,
    Path((id, sku)): Path<(CartId, String)>,
    IfMatch(seen): IfMatch,
    Json(line): Json<LineQuantity>,
) -> ApiResult<Versioned<Json<Cart>>> {
    Ok(versioned(carts.change_line(id, sku, line.quantity, seen).await?))
}

async fn remove_line(
    carts: Service,
    Path((id, sku)): Path<(CartId, String)>,
    IfMatch(seen): IfMatch,
) -> ApiResult<Versioned<Json<Cart>>> {
    Ok(versioned(carts.remove_line(id, sku, seen).await?))
}

fn versioned(cart: Cart) -> Versioned<Json<Cart>> {
    Versioned { version: cart.version, answer: Json(cart) }
}

/// Which deliveries.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct DeliveryQuery {
    /// ISO 3166-1 alpha-2; the shop's own when absent.
    #[serde(default)]
    country: Option<String>,
    /// The cart whose sum decides what is free.
    #[serde(default)]
    cart_id: Option<CartId>,
    /// The currency, when no cart is named.
    #[serde(default)]
    currency: Option<Currency>,
}

async fn shipping_methods(
    carts: Service,
    Query(query): Query<DeliveryQuery>,
) -> ApiResult<Json<ShippingMethods>> {
    let terms = carts.quotes.terms();
    let items = match query.cart_id {
        Some(id) => carts.items(id).await?,
        None => Money::zero(query.currency.unwrap_or(terms.currency)),
    };
    let country = query.country.unwrap_or_else(|| terms.home.code.to_owned());
    if countries::country(&country).is_none() {
        let message = format!("{country:?} is not a country we deliver to; use a code such as DE");
        return Err(Problem::field("country", message).into());
    }
    let items = carts.quotes.offers(&country, items).into_iter().map(|offer| ShippingMethod {
        code: offer.code,
        label: offer.label,
        price: offer.price,
        free_from: offer.free_from,
        days: offer.days,
    });
    Ok(Json(ShippingMethods { items: items.collect() }))
}

async fn all_countries() -> Json<Countries> {
    let items = countries::countries().into_iter().map(|country| Country {
        code: country.code.to_owned(),
        name: country.name.to_owned(),
        required: country.required().map(str::to_owned).collect(),
        postal_code_pattern: country.postal_code_pattern.map(str::to_owned),
    });
    Json(Countries { items: items.collect() })
}

async fn quote(carts: Service, Json(request): Json<QuoteRequest>) -> ApiResult<Json<Quote>> {
    let lines = merged(&request.lines)?;
    let currency = request.currency.unwrap_or(carts.quotes.terms().currency);
    Ok(Json(carts.quotes.quote(&lines, currency, &request).await?))
}

async fn begin_checkout(
    carts: Service,
    Path((id, order_id)): Path<(CartId, OrderId)>,
    Json(request): Json<QuoteRequest>,
) -> ApiResult<Json<Quote>> {
    Ok(Json(carts.begin_checkout(id, order_id, &request).await?))
}

async fn ordered(
    carts: Service,
    Path(id): Path<CartId>,
    Json(order): Json<ForOrder>,
) -> ApiResult<Json<Done>> {
    carts.ordered(id, order.order_id).await?;
    Ok(Json(Done {}))
}

async fn reopen(
    carts: Service,
    Path(id): Path<CartId>,
    Json(order): Json<ForOrder>,
) -> ApiResult<Json<Done>> {
    carts.reopen(id, order.order_id).await?;
    Ok(Json(Done {}))
}

/// Lines of an order without a cart, checked as a cart would check them.
fn merged(lines: &[Quantity]) -> Result<Vec<Quantity>, CartError> {
    use crate::domain::{
        cart::{Cart, Command, Now},
        events::{CartEvent, Line},
        rejection::Rejection,
    };
    let lines =
        lines.iter().map(|line| Line { sku: line.sku.clone(), quantity: line.quantity }).collect();
    let now = Now { at: kernel::Timestamp::UNIX_EPOCH, keep: std::time::Duration::ZERO };
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
