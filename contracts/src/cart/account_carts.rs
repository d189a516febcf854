//! Contract of the shopping cart service towards whoever answers for a person's data: what it knows of an account, and the erasure of it.

use super::{Cart, SERVICE, WishList};
use crate::shared::AccountId;
use rpc::contract;
use serde::{Deserialize, Serialize};

/// What the service knows of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountCart {
    /// The cart that is not ordered yet, if there is one.
    pub cart: Option<Cart>,
    /// The wish list.
    pub wish_list: WishList,
}

contract! {
    /// Contract of the shopping cart service towards whoever answers for a person's data.
    pub trait AccountCarts in (SERVICE) {
        /// What is known of the customer with this account.
        idempotent fn export(account: AccountId) -> AccountCart;

        /// Closes the cart of the account and empties its wish list. It never has another one.
        idempotent fn erase(account: AccountId) -> ();
    }
}
