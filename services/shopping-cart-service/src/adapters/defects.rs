//! Planted defects of the shopping cart service, in a decorator of its contract.
//!
//! Without a planted defect the decorator only passes calls on.

use super::contract::CartsProvider;
use async_trait::async_trait;
use contracts::{
    cart::{Carts, Quote, QuoteRequest},
    codes,
    shared::{CartId, OrderId},
};
use kernel::{Ids, defects::planted};
use rpc::CallError;

/// Provider of the contract of carts with defects.
#[derive(Debug)]
pub(crate) struct DefectiveCarts(pub(crate) CartsProvider);

#[async_trait]
impl Carts for DefectiveCarts {
    async fn quote(&self, request: QuoteRequest) -> Result<Quote, CallError> {
        self.0.quote(request).await
    }

    async fn begin_checkout(
        &self,
        id: CartId,
        order_id: OrderId,
        request: QuoteRequest,
    ) -> Result<Quote, CallError> {
        match self.0.begin_checkout(id, order_id, request.clone()).await {
            // Under another id the abandoned order freezes the cart after all.
            Err(error)
                if planted("given_up_cart_freezes")
                    && error.problem(&codes::ORDER_CANCELLED).is_some() =>
            {
                let late = Ids::derived::<OrderId>(order_id.into(), "late");
                self.0.begin_checkout(id, late, request).await
            }
            quoted => quoted,
        }
    }

    async fn ordered(&self, id: CartId, order_id: OrderId) -> Result<(), CallError> {
        self.0.ordered(id, order_id).await
    }

    async fn reopen(&self, id: CartId, order_id: OrderId) -> Result<(), CallError> {
        self.0.reopen(id, order_id).await
    }
}
