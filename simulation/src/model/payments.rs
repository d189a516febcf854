//! Payments of the reference model.

use super::payload::{Amount, decode};
use crate::violation::Violations;
use journal::RecordedEvent;
use serde::Deserialize;
use std::collections::BTreeMap;

/// All payments, by id.
#[derive(Debug, Default)]
pub(crate) struct PaymentsModel {
    pub(crate) all: BTreeMap<String, Payment>,
}

/// Payment, with amounts in minor units.
#[derive(Clone, Debug, Default)]
pub(crate) struct Payment {
    pub(crate) order: String,
    pub(crate) state: String,
    pub(crate) due: i64,
    pub(crate) authorised: i64,
    captures: Vec<i64>,
    pub(crate) refunds: Vec<(String, i64)>,
    pub(crate) voided: i64,
    is_cancellation_requested: bool,
    /// Webhooks that were processed.
    webhooks: Vec<String>,
}

impl Payment {
    /// Sum of the captures.
    pub(crate) fn captured(&self) -> i64 {
        self.captures.iter().sum()
    }

    /// Amount that is captured or can still be captured.
    pub(crate) fn capturable(&self) -> i64 {
        self.authorised - self.voided
    }

    /// Sum of the refunds.
    pub(crate) fn refunded(&self) -> i64 {
        self.refunds.iter().map(|(_, amount)| amount).sum()
    }

    /// Whether nothing of it is authorised or kept. Where the outcome of the authorisation is unknown, a requested
    /// cancellation is enough.
    pub(crate) fn is_released(&self) -> bool {
        match self.state.as_str() {
            "unknown" | "created" => self.is_cancellation_requested,
            "requires_action" => false,
            _ => {
                self.captured() == self.refunded()
                    && self.authorised == self.captured() + self.voided
            }
        }
    }

    /// Whether its state can no longer change by itself.
    pub(crate) fn is_settled(&self) -> bool {
        !matches!(self.state.as_str(), "unknown" | "created" | "requires_action")
    }
}

#[derive(Deserialize)]
struct PaymentPayload {
    order_id: String,
    state: String,
    #[serde(default)]
    amount: Option<Amount>,
    #[serde(default)]
    refund_id: Option<String>,
    #[serde(default)]
    message_id: Option<String>,
}

const LEDGER: &str = "authorised covers captured covers refunded";

impl PaymentsModel {
    pub(super) fn apply(&mut self, event: &RecordedEvent, violations: &mut Violations) {
        let Some(id) = event.stream.strip_prefix("payment-") else { return };
        let Some(payload) = decode::<PaymentPayload>(event, violations) else { return };
        let payment = self.all.entry(id.to_owned()).or_default();
        let amount = payload.amount.map_or(0, |amount| amount.amount);
        violations.check(
            payment.order.is_empty() || payment.order == payload.order_id,
            LEDGER,
            || format!("payment {id} belongs to another order"),
        );
        payment.order = payload.order_id;
        payment.state = payload.state;
        match event.name.as_str() {
            "created" => payment.due = amount,
            "authorised" | "authorised_too_late" => {
                violations.check(payment.authorised == 0, "a payment is authorised once", || {
                    format!("payment {id} is authorised twice")
                });
                payment.authorised += payment.due;
            }
            "captured" => {
                payment.captures.push(amount);
                violations.check(payment.captures.len() == 1, "a payment is captured once", || {
                    format!("payment {id} is captured {} times", payment.captures.len())
                });
            }
            "refunded" => {
                let refund = payload.refund_id.unwrap_or_default();
                violations.check(
                    payment.refunds.iter().all(|(known, _)| *known != refund),
                    "a refund is paid once",
                    || format!("payment {id}: refund {refund} was paid twice"),
                );
                payment.refunds.push((refund, amount));
            }
            "voided" => payment.voided += amount,
            "cancellation_asked" => payment.is_cancellation_requested = true,
            "message_taken" => {
                let webhook = payload.message_id.unwrap_or_default();
                violations.check(
                    !payment.webhooks.contains(&webhook),
                    "a webhook is processed once",
                    || format!("payment {id}: {webhook} was processed twice"),
                );
                payment.webhooks.push(webhook);
            }
            _ => {}
        }
        let (captured, refunded) = (payment.captured(), payment.refunded());
        let holds = payment.authorised >= captured + payment.voided && captured >= refunded;
        violations.check(holds, LEDGER, || format!("payment {id}: {payment:?}"));
    }
}
