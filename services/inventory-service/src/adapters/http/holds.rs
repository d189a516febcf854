//! Internal routes for holds: place, commit, release, restock.

use super::{AppState, responses, validation};
use crate::{application::HoldView, domain};
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
    State(state): State<AppState>,
    Path(id): Path<HoldId>,
    Json(new): Json<NewHold>,
) -> ApiResult<Json<Hold>> {
    let lines = validation::lines(&new.lines, HOLD_LINES_MAX)?;
    if !(1..=HOLD_SECONDS_MAX).contains(&new.expires_in_seconds) {
        let message = format!("must be 1 to {HOLD_SECONDS_MAX}");
        return Err(Problem::field("expires_in_seconds", message).into());
    }
    let ttl = Duration::from_secs(new.expires_in_seconds.into());
    let order_id = domain::OrderId(new.order_id.0);
    let view = state.stock_ledger.hold(domain::HoldId(id.0), order_id, &lines, ttl).await?;
    Ok(Json(hold_response(view)))
}

pub(super) async fn commit(
    State(state): State<AppState>,
    Path(id): Path<HoldId>,
) -> ApiResult<Json<Hold>> {
    Ok(Json(hold_response(state.stock_ledger.commit(domain::HoldId(id.0)).await?)))
}

pub(super) async fn release(
    State(state): State<AppState>,
    Path(id): Path<HoldId>,
) -> ApiResult<NoContent> {
    state.stock_ledger.release(domain::HoldId(id.0)).await?;
    Ok(NoContent)
}

pub(super) async fn restock(
    State(state): State<AppState>,
    Path((id, reference)): Path<(HoldId, String)>,
    Json(restock): Json<Restock>,
) -> ApiResult<NoContent> {
    if reference.len() > REFERENCE_BYTES_MAX {
        let message = format!("must be at most {REFERENCE_BYTES_MAX} bytes");
        return Err(Problem::field("reference", message).into());
    }
    let lines = validation::lines(&restock.lines, HOLD_LINES_MAX)?;
    let reason = validation::reason(&restock.reason)?;
    state.stock_ledger.restock(domain::HoldId(id.0), &reference, &lines, reason).await?;
    Ok(NoContent)
}

fn hold_response(HoldView { id, state, expires_at }: HoldView) -> Hold {
    Hold { id: HoldId(id.0), status: responses::hold_status(state), expires_at }
}
