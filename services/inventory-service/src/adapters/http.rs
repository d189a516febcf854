//! HTTP routes: stock and movements for operators.

mod deny_shop_edge;
mod stock;

use crate::{application::StockLedger, ports::MovementQueries};
use std::sync::Arc;
use web::ApiRouter;
use web::routing::{get_with, operation};

/// Shared state of the handlers.
#[derive(Clone)]
pub(crate) struct AppState {
    pub(crate) stock_ledger: Arc<StockLedger>,
    pub(crate) movements: Arc<dyn MovementQueries>,
}

/// All routes of the service.
pub(crate) fn routes(state: AppState) -> ApiRouter {
    let described = |id, summary| operation(id, summary, "Stock");
    let list = get_with(stock::list, described("listStock", "List stock by SKU"));
    let one = get_with(stock::show, described("showStock", "Get the stock of a SKU"))
        .put_with(stock::count, described("countStock", "Set the units on hand from a count"));
    let list_movements = described("listMovements", "List stock movements, newest first");
    let movements = get_with(stock::movements, list_movements)
        .post_with(stock::record_movement, described("enterMovement", "Record a stock movement"));
    ApiRouter::new()
        .api_route("/api/v1/stock", list)
        .api_route("/api/v1/stock/{sku}", one)
        .api_route("/api/v1/stock/{sku}/movements", movements)
        .with_state(state)
}
