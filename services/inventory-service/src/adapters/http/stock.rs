//! Operator routes for stock and movements.

use super::AppState;
use crate::{
    adapters::{responses, validation},
    application::{self, OperatorMovementKind},
    domain::{Count, SkuStock},
    ports::MovementCursor,
};
use contracts::inventory::{self, Movement, Movements, NewMovement, Stock, StockCount};
use identifiers::Sku;
use kernel::{Cursor, Page, PageLimit, Problem};
use schemars::JsonSchema;
use serde::Deserialize;
use web::{
    ApiResult, Caller, Created, IdempotencyKey, Json, OperatorsOnly, Paging, Path, Query, State,
};

const STOCK_LIST: &str = "stock";

/// Query parameters of the stock list.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ListQuery {
    /// Only SKUs with at most this many units available.
    low: Option<i64>,
    /// Page size, 1 to 200, default 20. A page may be shorter than this without being the last one.
    #[schemars(with = "Option<PageLimit>")]
    limit: Option<String>,
    /// Cursor of the next page, from `next_cursor`.
    cursor: Option<Cursor>,
}

pub(super) async fn list(
    _: OperatorsOnly,
    State(state): State<AppState>,
    Query(query): Query<ListQuery>,
) -> ApiResult<Json<Page<Stock>>> {
    let paging = Paging::new(query.limit, query.cursor);
    let (limit, after) = (paging.limit()?.get(), paging.position::<Sku>(STOCK_LIST)?);
    let (found, next) = state.stock_ledger.list(after.as_ref(), limit, query.low).await?;
    let items = found.into_iter().map(responses::stock).collect();
    let next_cursor = next.map(|sku| Cursor::encode(STOCK_LIST, &sku));
    Ok(Json(Page { items, next_cursor }))
}

pub(super) async fn show(
    _: OperatorsOnly,
    State(state): State<AppState>,
    Path(sku): Path<String>,
) -> ApiResult<Json<Stock>> {
    let sku = validation::sku_in_path(&sku)?;
    Ok(Json(responses::stock(require_stock(&state, &sku).await?)))
}

pub(super) async fn count(
    _: OperatorsOnly,
    State(state): State<AppState>,
    Path(sku): Path<String>,
    Json(count): Json<StockCount>,
) -> ApiResult<Json<Stock>> {
    let sku = validation::sku_in_path(&sku)?;
    let location = validation::location(count.location.as_deref())?;
    let (on_hand, policy) = validation::counted_units("on_hand", count.on_hand, count.untracked)?;
    let reason = count.reason.as_deref().map(validation::reason).transpose()?.map(str::to_owned);
    let count = Count { sku, location, on_hand, policy, reason };
    let stock = state.stock_ledger.count(count).await?;
    Ok(Json(responses::stock(stock)))
}

pub(super) async fn movements(
    _: OperatorsOnly,
    State(state): State<AppState>,
    Path(sku): Path<String>,
    Query(paging): Query<Paging>,
) -> ApiResult<Json<Movements>> {
    let (sku, _) = require_stock(&state, &validation::sku_in_path(&sku)?).await?;
    // The cursor is bound to this SKU's list, so the cursor of another SKU is rejected.
    let list = format!("movements of {}", sku.key());
    let (limit, after) = (paging.limit()?.get(), paging.position::<MovementCursor>(&list)?);
    let page = state.movements.page(&sku, limit, after).await?.ok_or_else(|| {
        let reason = "the cursor leads to no movement of this SKU; begin the list again";
        Problem::input(kernel::codes::INVALID_CURSOR, "cursor", reason)
    })?;
    let next_cursor = page.next.map(|cursor| Cursor::encode(&list, &cursor));
    Ok(Json(Movements { items: page.items, next_cursor }))
}

pub(super) async fn record_movement(
    _: OperatorsOnly,
    State(state): State<AppState>,
    caller: Caller,
    key: Option<IdempotencyKey>,
    Path(sku): Path<String>,
    Json(new): Json<NewMovement>,
) -> ApiResult<Created<Movement>> {
    let movement = parse_movement(validation::sku_in_path(&sku)?, &new)?;
    let scope = format!("movement of {}", movement.sku.key());
    let operation = key.map(|key| key.operation(&caller, &scope));
    if let Some(operation) = operation {
        // The cached response of the first request may be lost in a crash while its effect survives.
        if let Some(earlier) = state.movements.by_operation(operation).await? {
            return Ok(Created(earlier));
        }
    }
    let (on_hand, at) = state.stock_ledger.record_movement(&movement, operation).await?;
    Ok(Created(Movement {
        sku: movement.sku,
        location: movement.location.as_str().to_owned(),
        kind: new.kind,
        quantity: new.quantity,
        on_hand,
        reason: new.reason,
        order_id: None,
        at,
    }))
}

fn parse_movement(sku: Sku, new: &NewMovement) -> Result<application::OperatorMovement, Problem> {
    let kind = match new.kind {
        inventory::MovementKind::Received if new.quantity < 1 => {
            let message = "must be at least 1; use `adjusted` for units that left";
            return Err(Problem::field("quantity", message));
        }
        inventory::MovementKind::Received => OperatorMovementKind::Received,
        inventory::MovementKind::Adjusted if new.quantity == 0 => {
            return Err(Problem::field("quantity", "must not be 0"));
        }
        inventory::MovementKind::Adjusted => OperatorMovementKind::Adjusted,
        inventory::MovementKind::Sold | inventory::MovementKind::Returned => {
            let message = "must be `received` or `adjusted`; orders record the other kinds";
            return Err(Problem::field("kind", message));
        }
    };
    let location = validation::location(new.location.as_deref())?;
    let reason = new.reason.as_deref().map(validation::reason).transpose()?.map(str::to_owned);
    Ok(application::OperatorMovement { sku, location, kind, quantity: new.quantity, reason })
}

async fn require_stock(state: &AppState, sku: &Sku) -> Result<(Sku, SkuStock), Problem> {
    let stock = state.stock_ledger.stock(sku).await?;
    stock.ok_or_else(|| Problem::not_found("stock of", sku))
}
