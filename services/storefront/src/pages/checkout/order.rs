//! Beside the form: what is being paid for. Folded on phones.

use super::View;
use crate::{
    pages::cart::options,
    parts::{
        icon::Icon,
        picture::{Fetched, beside_its_name},
        sums,
    },
};
use maud::{Markup, html};

impl View<'_> {
    pub(super) fn order(&self) -> Markup {
        let locale = self.visit.locale;
        let words = locale.words;
        html! {
            aside.summary.order-fold aria-labelledby="your-order" data-part="order" {
                details #order-details {
                    summary {
                        h2 #your-order { (words.checkout.your_order) }
                        span.quiet { (words.cart.item_count.small(self.cart.item_count)) }
                        strong.number { (locale.money(self.totals.total)) }
                        (Icon::Open)
                    }
                    div.order-inside {
                        ul.order-lines role="list" {
                            @for line in &self.cart.lines {
                                li {
                                    div.tile { (beside_its_name(words, line.image.as_ref(), Fetched::Soon)) }
                                    div {
                                        strong { (line.name) }
                                        p.quiet.small {
                                            @if !line.options.is_empty() { (options(&line.options)) " " }
                                            "× " (line.quantity)
                                        }
                                    }
                                    span.number { (locale.money(line.total)) }
                                }
                            }
                        }
                        (sums::sums(locale, self.totals))
                    }
                }
            }
        }
    }
}
