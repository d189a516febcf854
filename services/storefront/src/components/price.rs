//! Price display that follows the rules for announcing reductions (Directive 98/6/EC, Article 6a).

use crate::locale::Locale;
use contracts::product::Reduction;
use kernel::UnitPrice;
use maud::{Markup, html};

/// Price; with the lowest price of the preceding 30 days when a reduction is announced.
pub(crate) fn price(
    locale: Locale,
    price: UnitPrice,
    reduction: Option<&Reduction>,
    kind: PriceKind,
) -> Markup {
    let messages = &locale.messages.product;
    html! {
        @if kind == PriceKind::StartingFrom { span.from { (messages.from) " " } }
        @if let Some(reduction) = reduction {
            span.now { span.vh { (messages.current_price) " " } (locale.price(price)) } " "
            s { span.vh { (messages.prior_price) " " } (locale.price(reduction.prior_price)) }
        } @else {
            (locale.price(price))
        }
    }
}

/// Kind of price: the only one, or the lowest of several variants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PriceKind {
    Exact,
    StartingFrom,
}

/// Percentage of a reduction, isolated from the direction of the surrounding text.
pub(crate) fn discount_percent(locale: Locale, reduction: &Reduction) -> Markup {
    html! { bdi dir="ltr" { (locale.minus_percent(reduction.percent)) } }
}
