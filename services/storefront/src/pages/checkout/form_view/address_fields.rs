//! Address fields: the parts of an address in the order of its country, with the labels, keyboards and lists used there.

use super::super::checkout_form::{
    AddressForm, FormErrors, error_of, format_or_default, part_messages,
};
use crate::{
    components::form_field::{
        Capitals, InputType, Requirement, SelectField, TextField, select_field, text_field,
    },
    locale::collation_key,
    messages::Messages,
};
use addresses::{AddressFormat, AddressPart};
use contracts::cart::Country;
use maud::{Markup, html};

/// Fields of an address in a form.
pub(crate) struct AddressFields<'a> {
    pub(crate) messages: &'a Messages,
    pub(crate) address: &'a AddressForm,
    pub(crate) errors: &'a FormErrors,
    /// Beginning of the names of the fields, where a form has two addresses.
    pub(crate) prefix: &'a str,
    /// Section of the autofill field names: `shipping` or `billing`.
    pub(crate) section: &'a str,
}

impl AddressFields<'_> {
    /// All fields but the country, on which they depend.
    pub(crate) fn fields(&self) -> Markup {
        let messages = &self.messages.checkout;
        let format = format_or_default(&self.address.country);
        let field = |part: AddressPart| match part {
            AddressPart::Region if !format.regions.is_empty() => self.region_field(format),
            part => self.address_field(format, part),
        };
        html! {
            (self.name_field(messages.name))
            @for row in &format.rows {
                @match row.as_slice() {
                    [part] => (field(*part)),
                    parts => div.two { @for part in parts { (field(*part)) } },
                }
            }
        }
    }

    /// Country, a change of which changes the other fields.
    pub(crate) fn country(&self, countries: &[Country]) -> Markup {
        let all = self.messages;
        let mut options: Vec<_> =
            countries.iter().map(|it| (it.code.as_str(), all.country(it))).collect();
        options.sort_by_cached_key(|(_, name)| collation_key(name));
        let (name, autocomplete) = self.names("country", "country");
        html! {
            div.country data-update {
                (select_field(all, &SelectField {
                    name: &name, label: all.checkout.country, autocomplete: &autocomplete,
                    error: error_of(self.errors, &name), selected: &self.address.country, options,
                    ..SelectField::default()
                }))
            }
        }
    }

    pub(crate) fn name_field(&self, label: &str) -> Markup {
        let (name, autocomplete) = self.names("name", "name");
        let field = TextField {
            name: &name,
            label,
            error: error_of(self.errors, &name),
            value: &self.address.name,
            autocomplete: &autocomplete,
            ..TextField::default()
        };
        text_field(self.messages, &field)
    }

    fn address_field(&self, format: &AddressFormat, part: AddressPart) -> Markup {
        let all = self.messages;
        let (name, autocomplete) = self.names(part.field(), autocomplete_token(part));
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
            error: error_of(self.errors, &name),
            value: self.address.part(part),
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

    fn region_field(&self, format: &AddressFormat) -> Markup {
        let all = self.messages;
        let region = AddressPart::Region;
        let (name, autocomplete) = self.names(region.field(), autocomplete_token(region));
        let selected = format.region_code(&self.address.region).unwrap_or_default();
        let options = format.regions.iter().map(|it| (it.code.as_str(), it.name.as_str()));
        select_field(
            all,
            &SelectField {
                name: &name,
                label: part_messages(&all.checkout, format, region).label,
                requirement: requirement(format, region),
                autocomplete: &autocomplete,
                error: error_of(self.errors, &name),
                selected: &selected,
                placeholder: Some(all.checkout.choose),
                options: options.collect(),
            },
        )
    }

    /// Name of a field, and its name for autofill.
    fn names(&self, field: &str, token: &str) -> (String, String) {
        (format!("{}{field}", self.prefix), format!("{} {token}", self.section))
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
