//! Carts of customers: each has one that is not ordered yet, and a guest's cart goes into it when the shopper signs in.

use super::{
    cart_service::{CartService, stream},
    error::CartError,
};
use crate::domain::{
    cart::{CHANGES_MAX, Cart, CartState, Command},
    rejection::Rejection,
};
use contracts::{
    cart::{AccountCart, Cart as CartView},
    shared::{AccountId, CartId, Quantity},
};
use journal::LoadedAggregate;
use kernel::{Currency, Ids, Timestamp, prefixed_id};
use storage::{LosableValues, StorageError};

/// Times that a merge is decided anew because the customer's cart was ordered meanwhile.
const ATTEMPTS_MAX: usize = 4;

/// Carts of customers. The id of a cart follows from the account and from how many the customer had before, so that requests at once mean
/// the same cart.
#[derive(Debug)]
pub(crate) struct CustomerCarts {
    /// Numbers of the present carts, a cache: one that is behind or lost is found out when its cart turns out to be ordered.
    pub(crate) values: LosableValues,
}

/// Cart of a customer that is not ordered yet, or the one that will be the next.
struct PresentCart {
    id: CartId,
    loaded: LoadedAggregate<Cart>,
}

impl CustomerCarts {
    async fn number(&self, customer: AccountId, now: Timestamp) -> Result<u64, StorageError> {
        let Some(stored) = self.values.value(&key(customer), now).await? else { return Ok(0) };
        let number = std::str::from_utf8(&stored).ok().and_then(|text| text.parse().ok());
        number.ok_or_else(|| StorageError::Corrupt(key(customer)))
    }

    async fn remember(&self, customer: AccountId, number: u64) -> Result<(), StorageError> {
        self.values.put(&key(customer), number.to_string().into(), None).await.map(drop)
    }
}

/// Whether a customer needs another cart: this one is ordered, or was changed as often as a cart may be.
fn is_of_the_past(cart: &Cart) -> bool {
    match cart.state {
        CartState::Ordered { .. } => true,
        CartState::Open => cart.version >= CHANGES_MAX,
        CartState::CheckingOut { .. } | CartState::Merged { .. } => false,
    }
}

fn key(customer: AccountId) -> String {
    prefixed_id("customer-cart-", customer)
}

fn cart_id(customer: AccountId, number: u64) -> CartId {
    Ids::derived(customer.into(), &format!("cart/{number}"))
}

impl CartService {
    /// Cart of a customer after the merge with a guest's, if that has something; none if the customer has no cart either. To repeat it
    /// merges nothing twice.
    pub(crate) async fn customer_cart(
        &self,
        customer: AccountId,
        guest: Option<CartId>,
    ) -> Result<CartView, CartError> {
        if let Some(guest) = guest {
            self.merge_guest(customer, guest).await?;
        }
        let present = self.present(customer).await?;
        self.load_view(present.id, &present.loaded).await
    }

    /// Creates the cart of a customer with these lines, or adds them to the one that there is.
    pub(super) async fn create_for(
        &self,
        customer: AccountId,
        lines: &[Quantity],
        currency: Option<Currency>,
    ) -> Result<CartView, CartError> {
        let PresentCart { id, loaded } = self.present(customer).await?;
        let present = loaded.state.as_deref();
        let asked_for = currency.unwrap_or(self.quotes.pricing().currency);
        let currency = present.map_or(asked_for, |cart| cart.currency);
        let present = present.map_or(&[][..], |cart| &cart.lines);
        let (lines, variants) = self.sellable(lines, currency, present).await?;
        let all = [present, &lines].concat();
        let facts = self.with_stock(variants, &all).await;
        let command = Command::AddLines { currency, lines, owner: customer };
        self.change(id, None, &command, &loaded, &facts).await
    }

    /// What is known of a customer: the cart, if there is one, and the wish list.
    pub(crate) async fn export_customer(
        &self,
        customer: AccountId,
    ) -> Result<AccountCart, CartError> {
        let cart = match self.customer_cart(customer, None).await {
            Ok(cart) => Some(cart),
            Err(CartError::Rejected(Rejection::Unknown)) => None,
            Err(error) => return Err(error),
        };
        Ok(AccountCart { cart, wish_list: self.wish_list(customer).await? })
    }

