//! Payments.

use super::{Findings, facts};
use journal::RecordedEvent;
use serde::Deserialize;
use std::collections::BTreeMap;

/// All payments.
#[derive(Debug, Default)]
pub(crate) struct Money {
    pub(crate) all: BTreeMap<String, Payment>,
}

/// A payment, in minor units.
#[derive(Clone, Debug, Default)]
pub(crate) struct Payment {
    pub(crate) order: String,
    pub(crate) state: String,
    pub(crate) due: i64,
    pub(crate) authorised: i64,
    captures: Vec<i64>,
    pub(crate) refunds: Vec<(String, i64)>,
    pub(crate) voided: i64,
    is_cancelled: bool,
    messages: Vec<String>,
}

impl Payment {
    pub(crate) fn captured(&self) -> i64 {
        self.captures.iter().sum()
    }

    /// What is taken or can still be taken.
    pub(crate) fn stands_for(&self) -> i64 {
        self.authorised - self.voided
    }

    pub(crate) fn refunded(&self) -> i64 {
        self.refunds.iter().map(|(_, amount)| amount).sum()
    }

    /// Whether nothing of it is set aside or kept. What nobody knows the outcome of is, once somebody has said that
    /// it is to be set free.
    pub(crate) fn is_given_back(&self) -> bool {
        match self.state.as_str() {
            "unknown" | "created" => self.is_cancelled,
            "requires_action" => false,
            _ => {
                self.captured() == self.refunded()
                    && self.authorised == self.captured() + self.voided
            }
        }
    }

    /// Whether nothing more can become of it by itself.
    pub(crate) fn is_settled(&self) -> bool {
        !matches!(self.state.as_str(), "unknown" | "created" | "requires_action")
    }
}

#[derive(Deserialize)]
struct Facts {
    order_id: String,
    state: String,
    #[serde(default)]
    amount: Option<Amount>,
    #[serde(default)]
    refund_id: Option<String>,
    #[serde(default)]
    message_id: Option<String>,
}

#[derive(Deserialize)]
struct Amount {
    amount: i64,
}

const LEDGER: &str = "authorised covers captured covers refunded";

impl Money {
    pub(super) fn take_in(&mut self, event: &RecordedEvent, found: &mut Findings) {
        let Some(id) = event.stream.strip_prefix("payment-") else { return };
        let Some(facts) = facts::<Facts>(event, found) else { return };
        let payment = self.all.entry(id.to_owned()).or_default();
        let amount = facts.amount.map_or(0, |amount| amount.amount);
        found.check(payment.order.is_empty() || payment.order == facts.order_id, LEDGER, || {
            format!("payment {id} changes its order")
        });
        payment.order = facts.order_id;
        payment.state = facts.state;
        match event.name.as_str() {
            "created" => payment.due = amount,
            "authorised" | "authorised_too_late" => {
                found.check(payment.authorised == 0, "money is set aside once", || {
                    format!("payment {id} is authorised again")
                });
                payment.authorised += payment.due;
            }
            "captured" => {
                payment.captures.push(amount);
                found.check(payment.captures.len() == 1, "money is taken once", || {
                    format!("payment {id} is captured {} times", payment.captures.len())
                });
            }
            "refunded" => {
                let refund = facts.refund_id.unwrap_or_default();
                found.check(
                    payment.refunds.iter().all(|(known, _)| *known != refund),
                    "money is given back once",
                    || format!("payment {id}: refund {refund} again"),
                );
                payment.refunds.push((refund, amount));
            }
            "voided" => payment.voided += amount,
            "cancellation_asked" => payment.is_cancelled = true,
            "message_taken" => {
                let message = facts.message_id.unwrap_or_default();
                found.check(!payment.messages.contains(&message), "a message counts once", || {
                    format!("payment {id}: {message} again")
                });
                payment.messages.push(message);
            }
            _ => {}
        }
        let (captured, refunded) = (payment.captured(), payment.refunded());
        let holds = payment.authorised >= captured + payment.voided && captured >= refunded;
        found.check(holds, LEDGER, || format!("payment {id}: {payment:?}"));
    }
}
