//! HTTP client of the order service's public API.

use super::{
    AccountOrderQuery, AddressBook, AddressToStore, Because, Checkout, NewOrder, NewReceipt,
    NewRefund, Order, OrderClaim, OrderClaimLink, OrderLookup, OrderPage, OrderQuery,
    OrderReference, SERVICE, SagaPage, SagaQuery,
};
use crate::{
    payment::OfferedMethods,
    shared::{AddressId, CartId, OrderId},
};
use transport::{CallError, Channel, Client, Method};

/// HTTP client of the order service's public API.
#[derive(Clone, Debug)]
pub struct OrderClient(Client);

impl OrderClient {
    /// The service's name in the module table.
    pub const SERVICE: &'static str = SERVICE;

    /// A client over this channel.
    pub fn new(transport: Channel) -> Self {
        Self(Client::new(Self::SERVICE, transport))
    }

    /// Turns a cart into an order, once per key.
    pub async fn checkout(
        &self,
        cart: CartId,
        key: &str,
        checkout: &Checkout,
    ) -> Result<Order, CallError> {
        self.0
            .post(format!("/api/v1/carts/{cart}/checkout"))
            .idempotency_key(key)
            .json(checkout)
            .send()
            .await
    }

    /// An order as it stands.
    pub async fn order(&self, id: OrderId) -> Result<Order, CallError> {
        self.0.get(format!("/api/v1/orders/{id}")).send().await
    }

    /// The order with this number and e-mail address. Refused with `not_found`, whichever of the two is wrong.
    pub async fn look_up(&self, lookup: &OrderLookup) -> Result<OrderReference, CallError> {
        self.0.post("/api/v1/orders/lookup").json(lookup).send().await
    }

    /// Places a whole order in one request, once per key.
    pub async fn create(&self, key: &str, order: &NewOrder) -> Result<Order, CallError> {
        self.0.post("/api/v1/orders").idempotency_key(key).json(order).send().await
    }

    /// A page of orders, newest first.
    pub async fn orders(&self, query: &OrderQuery) -> Result<OrderPage, CallError> {
        self.0.get("/api/v1/orders").query(query).send().await
    }

    /// A page of the orders of the customer who is signed in, newest first. Refused with `unauthenticated`.
    pub async fn account_orders(&self, query: &AccountOrderQuery) -> Result<OrderPage, CallError> {
        self.0.get("/api/v1/account/orders").query(query).send().await
    }

    /// The address book of the customer who is signed in. Refused with `unauthenticated`.
    pub async fn addresses(&self) -> Result<AddressBook, CallError> {
        self.0.get("/api/v1/account/addresses").send().await
    }

    /// Stores an address under an id of the caller's choice, or puts it in place of the one with this id. Refused with `unauthenticated`,
    /// `invalid_field` and `address_limit`.
    pub async fn store_address(
        &self,
        id: AddressId,
        address: &AddressToStore,
    ) -> Result<AddressBook, CallError> {
        self.0.put(format!("/api/v1/account/addresses/{id}")).json(address).send().await
    }

    /// Removes an address, if it is there. Refused with `unauthenticated`.
    pub async fn remove_address(&self, id: AddressId) -> Result<AddressBook, CallError> {
        let path = format!("/api/v1/account/addresses/{id}");
        self.0.request(Method::DELETE, path).send().await
    }

    /// Whether the link to a guest's order can be used now by the customer who is signed in. Refused with `unauthenticated`, and with
    /// `not_found` if not.
    pub async fn check_claim(&self, link: &OrderClaimLink) -> Result<(), CallError> {
        self.0.post("/api/v1/account/orders/claims/check").json(link).send_empty().await
    }

    /// Sends a link to the e-mail address of a guest's order, if there is one with this number and address; the answer does not say so.
    /// Refused with `unauthenticated` and `rate_limited`, and with `unavailable` if the shop sends no mail.
    pub async fn request_claim(&self, claim: &OrderClaim) -> Result<(), CallError> {
        self.0.post("/api/v1/account/orders/claims").json(claim).send_empty().await
    }

    /// Adds the order of such a link to the account of the customer who asked for it. Refused with `unauthenticated` and `not_found`.
    pub async fn redeem_claim(&self, link: &OrderClaimLink) -> Result<OrderReference, CallError> {
        self.0.post("/api/v1/account/orders/claims/redeem").json(link).send().await
    }

    /// Cancels an order that has not shipped.
    pub async fn cancel(&self, id: OrderId, because: &Because) -> Result<Order, CallError> {
        self.0.post(format!("/api/v1/orders/{id}/cancel")).json(because).send().await
    }

    /// Marks an order as shipped.
    pub async fn fulfil(&self, id: OrderId) -> Result<Order, CallError> {
        self.0.post(format!("/api/v1/orders/{id}/fulfil")).json(&Because::default()).send().await
    }

    /// Payment methods that are offered for new orders.
    pub async fn payment_methods(&self) -> Result<OfferedMethods, CallError> {
        self.0.get("/api/v1/payment-methods").send().await
    }

    /// Records money that arrived by bank transfer, once per key.
    pub async fn record_receipt(
        &self,
        id: OrderId,
        key: &str,
        receipt: &NewReceipt,
    ) -> Result<Order, CallError> {
        let path = format!("/api/v1/orders/{id}/payments");
        self.0.post(path).idempotency_key(key).json(receipt).send().await
    }

    /// Refunds an order, once per key.
    pub async fn refund(
        &self,
        id: OrderId,
        key: &str,
        refund: &NewRefund,
    ) -> Result<Order, CallError> {
        let path = format!("/api/v1/orders/{id}/refunds");
        self.0.post(path).idempotency_key(key).json(refund).send().await
    }

    /// Sagas that have not ended, oldest first.
    pub async fn sagas(&self, query: &SagaQuery) -> Result<SagaPage, CallError> {
        self.0.get("/api/v1/sagas").query(query).send().await
    }
}
