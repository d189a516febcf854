//! Address fields: the parts of an address in the order of its country, with the labels, keyboards and lists used there.

use super::super::{
    CheckoutView,
    checkout_form::{AddressForm, format_or_default, part_messages},
};
use crate::components::form_field::{
    Capitals, InputType, Requirement, SelectField, TextField, select_field, text_field,
};
use addresses::{AddressFormat, AddressPart};
use maud::{Markup, html};

impl CheckoutView<'_> {
    pub(super) fn address_fields(
        &self,
        prefix: &str,
        section: &str,
        address: &AddressForm,
    ) -> Markup {
        let messages = &self.context.locale.messages.checkout;
        let format = format_or_default(&address.country);
        let field = |part: AddressPart| match part {
            AddressPart::Region if !format.regions.is_empty() => {
                self.region_field(prefix, section, format, address)
            }
            part => self.address_field(prefix, section, format, part, address),
        };
        html! {
            (self.name_field(prefix, section, messages.name, address))
            @for row in &format.rows {
                @match row.as_slice() {
                    [part] => (field(*part)),
                    parts => div.two { @for part in parts { (field(*part)) } },
                }
            }
        }
    }

    pub(super) fn name_field(
        &self,
        prefix: &str,
        section: &str,
        label: &str,
        address: &AddressForm,
    ) -> Markup {
        let (name, autocomplete) = (format!("{prefix}name"), format!("{section} name"));
        text_field(
            self.context.locale.messages,
            &TextField {
                name: &name,
                label,
                error: self.error(&name),
                value: &address.name,
                autocomplete: &autocomplete,
                ..TextField::default()
            },
        )
    }

    fn address_field(
        &self,
        prefix: &str,
        section: &str,
        format: &AddressFormat,
        part: AddressPart,
        address: &AddressForm,
    ) -> Markup {
        let all = self.context.locale.messages;
        let name = format!("{prefix}{}", part.field());
        let autocomplete = format!("{section} {}", autocomplete_token(part));
        let label = match part {
            AddressPart::Line1 => all.checkout.line1,
            AddressPart::Line2 => all.checkout.line2,
            part => part_messages(&all.checkout, format, part).label,
        };
        let is_postal_code = part == AddressPart::PostalCode;
        let is_numeric = is_postal_code && format.has_numeric_postal_codes();
        let field = TextField {
            name: &name,
            label,
            requirement: requirement(format, part),
            error: self.error(&name),
            value: address.part(part),
            autocomplete: &autocomplete,
            input_type: if is_numeric { InputType::Numeric } else { InputType::Text },
            pattern: format.postal_code_pattern.as_deref().filter(|_| is_postal_code),
            capitals: if is_postal_code && !is_numeric {
                Capitals::Always
            } else {
                Capitals::AsUsual
            },
            ..TextField::default()
        };
        text_field(all, &field)
    }

    fn region_field(
        &self,
        prefix: &str,
        section: &str,
        format: &AddressFormat,
        address: &AddressForm,
    ) -> Markup {
        let all = self.context.locale.messages;
        let name = format!("{prefix}region");
        let autocomplete = format!("{section} {}", autocomplete_token(AddressPart::Region));
        let selected = format.region_code(&address.region).unwrap_or_default();
        let options = format.regions.iter().map(|it| (it.code.as_str(), it.name.as_str()));
        select_field(
            all,
            &SelectField {
                name: &name,
                label: part_messages(&all.checkout, format, AddressPart::Region).label,
                requirement: requirement(format, AddressPart::Region),
                autocomplete: &autocomplete,
                error: self.error(&name),
                selected: &selected,
                placeholder: Some(all.checkout.choose),
                options: options.collect(),
            },
        )
    }
}

/// Address but for the name, in hidden fields.
pub(super) fn hidden_address(address: &AddressForm) -> Markup {
    let parts = [
        AddressPart::Line1,
        AddressPart::Line2,
        AddressPart::City,
        AddressPart::Region,
        AddressPart::PostalCode,
    ];
    html! {
        @for part in parts.into_iter().filter(|part| !address.part(*part).is_empty()) {
            input type="hidden" name=(part.field()) value=(address.part(part));
        }
    }
}

fn requirement(format: &AddressFormat, part: AddressPart) -> Requirement {
    if format.requires(part) { Requirement::Required } else { Requirement::Optional }
}

/// Autofill field name of a part of an address (HTML standard).
fn autocomplete_token(part: AddressPart) -> &'static str {
    match part {
        AddressPart::Name => "name",
        AddressPart::Line1 => "address-line1",
        AddressPart::Line2 => "address-line2",
        AddressPart::City => "address-level2",
        AddressPart::Region => "address-level1",
        AddressPart::PostalCode => "postal-code",
        AddressPart::Country => "country",
    }
}
