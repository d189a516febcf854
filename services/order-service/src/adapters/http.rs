//! HTTP routes of the order service.

pub(super) mod address_book;
mod input;
mod operator;
mod requests;
mod shop;

use crate::application::{
    address_books::AddressBooks, cancel_order::CancelOrder, checkout_input::CapturePolicy,
    claim_order::ClaimOrder, erase_customer::EraseCustomer, export_customer::ExportCustomer,
    fulfil_order::FulfilOrder, list_orders::ListOrders, look_up_order::LookUpOrder,
    payment_methods::PaymentMethods, place_order::PlaceOrder, read_order::ReadOrder,
    record_receipt::RecordReceipt, refund_order::RefundOrder,
};
use kernel::Uuid;
use std::sync::Arc;
use web::{ApiRouter, requires_idempotency_key, routes};

/// Use cases and configuration that the handlers share.
#[derive(Clone)]
pub(crate) struct UseCases {
    pub(crate) place: PlaceOrder,
    pub(crate) read: ReadOrder,
    pub(crate) look_up: LookUpOrder,
    pub(crate) claim: ClaimOrder,
    pub(crate) addresses: AddressBooks,
    pub(crate) list: ListOrders,
    pub(crate) cancel: CancelOrder,
    pub(crate) fulfil: FulfilOrder,
    pub(crate) refund: RefundOrder,
    pub(crate) receive: RecordReceipt,
    pub(crate) erase: EraseCustomer,
    pub(crate) export: ExportCustomer,
    pub(crate) methods: PaymentMethods,
    /// Capture policy of new orders.
    pub(crate) capture: CapturePolicy,
    /// Secret from which order ids are derived, so that they cannot be guessed.
    pub(crate) id_secret: Uuid,
}

/// State that the handlers receive.
type AppState = web::State<Arc<UseCases>>;

/// Routes of the service.
pub(crate) fn routes(use_cases: UseCases) -> ApiRouter {
    routes! {
        tag "Orders";
        /// Check out a cart
        post "/api/v1/carts/{id}/checkout" => shop::checkout as checkout, requires_idempotency_key;
        /// List the payment methods on offer
        get "/api/v1/payment-methods" => shop::payment_methods as listPaymentMethods;
        /// Find an order by its number and e-mail address
        post "/api/v1/orders/lookup" => shop::look_up as lookUpOrder;
        /// List the orders of the customer who is signed in, newest first
        get "/api/v1/account/orders" => shop::account_orders as listAccountOrders;
        /// Send a link by which the order of a guest is added to the customer's account
        post "/api/v1/account/orders/claims" => shop::request_claim as requestOrderClaim;
        /// Add the order of such a link to the account
        post "/api/v1/account/orders/claims/redeem" => shop::redeem_claim as redeemOrderClaim;
        /// Whether the link to the order of a guest can be used now
        post "/api/v1/account/orders/claims/check" => shop::check_claim as checkOrderClaim;
        /// Get an order, now or as it was
        get "/api/v1/orders/{id}" => shop::order as getOrder;
        /// Cancel an order before it ships
        post "/api/v1/orders/{id}/cancel" => shop::cancel as cancelOrder;
        /// Create an order without a cart
        post "/api/v1/orders" => operator::create as createOrder, requires_idempotency_key;
        /// List orders, newest first
        get "/api/v1/orders" => operator::list as listOrders;
        /// Mark an order as fulfilled
        post "/api/v1/orders/{id}/fulfil" => operator::fulfil as fulfilOrder;
        /// Refund an order, by line or by amount
        post "/api/v1/orders/{id}/refunds" => operator::refund as refundOrder, requires_idempotency_key;
        /// Record a bank transfer for an order
        post "/api/v1/orders/{id}/payments" => operator::receive as recordPayment, requires_idempotency_key;
        tag "Addresses";
        /// List the addresses of the customer who is signed in, the oldest first
        get "/api/v1/account/addresses" => address_book::list as listAccountAddresses;
        /// Store an address, a new one or one in place of the present one
        put "/api/v1/account/addresses/{id}" => address_book::store as storeAccountAddress;
        /// Remove an address
        delete "/api/v1/account/addresses/{id}" => address_book::remove as removeAccountAddress;
        tag "Sagas";
        /// List unfinished sagas, oldest first
        get "/api/v1/sagas" => operator::sagas as listSagas;
        /// Retry a saga now
        post "/api/v1/sagas/{id}/retry" => operator::retry as retrySaga;
    }
    .with_state(Arc::new(use_cases))
}
