//! Provider of the contracts of carts: to the services that sell, and to whoever answers for a person's data.

use crate::{
    application::{cart_service::CartService, quote_calculator::Delivery},
    domain::cart::CartAccess,
};
use async_trait::async_trait;
use contracts::{
    cart::{AccountCart, AccountCarts, Carts, Quote, QuoteRequest},
    shared::{AccountId, CartId, OrderId},
};
use rpc::CallError;
use std::sync::Arc;

/// Provider of [`Carts`].
#[derive(Debug)]
pub(crate) struct CartsProvider(pub(crate) Arc<CartService>);

#[async_trait]
impl Carts for CartsProvider {
    async fn quote(&self, request: QuoteRequest) -> Result<Quote, CallError> {
        let delivery = delivery(&request)?;
        Ok(self.0.quote_lines(&request.lines, request.currency, delivery).await?)
    }

    async fn begin_checkout(
        &self,
        id: CartId,
        order_id: OrderId,
        request: QuoteRequest,
    ) -> Result<Quote, CallError> {
        let access = CartAccess::Shopper(request.account);
        Ok(self.0.begin_checkout(id, order_id, delivery(&request)?, access).await?)
    }

    async fn ordered(&self, id: CartId, order_id: OrderId) -> Result<(), CallError> {
        Ok(self.0.ordered(id, order_id).await?)
    }

    async fn reopen(&self, id: CartId, order_id: OrderId) -> Result<(), CallError> {
        Ok(self.0.reopen(id, order_id).await?)
    }
}

/// Provider of [`AccountCarts`].
#[derive(Debug)]
pub(crate) struct AccountCartsProvider(pub(crate) Arc<CartService>);

#[async_trait]
impl AccountCarts for AccountCartsProvider {
    async fn export(&self, account: AccountId) -> Result<AccountCart, CallError> {
        Ok(self.0.export_customer(account).await?)
    }

    async fn erase(&self, account: AccountId) -> Result<(), CallError> {
        Ok(self.0.erase_customer(account).await?)
    }
}

/// Delivery of an order, whose destination is its shipping address.
fn delivery(request: &QuoteRequest) -> Result<Delivery<'_>, CallError> {
    let QuoteRequest { destination, shipping_method, .. } = request;
    Ok(Delivery::new(destination, "shipping_address", shipping_method.as_deref())?)
}
