//! Order summary beside the form; collapsed on phones.

use super::CheckoutView;
use crate::{
    components::{
        icon::Icon,
        image::{ImageLoading, ImageSlot, decorative_image},
        totals,
    },
    pages::cart::option_values,
};
use maud::{Markup, html};

impl CheckoutView<'_> {
    pub(super) fn order_summary(&self) -> Markup {
        let locale = self.context.locale;
        let messages = locale.messages;
        html! {
            aside.summary.order-fold aria-labelledby="your-order" data-part="order" {
                details #order-details {
                    summary {
                        h2 #your-order { (messages.checkout.your_order) }
                        span.quiet { (locale.plural(&messages.cart.item_count, self.cart.item_count.unsigned_abs())) }
                        strong.number { (locale.money(self.totals.total)) }
                        (Icon::Chevron)
                    }
                    div.order-inside {
                        ul.order-lines role="list" {
                            @for (position, line) in self.cart.lines.iter().enumerate() {
                                li {
                                    div.tile { (decorative_image(messages, line.image.as_ref(), ImageSlot::Thumbnail, ImageLoading::of_line(position))) }
                                    div {
                                        strong { (locale.shop_text(&line.name)) }
                                        p.quiet.small {
                                            @if !line.options.is_empty() { (option_values(locale, &line.options)) " " }
                                            "× " (locale.count(line.quantity.unsigned_abs()))
                                        }
                                    }
                                    span.number { (locale.money(line.total)) }
                                }
                            }
                        }
                        (totals::totals(locale, self.totals))
                    }
                }
            }
        }
    }
}