    /// Erases a customer: the cart is closed, but for an order that is being placed from it, the wish list is emptied, and there is never
    /// another one for the account, whatever request is still under way. Again is no change.
    pub(crate) async fn erase_customer(&self, customer: AccountId) -> Result<(), CartError> {
        match self.present(customer).await {
            Ok(PresentCart { id, .. }) => {
                let currency = self.quotes.pricing().currency;
                self.execute(id, &Command::EraseOwner { owner: customer, currency }).await?;
            }
            // It was erased before.
            Err(CartError::Rejected(Rejection::Unknown)) => {}
            Err(error) => return Err(error),
        }
        self.erase_wish_list(customer).await
    }

    /// Cart of the customer that can be changed or is being ordered; none of one who was erased.
    async fn present(&self, customer: AccountId) -> Result<PresentCart, CartError> {
        let remembered = self.customers.number(customer, self.ids.now()).await?;
        let mut number = remembered;
        loop {
            let id = cart_id(customer, number);
            let loaded = self.repository.load(&stream(id)).await?;
            if loaded.state.as_deref().is_some_and(|cart| cart.is_owner_erased) {
                return Err(Rejection::Unknown.into());
            }
            if loaded.state.as_deref().is_some_and(is_of_the_past) {
                number += 1;
                continue;
            }
            if number != remembered {
                self.customers.remember(customer, number).await?;
            }
            return Ok(PresentCart { id, loaded });
        }
    }

    /// Merges the cart of a guest, unless there is nothing to merge: it is empty, ordered, merged before, or somebody's.
    async fn merge_guest(&self, customer: AccountId, guest: CartId) -> Result<(), CartError> {
        for _ in 0..ATTEMPTS_MAX {
            let loaded = self.repository.load(&stream(guest)).await?;
            let Some(cart) = loaded.state.as_deref() else { return Ok(()) };
            let has_lines = cart.owner.is_none() && !cart.lines.is_empty();
            let into = match cart.state {
                CartState::Open if has_lines => self.present(customer).await?.id,
                CartState::Merged { into, has_ended: false } => {
                    match self.target(customer, into, guest).await? {
                        Some(into) => into,
                        None => return Ok(()),
                    }
                }
                _ => return Ok(()),
            };
            match self.move_lines(customer, guest, into).await {
                // Ordered in this moment, without the guest's lines.
                Err(CartError::Rejected(Rejection::Ordered)) => {}
                merged => return merged,
            }
        }
        Err(Rejection::CheckingOut.into())
    }

    /// Cart into which a merge goes that has begun: the one that it began with, or the next one if that was ordered without the lines. None
    /// for a merge of another customer.
    async fn target(
        &self,
        customer: AccountId,
        into: CartId,
        guest: CartId,
    ) -> Result<Option<CartId>, CartError> {
        let present = self.present(customer).await?.id;
        if present == into {
            return Ok(Some(into));
        }
        let loaded = self.repository.load(&stream(into)).await?;
        Ok(match loaded.state.as_deref() {
            Some(cart) if cart.owner != Some(customer) => None,
            Some(cart) if cart.has_merged(guest) => Some(into),
            Some(_) => Some(present),
            None => None,
        })
    }

    /// The three steps of a merge, each of which has no effect the second time.
    async fn move_lines(
        &self,
        customer: AccountId,
        guest: CartId,
        into: CartId,
    ) -> Result<(), CartError> {
        let closed = self.execute(guest, &Command::CloseForMerge { into }).await?;
        let closed = closed.state.as_deref().ok_or(Rejection::Unknown)?;
        let merge = Command::Merge {
            from: guest,
            lines: closed.lines.clone(),
            currency: closed.currency,
            owner: customer,
            strategy: self.merge,
        };
        if matches!(closed.state, CartState::Merged { has_ended: false, .. }) {
            self.execute(into, &merge).await?;
            self.execute(guest, &Command::EndMerge).await?;
        }
        Ok(())
    }
}
