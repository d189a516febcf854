//! A service of the shop.
