//! Totals of a cart or an order, line by line.

use crate::locale::Locale;
use contracts::shared::Totals;
use maud::{Markup, html};

/// Items, discount, delivery, tax and total.
pub(crate) fn totals(locale: Locale, totals: &Totals) -> Markup {
    let messages = &locale.messages.cart;
    html! {
        dl.sums {
            dt { (messages.items) } dd { (locale.money(totals.items)) }
            @if totals.discount.is_positive() {
                dt { (messages.discount) } dd { "−" (locale.money(totals.discount)) }
            }
            dt { (messages.delivery) }
            dd { @if totals.shipping.is_zero() { (messages.free) } @else { (locale.money(totals.shipping)) } }
            @if totals.tax.is_zero() {
                // A line about no tax would only raise a question.
            } @else if totals.tax_included {
                dt.quiet { (messages.tax_included) } dd.quiet { (locale.money(totals.tax)) }
            } @else {
                dt { (messages.tax_added) } dd { (locale.money(totals.tax)) }
            }
            dt.total { (messages.total) } dd.total { (locale.money(totals.total)) }
        }
    }
}
