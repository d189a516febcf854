//! HTTP routes: stock and movements for operators.

mod stock;

use crate::{application::StockLedger, ports::MovementQueries};
use std::sync::Arc;
use web::{ApiRouter, routes};

/// Shared state of the handlers.
#[derive(Clone)]
pub(crate) struct AppState {
    pub(crate) stock_ledger: Arc<StockLedger>,
    pub(crate) movements: Arc<dyn MovementQueries>,
}

/// All routes of the service.
pub(crate) fn routes(state: AppState) -> ApiRouter {
    routes! {
        tag "Stock";
        /// List stock by SKU
        get "/api/v1/stock" => stock::list as listStock;
        /// Get the stock of a SKU
        get "/api/v1/stock/{sku}" => stock::show as showStock;
        /// Set the units on hand from a count
        put "/api/v1/stock/{sku}" => stock::count as countStock;
        /// List stock movements, newest first
        get "/api/v1/stock/{sku}/movements" => stock::movements as listMovements;
        /// Record a stock movement
        post "/api/v1/stock/{sku}/movements" => stock::record_movement as enterMovement;
    }
    .with_state(state)
}
