//! The module table: all services of the shop.

use crate::failure::Failure;
use runtime::{Module, ModuleTable};

/// All services, in the order in which they are built: who is called comes before who calls.
pub(crate) static ALL: &[Module] = &[
    audit_service::MODULE,
    inventory_service::MODULE,
    payment_service::MODULE,
    product_service::MODULE,
    shopping_cart_service::MODULE,
    order_service::MODULE,
    storefront::MODULE,
    api_gateway::MODULE,
];

/// The service whose router the two edges lead to.
pub(crate) const GATEWAY: &str = api_gateway::MODULE.name;

pub(crate) use api_gateway::openapi;

/// The table, checked.
pub(crate) fn table() -> Result<ModuleTable, Failure> {
    ModuleTable::new(ALL).map_err(Failure::work)
}
