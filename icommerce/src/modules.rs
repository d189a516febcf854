//! Module table: all services of the shop.

use crate::error::CliError;
use runtime::{Module, ModuleTable};

/// All services in build order: callees before callers.
pub(crate) static ALL: &[Module] = &[
    audit_service::MODULE,
    auth_server::MODULE,
    inventory_service::MODULE,
    payment_service::MODULE,
    product_service::MODULE,
    shopping_cart_service::MODULE,
    order_service::MODULE,
    storefront::MODULE,
    api_gateway::MODULE,
];

/// Name of the gateway, whose router serves the two edges.
pub(crate) const GATEWAY: &str = api_gateway::MODULE.name;

pub(crate) use api_gateway::{
    Admitted, allowed_hosts, connection_limits, openapi, operator_token, operators_sign_in,
    takes_admission, unlisted_operations,
};

/// Validated module table.
pub(crate) fn table() -> Result<ModuleTable, CliError> {
    ModuleTable::new(ALL).map_err(CliError::failed)
}
