//! Orders: what they are, what may be done to them, and what that comes to. Pure.

pub(crate) mod contact;
pub(crate) mod events;
pub(crate) mod fulfilment;
pub(crate) mod history;
pub(crate) mod order;
pub(crate) mod payment_status;
pub(crate) mod placing;
pub(crate) mod refund;
pub(crate) mod rejection;
pub(crate) mod shares;
