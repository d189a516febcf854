//! Progress of an order: a list of steps, one of which is current.

use super::{OrderStage, OrderView, local_time};
use contracts::{order::PaymentStatus, payment::INVOICE};
use kernel::Timestamp;
use maud::{Markup, html};

/// Step of the progress.
struct ProgressStep {
    name: &'static str,
    at: Option<Timestamp>,
    state: StepState,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum StepState {
    Done,
    Current,
    Upcoming,
    Failed,
}

impl OrderView<'_> {
    pub(super) fn progress(&self) -> Markup {
        let locale = self.context.locale;
        let messages = &locale.messages.order;
        html! {
            ol.progress role="list" aria-label=(messages.progress) {
                @for step in self.steps() {
                    @let class = match step.state { StepState::Done => "done", StepState::Current => "now", StepState::Upcoming => "ahead", StepState::Failed => "failed" };
                    @let current = matches!(step.state, StepState::Current | StepState::Failed);
                    li class=(class) aria-current=[current.then_some("step")] {
                        strong { (step.name) }
                        @if let Some(at) = step.at { span.quiet { (local_time(locale, at)) } }
                    }
                }
            }
        }
    }

    fn steps(&self) -> Vec<ProgressStep> {
        let messages = &self.context.locale.messages.order;
        let order = self.order;
        let paid = matches!(
            order.payment_status,
            PaymentStatus::Authorised
                | PaymentStatus::PartiallyPaid
                | PaymentStatus::Paid
                | PaymentStatus::PartiallyRefunded
                | PaymentStatus::Refunded
                | PaymentStatus::NotRequired
        );
        let placed = ProgressStep {
            name: messages.placed,
            at: Some(order.placed_at),
            state: StepState::Done,
        };
        let payment = ProgressStep {
            name: match self.stage() {
                _ if paid => messages.paid,
                OrderStage::TransferDue => messages.transfer_pending,
                _ => messages.payment_pending,
            },
            at: self.time_of(&["paid", "captured", "confirmed", "authorised"]).filter(|_| paid),
            state: if paid { StepState::Done } else { StepState::Current },
        };
        match self.stage() {
            OrderStage::Declined | OrderStage::Cancelled => {
                let at = self.time_of(&["cancelled"]);
                vec![
                    placed,
                    ProgressStep { name: messages.cancelled_step, at, state: StepState::Failed },
                ]
            }
            // An invoice is paid after the goods have arrived, everything else before they leave.
            OrderStage::Shipped if self.pays_later(paid) => vec![
                placed,
                self.shipping(StepState::Done),
                ProgressStep { state: StepState::Current, ..payment },
            ],
            OrderStage::Placed if self.pays_later(paid) => vec![
                placed,
                self.shipping(StepState::Current),
                ProgressStep { state: StepState::Upcoming, ..payment },
            ],
            OrderStage::Shipped => vec![placed, payment, self.shipping(StepState::Current)],
            OrderStage::Placed if paid => {
                vec![placed, payment, self.shipping(StepState::Current)]
            }
            _ => vec![placed, payment, self.shipping(StepState::Upcoming)],
        }
    }

    fn pays_later(&self, paid: bool) -> bool {
        self.order.payment.method == INVOICE && !paid
    }

    /// Step in which the goods reach the shopper: shipping, or collection at the place of the shop.
    fn shipping(&self, state: StepState) -> ProgressStep {
        let messages = &self.context.locale.messages.order;
        let is_shipped = self.stage() == OrderStage::Shipped;
        let name = match (is_shipped, self.pickup().is_some()) {
            (true, true) => messages.collectable,
            (true, false) => messages.shipped,
            (false, true) => messages.to_collect,
            (false, false) => messages.to_ship,
        };
        let at = self.time_of(&["fulfilled", "shipped", "completed"]).filter(|_| is_shipped);
        ProgressStep { name, at, state }
    }

    /// Time of the first history entry with one of these events.
    fn time_of(&self, events: &[&str]) -> Option<Timestamp> {
        self.order
            .history
            .iter()
            .find(|entry| events.contains(&entry.event.as_str()))
            .map(|entry| entry.at)
    }
}
