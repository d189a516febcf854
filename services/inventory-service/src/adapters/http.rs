//! The inventory over HTTP: for operators, and for the services that sell.

pub(super) mod answers;
mod holds;
mod input;
mod stock;

use crate::{application::Books, ports::Movements};
use std::sync::Arc;
use web::ApiRouter;
use web::routing::{get_with, put_with};

/// What handlers work with.
#[derive(Clone)]
pub(crate) struct Inventory {
    pub(crate) books: Arc<Books>,
    pub(crate) movements: Arc<dyn Movements>,
}

/// The routes of the service.
pub(crate) fn routes(inventory: Inventory) -> ApiRouter {
    operator_routes().merge(internal_routes()).with_state(inventory)
}

fn operator_routes() -> ApiRouter<Inventory> {
    const TAG: &str = "Stock";
    ApiRouter::new()
        .api_route(
            "/api/v1/stock",
            get_with(stock::list, |it| it.id("listStock").summary("Stock by SKU").tag(TAG)),
        )
        .api_route(
            "/api/v1/stock/{sku}",
            get_with(stock::show, |it| it.id("showStock").summary("What there is").tag(TAG))
                .put_with(stock::count, |it| {
                    it.id("countStock").summary("Set what is on hand to what was counted").tag(TAG)
                }),
        )
        .api_route(
            "/api/v1/stock/{sku}/movements",
            get_with(stock::movements, |it| {
                it.id("listMovements").summary("What came and went, newest first").tag(TAG)
            })
            .post_with(stock::enter_movement, |it| {
                it.id("enterMovement").summary("Book units that came or went").tag(TAG)
            }),
        )
}

fn internal_routes() -> ApiRouter<Inventory> {
    const TAG: &str = "Holds";
    ApiRouter::new()
        .api_route(
            "/internal/v1/stock",
            put_with(stock::count_many, |it| it.summary("Count many SKUs").tag(TAG)),
        )
        .api_route(
            "/internal/v1/holds/{id}",
            put_with(holds::hold, |it| it.summary("Set stock aside, all lines or none").tag(TAG)),
        )
        .api_route(
            "/internal/v1/holds/{id}/commit",
            put_with(holds::commit, |it| it.summary("Sell what is held").tag(TAG)),
        )
        .api_route(
            "/internal/v1/holds/{id}/release",
            put_with(holds::release, |it| it.summary("Give back, or take back").tag(TAG)),
        )
        .api_route(
            "/internal/v1/holds/{id}/restocks/{reference}",
            put_with(holds::restock, |it| it.summary("Take sold units back").tag(TAG)),
        )
}
