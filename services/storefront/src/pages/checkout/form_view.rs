//! Rendering of the checkout form.

mod address_fields;
mod payment_choice;

use super::{CheckoutView, checkout_form::EMAIL_PATTERN};
use crate::{
    components::{
        address::address,
        form_field::{InputType, SelectField, TextField, select_field, text_field},
    },
    locale::collation_key,
    messages::{CheckoutMessages, interpolate},
};
use contracts::cart::{PickupPlace, ShippingMethod};
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
                                value: &self.form.email, autocomplete: "email", input_type: InputType::Email,
                                pattern: Some(EMAIL_PATTERN), ..TextField::default()
                            }))
                        }
                        (self.delivery_choice())
                        fieldset data-part="shipping" { (self.shipping()) }
                        (self.billing())
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
                        h2 { (self.context.locale.plural(&messages.fix_fields, errors.len() as u64)) }
                        ul { @for (name, text) in errors { li { a href={ "#" (name) } { (self.summary_line(name, text)) } } } }
                    }
                }
            }
        }
    }

    /// Line of the error summary: the message of the field, with its address where the form has two.
    fn summary_line(&self, name: &str, text: &str) -> String {
        if name.starts_with("billing_") {
            let messages = &self.context.locale.messages.checkout;
            return interpolate(messages.of_billing_address, &[("error", text)]);
        }
        text.to_owned()
    }

    /// Country and shipping method, on which the rest of the form depends.
    fn delivery_choice(&self) -> Markup {
        let messages = &self.context.locale.messages.checkout;
        html! {
            fieldset data-part="delivery" {
                legend { (messages.delivery) }
                (self.country("", "shipping", &self.form.shipping.country))
                @if self.methods.is_empty() {
                    p.quiet { (messages.not_deliverable) }
                } @else {
                    div.pick data-update { @for method in self.methods { (self.shipping_method(method)) } }
                }
                noscript { button.button.quiet-button name="update" value="1" { (messages.update_delivery) } }
            }
        }
    }

    fn shipping_method(&self, method: &ShippingMethod) -> Markup {
        let locale = self.context.locale;
        let messages = &locale.messages.checkout;
        let chosen = self.method == Some(method.code.as_str());
        let time = match &method.pickup {
            Some(place) => format!("{}, {}", place.address.name, place.address.line1),
            None => delivery_time(messages, method.days),
        };
        html! {
            label {
                input type="radio" id={ "method-" (method.code) } name="method" value=(method.code) checked[chosen];
                span { (locale.messages.shipping_method(&method.label)) br; span.quiet.small { (time) } }
                span.number {
                    @if self.is_free(method) { (locale.messages.cart.free) } @else { (locale.money(method.price)) }
                }
            }
        }
    }

    fn country(&self, prefix: &str, section: &str, selected: &str) -> Markup {
        let all = self.context.locale.messages;
        let countries = &self.delivery.countries;
        let mut options: Vec<_> =
            countries.iter().map(|it| (it.code.as_str(), all.country(it))).collect();
        options.sort_by_cached_key(|(_, name)| collation_key(name));
        let name = format!("{prefix}country");
        let autocomplete = format!("{section} country");
        html! {
            div.country data-update {
                (select_field(all, &SelectField {
                    name: &name, label: all.checkout.country, autocomplete: &autocomplete,
                    error: self.error(&name), selected, options, ..SelectField::default()
                }))
            }
        }
    }

    /// Address that the goods go to, or the place where they are collected.
    fn shipping(&self) -> Markup {
        let messages = &self.context.locale.messages.checkout;
        match self.pickup {
            None => html! {
                legend { (messages.delivery_address) }
                (self.address_fields("", "shipping", &self.form.shipping))
            },
            Some(place) => html! {
                legend { (messages.pickup_title) }
                (self.pickup_place(place))
                (self.name_field("", "shipping", messages.pickup_name, &self.form.shipping))
                // What was typed is kept for a shopper who chooses delivery after all.
                (address_fields::hidden_address(&self.form.shipping))
            },
        }
    }

    fn pickup_place(&self, place: &PickupPlace) -> Markup {
        let all = self.context.locale.messages;
        let countries = &self.delivery.countries;
        let country = countries.iter().find(|country| country.code == place.address.country);
        let country =
            country.map_or(place.address.country.as_str(), |country| all.country(country));
        html! {
            div.place {
                (address(&place.address, country))
                @if !place.hours.is_empty() {
                    div { p.quiet { (all.checkout.opening_hours) } @for line in &place.hours { p { (line) } } }
                }
            }
        }
    }

    fn billing(&self) -> Markup {
        let messages = &self.context.locale.messages.checkout;
        let billing = self.form.billing.clone();
        let address = billing.clone().unwrap_or_else(|| super::AddressForm {
            country: self.form.shipping.country.clone(),
            ..super::AddressForm::default()
        });
        let label =
            if self.pickup.is_some() { messages.billing_add } else { messages.billing_differs };
        html! {
            div.billing {
                label.tick data-part="billing-choice" { input #billing type="checkbox" name="billing" checked[billing.is_some()]; span { (label) } }
                fieldset data-part="billing" {
                    legend { (messages.billing_address) }
                    (self.country("billing_", "billing", &address.country))
                    noscript { button.button.quiet-button name="update" value="1" { (messages.change_country) } }
                    (self.address_fields("billing_", "billing", &address))
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
}

/// Delivery time: `2 to 4 working days`.
pub(crate) fn delivery_time(messages: &CheckoutMessages, [from, to]: [u8; 2]) -> String {
    if from == to {
        return messages.working_days_exactly.of(to.into(), &to.to_string());
    }
    interpolate(messages.working_days, &[("from", &from.to_string()), ("to", &to.to_string())])
}
