//! The inventory service: stock per SKU and location, holds with expiry, movements.

mod domain;
