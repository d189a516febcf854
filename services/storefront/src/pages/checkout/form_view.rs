//! Rendering of the checkout form.

use super::{
    CheckoutView,
    checkout_form::{AddressForm, digit_count},
};
use crate::{
    components::{
        form_field::{InputType, Requirement, SelectField, TextField, select_field, text_field},
        icon::Icon,
    },
    messages::{CheckoutMessages, interpolate},
};
use contracts::cart::ShippingMethod;
use maud::{Markup, html};

impl CheckoutView<'_> {
    pub(super) fn main(&self) -> Markup {
        let messages = &self.context.locale.messages.checkout;
        html! {
            main.wrap #main {
                div.checkout {
                    (self.order_summary())
                    form.checkout-form action="/checkout" method="post" novalidate data-checkout {
                        // The first button is the one that Enter presses.
                        button.vh type="submit" tabindex="-1" aria-hidden="true" {}
                        input type="hidden" name="key" value=(self.key);
                        div { h1 { (messages.title) } p.quiet { (messages.no_account) } }
                        (self.error_summary())
                        fieldset {
                            legend { (messages.contact) }
                            (text_field(self.context.locale.messages, &TextField {
                                name: "email", label: messages.email, hint: Some(messages.email_hint), error: self.error("email"),
                                value: &self.form.email, autocomplete: "email", input_type: InputType::Email, ..TextField::default()
                            }))
                        }
                        fieldset data-part="shipping" {
                            legend { (messages.delivery_address) }
                            (self.address("", "shipping", &self.form.shipping))
                        }
                        (self.billing())
                        (self.shipping_methods())
                        (self.payment())
                    }
                }
            }
        }
    }

    /// Error message of a field.
    fn error(&self, name: &str) -> Option<&str> {
        self.feedback
            .field_errors
            .iter()
            .find(|(field, _)| field == name)
            .map(|(_, text)| text.as_str())
    }

    fn error_summary(&self) -> Markup {
        let messages = &self.context.locale.messages.checkout;
        let errors = &self.feedback.field_errors;
        html! {
            @if !self.feedback.is_empty() {
                div.errors #errors role="alert" tabindex="-1" autofocus {
                    @for notice in &self.feedback.notices { p.errors-notice { (notice) } }
                    @if !errors.is_empty() {
                        h2 { (messages.fix_fields.of(errors.len() as u64, &errors.len().to_string())) }
                        ul { @for (name, text) in errors { li { a href={ "#" (name) } { (text) } } } }
                    }
                }
            }
        }
    }

    fn address(&self, prefix: &str, section: &str, address: &AddressForm) -> Markup {
        let all = self.context.locale.messages;
        let messages = &all.checkout;
        let countries = &self.delivery.countries;
        let country = countries.iter().find(|it| it.code == address.country);
        let is_required = |part: &str| {
            country.is_some_and(|country| country.required.iter().any(|it| it == part))
        };
        let requirement = |part: &str| {
            if is_required(part) { Requirement::Required } else { Requirement::Optional }
        };
        let pattern = country.and_then(|country| country.postal_code_pattern.as_deref());
        let is_numeric = pattern.and_then(digit_count).is_some();
        let field = |part: &str,
                     label: &'static str,
                     value: &str,
                     token: &str,
                     requirement: Requirement| {
            let (name, autocomplete) = (format!("{prefix}{part}"), format!("{section} {token}"));
            let is_postal_code = part == "postal_code";
            text_field(
                all,
                &TextField {
                    name: &name,
                    label,
                    requirement,
                    error: self.error(&name),
                    value,
                    autocomplete: &autocomplete,
                    input_type: if is_postal_code && is_numeric {
                        InputType::Numeric
                    } else {
                        InputType::Text
                    },
                    pattern: if is_postal_code { pattern } else { None },
                    ..TextField::default()
                },
            )
        };
        let mut options: Vec<_> =
            countries.iter().map(|it| (it.code.as_str(), all.country(it))).collect();
        options.sort_by_key(|(_, name)| *name);
        let country_name = format!("{prefix}country");
        let country_token = format!("{section} country");
        html! {
            div.country data-update[prefix.is_empty()] {
                (select_field(all, &SelectField {
                    name: &country_name, label: messages.country, autocomplete: &country_token,
                    error: self.error(&country_name), selected: &address.country,
                    options,
                }))
                @if prefix.is_empty() { noscript { button.button.quiet-button name="update" value="1" { (messages.change_country) } } }
            }
            (field("name", messages.name, &address.name, "name", Requirement::Required))
            (field("line1", messages.line1, &address.line1, "address-line1", Requirement::Required))
            (field("line2", messages.line2, &address.line2, "address-line2", Requirement::Optional))
            div.two {
                (field("postal_code", messages.postal_code, &address.postal_code, "postal-code", requirement("postal_code")))
                (field("city", messages.city, &address.city, "address-level2", requirement("city")))
            }
            @if is_required("region") || !address.region.is_empty() {
                (field("region", messages.region, &address.region, "address-level1", requirement("region")))
            }
        }
    }

    fn billing(&self) -> Markup {
        let messages = &self.context.locale.messages.checkout;
        let billing = self.form.billing.clone();
        let address = billing.clone().unwrap_or_else(|| AddressForm {
            country: self.form.shipping.country.clone(),
            ..AddressForm::default()
        });
        html! {
            div.billing {
                label.tick { input #billing type="checkbox" name="billing" checked[billing.is_some()]; span { (messages.billing_differs) } }
                fieldset {
                    legend { (messages.billing_address) }
                    (self.address("billing_", "billing", &address))
                }
            }
        }
    }

    fn shipping_methods(&self) -> Markup {
        let locale = self.context.locale;
        let messages = &locale.messages.checkout;
        let chosen = self.method;
        html! {
            fieldset data-part="delivery" {
                legend { (messages.delivery) }
                @if self.methods.is_empty() {
                    p.quiet { (messages.not_deliverable) }
                } @else {
                    div.pick data-update {
                        @for method in self.methods {
                            @let free = self.is_free(method);
                            label {
                                input type="radio" id={ "method-" (method.code) } name="method" value=(method.code)
                                    checked[chosen == Some(method.code.as_str())];
                                span { (locale.messages.shipping_method(&method.label)) br; span.quiet.small { (delivery_time(messages, method.days)) } }
                                span.number {
                                    @if free { (locale.messages.cart.free) } @else { (locale.money(method.price)) }
                                }
                            }
                        }
                    }
                    noscript { p { button.button.quiet-button name="update" value="1" { (locale.messages.product.update) } } }
                }
            }
        }
    }

    /// Whether a shipping method is free for the contents of the cart.
    fn is_free(&self, method: &ShippingMethod) -> bool {
        let free_from = method.free_from.filter(|free| free.currency == self.cart.currency);
        let is_reached = free_from.is_some_and(|free| self.totals.items.amount >= free.amount);
        is_reached || method.price.is_zero()
    }

    fn payment(&self) -> Markup {
        let locale = self.context.locale;
        let messages = &locale.messages.checkout;
        if !self.state.settings.test_payments {
            return html! { fieldset { legend { (messages.payment) } p.notice.warn { (Icon::Bolt) span { (messages.no_payment_method) } } } };
        }
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
        let is_open = further.iter().any(|(token, _)| *token == self.form.card);
        html! {
            fieldset {
                legend { (messages.payment) }
                p.notice.info { (Icon::Shield) span { (messages.test_note) } }
                div.pick { @for (token, label) in common { (self.card(token, label)) } }
                details.further #more-cards open[is_open] {
                    summary { (messages.more_cards) (Icon::Chevron) }
                    div.pick { @for (token, label) in further { (self.card(token, label)) } }
                }
            }
            div.pay data-part="pay" {
                input type="hidden" name="expected" value=(self.totals.total.amount);
                input type="hidden" name="seen" value=(super::place_order::displayed_prices(self.cart));
                button.button.large type="submit" { (interpolate(messages.pay, &[("amount", &locale.money(self.totals.total))])) }
                p.hint { (messages.cancel_hint) }
            }
        }
    }

    fn card(&self, token: &str, label: &str) -> Markup {
        let chosen = if self.form.card.is_empty() { "success" } else { &self.form.card };
        html! {
            label {
                input type="radio" id={ "card-" (token) } name="card" value=(token) checked[token == chosen];
                span { (label) }
            }
        }
    }
}

/// Delivery time: `2 to 4 working days`.
fn delivery_time(messages: &CheckoutMessages, [from, to]: [u8; 2]) -> String {
    if from == to {
        return messages.working_days_exactly.of_small(i64::from(to));
    }
    interpolate(messages.working_days, &[("from", &from.to_string()), ("to", &to.to_string())])
}
