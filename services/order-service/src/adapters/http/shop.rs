//! Operations for shoppers. Knowledge of an order's id is the right to see and to cancel it, if it is a guest's;
//! knowledge of its number and its e-mail address is the right to the id. The order of an account is its customer's alone.

use super::{AppState, input::OptionalReason, requests};
use crate::{
    adapters::{customer_access::check_customer, replay, view},
    application::claim_order::KnownOrder,
    domain::contact_details::check_email,
};
use contracts::{
    order::{
        AccountOrderQuery, AsOf, Checkout, Order, OrderClaim, OrderClaimLink, OrderLookup,
        OrderPage, OrderReference,
    },
    payment::OfferedMethods,
    shared::{CartId, CustomerActor, OrderId},
};
use kernel::{Problem, Timestamp, codes};
use transport::Context;
use web::{
    ApiResult, ByReference, Caller, Created, IdempotencyKey, Json, NoContent, Path, Query,
    Recomputed,
};

pub(super) async fn checkout(
    app: AppState,
    Path(cart): Path<CartId>,
    caller: Caller,
    key: IdempotencyKey,
    Json(checkout): Json<Checkout>,
) -> ApiResult<ByReference<Created<Order>>> {
    let operation = key.operation(&caller, &format!("carts/{cart}/checkout"));
    let input = requests::checkout(&app, cart, operation, checkout)?;
    let placed = app.place.execute_for(Context::current_client(), input).await?;
    // A guest who repeats the request finds an order that was claimed meanwhile.
    check_customer(&caller, &placed)?;
    Ok(replay::created(&placed))
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
    check_customer(&caller, &found)?;
    Ok(Json(view::order(&found)))
}

pub(super) async fn account_orders(
    app: AppState,
    caller: Caller,
    Query(query): Query<AccountOrderQuery>,
) -> ApiResult<Json<OrderPage>> {
    let CustomerActor(account) = caller.require_actor()?;
    let page = app.list.of_account(requests::account_filter(account, query)?).await?;
    Ok(Json(OrderPage { items: page.orders, next_cursor: page.next }))
}

pub(super) async fn request_claim(
    app: AppState,
    caller: Caller,
    Json(claim): Json<OrderClaim>,
) -> ApiResult<NoContent> {
    let CustomerActor(account) = caller.require_actor()?;
    // It is refused by its form alone, which says nothing about any order.
    let email = check_email(&claim.email);
    let email = email.map_err(|error| Problem::field(error.field, error.message))?;
    let known = KnownOrder { number: &claim.number, email: &email };
    let language = claim.language.as_deref().unwrap_or_default();
    app.claim.request(account, known, language, Context::current_client())?;
    Ok(NoContent)
}

pub(super) async fn check_claim(
    app: AppState,
    caller: Caller,
    Json(link): Json<OrderClaimLink>,
) -> ApiResult<NoContent> {
    let CustomerActor(account) = caller.require_actor()?;
    app.claim.check(account, &link.token).await?;
    Ok(NoContent)
}

pub(super) async fn redeem_claim(
    app: AppState,
    caller: Caller,
    Json(link): Json<OrderClaimLink>,
) -> ApiResult<Recomputed<Json<OrderReference>>> {
    let CustomerActor(account) = caller.require_actor()?;
    let id = app.claim.redeem(account, &link.token).await?;
    Ok(Recomputed(Json(OrderReference { id })))
}

pub(super) async fn cancel(
    app: AppState,
    Path(id): Path<OrderId>,
    caller: Caller,
    OptionalReason(reason): OptionalReason,
) -> ApiResult<ByReference<Json<Order>>> {
    check_customer(&caller, &app.read.now(id).await?)?;
    Ok(replay::changed(&app.cancel.execute(id, reason).await?))
}

fn parse_instant(text: &str) -> Result<Timestamp, Problem> {
    let message = "is not an instant such as 2026-03-01T12:00:00Z";
    text.parse().map_err(|_| Problem::input(codes::INVALID_QUERY, "as_of", message))
}
