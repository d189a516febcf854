//! Operations for shoppers. Knowledge of an order's id is the right to see and to cancel it;
//! knowledge of its number and its e-mail address is the right to the id.

use super::{
    AppState, UseCases,
    input::{OptionalReason, require_operator},
    requests,
};
use crate::adapters::{replay, view};
use contracts::{
    order::{AsOf, Checkout, Order, OrderLookup, OrderReference},
    payment::OfferedMethods,
    shared::{CartId, OrderId},
};
use kernel::{Problem, Timestamp, codes};
use std::sync::Arc;
use transport::Context;
use web::{
    ApiResult, ApiRouter, ByReference, Caller, Created, IdempotencyKey, Json, Path, Query,
    Recomputed, requires_idempotency_key,
    routing::{get_with, operation, post_with},
};

pub(super) fn routes(use_cases: &Arc<UseCases>) -> ApiRouter {
    ApiRouter::new()
        .api_route(
            "/api/v1/carts/{id}/checkout",
            requires_idempotency_key(post_with(checkout, |it| {
                it.id("checkout").summary("Check out a cart").tag("Orders")
            })),
        )
        .api_route(
            "/api/v1/payment-methods",
            get_with(
                payment_methods,
                operation("listPaymentMethods", "List the payment methods on offer", "Orders"),
            ),
        )
        .api_route(
            "/api/v1/orders/lookup",
            post_with(
                look_up,
                operation(
                    "lookUpOrder",
                    "Find an order by its number and e-mail address",
                    "Orders",
                ),
            ),
        )
        .api_route(
            "/api/v1/orders/{id}",
            get_with(order, |it| {
                it.id("getOrder").summary("Get an order, now or as it was").tag("Orders")
            }),
        )
        .api_route(
            "/api/v1/orders/{id}/cancel",
            post_with(cancel, |it| {
                it.id("cancelOrder").summary("Cancel an order before it ships").tag("Orders")
            }),
        )
        .with_state(Arc::clone(use_cases))
}

async fn checkout(
    app: AppState,
    Path(cart): Path<CartId>,
    key: IdempotencyKey,
    Json(checkout): Json<Checkout>,
) -> ApiResult<ByReference<Created<Order>>> {
    let operation = key.operation(&format!("carts/{cart}/checkout"));
    let input = requests::checkout(&app, cart, operation, checkout)?;
    Ok(replay::created(&app.place.execute_for(Context::current_client(), input).await?))
}

async fn look_up(
    app: AppState,
    Json(lookup): Json<OrderLookup>,
) -> ApiResult<Recomputed<Json<OrderReference>>> {
    let client = Context::current_client();
    let id = app.look_up.execute(&lookup.number, &lookup.email, client).await?;
    Ok(Recomputed(Json(OrderReference { id })))
}

async fn payment_methods(app: AppState) -> ApiResult<Json<OfferedMethods>> {
    let offers = app.methods.offered().await?;
    Ok(Json(OfferedMethods { items: offers.into_iter().map(view::offered_method).collect() }))
}

async fn order(
    app: AppState,
    Path(id): Path<OrderId>,
    caller: Caller,
    Query(query): Query<AsOf>,
) -> ApiResult<Json<Order>> {
    let found = match query.as_of {
        None => app.read.now(id).await?,
        Some(instant) => {
            require_operator(&caller, "see an order as it stood")?;
            app.read.at(id, parse_instant(&instant)?).await?
        }
    };
    Ok(Json(view::order(&found)))
}

async fn cancel(
    app: AppState,
    Path(id): Path<OrderId>,
    OptionalReason(reason): OptionalReason,
) -> ApiResult<ByReference<Json<Order>>> {
    Ok(replay::changed(&app.cancel.execute(id, reason).await?))
}

fn parse_instant(text: &str) -> Result<Timestamp, Problem> {
    text.parse().map_err(|_| {
        let message = "is not an instant such as 2026-03-01T12:00:00Z";
        let mut problem = Problem::new(400, codes::INVALID_QUERY, format!("as_of: {message}"));
        problem
            .errors
            .push(kernel::FieldError { field: "as_of".to_owned(), message: message.to_owned() });
        problem
    })
}
