//! UI components: the building blocks that pages are rendered from.

pub(crate) mod address;
pub(crate) mod colour_swatch;
pub(crate) mod form_field;
pub(crate) mod icon;
pub(crate) mod image;
pub(crate) mod layout;
pub(crate) mod price;
pub(crate) mod price_chart;
pub(crate) mod product_card;
pub(crate) mod quantity_stepper;
pub(crate) mod totals;
