//! Purchase panel beside the images: name, price, options and the form that adds the product to the cart.

use super::{ProductView, variant_selection::OptionAvailability};
use crate::{
    components::{
        colour_swatch,
        icon::Icon,
        price::{self, PriceKind},
        quantity_stepper::{QuantityStepper, quantity_stepper},
    },
    messages::interpolate,
};
use contracts::product::{ProductOption, Variant};
use form_urlencoded::Serializer;
use maud::{Markup, html};

impl ProductView<'_> {
    pub(super) fn purchase_panel(&self) -> Markup {
        let product = self.selection.product;
        html! {
            div {
                @if let Some(brand) = &product.brand {
                    p.brand-line { a href=(brand_address(brand)) { (brand) } }
                }
                h1 #name lang=[self.context.locale.lang_of(&product.name)] { (self.context.locale.translate(&product.name)) }
            }
            div.buy-parts data-part="buy" {
                @if let Some(reason) = self.message { p.notice.bad role="alert" { (Icon::Alert) span { (reason) } } }
                @if let Some(unknown) = self.selection.unknown_text() { p.notice.warn { (Icon::Alert) span { (self.shown_instead(&unknown)) } } }
                (self.price())
                (self.form())
                (self.wish())
                (self.service_promises())
            }
        }
    }

    /// Says that the page shows something else than its address names.
    fn shown_instead(&self, unknown: &str) -> String {
        let locale = self.context.locale;
        let values = self.selection.values.iter().filter(|value| !value.is_empty());
        let values: Vec<&str> = values.map(|value| locale.translate(value)).collect();
        let shown = match values.join(", ") {
            shown if shown.is_empty() => locale.translate(&self.selection.product.name).to_owned(),
            shown => shown,
        };
        let values = [("value", unknown), ("shown", shown.as_str())];
        interpolate(locale.messages.product.unknown_choice, &values)
    }

    fn price(&self) -> Markup {
        let locale = self.context.locale;
        let messages = &locale.messages.product;
        let Some(variant) = self.selection.variant else { return html! {} };
        let reduction = variant.reduction.as_ref();
        html! {
            div {
                p.price.large {
                    (price::price(locale, variant.price, reduction, PriceKind::Exact))
                    @if let Some(reduction) = reduction { " " span.badge.bad { (price::discount_percent(locale, reduction)) } }
                }
                p.law {
                    @if let Some(reduction) = reduction {
                        (interpolate(messages.lowest_prior_price, &[("amount", &locale.price(reduction.prior_price))])) " "
                    }
                    (messages.tax_included_plus) " " a href="/help#delivery" { (messages.delivery) } "."
                }
            }
        }
    }

    fn form(&self) -> Markup {
        let messages = &self.context.locale.messages.product;
        let product = self.selection.product;
        let address = format!("/p/{}", product.slug);
        let buyable = self.selection.variant.is_some_and(|variant| variant.in_stock);
        html! {
            form.buy-form action="/cart/add" method="post" data-add data-adding=(messages.adding) data-choose=(address) {
                // The first button is the one that Enter presses: it must not be that of the quantity stepper.
                button.vh type="submit" tabindex="-1" aria-hidden="true" disabled[!buyable] {}
                input type="hidden" name="product" value=(product.slug);
                @for (position, option) in product.options.iter().enumerate() { (self.option(position, option)) }
                @if !product.options.is_empty() {
                    noscript { p { button.button.quiet-button formaction=(address) formmethod="get" { (messages.update) } } }
                }
                (self.stock())
                @if buyable {
                    div.buy-row {
                        div.field {
                            label.legend for="quantity" { (messages.quantity) }
                            (quantity_stepper(&QuantityStepper {
                                id: "quantity", quantity: self.quantity, label: messages.quantity,
                                decrease_label: messages.decrease_quantity, increase_label: messages.increase_quantity, step_action: Some(&address),
                            }))
                        }
                        button.button.large type="submit" { (messages.add_to_cart) }
                    }
                }
            }
        }
    }

    /// Button that remembers the variant, for a customer who is signed in.
    fn wish(&self) -> Markup {
        let variant = self.selection.variant.filter(|_| self.context.customer.is_some());
        html! {
            @if let Some(variant) = variant {
                form action="/account/wish-list/add" method="post" data-once {
                    input type="hidden" name="sku" value=(variant.sku);
                    button.text-button #wish type="submit" { (self.context.locale.messages.account.add_wish) }
                }
            }
        }
    }

    fn option(&self, position: usize, option: &ProductOption) -> Markup {
        let locale = self.context.locale;
        let messages = &locale.messages.product;
        let name = self.selection.parameters.get(position).map_or("", String::as_str);
        let chosen = self.selection.values.get(position).copied().unwrap_or_default();
        let coloured = option.values.iter().any(|value| colour_swatch::hex(value).is_some())
            && is_colour(&option.name);
        html! {
            fieldset {
                legend.legend { (locale.shop_text(&option.name)) ": " span { (locale.shop_text(chosen)) } }
                div.choices {
                    @for (index, value) in option.values.iter().enumerate() {
                        @let availability = self.selection.availability(position, value);
                        label.off[availability != OptionAvailability::InStock] {
                            input type="radio" id={ "o-" (name) "-" (index) } name=(name) value=(value) checked[value == chosen];
                            @if coloured { (colour_swatch::dot(value)) }
                            span { (locale.shop_text(value)) }
                            @match availability {
                                OptionAvailability::InStock => {}
                                OptionAvailability::SoldOut => span.vh { " – " (messages.sold_out) }
                                OptionAvailability::NotMade => span.vh { " – " (messages.combination_unavailable) }
                            }
                        }
                    }
                }
            }
        }
    }

    fn stock(&self) -> Markup {
        let messages = &self.context.locale.messages.product;
        match self.selection.variant {
            None => html! { p.stock.none { (Icon::Alert) (messages.combination_unavailable) } },
            Some(Variant { in_stock: false, .. }) => {
                html! { p.stock.none { (Icon::Alert) (messages.sold_out) } }
            }
            Some(Variant { only_left: Some(left), .. }) => {
                html! { p.stock.low { (Icon::Bolt) (messages.only_left_in_stock.replace("{n}", &self.context.locale.count(left.unsigned_abs()))) } }
            }
            Some(_) => html! { p.stock { (Icon::Check) (messages.in_stock) } },
        }
    }

    /// Service promises: delivery date and costs, right of return, guarantee.
    fn service_promises(&self) -> Markup {
        let locale = self.context.locale;
        let messages = &locale.messages.product;
        let settings = &self.state.settings;
        let delivery = self.delivery();
        let years = u64::from(settings.guarantee_years);
        html! {
            ul.promises role="list" {
                @if let Some((arrives, costs)) = delivery {
                    li { (Icon::Van) div { strong { (arrives) } p.quiet { (costs) } } }
                }
                @if settings.return_days > 0 {
                    li {
                        (Icon::Return)
                        div {
                            strong { (messages.return_days.replace("{n}", &locale.count(settings.return_days.into()))) }
                            p.quiet { (locale.shop_text(&settings.return_note)) }
                        }
                    }
                }
                @if years > 0 {
                    li { (Icon::Shield) div { strong { (locale.plural(&messages.guarantee, years)) } p.quiet { (locale.shop_text(&settings.guarantee_note)) } } }
                }
            }
        }
    }

    /// Arrival and costs of the default delivery for the chosen quantity, with the same amounts as in the cart.
    fn delivery(&self) -> Option<(String, String)> {
        let locale = self.context.locale;
        let messages = &locale.messages.product;
        let variant = self.selection.variant.filter(|variant| variant.in_stock)?;
        let method = self.layout.delivery.methods.first()?;
        let due = variant.price.extend(self.quantity).ok()?;
        let days = locale.date_range(
            locale.working_days_after(self.now, method.days[0]),
            locale.working_days_after(self.now, method.days[1]),
        );
        let free = method.free_from.filter(|free| free.currency == due.currency);
        let costs = match free {
            _ if method.price.is_zero() => messages.delivery_free.to_owned(),
            Some(free) if due.amount >= free.amount => {
                interpolate(messages.delivery_free_over, &[("amount", &locale.compact_money(free))])
            }
            Some(free) => {
                let values = [
                    ("amount", &*locale.money(method.price)),
                    ("free", &*locale.compact_money(free)),
                ];
                interpolate(messages.delivery_costs_until, &values)
            }
            None => {
                interpolate(messages.delivery_costs, &[("amount", &locale.money(method.price))])
            }
        };
        Some((interpolate(messages.arrives, &[("days", &days)]), costs))
    }
}

/// Whether an option is the colour, by its usual names in catalogues.
fn is_colour(option: &str) -> bool {
    matches!(option.to_lowercase().as_str(), "colour" | "color" | "farbe" | "shade")
}

fn brand_address(brand: &str) -> String {
    // In a list of brands a comma separates them.
    let brand = brand.replace('\\', "\\\\").replace(',', "\\,");
    let query = Serializer::new(String::new()).append_pair("brand", &brand).finish();
    format!("/products?{query}")
}
