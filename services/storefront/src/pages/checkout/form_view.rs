//! Rendering of the checkout form.

mod address_choice;
pub(crate) mod address_fields;
mod payment_choice;

use super::{
    AddressForm, CheckoutView, USE_ADDRESS, USE_BILLING,
    checkout_form::{EMAIL_PATTERN, error_of},
};
use crate::{
    components::{
        address::address,
        form_field::{InputType, TextField, text_field},
    },
    messages::{CheckoutMessages, interpolate},
    pages::account::sign_in_address,
};
use address_fields::AddressFields;
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
                        div { h1 { (messages.title) } (self.who()) }
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

    /// Who orders: the customer who is signed in, or somebody who needs no account and can sign in.
    fn who(&self) -> Markup {
        let messages = &self.context.locale.messages.checkout;
        html! {
            @if self.context.customer.is_some() {
                p.quiet #who { (messages.with_account) }
            } @else {
                p.quiet #who {
                    (messages.no_account) " "
                    a.link-line href=(sign_in_address("/checkout")) { (messages.sign_in) }
                }
            }
        }
    }

    /// Error message of a field.
    fn error(&self, name: &str) -> Option<&str> {
        error_of(&self.feedback.field_errors, name)
    }

    /// Fields of an address.
    fn fields_of<'a>(
        &'a self,
        prefix: &'a str,
        section: &'a str,
        address: &'a AddressForm,
    ) -> AddressFields<'a> {
        let (messages, errors) = (self.context.locale.messages, &self.feedback.field_errors);
        AddressFields { messages, address, errors, prefix, section }
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
                (self.fields_of("", "shipping", &self.form.shipping).country(&self.delivery.countries))
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

    /// Address that the goods go to, or the place where they are collected.
    fn shipping(&self) -> Markup {
        let messages = &self.context.locale.messages.checkout;
        match self.pickup {
            None => html! {
                legend { (messages.delivery_address) }
                (self.address_choice(USE_ADDRESS, &self.form.shipping))
                (self.fields_of("", "shipping", &self.form.shipping).fields())
                (self.save_address())
            },
            Some(place) => html! {
                legend { (messages.pickup_title) }
                (self.pickup_place(place))
                (self.fields_of("", "shipping", &self.form.shipping).name_field(messages.pickup_name))
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
        let address = billing.clone().unwrap_or_else(|| AddressForm {
            country: self.form.shipping.country.clone(),
            ..AddressForm::default()
        });
        let label =
            if self.pickup.is_some() { messages.billing_add } else { messages.billing_differs };
        html! {
            div.billing {
                label.tick data-part="billing-choice" { input #billing type="checkbox" name="billing" checked[billing.is_some()]; span { (label) } }
                fieldset data-part="billing" {
                    legend { (messages.billing_address) }
                    (self.address_choice(USE_BILLING, &address))
                    (self.fields_of("billing_", "billing", &address).country(&self.delivery.countries))
                    noscript { button.button.quiet-button name="update" value="1" { (messages.change_country) } }
                    (self.fields_of("billing_", "billing", &address).fields())
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
