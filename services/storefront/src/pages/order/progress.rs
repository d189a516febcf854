//! How far an order has come: a list of steps, of which one is now.

use super::{Standing, View};
use crate::locale::time;
use contracts::order::PaymentStatus;
use kernel::Timestamp;
use maud::{Markup, html};

/// A step of an order's way.
struct Step {
    name: &'static str,
    at: Option<Timestamp>,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Done,
    Now,
    Ahead,
    Failed,
}

impl View<'_> {
    pub(super) fn progress(&self) -> Markup {
        let locale = self.visit.locale;
        let words = &locale.words.order;
        html! {
            ol.progress role="list" aria-label=(words.progress) {
                @for step in self.steps() {
                    @let class = match step.state { State::Done => "done", State::Now => "now", State::Ahead => "ahead", State::Failed => "failed" };
                    @let current = matches!(step.state, State::Now | State::Failed);
                    li class=(class) aria-current=[current.then_some("step")] {
                        strong { (step.name) }
                        @if let Some(at) = step.at { time.quiet datetime=(at) { (locale.date(at)) ", " (time(at)) } }
                    }
                }
            }
        }
    }

    fn steps(&self) -> Vec<Step> {
        let words = &self.visit.locale.words.order;
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
        let placed = Step { name: words.placed, at: Some(order.placed_at), state: State::Done };
        let payment = Step {
            name: if paid { words.paid } else { words.payment_pending },
            at: self.time_of(&["paid", "captured", "confirmed", "authorised"]).filter(|_| paid),
            state: if paid { State::Done } else { State::Now },
        };
        match self.standing() {
            Standing::Declined | Standing::Cancelled => {
                let at = self.time_of(&["cancelled"]);
                vec![placed, Step { name: words.was_cancelled, at, state: State::Failed }]
            }
            Standing::Shipped => {
                let at = self.time_of(&["fulfilled", "shipped", "completed"]);
                vec![placed, payment, Step { name: words.shipped, at, state: State::Now }]
            }
            Standing::Placed if paid => {
                vec![placed, payment, Step { name: words.to_ship, at: None, state: State::Now }]
            }
            _ => vec![placed, payment, Step { name: words.to_ship, at: None, state: State::Ahead }],
        }
    }

    /// When the first of these happened.
    fn time_of(&self, events: &[&str]) -> Option<Timestamp> {
        self.order
            .history
            .iter()
            .find(|entry| events.contains(&entry.event.as_str()))
            .map(|entry| entry.at)
    }
}
