//! Stock and its movements, for operators; counts of many SKUs, for imports.

use super::{Inventory, answers, input};
use crate::{
    application::{self, MovementKind},
    domain::Sku,
    ports::MovementPlace,
};
use axum::extract::State;
use contracts::inventory::{
    self, COUNTS_MAX, Movement, Movements, NewMovement, Stock, StockCount, StockCounts, StockList,
};
use input::NotForShoppers;
use kernel::{Cursor, Page, Problem};
use schemars::JsonSchema;
use serde::Deserialize;
use web::{ApiResult, Created, IdempotencyKey, Json, Paging, Path, Query};

const STOCK_LIST: &str = "stock";

/// Which part of the stock.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ListQuery {
    /// Only SKUs of which at most so many units are available.
    low: Option<i64>,
    /// How many SKUs a page has: 1 to 200, 20 when left out. A page may be shorter and yet not be the last.
    limit: Option<String>,
    /// Where to go on.
    cursor: Option<Cursor>,
}

pub(super) async fn list(
    _: NotForShoppers,
    State(inventory): State<Inventory>,
    Query(query): Query<ListQuery>,
) -> ApiResult<Json<Page<Stock>>> {
    let paging = Paging::new(query.limit, query.cursor);
    let (limit, after) = (paging.limit()?.get(), paging.position::<String>(STOCK_LIST)?);
    let after = after.as_deref().and_then(Sku::new);
    let (found, next) = inventory.books.list(after.as_ref(), limit, query.low).await?;
    let items = found.iter().map(|(sku, stock)| answers::stock(sku, stock)).collect();
    let next_cursor = next.map(|sku| Cursor::encode(STOCK_LIST, &sku.as_str()));
    Ok(Json(Page { items, next_cursor }))
}

pub(super) async fn show(
    _: NotForShoppers,
    State(inventory): State<Inventory>,
    Path(sku): Path<String>,
) -> ApiResult<Json<Stock>> {
    let sku = input::sku_in_path(&sku)?;
    let (sku, stock) = known(&inventory, &sku).await?;
    Ok(Json(answers::stock(&sku, &stock)))
}

pub(super) async fn count(
    _: NotForShoppers,
    State(inventory): State<Inventory>,
    Path(sku): Path<String>,
    Json(count): Json<StockCount>,
) -> ApiResult<Json<Stock>> {
    let sku = input::sku_in_path(&sku)?;
    let location = input::location(count.location.as_deref())?;
    let on_hand = input::counted("on_hand", count.on_hand)?;
    let reason = count.reason.as_deref().map(input::reason).transpose()?;
    let (sku, stock) = inventory.books.count(&sku, &location, on_hand, reason).await?;
    Ok(Json(answers::stock(&sku, &stock)))
}

/// Each count by itself: one that cannot be taken is refused before any is.
pub(super) async fn count_many(
    State(inventory): State<Inventory>,
    Json(counts): Json<StockCounts>,
) -> ApiResult<Json<StockList>> {
    if counts.counts.len() > COUNTS_MAX {
        let message = format!("must be at most {COUNTS_MAX} counts");
        return Err(Problem::field("counts", message).into());
    }
    let reason = input::reason(&counts.reason)?;
    let location = input::location(None)?;
    let parse = |(index, count): (usize, &inventory::SkuCount)| {
        let sku = input::sku(&format!("counts[{index}].sku"), &count.sku)?;
        let on_hand = input::counted(&format!("counts[{index}].on_hand"), count.on_hand)?;
        Ok((sku, on_hand))
    };
    let parsed = counts.counts.iter().enumerate().map(parse);
    let mut items = Vec::with_capacity(counts.counts.len());
    for (sku, on_hand) in parsed.collect::<Result<Vec<_>, Problem>>()? {
        let (sku, stock) = inventory.books.count(&sku, &location, on_hand, Some(reason)).await?;
        items.push(answers::stock(&sku, &stock));
    }
    Ok(Json(StockList { items }))
}

pub(super) async fn movements(
    _: NotForShoppers,
    State(inventory): State<Inventory>,
    Path(sku): Path<String>,
    Query(paging): Query<Paging>,
) -> ApiResult<Json<Movements>> {
    let (sku, _) = known(&inventory, &input::sku_in_path(&sku)?).await?;
    // A place holds values of this SKU, so the cursor of another SKU's list is refused.
    let list = format!("movements of {}", sku.key());
    let (limit, after) = (paging.limit()?.get(), paging.position::<MovementPlace>(&list)?);
    let page = inventory.movements.page(&sku, limit, after).await;
    let page = page.map_err(|error| answers::unavailable(&error))?;
    let next_cursor = page.next.map(|place| Cursor::encode(&list, &place));
    Ok(Json(Movements { items: page.items, next_cursor }))
}

pub(super) async fn enter_movement(
    _: NotForShoppers,
    State(inventory): State<Inventory>,
    key: Option<IdempotencyKey>,
    Path(sku): Path<String>,
    Json(new): Json<NewMovement>,
) -> ApiResult<Created<Movement>> {
    let movement = parsed(input::sku_in_path(&sku)?, &new)?;
    let operation = key.map(|key| key.operation(&format!("movement of {}", movement.sku.key())));
    if let Some(operation) = operation {
        // The stored answer of a first request may be lost in a crash, its effect not.
        let earlier = inventory.movements.of_operation(operation).await;
        if let Some(earlier) = earlier.map_err(|error| answers::unavailable(&error))? {
            return Ok(Created(earlier));
        }
    }
    let (on_hand, at) = inventory.books.enter_movement(&movement, operation).await?;
    Ok(Created(Movement {
        sku: movement.sku.as_str().to_owned(),
        location: movement.location.as_str().to_owned(),
        kind: new.kind,
        quantity: new.quantity,
        on_hand,
        reason: new.reason,
        order_id: None,
        at,
    }))
}

fn parsed(sku: Sku, new: &NewMovement) -> Result<application::Movement, Problem> {
    let kind = match new.kind {
        inventory::MovementKind::Received if new.quantity < 1 => {
            let message = "must be at least 1; what goes is `adjusted`";
            return Err(Problem::field("quantity", message));
        }
        inventory::MovementKind::Received => MovementKind::Received,
        inventory::MovementKind::Adjusted if new.quantity == 0 => {
            return Err(Problem::field("quantity", "must not be 0"));
        }
        inventory::MovementKind::Adjusted => MovementKind::Adjusted,
        inventory::MovementKind::Sold | inventory::MovementKind::Returned => {
            let message = "must be `received` or `adjusted`; the others come from orders";
            return Err(Problem::field("kind", message));
        }
    };
    let location = input::location(new.location.as_deref())?;
    let reason = new.reason.as_deref().map(input::reason).transpose()?.map(str::to_owned);
    Ok(application::Movement { sku, location, kind, quantity: new.quantity, reason })
}

async fn known(inventory: &Inventory, sku: &Sku) -> Result<(Sku, crate::domain::Stock), Problem> {
    let stock = inventory.books.stock(sku).await?;
    stock.ok_or_else(|| Problem::not_found("stock of", sku))
}
