//! Use cases: deliver notifications, look at them, have them delivered again, preview templates, forget who was erased.

pub(crate) mod channel;
pub(crate) mod kind_to_tell;
pub(crate) mod letter;
pub(crate) mod notifications;
pub(crate) mod operate;
pub(crate) mod sample_order;
pub(crate) mod sender;
mod stored;
