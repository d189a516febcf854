//! Erasure of the customer from an order: the contact details go, and what the books need stays (number, lines, amounts, tax,
//! country). An order that still owes or is owed something needs them until it does not.

use super::{
    events::{Address, OrderEvent, Placed},
    order::Order,
    order_state::OrderState,
    refund::RefundState,
    rejection::Rejection,
};
use kernel::Timestamp;

impl Order {
    /// Erases the customer, once nothing is open.
    pub(crate) fn erase_customer(&self, at: Timestamp) -> Result<Vec<OrderEvent>, Rejection> {
        if self.customer_erased {
            return Ok(vec![]);
        }
        let has_ended = match &self.state {
            OrderState::Completed | OrderState::Cancelled { .. } => true,
            OrderState::Pending { .. }
            | OrderState::Aborting { .. }
            | OrderState::Confirmed
            | OrderState::Cancelling { .. }
            | OrderState::Fulfilling
            | OrderState::Shipped => false,
        };
        let is_open = |state| state == RefundState::Reserved;
        if !has_ended || self.refunds.iter().any(|record| is_open(record.state)) {
            return Err(Rejection::OpenObligations);
        }
        // Said here as well: what was placed before orders could say it has it in the account alone.
        Ok(vec![OrderEvent::CustomerErased { at, of_account: self.placed.is_of_account() }])
    }
}

impl Placed {
    /// The facts without the contact details, and without the account but for the fact that there was one.
    pub(crate) fn without_contact(&self) -> Self {
        Self {
            email: String::new(),
            shipping_address: self.shipping_address.country_alone(),
            billing_address: self.billing_address.country_alone(),
            account: None,
            language: None,
            of_account: self.is_of_account(),
            ..self.clone()
        }
    }

    /// Whether the order is that of an account, also if it is not known any more which.
    pub(crate) fn is_of_account(&self) -> bool {
        self.of_account || self.account.is_some()
    }

    /// Whether the contact details were erased: no order is placed without an e-mail address.
    pub(crate) fn is_erased(&self) -> bool {
        self.email.is_empty()
    }
}

impl Address {
    /// What is left of an address: the country, by which it was taxed.
    pub(crate) fn country_alone(&self) -> Self {
        Self {
            name: String::new(),
            line1: String::new(),
            line2: None,
            city: None,
            region: None,
            postal_code: None,
            country: self.country.clone(),
        }
    }
}
