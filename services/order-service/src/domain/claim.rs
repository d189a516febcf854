//! Claim of a guest's order: the customer of an account has proved that the order is theirs.

use super::{
    events::{Customer, OrderEvent},
    order::Order,
    rejection::Rejection,
};
use identifiers::AccountId;
use kernel::Timestamp;

impl Order {
    /// Whether the order can be added to an account: it is a guest's, and became an order.
    pub(crate) fn can_be_claimed(&self) -> bool {
        !self.placed.is_of_account() && !self.placed.is_erased() && !self.is_attempt()
    }

    /// Adds the order to an account. One that is in another account stays there. The account is stored under the key of this customer.
    pub(super) fn claim(
        &self,
        account: AccountId,
        customer: Customer,
        at: Timestamp,
    ) -> Result<Vec<OrderEvent>, Rejection> {
        if self.placed.account == Some(account) {
            return Ok(vec![]);
        }
        if self.placed.is_erased() {
            return Err(Rejection::CustomerErased);
        }
        if !self.can_be_claimed() {
            return Err(Rejection::Unknown);
        }
        Ok(vec![OrderEvent::Claimed { account: Some(account), at, customer: Some(customer) }])
    }
}
