//! The form of the checkout.

use super::{
    View,
    entry::{Place, digits_of},
};
use crate::{
    parts::{
        field::{Choice, Field, Kind, Optional, choice, field},
        icon::Icon,
    },
    words::{Checkout, fill},
};
use contracts::cart::ShippingMethod;
use maud::{Markup, html};

impl View<'_> {
    pub(super) fn main(&self) -> Markup {
        let words = &self.visit.locale.words.checkout;
        html! {
            main.wrap #main {
                div.checkout {
                    (self.order())
                    form.checkout-form action="/checkout" method="post" novalidate data-checkout {
                        // The first button is what Enter presses.
                        button.vh type="submit" tabindex="-1" aria-hidden="true" {}
                        input type="hidden" name="key" value=(self.key);
                        div { h1 { (words.title) } p.quiet { (words.no_account) } }
                        (self.summary_of_errors())
                        fieldset {
                            legend { (words.contact) }
                            (field(self.visit.locale.words, &Field {
                                name: "email", label: words.email, hint: Some(words.email_hint), error: self.error("email"),
                                value: &self.entry.email, autocomplete: "email", kind: Kind::Email, ..Field::default()
                            }))
                        }
                        fieldset data-part="shipping" {
                            legend { (words.delivery_address) }
                            (self.address("", "shipping", &self.entry.shipping))
                        }
                        (self.billing())
                        (self.deliveries())
                        (self.payment())
                    }
                }
            }
        }
    }

    /// What is wrong with a field.
    fn error(&self, name: &str) -> Option<&str> {
        self.told.wrong.iter().find(|(field, _)| field == name).map(|(_, text)| text.as_str())
    }

    fn summary_of_errors(&self) -> Markup {
        let words = &self.visit.locale.words.checkout;
        let wrong = &self.told.wrong;
        html! {
            @if !self.told.is_silent() {
                div.errors #errors role="alert" tabindex="-1" autofocus {
                    @for notice in &self.told.notices { p.errors-notice { (notice) } }
                    @if !wrong.is_empty() {
                        h2 { (words.errors.of(wrong.len() as u64, &wrong.len().to_string())) }
                        ul { @for (name, text) in wrong { li { a href={ "#" (name) } { (text) } } } }
                    }
                }
            }
        }
    }

    fn address(&self, prefix: &str, section: &str, place: &Place) -> Markup {
        let all = self.visit.locale.words;
        let words = &all.checkout;
        let countries = &self.delivery.countries;
        let country = countries.iter().find(|it| it.code == place.country);
        let needs = |part: &str| {
            country.is_some_and(|country| country.required.iter().any(|it| it == part))
        };
        let optional = |part: &str| if needs(part) { Optional::No } else { Optional::Yes };
        let pattern = country.and_then(|country| country.postal_code_pattern.as_deref());
        let digits = pattern.and_then(digits_of).is_some();
        let line =
            |part: &str, label: &'static str, value: &str, token: &str, optional: Optional| {
                let (name, autocomplete) =
                    (format!("{prefix}{part}"), format!("{section} {token}"));
                let code = part == "postal_code";
                field(
                    all,
                    &Field {
                        name: &name,
                        label,
                        optional,
                        error: self.error(&name),
                        value,
                        autocomplete: &autocomplete,
                        kind: if code && digits { Kind::Digits } else { Kind::Text },
                        pattern: if code { pattern } else { None },
                        ..Field::default()
                    },
                )
            };
        let mut values: Vec<_> =
            countries.iter().map(|it| (it.code.as_str(), all.country(it))).collect();
        values.sort_by_key(|(_, name)| *name);
        let country_name = format!("{prefix}country");
        let country_token = format!("{section} country");
        html! {
            div.country data-update[prefix.is_empty()] {
                (choice(all, &Choice {
                    name: &country_name, label: words.country, autocomplete: &country_token,
                    error: self.error(&country_name), chosen: &place.country,
                    values,
                }))
                @if prefix.is_empty() { noscript { button.button.quiet-button name="update" value="1" { (words.change_country) } } }
            }
            (line("name", words.name, &place.name, "name", Optional::No))
            (line("line1", words.line1, &place.line1, "address-line1", Optional::No))
            (line("line2", words.line2, &place.line2, "address-line2", Optional::Yes))
            div.two {
                (line("postal_code", words.postal_code, &place.postal_code, "postal-code", optional("postal_code")))
                (line("city", words.city, &place.city, "address-level2", optional("city")))
            }
            @if needs("region") || !place.region.is_empty() {
                (line("region", words.region, &place.region, "address-level1", optional("region")))
            }
        }
    }

    fn billing(&self) -> Markup {
        let words = &self.visit.locale.words.checkout;
        let filled = self.entry.billing.clone();
        let place = filled.clone().unwrap_or_else(|| Place {
            country: self.entry.shipping.country.clone(),
            ..Place::default()
        });
        html! {
            div.billing {
                label.tick { input #billing type="checkbox" name="billing" checked[filled.is_some()]; span { (words.billing_differs) } }
                fieldset {
                    legend { (words.billing_address) }
                    (self.address("billing_", "billing", &place))
                }
            }
        }
    }

    fn deliveries(&self) -> Markup {
        let locale = self.visit.locale;
        let words = &locale.words.checkout;
        let chosen = self.method;
        html! {
            fieldset data-part="delivery" {
                legend { (words.delivery) }
                @if self.methods.is_empty() {
                    p.quiet { (words.not_deliverable) }
                } @else {
                    div.pick data-update {
                        @for method in self.methods {
                            @let free = self.is_free(method);
                            label {
                                input type="radio" id={ "method-" (method.code) } name="method" value=(method.code)
                                    checked[chosen == Some(method.code.as_str())];
                                span { (locale.words.delivery(&method.label)) br; span.quiet.small { (days(words, method.days)) } }
                                span.number {
                                    @if free { (locale.words.cart.free) } @else { (locale.money(method.price)) }
                                }
                            }
                        }
                    }
                    noscript { p { button.button.quiet-button name="update" value="1" { (locale.words.goods.update) } } }
                }
            }
        }
    }

    /// Whether a delivery costs nothing for what is in the cart.
    fn is_free(&self, method: &ShippingMethod) -> bool {
        let free_from = method.free_from.filter(|free| free.currency == self.cart.currency);
        let reached = free_from.is_some_and(|free| self.totals.items.amount >= free.amount);
        reached || method.price.is_zero()
    }

    fn payment(&self) -> Markup {
        let locale = self.visit.locale;
        let words = &locale.words.checkout;
        if !self.shop.settings.test_payments {
            return html! { fieldset { legend { (words.payment) } p.notice.warn { (Icon::Few) span { (words.no_payment) } } } };
        }
        let first = [
            ("success", words.card_good),
            ("requires_action", words.card_asks),
            ("decline", words.card_declined),
        ];
        let further = [
            ("insufficient_funds", words.card_no_funds),
            ("slow", words.card_slow),
            ("unknown_outcome", words.card_silent),
            ("late_webhook", words.card_late),
        ];
        let folded = further.iter().any(|(token, _)| *token == self.entry.card);
        html! {
            fieldset {
                legend { (words.payment) }
                p.notice.info { (Icon::Shield) span { (words.test_note) } }
                div.pick { @for (token, label) in first { (self.card(token, label)) } }
                details.further #more-cards open[folded] {
                    summary { (words.more_cards) (Icon::Open) }
                    div.pick { @for (token, label) in further { (self.card(token, label)) } }
                }
            }
            div.pay data-part="pay" {
                input type="hidden" name="expected" value=(self.totals.total.amount);
                input type="hidden" name="seen" value=(super::place::seen(self.cart));
                button.button.large type="submit" { (fill(words.pay, &[("amount", &locale.money(self.totals.total))])) }
                p.hint { (words.cancel_hint) }
            }
        }
    }

    fn card(&self, token: &str, label: &str) -> Markup {
        let chosen = if self.entry.card.is_empty() { "success" } else { &self.entry.card };
        html! {
            label {
                input type="radio" id={ "card-" (token) } name="card" value=(token) checked[token == chosen];
                span { (label) }
            }
        }
    }
}

/// `2 to 4 working days`.
fn days(words: &Checkout, [from, to]: [u8; 2]) -> String {
    if from == to {
        return words.working_days_exactly.small(i64::from(to));
    }
    fill(words.working_days, &[("from", &from.to_string()), ("to", &to.to_string())])
}
