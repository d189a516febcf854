//! Operations for operators.

use super::{AppState, input::OptionalReason, requests};
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
use web::{
    ApiResult, ByReference, Caller, Created, IdempotencyKey, Json, OperatorsOnly, Paging, Path,
    Query,
};

/// Name of the list that cursors of sagas belong to.
const SAGAS: &str = "sagas";

pub(super) async fn create(
    _: OperatorsOnly,
    app: AppState,
    caller: Caller,
    key: IdempotencyKey,
    Json(new): Json<NewOrder>,
) -> ApiResult<ByReference<Created<Order>>> {
    let input = requests::new_order(&app, key.operation(&caller, "orders"), new)?;
    Ok(replay::created(&app.place.execute(input).await?))
}

pub(super) async fn list(
    _: OperatorsOnly,
    app: AppState,
    Query(query): Query<OrderQuery>,
) -> ApiResult<Json<OrderPage>> {
    let email = query.email.clone();
    let filter = requests::order_filter(query, &app.list.numbers)?;
    let page = app.list.orders(email.as_deref(), filter).await?;
    Ok(Json(OrderPage { items: page.orders, next_cursor: page.next }))
}

pub(super) async fn fulfil(
    _: OperatorsOnly,
    app: AppState,
    Path(id): Path<OrderId>,
    _: OptionalReason,
) -> ApiResult<ByReference<Json<Order>>> {
    Ok(replay::changed(&app.fulfil.execute(id).await?))
}

pub(super) async fn refund(
    _: OperatorsOnly,
    app: AppState,
    Path(id): Path<OrderId>,
    caller: Caller,
    key: IdempotencyKey,
    Json(new): Json<NewRefund>,
) -> ApiResult<ByReference<Created<Order>>> {
    let operation = key.operation(&caller, &format!("orders/{id}/refunds"));
    let request = requests::refund(operation.into(), new)?;
    Ok(replay::created(&app.refund.execute(id, request).await?))
}

pub(super) async fn receive(
    _: OperatorsOnly,
    app: AppState,
    Path(id): Path<OrderId>,
    caller: Caller,
    key: IdempotencyKey,
    Json(new): Json<NewReceipt>,
) -> ApiResult<ByReference<Created<Order>>> {
    let operation = key.operation(&caller, &format!("orders/{id}/payments"));
    let (amount, reference) = requests::receipt(new)?;
    Ok(replay::created(&app.receive.execute(id, operation, amount, reference).await?))
}

pub(super) async fn sagas(
    _: OperatorsOnly,
    app: AppState,
    Query(query): Query<SagaQuery>,
) -> ApiResult<Json<SagaPage>> {
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

pub(super) async fn retry(
    _: OperatorsOnly,
    app: AppState,
    Path(id): Path<SagaId>,
) -> ApiResult<Json<Saga>> {
    Ok(Json(view::saga(&app.list.retry(id).await?)))
}
