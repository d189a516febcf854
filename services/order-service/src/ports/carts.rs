//! Carts that become orders, and prices.

use super::PortError;
use crate::domain::{events::Address, placing::Quote};
use async_trait::async_trait;
use kernel::{Currency, Uuid};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// The address parts that each country requires.
pub(crate) type RequiredParts = BTreeMap<String, BTreeSet<String>>;

/// Carts and prices.
#[async_trait]
pub(crate) trait Carts: Send + Sync {
    /// Freezes a cart for an order and says what it comes to. Again for the same order: the same cart, at the prices
    /// of that moment.
    async fn freeze(
        &self,
        cart: Uuid,
        order: Uuid,
        delivery: Delivery<'_>,
    ) -> Result<Quote, PortError>;

    /// What lines come to that are in no cart.
    async fn quote(
        &self,
        lines: &[(String, i64)],
        currency: Option<Currency>,
        delivery: Delivery<'_>,
    ) -> Result<Quote, PortError>;

    /// The cart has become the order. Again is no error; neither is a cart that is gone.
    async fn ordered(&self, cart: Uuid, order: Uuid) -> Result<(), PortError>;

    /// The cart is open again, if it was frozen for this order. Whatever else is the matter with it is no error.
    async fn reopen(&self, cart: Uuid, order: Uuid) -> Result<(), PortError>;

    /// Which parts of an address are required where. Remembered after the first answer.
    async fn required_parts(&self) -> Result<Arc<RequiredParts>, PortError>;
}

/// Where goods go, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Delivery<'a> {
    pub(crate) address: &'a Address,
    pub(crate) method: Option<&'a str>,
}
