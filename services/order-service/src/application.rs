//! Use cases of the order service, one per file, and the sagas behind them.

pub(crate) mod cancel_order;
pub(crate) mod cancellation_saga;
pub(crate) mod checkout_input;
pub(crate) mod checkout_saga;
pub(crate) mod claim_order;
pub(crate) mod ending;
pub(crate) mod erase_customer;
pub(crate) mod error;
pub(crate) mod export_customer;
pub(crate) mod failure_limit;
pub(crate) mod fulfil_order;
pub(crate) mod fulfilment_saga;
pub(crate) mod list_orders;
pub(crate) mod look_up_order;
pub(crate) mod orders;
pub(crate) mod payment_methods;
pub(crate) mod place_order;
pub(crate) mod read_order;
pub(crate) mod receipt_saga;
pub(crate) mod record_receipt;
pub(crate) mod refund_order;
pub(crate) mod refund_saga;
pub(crate) mod resume_checkout;
pub(crate) mod saga_dependencies;
pub(crate) mod steps;
pub(crate) mod unpaid_orders;
