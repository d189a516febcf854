//! Operations for operators.

use super::{
    AppState, UseCases,
    input::{OptionalReason, require_operator},
    requests,
};
use crate::{
    adapters::{replay, view},
    application::list_orders::{SagaPosition, saga_position},
};
use contracts::{
    order::{
        NewOrder, NewReceipt, NewRefund, Order, OrderPage, OrderQuery, Saga, SagaPage, SagaQuery,
    },
    shared::{OrderId, SagaId},
};
use kernel::Cursor;
use std::sync::Arc;
use web::{
    ApiResult, ApiRouter, ByReference, Caller, Created, IdempotencyKey, Json, Paging, Path, Query,
    requires_idempotency_key,
    routing::{get_with, post_with},
};

/// Name of the list that cursors of sagas belong to.
const SAGAS: &str = "sagas";

pub(super) fn routes(use_cases: &Arc<UseCases>) -> ApiRouter {
    ApiRouter::new()
        .api_route(
            "/api/v1/orders",
            requires_idempotency_key(post_with(create, |it| {
                it.id("createOrder").summary("Create an order without a cart").tag("Orders")
            }))
            .get_with(list, |it| {
                it.id("listOrders").summary("List orders, newest first").tag("Orders")
            }),
        )
        .api_route(
            "/api/v1/orders/{id}/fulfil",
            post_with(fulfil, |it| {
                it.id("fulfilOrder").summary("Mark an order as fulfilled").tag("Orders")
            }),
        )
        .api_route(
            "/api/v1/orders/{id}/refunds",
            requires_idempotency_key(post_with(refund, |it| {
                it.id("refundOrder").summary("Refund an order, by line or by amount").tag("Orders")
            })),
        )
        .api_route(
            "/api/v1/orders/{id}/payments",
            requires_idempotency_key(post_with(receive, |it| {
                it.id("recordPayment").summary("Record a bank transfer for an order").tag("Orders")
            })),
        )
        .api_route(
            "/api/v1/sagas",
            get_with(sagas, |it| {
                it.id("listSagas").summary("List unfinished sagas, oldest first").tag("Sagas")
            }),
        )
        .api_route(
            "/api/v1/sagas/{id}/retry",
            post_with(retry, |it| it.id("retrySaga").summary("Retry a saga now").tag("Sagas")),
        )
        .with_state(Arc::clone(use_cases))
}

async fn create(
    app: AppState,
    caller: Caller,
    key: IdempotencyKey,
    Json(new): Json<NewOrder>,
) -> ApiResult<ByReference<Created<Order>>> {
    require_operator(&caller, "place orders without a cart")?;
    let input = requests::new_order(&app, key.operation("orders"), new)?;
    Ok(replay::created(&app.place.execute(input).await?))
}

async fn list(
    app: AppState,
    caller: Caller,
    Query(query): Query<OrderQuery>,
) -> ApiResult<Json<OrderPage>> {
    require_operator(&caller, "list orders")?;
    let page = app.list.orders(requests::order_filter(query, &app.list.numbers)?).await?;
    Ok(Json(OrderPage { items: page.orders, next_cursor: page.next }))
}

async fn fulfil(
    app: AppState,
    caller: Caller,
    Path(id): Path<OrderId>,
    _: OptionalReason,
) -> ApiResult<ByReference<Json<Order>>> {
    require_operator(&caller, "fulfil orders")?;
    Ok(replay::changed(&app.fulfil.execute(id).await?))
}

async fn refund(
    app: AppState,
    caller: Caller,
    Path(id): Path<OrderId>,
    key: IdempotencyKey,
    Json(new): Json<NewRefund>,
) -> ApiResult<ByReference<Created<Order>>> {
    require_operator(&caller, "refund orders")?;
    let request = requests::refund(key.operation(&format!("orders/{id}/refunds")).into(), new)?;
    Ok(replay::created(&app.refund.execute(id, request).await?))
}

async fn receive(
    app: AppState,
    caller: Caller,
    Path(id): Path<OrderId>,
    key: IdempotencyKey,
    Json(new): Json<NewReceipt>,
) -> ApiResult<ByReference<Created<Order>>> {
    require_operator(&caller, "record payments")?;
    let operation = key.operation(&format!("orders/{id}/payments"));
    let (amount, reference) = requests::receipt(new)?;
    Ok(replay::created(&app.receive.execute(id, operation, amount, reference).await?))
}

async fn sagas(
    app: AppState,
    caller: Caller,
    Query(query): Query<SagaQuery>,
) -> ApiResult<Json<SagaPage>> {
    require_operator(&caller, "list sagas")?;
    let state = query.state.as_deref().map(requests::saga_state).transpose()?;
    let paging = Paging::new(query.limit, query.cursor);
    let limit = paging.limit()?.get();
    let after: Option<SagaPosition> = paging.position(SAGAS)?;
    let mut found = app.list.sagas(state, after);
    let more = found.len() > limit;
    found.truncate(limit);
    let last = found.last().filter(|_| more);
    let next_cursor = last.map(|last| Cursor::encode(SAGAS, &saga_position(last)));
    Ok(Json(SagaPage { items: found.iter().map(view::saga).collect(), next_cursor }))
}

async fn retry(app: AppState, caller: Caller, Path(id): Path<SagaId>) -> ApiResult<Json<Saga>> {
    require_operator(&caller, "retry sagas")?;
    Ok(Json(view::saga(&app.list.retry(id).await?)))
}
