//! The money for an order.

use super::PortError;
use async_trait::async_trait;
use kernel::{Money, Uuid};

/// The money for an order.
#[async_trait]
pub(crate) trait Payments: Send + Sync {
    /// Has money set aside. Again under the same id: how the payment stands by now; it is never asked for twice.
    async fn authorise(&self, wanted: Authorise<'_>) -> Result<Authorisation, PortError>;

    /// Takes all that was set aside, once; says how much that was.
    async fn capture(&self, payment: Uuid) -> Result<Money, PortError>;

    /// Sets free what was set aside and gives back what was taken. Again is no error, nor is a payment that never
    /// was; it can never be authorised afterwards.
    async fn cancel(&self, payment: Uuid, order: Uuid) -> Result<(), PortError>;

    /// Gives money back, once per refund.
    async fn refund(
        &self,
        payment: Uuid,
        refund: Uuid,
        amount: Money,
        reason: &str,
    ) -> Result<(), PortError>;
}

/// Money to be set aside.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Authorise<'a> {
    pub(crate) payment: Uuid,
    pub(crate) order: Uuid,
    pub(crate) amount: Money,
    /// The processor.
    pub(crate) method: &'a str,
    /// What the processor knows the customer's means of payment by.
    pub(crate) token: &'a str,
}

/// How a payment stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Authorisation {
    Authorised,
    /// For the customer, or for the bank to say what became of it.
    Waiting {
        reason: String,
        action_url: Option<String>,
    },
    Declined {
        why: String,
    },
}
