//! HTTP routes: stock and movements for operators, holds for other services.

mod holds;
pub(super) mod responses;
mod stock;
mod validation;

use crate::{application::StockLedger, ports::MovementQueries};
use std::sync::Arc;
use web::ApiRouter;
use web::routing::{get_with, put_with};

/// Shared state of the handlers.
#[derive(Clone)]
pub(crate) struct AppState {
    pub(crate) stock_ledger: Arc<StockLedger>,
    pub(crate) movements: Arc<dyn MovementQueries>,
}

/// All routes of the service.
pub(crate) fn routes(state: AppState) -> ApiRouter {
    operator_routes().merge(internal_routes()).with_state(state)
}

fn operator_routes() -> ApiRouter<AppState> {
    const TAG: &str = "Stock";
    ApiRouter::new()
        .api_route(
            "/api/v1/stock",
            get_with(stock::list, |it| it.id("listStock").summary("List stock by SKU").tag(TAG)),
        )
        .api_route(
            "/api/v1/stock/{sku}",
            get_with(stock::show, |it| {
                it.id("showStock").summary("Get the stock of a SKU").tag(TAG)
            })
            .put_with(stock::count, |it| {
                it.id("countStock").summary("Set the units on hand from a count").tag(TAG)
            }),
        )
        .api_route(
            "/api/v1/stock/{sku}/movements",
            get_with(stock::movements, |it| {
                it.id("listMovements").summary("List stock movements, newest first").tag(TAG)
            })
            .post_with(stock::record_movement, |it| {
                it.id("enterMovement").summary("Record a stock movement").tag(TAG)
            }),
        )
}

fn internal_routes() -> ApiRouter<AppState> {
    const TAG: &str = "Holds";
    ApiRouter::new()
        .api_route(
            "/internal/v1/stock",
            put_with(stock::count_many, |it| it.summary("Count many SKUs").tag(TAG)),
        )
        .api_route(
            "/internal/v1/holds/{id}",
            put_with(holds::hold, |it| it.summary("Place a hold, all lines or none").tag(TAG)),
        )
        .api_route(
            "/internal/v1/holds/{id}/commit",
            put_with(holds::commit, |it| it.summary("Commit a hold: its units are sold").tag(TAG)),
        )
        .api_route(
            "/internal/v1/holds/{id}/release",
            put_with(holds::release, |it| {
                it.summary("Release a hold, or return its sold units").tag(TAG)
            }),
        )
        .api_route(
            "/internal/v1/holds/{id}/restocks/{reference}",
            put_with(holds::restock, |it| it.summary("Restock returned units").tag(TAG)),
        )
}
