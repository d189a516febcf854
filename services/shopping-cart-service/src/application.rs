//! What the service does: keeps carts, and says what lines come to.

pub(crate) mod carts;
pub(crate) mod quotes;
pub(crate) mod refusal;
