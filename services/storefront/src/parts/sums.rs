//! What something comes to, line by line.

use crate::locale::Locale;
use contracts::shared::Totals;
use maud::{Markup, html};

/// Items, delivery, tax and what is due.
pub(crate) fn sums(locale: Locale, totals: &Totals) -> Markup {
    let words = &locale.words.cart;
    html! {
        dl.sums {
            dt { (words.items) } dd { (locale.money(totals.items)) }
            @if totals.discount.is_positive() {
                dt { (words.discount) } dd { "−" (locale.money(totals.discount)) }
            }
            dt { (words.delivery) }
            dd { @if totals.shipping.is_zero() { (words.free) } @else { (locale.money(totals.shipping)) } }
            @if totals.tax_included {
                dt.quiet { (words.tax_included) } dd.quiet { (locale.money(totals.tax)) }
            } @else {
                dt { (words.tax_added) } dd { (locale.money(totals.tax)) }
            }
            dt.total { (words.total) } dd.total { (locale.money(totals.total)) }
        }
    }
}
