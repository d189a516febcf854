//! What operators can do besides.

use super::{
    Service, UseCases,
    input::{Reason, operators_only},
    requests,
};
use crate::{
    adapters::view,
    application::list_orders::{SagaPlace, place},
};
use contracts::{
    order::{NewOrder, NewRefund, Order, OrderPage, OrderQuery, Saga, SagaPage, SagaQuery},
    shared::{OrderId, SagaId},
};
use kernel::Cursor;
use std::sync::Arc;
use web::{
    ApiResult, ApiRouter, Caller, Created, IdempotencyKey, Json, Paging, Path, Query,
    requires_idempotency_key,
    routing::{get_with, post_with},
};

/// The list that cursors of sagas belong to.
const SAGAS: &str = "sagas";

pub(super) fn routes(use_cases: &Arc<UseCases>) -> ApiRouter {
    ApiRouter::new()
        .api_route(
            "/api/v1/orders",
            requires_idempotency_key(post_with(create, |it| {
                it.id("createOrder").summary("Place a whole order in one request").tag("Orders")
            }))
            .get_with(list, |it| it.id("listOrders").summary("Orders, newest first").tag("Orders")),
        )
        .api_route(
            "/api/v1/orders/{id}/fulfil",
            post_with(fulfil, |it| {
                it.id("fulfilOrder").summary("The goods of an order have left").tag("Orders")
            }),
        )
        .api_route(
            "/api/v1/orders/{id}/refunds",
            requires_idempotency_key(post_with(refund, |it| {
                it.id("refundOrder").summary("Give money back, for units or as a sum").tag("Orders")
            })),
        )
        .api_route(
            "/api/v1/sagas",
            get_with(sagas, |it| {
                it.id("listSagas").summary("Sagas that have not ended, oldest first").tag("Sagas")
            }),
        )
        .api_route(
            "/api/v1/sagas/{id}/retry",
            post_with(retry, |it| {
                it.id("retrySaga").summary("Try a saga that failed again, now").tag("Sagas")
            }),
        )
        .with_state(Arc::clone(use_cases))
}

async fn create(
    service: Service,
    caller: Caller,
    key: IdempotencyKey,
    Json(new): Json<NewOrder>,
) -> ApiResult<Created<Order>> {
    operators_only(&caller, "place orders without a cart")?;
    let case = requests::new_order(&service, key.operation("orders"), new)?;
    let found = service.place.run(case).await?;
    Ok(Created::at(format!("/api/v1/orders/{}", found.id), view::order(&found)))
}

async fn list(
    service: Service,
    caller: Caller,
    Query(query): Query<OrderQuery>,
) -> ApiResult<Json<OrderPage>> {
    operators_only(&caller, "list orders")?;
    let page = service.list.orders(requests::wanted(query)?).await?;
    Ok(Json(OrderPage { items: page.orders, next_cursor: page.next }))
}

async fn fulfil(
    service: Service,
    caller: Caller,
    Path(id): Path<OrderId>,
    _: Reason,
) -> ApiResult<Json<Order>> {
    operators_only(&caller, "say that goods have left")?;
    Ok(Json(view::order(&service.fulfil.run(id.into()).await?)))
}

async fn refund(
    service: Service,
    caller: Caller,
    Path(id): Path<OrderId>,
    key: IdempotencyKey,
    Json(new): Json<NewRefund>,
) -> ApiResult<Created<Order>> {
    operators_only(&caller, "give money back")?;
    let asked = requests::refund(id, key.operation(&format!("orders/{id}/refunds")), new)?;
    Ok(Created(view::order(&service.refund.run(asked).await?)))
}

async fn sagas(
    service: Service,
    caller: Caller,
    Query(query): Query<SagaQuery>,
) -> ApiResult<Json<SagaPage>> {
    operators_only(&caller, "see sagas")?;
    let state = query.state.as_deref().map(requests::saga_state).transpose()?;
    let paging = Paging::new(query.limit, query.cursor);
    let limit = paging.limit()?.get();
    let after: Option<SagaPlace> = paging.position(SAGAS)?;
    let mut found = service.list.sagas(state, after);
    let more = found.len() > limit;
    found.truncate(limit);
    let last = found.last().filter(|_| more);
    let next_cursor = last.map(|last| Cursor::encode(SAGAS, &place(last)));
    Ok(Json(SagaPage { items: found.iter().map(view::saga).collect(), next_cursor }))
}

async fn retry(service: Service, caller: Caller, Path(id): Path<SagaId>) -> ApiResult<Json<Saga>> {
    operators_only(&caller, "retry sagas")?;
    Ok(Json(view::saga(&service.list.retry(id.into()).await?)))
}
