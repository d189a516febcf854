//! The module table: all services of the shop.

use crate::failure::Failure;
use runtime::{Module, Table};

/// All services, in the order in which they are built: who is called comes before who calls.
pub(crate) static ALL: &[Module] = &[shopping_cart_service::MODULE];

/// The service whose router the two edges lead to.
pub(crate) const GATEWAY: &str = "api-gateway";

/// The table, checked.
pub(crate) fn table() -> Result<Table, Failure> {
    Table::new(ALL).map_err(Failure::work)
}
