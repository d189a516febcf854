//! Holds, for the services that sell.

use super::{Inventory, answers, input};
use crate::{application::Standing, domain};
use axum::extract::State;
use contracts::{
    inventory::{HOLD_LINES_MAX, HOLD_SECONDS_MAX, Hold, NewHold, Restock},
    shared::HoldId,
};
use kernel::Problem;
use std::time::Duration;
use web::{ApiResult, Json, NoContent, Path};

const _: () = assert!(domain::HOLD_LINES_MAX == HOLD_LINES_MAX);

const REFERENCE_BYTES_MAX: usize = 200;

pub(super) async fn hold(
    State(inventory): State<Inventory>,
    Path(id): Path<HoldId>,
    Json(new): Json<NewHold>,
) -> ApiResult<Json<Hold>> {
    let lines = input::lines(&new.lines, HOLD_LINES_MAX)?;
    if !(1..=HOLD_SECONDS_MAX).contains(&new.expires_in_seconds) {
        let message = format!("must be 1 to {HOLD_SECONDS_MAX}");
        return Err(Problem::field("expires_in_seconds", message).into());
    }
    let keep = Duration::from_secs(new.expires_in_seconds.into());
    let order_id = domain::OrderId(new.order_id.0);
    let standing = inventory.books.hold(domain::HoldId(id.0), order_id, &lines, keep).await?;
    Ok(Json(shown(standing)))
}

pub(super) async fn commit(
    State(inventory): State<Inventory>,
    Path(id): Path<HoldId>,
) -> ApiResult<Json<Hold>> {
    Ok(Json(shown(inventory.books.commit(domain::HoldId(id.0)).await?)))
}

pub(super) async fn release(
    State(inventory): State<Inventory>,
    Path(id): Path<HoldId>,
) -> ApiResult<NoContent> {
    inventory.books.release(domain::HoldId(id.0)).await?;
    Ok(NoContent)
}

pub(super) async fn restock(
    State(inventory): State<Inventory>,
    Path((id, reference)): Path<(HoldId, String)>,
    Json(restock): Json<Restock>,
) -> ApiResult<NoContent> {
    if reference.len() > REFERENCE_BYTES_MAX {
        let message = format!("must be at most {REFERENCE_BYTES_MAX} bytes");
        return Err(Problem::field("reference", message).into());
    }
    let lines = input::lines(&restock.lines, HOLD_LINES_MAX)?;
    let reason = input::reason(&restock.reason)?;
    inventory.books.restock(domain::HoldId(id.0), &reference, &lines, reason).await?;
    Ok(NoContent)
}

fn shown(Standing { id, status, expires_at }: Standing) -> Hold {
    Hold { id: HoldId(id.0), status: answers::hold_status(status), expires_at }
}
