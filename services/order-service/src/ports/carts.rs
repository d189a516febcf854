//! Port to the cart service: carts that become orders, and quotes.

use super::PortError;
use crate::domain::{events::Address, quote::Quote};
use async_trait::async_trait;
use identifiers::{AccountId, CartId, OrderId, Sku};
use kernel::Currency;

/// Carts and quotes.
#[async_trait]
pub(crate) trait Carts: Send + Sync {
    /// Freezes a cart for an order and returns its quote: of a guest, or of the customer with this account. Repeated for the
    /// same order: the same cart, at the prices of that moment.
    async fn freeze(
        &self,
        cart: CartId,
        order: OrderId,
        account: Option<AccountId>,
        delivery: Delivery<'_>,
    ) -> Result<Quote, PortError>;

    /// Quote for lines that are in no cart.
    async fn quote(
        &self,
        lines: &[(Sku, i64)],
        currency: Option<Currency>,
        delivery: Delivery<'_>,
    ) -> Result<Quote, PortError>;

    /// Marks the cart as ordered. Idempotent; a cart that no longer exists is no error.
    async fn ordered(&self, cart: CartId, order: OrderId) -> Result<(), PortError>;

    /// Reopens the cart if it was frozen for this order. Idempotent; any other state of the cart is no error.
    async fn reopen(&self, cart: CartId, order: OrderId) -> Result<(), PortError>;
}

/// Destination and method of a delivery.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Delivery<'a> {
    pub(crate) address: &'a Address,
    pub(crate) method: Option<&'a str>,
}
