//! Order aggregate: states, commands, events and amounts. Pure and synchronous.

pub(crate) mod address_book;
pub(crate) mod claim;
pub(crate) mod contact_details;
pub(crate) mod customer_erasure;
pub(crate) mod events;
pub(crate) mod fulfilment;
pub(crate) mod history;
pub(crate) mod order;
pub(crate) mod order_number;
pub(crate) mod order_state;
pub(crate) mod payment_status;
pub(crate) mod payment_terms;
pub(crate) mod quote;
pub(crate) mod receipt;
pub(crate) mod refund;
pub(crate) mod rejection;
pub(crate) mod retention;
pub(crate) mod unit_shares;
