//! Operations for shoppers. Knowledge of an order's id is the right to see and to cancel it;
//! knowledge of its number and its e-mail address is the right to the id.

use super::{AppState, input::OptionalReason, requests};
use crate::adapters::{replay, view};
use contracts::{
    order::{AsOf, Checkout, Order, OrderLookup, OrderReference},
    payment::OfferedMethods,
    shared::{CartId, OrderId},
};
use kernel::{Problem, Timestamp, codes};
use transport::Context;
use web::{ApiResult, ByReference, Caller, Created, IdempotencyKey, Json, Path, Query, Recomputed};

pub(super) async fn checkout(
    app: AppState,
    Path(cart): Path<CartId>,
    key: IdempotencyKey,
    Json(checkout): Json<Checkout>,
) -> ApiResult<ByReference<Created<Order>>> {
    let operation = key.operation(&format!("carts/{cart}/checkout"));
    let input = requests::checkout(&app, cart, operation, checkout)?;
    Ok(replay::created(&app.place.execute_for(Context::current_client(), input).await?))
}

pub(super) async fn look_up(
    app: AppState,
    Json(lookup): Json<OrderLookup>,
) -> ApiResult<Recomputed<Json<OrderReference>>> {
    let client = Context::current_client();
    let id = app.look_up.execute(&lookup.number, &lookup.email, client).await?;
    Ok(Recomputed(Json(OrderReference { id })))
}

pub(super) async fn payment_methods(app: AppState) -> ApiResult<Json<OfferedMethods>> {
    let offers = app.methods.offered().await?;
    Ok(Json(OfferedMethods { items: offers.into_iter().map(view::offered_method).collect() }))
}

pub(super) async fn order(
    app: AppState,
    Path(id): Path<OrderId>,
    caller: Caller,
    Query(query): Query<AsOf>,
) -> ApiResult<Json<Order>> {
    let found = match query.as_of {
        None => app.read.now(id).await?,
        Some(instant) => {
            caller.require_operator()?;
            app.read.at(id, parse_instant(&instant)?).await?
        }
    };
    Ok(Json(view::order(&found)))
}

pub(super) async fn cancel(
    app: AppState,
    Path(id): Path<OrderId>,
    OptionalReason(reason): OptionalReason,
) -> ApiResult<ByReference<Json<Order>>> {
    Ok(replay::changed(&app.cancel.execute(id, reason).await?))
}

fn parse_instant(text: &str) -> Result<Timestamp, Problem> {
    let message = "is not an instant such as 2026-03-01T12:00:00Z";
    text.parse().map_err(|_| Problem::input(codes::INVALID_QUERY, "as_of", message))
}
