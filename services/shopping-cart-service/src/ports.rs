//! What carts need from the outside, in their own words.

pub(crate) mod goods;
