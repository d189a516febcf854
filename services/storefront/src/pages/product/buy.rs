//! Beside the pictures: name, price, options, and the way into the cart.

use super::{
    Notice, View,
    choice::{Standing, parameter},
};
use crate::{
    locale::working_days_after,
    parts::{
        icon::Icon,
        money::{self, Varies},
        stepper::{Stepper, stepper},
        swatch,
    },
    words::fill,
};
use contracts::product::{ProductOption, Variant};
use form_urlencoded::Serializer;
use maud::{Markup, html};

impl View<'_> {
    pub(super) fn buy(&self) -> Markup {
        let product = self.choice.product;
        html! {
            div {
                @if let Some(brand) = &product.brand {
                    p.brand-line { a href=(brand_address(brand)) { (brand) } }
                }
                h1 #name { (product.name) }
            }
            div.buy-parts data-part="buy" {
                @if let Notice::Refused(why) = self.notice { p.notice.bad role="alert" { (Icon::Cross) span { (why) } } }
                (self.price())
                (self.form())
                (self.promises())
            }
        }
    }

    fn price(&self) -> Markup {
        let locale = self.visit.locale;
        let words = &locale.words.goods;
        let Some(variant) = self.choice.variant else { return html! {} };
        let reduction = variant.reduction.as_ref();
        html! {
            div {
                p.price.large {
                    (money::price(locale, variant.price, reduction, Varies::Not))
                    @if let Some(reduction) = reduction { " " span.badge.bad { (money::percent(locale, reduction)) } }
                }
                p.law {
                    @if let Some(reduction) = reduction {
                        (fill(words.lowest_30_days, &[("amount", &locale.price(reduction.prior_price))])) " "
                    }
                    (words.with_tax_plus) " " a href="/help#delivery" { (words.delivery) } "."
                }
            }
        }
    }

    fn form(&self) -> Markup {
        let words = &self.visit.locale.words.goods;
        let product = self.choice.product;
        let address = format!("/p/{}", product.slug);
        let buyable = self.choice.variant.is_some_and(|variant| variant.in_stock);
        html! {
            form.buy-form action="/cart/add" method="post" data-add data-adding=(words.adding) data-choose=(address) {
                // The first button is what Enter presses: it must not be a step of the quantity.
                button.vh type="submit" tabindex="-1" aria-hidden="true" disabled[!buyable] {}
                input type="hidden" name="product" value=(product.slug);
                @for (place, option) in product.options.iter().enumerate() { (self.option(place, option)) }
                @if !product.options.is_empty() {
                    noscript { p { button.button.quiet-button formaction=(address) formmethod="get" { (words.update) } } }
                }
                (self.stock())
                @if buyable {
                    div.buy-row {
                        div.field {
                            label.legend for="quantity" { (words.quantity) }
                            (stepper(&Stepper {
                                id: "quantity", quantity: self.quantity, label: words.quantity,
                                one_less: words.one_less, one_more: words.one_more, steps_to: Some(&address),
                            }))
                        }
                        button.button.large type="submit" { (words.add_to_cart) }
                    }
                }
            }
        }
    }

    fn option(&self, place: usize, option: &ProductOption) -> Markup {
        let words = &self.visit.locale.words.goods;
        let name = parameter(&option.name);
        let chosen = self.choice.values.get(place).copied().unwrap_or_default();
        let coloured = option.values.iter().any(|value| swatch::colour(value).is_some())
            && is_colour(&option.name);
        html! {
            fieldset {
                legend.legend { (option.name) ": " span { (chosen) } }
                div.choices {
                    @for (index, value) in option.values.iter().enumerate() {
                        @let standing = self.choice.standing(place, value);
                        label.off[standing != Standing::Available] {
                            input type="radio" id={ "o-" (name) "-" (index) } name=(name) value=(value) checked[value == chosen];
                            @if coloured { (swatch::dot(value)) }
                            span { (value) }
                            @match standing {
                                Standing::Available => {}
                                Standing::SoldOut => span.vh { " – " (words.sold_out) }
                                Standing::NotMade => span.vh { " – " (words.not_made) }
                            }
                        }
                    }
                }
            }
        }
    }

    fn stock(&self) -> Markup {
        let words = &self.visit.locale.words.goods;
        match self.choice.variant {
            None => html! { p.stock.none { (Icon::Cross) (words.not_made) } },
            Some(Variant { in_stock: false, .. }) => {
                html! { p.stock.none { (Icon::Cross) (words.sold_out) } }
            }
            Some(Variant { only_left: Some(left), .. }) => {
                html! { p.stock.low { (Icon::Few) (words.only_left.replace("{n}", &left.to_string())) } }
            }
            Some(_) => html! { p.stock { (Icon::Tick) (words.in_stock) } },
        }
    }

    /// When it comes, what that costs, and what happens if it does not please.
    fn promises(&self) -> Markup {
        let locale = self.visit.locale;
        let words = &locale.words.goods;
        let settings = &self.shop.settings;
        let delivery = self.delivery();
        let years = u64::from(settings.guarantee_years);
        html! {
            ul.promises role="list" {
                @if let Some((arrives, costs)) = delivery {
                    li { (Icon::Parcel) div { strong { (arrives) } p.quiet { (costs) } } }
                }
                @if settings.return_days > 0 {
                    li {
                        (Icon::Return)
                        div {
                            strong { (words.return_days.replace("{n}", &settings.return_days.to_string())) }
                            p.quiet { (words.return_how) }
                        }
                    }
                }
                @if years > 0 {
                    li { (Icon::Shield) div { strong { (words.guarantee.of(years, &years.to_string())) } p.quiet { (words.guarantee_how) } } }
                }
            }
        }
    }

    /// The cheapest delivery for what is about to be bought, told with the same sum the cart will tell.
    fn delivery(&self) -> Option<(String, String)> {
        let locale = self.visit.locale;
        let words = &locale.words.goods;
        let variant = self.choice.variant.filter(|variant| variant.in_stock)?;
        let method = self.frame.delivery.methods.first()?;
        let due = variant.price.extend(self.quantity).ok()?;
        let days = locale.days(
            working_days_after(self.now, method.days[0]),
            working_days_after(self.now, method.days[1]),
        );
        let free = method.free_from.filter(|free| free.currency == due.currency);
        let costs = match free {
            _ if method.price.is_zero() => words.delivery_free.to_owned(),
            Some(free) if due.amount >= free.amount => {
                fill(words.delivery_free_over, &[("amount", &locale.round_money(free))])
            }
            Some(free) => {
                let values = [
                    ("amount", &*locale.money(method.price)),
                    ("free", &*locale.round_money(free)),
                ];
                fill(words.delivery_costs_until, &values)
            }
            None => fill(words.delivery_costs, &[("amount", &locale.money(method.price))]),
        };
        Some((fill(words.arrives, &[("days", &days)]), costs))
    }
}

/// Whether an option is about colour, in the languages goods are described in.
fn is_colour(option: &str) -> bool {
    matches!(option.to_lowercase().as_str(), "colour" | "color" | "farbe" | "shade")
}

fn brand_address(brand: &str) -> String {
    let query = Serializer::new(String::new()).append_pair("brand", brand).finish();
    format!("/products?{query}")
}
