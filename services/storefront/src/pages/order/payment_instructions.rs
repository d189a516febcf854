//! Payment instructions: how to pay an order by bank transfer, until it is paid.

use super::OrderView;
use crate::messages::interpolate;
use contracts::{
    order::{OrderStatus, PaymentStatus},
    payment::PREPAYMENT,
};
use kernel::Money;
use maud::{Markup, html};

impl OrderView<'_> {
    /// Whether money is to be transferred for the order.
    pub(super) fn is_transfer_due(&self) -> bool {
        let order = self.order;
        let is_open = matches!(
            order.payment_status,
            PaymentStatus::Pending | PaymentStatus::Waiting | PaymentStatus::PartiallyPaid
        );
        order.payment.bank_details.is_some()
            && is_open
            && order.status != OrderStatus::Cancelled
            && self.due().is_positive()
    }

    fn due(&self) -> Money {
        let (total, paid) = (self.order.totals.total, self.order.payment.captured);
        total.checked_sub(paid).unwrap_or(total)
    }

    /// Bank details, amount, reference and date, as long as money is due.
    pub(super) fn payment_instructions(&self) -> Markup {
        let locale = self.context.locale;
        let messages = &locale.messages.order;
        let payment = &self.order.payment;
        let Some(bank) = payment.bank_details.as_deref().filter(|_| self.is_transfer_due()) else {
            return html! {};
        };
        let amount = locale.money(self.due());
        let by = payment.pay_by.map(|by| locale.date(by));
        let sentence = match &by {
            Some(date) => {
                interpolate(messages.pay_amount_by, &[("amount", &amount), ("date", date)])
            }
            None => interpolate(messages.pay_amount, &[("amount", &amount)]),
        };
        html! {
            section.transfer aria-labelledby="how-to-pay" {
                h2 #how-to-pay { (messages.how_to_pay) }
                p {
                    (sentence)
                    @if payment.method == PREPAYMENT { " " (messages.ships_when_paid) }
                }
                dl.order-facts {
                    dt { (messages.amount_due) } dd.number { strong { (amount) } }
                    dt { (messages.bank_account) }
                    dd { @for (index, line) in bank.lines().enumerate() { @if index > 0 { br; } (line) } }
                    dt { (messages.pay_reference) } dd.number { strong { (self.order.number) } }
                    @if let Some(by) = by { dt { (messages.pay_by) } dd { (by) } }
                }
            }
        }
    }
}
