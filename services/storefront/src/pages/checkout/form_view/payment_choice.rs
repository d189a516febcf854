//! Choice of the payment method, and the button that places the order.

use super::super::{CheckoutView, place_order};
use crate::{components::icon::Icon, messages::interpolate, pages::payment};
use contracts::payment::{INVOICE, OfferedMethod, PREPAYMENT};
use maud::{Markup, html};

impl CheckoutView<'_> {
    pub(super) fn payment(&self) -> Markup {
        let locale = self.context.locale;
        let messages = &locale.messages.checkout;
        if self.offered.is_empty() {
            return html! { fieldset { legend { (messages.payment) } p.notice.warn { (Icon::Bolt) span { (messages.no_payment_method) } } } };
        }
        let is_test = |offered: &&OfferedMethod| offered.method == payment::TEST;
        let transfers = self.offered.iter().filter(|offered| !is_test(offered));
        let transfers: Vec<Markup> = transfers.map(|offered| self.transfer(offered)).collect();
        let total = locale.money(self.totals.total);
        let (label, busy) = if transfers.is_empty() {
            (messages.pay, messages.paying)
        } else {
            (messages.place_order, messages.placing_order)
        };
        html! {
            fieldset {
                legend { (messages.payment) }
                @if !transfers.is_empty() { div.pick { @for transfer in transfers { (transfer) } } }
                @if self.offered.iter().any(|offered| is_test(&offered)) { (self.test_cards()) }
            }
            div.pay data-part="pay" {
                input type="hidden" name="expected" value=(self.totals.total.amount);
                input type="hidden" name="seen" value=(place_order::displayed_prices(self.cart));
                button.button.large type="submit" data-busy=(busy) { (interpolate(label, &[("amount", &total)])) }
                p.hint { (messages.cancel_hint) }
            }
        }
    }

    /// Payment by bank transfer, before or after the goods are shipped.
    fn transfer(&self, offered: &OfferedMethod) -> Markup {
        let messages = self.context.locale.messages;
        let days = offered.days_to_pay.map(|days| days.to_string());
        let text = match (offered.method.as_str(), &days) {
            (PREPAYMENT, Some(days)) => {
                interpolate(messages.checkout.prepayment_days, &[("n", days)])
            }
            (PREPAYMENT, None) => messages.checkout.prepayment_text.to_owned(),
            (INVOICE, Some(days)) => interpolate(messages.checkout.invoice_days, &[("n", days)]),
            _ => String::new(),
        };
        let name = payment::method_name(messages, &offered.method);
        self.choice(&offered.method, &format!("pay-{}", offered.method), name, &text)
    }

    fn test_cards(&self) -> Markup {
        let messages = &self.context.locale.messages.checkout;
        let common = [
            ("success", messages.card_success),
            ("requires_action", messages.card_requires_action),
            ("decline", messages.card_declined),
        ];
        let further = [
            ("insufficient_funds", messages.card_insufficient_funds),
            ("slow", messages.card_slow),
            ("unknown_outcome", messages.card_unknown_outcome),
            ("late_webhook", messages.card_late_webhook),
        ];
        let card = |(token, label): (&str, &str)| {
            self.choice(&format!("{}:{token}", payment::TEST), &format!("card-{token}"), label, "")
        };
        let is_open =
            further.iter().any(|(token, _)| self.form.payment.ends_with(&format!(":{token}")));
        html! {
            p.notice.info { (Icon::Shield) span { (messages.test_note) } }
            div.pick { @for it in common { (card(it)) } }
            details.further #more-cards open[is_open] {
                summary { (messages.more_cards) (Icon::Chevron) }
                div.pick { @for it in further { (card(it)) } }
            }
        }
    }

    fn choice(&self, value: &str, id: &str, label: &str, text: &str) -> Markup {
        let default = self.offered.first().map_or_else(String::new, payment::default_choice);
        let chosen = if self.form.payment.is_empty() { &default } else { &self.form.payment };
        html! {
            label {
                input type="radio" id=(id) name="payment" value=(value) checked[value == *chosen];
                span { (label) @if !text.is_empty() { br; span.quiet.small { (text) } } }
            }
        }
    }
}
