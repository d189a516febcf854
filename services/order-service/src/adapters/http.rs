//! The service's routes.

mod input;
mod operator;
mod requests;
mod shop;

use crate::application::{
    cancel_order::CancelOrder, checkout_case::CapturePolicy, fulfil_order::FulfilOrder,
    list_orders::ListOrders, place_order::PlaceOrder, read_order::ReadOrder,
    refund_order::RefundOrder,
};
use kernel::Uuid;
use std::sync::Arc;
use web::ApiRouter;

/// What the routes lead to.
#[derive(Clone)]
pub(crate) struct UseCases {
    pub(crate) place: PlaceOrder,
    pub(crate) read: ReadOrder,
    pub(crate) list: ListOrders,
    pub(crate) cancel: CancelOrder,
    pub(crate) fulfil: FulfilOrder,
    pub(crate) refund: RefundOrder,
    /// When the money of a new order is taken.
    pub(crate) capture: CapturePolicy,
    /// What ids of orders are derived with, so that nobody can compute one.
    pub(crate) id_secret: Uuid,
}

type Service = axum::extract::State<Arc<UseCases>>;

/// The service's routes.
pub(crate) fn routes(use_cases: UseCases) -> ApiRouter {
    let use_cases = Arc::new(use_cases);
    shop::routes(&use_cases).merge(operator::routes(&use_cases))
}
