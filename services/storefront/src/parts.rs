//! What pages are made of.

pub(crate) mod address;
pub(crate) mod card;
pub(crate) mod chart;
pub(crate) mod field;
pub(crate) mod icon;
pub(crate) mod money;
pub(crate) mod picture;
pub(crate) mod shell;
pub(crate) mod stepper;
pub(crate) mod sums;
pub(crate) mod swatch;
