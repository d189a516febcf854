//! Prices as they may be announced.

use crate::locale::Locale;
use contracts::product::Reduction;
use kernel::UnitPrice;
use maud::{Markup, html};

/// A price. When it is reduced and that may be announced: with the lowest price of the 30 days before.
pub(crate) fn price(
    locale: Locale,
    price: UnitPrice,
    reduction: Option<&Reduction>,
    varies: Varies,
) -> Markup {
    let goods = &locale.words.goods;
    html! {
        @if varies == Varies::Upwards { span.from { (goods.from) " " } }
        @if let Some(reduction) = reduction {
            span.now { span.vh { (goods.now) " " } (locale.price(price)) } " "
            s { span.vh { (goods.before) " " } (locale.price(reduction.prior_price)) }
        } @else {
            (locale.price(price))
        }
    }
}

/// Whether a price is the only one, or the lowest of several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Varies {
    Not,
    Upwards,
}

/// By how much less, in a direction that stays the same in every script.
pub(crate) fn percent(locale: Locale, reduction: &Reduction) -> Markup {
    html! { bdi dir="ltr" { (locale.minus_percent(reduction.percent)) } }
}
