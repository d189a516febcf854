//! HTTP routes of the order service.

mod input;
mod operator;
mod requests;
mod shop;

use crate::application::{
    cancel_order::CancelOrder, checkout_input::CapturePolicy, fulfil_order::FulfilOrder,
    list_orders::ListOrders, look_up_order::LookUpOrder, payment_methods::PaymentMethods,
    place_order::PlaceOrder, read_order::ReadOrder, record_receipt::RecordReceipt,
    refund_order::RefundOrder,
};
use kernel::Uuid;
use std::sync::Arc;
use web::ApiRouter;

/// Use cases and configuration that the handlers share.
#[derive(Clone)]
pub(crate) struct UseCases {
    pub(crate) place: PlaceOrder,
    pub(crate) read: ReadOrder,
    pub(crate) look_up: LookUpOrder,
    pub(crate) list: ListOrders,
    pub(crate) cancel: CancelOrder,
    pub(crate) fulfil: FulfilOrder,
    pub(crate) refund: RefundOrder,
    pub(crate) receive: RecordReceipt,
    pub(crate) methods: PaymentMethods,
    /// Capture policy of new orders.
    pub(crate) capture: CapturePolicy,
    /// Secret from which order ids are derived, so that they cannot be guessed.
    pub(crate) id_secret: Uuid,
}

/// State that the handlers receive.
type AppState = axum::extract::State<Arc<UseCases>>;

/// Routes of the service.
pub(crate) fn routes(use_cases: UseCases) -> ApiRouter {
    let use_cases = Arc::new(use_cases);
    shop::routes(&use_cases).merge(operator::routes(&use_cases))
}
