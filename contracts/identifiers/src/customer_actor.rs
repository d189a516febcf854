//! Actor of a customer: the name by which requests, idempotency keys and the audit trail know somebody who is signed in to the shop.

use crate::AccountId;
use std::{fmt, str::FromStr};

/// Beginning of the name.
const PREFIX: &str = "customer:";

/// Actor of a customer, by the account.
///
/// ```
/// use identifiers::CustomerActor;
///
/// let text = "customer:0190a8b4-0000-7000-8000-000000000000";
/// let actor: CustomerActor = text.parse().unwrap();
/// assert_eq!(actor.to_string(), text);
/// for other in ["operator:ada", "customer:", "guest:0190a8b4-0000-7000-8000-000000000000"] {
///     assert!(other.parse::<CustomerActor>().is_err(), "{other}");
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CustomerActor(pub AccountId);

/// The text is no actor of a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidCustomerActor;

impl fmt::Display for InvalidCustomerActor {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("no actor of a customer")
    }
}

impl std::error::Error for InvalidCustomerActor {}

impl fmt::Display for CustomerActor {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{PREFIX}{}", self.0)
    }
}

impl FromStr for CustomerActor {
    type Err = InvalidCustomerActor;

    fn from_str(text: &str) -> Result<Self, InvalidCustomerActor> {
        let account = text.strip_prefix(PREFIX).and_then(|account| account.parse().ok());
        account.map(Self).ok_or(InvalidCustomerActor)
    }
}
