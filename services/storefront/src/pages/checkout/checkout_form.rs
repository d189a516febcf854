//! Checkout form: its fields and their validation.

use crate::{
    form_fields::FormFields,
    messages::{CheckoutMessages, FieldMessages, Messages, interpolate},
};
use addresses::{
    Address, AddressError, AddressFault, AddressFormat, AddressPart, CityKind, PostalCodeKind,
    RegionKind, format_of,
};
use contracts::{
    cart::{Country, PickupPlace},
    shared::Email,
};
use kernel::FieldError;

/// Maximum length of a field, in characters; the rest is ignored.
const TEXT_MAX: usize = 1_000;

/// Checkout form as filled in.
#[derive(Clone, Debug, Default)]
pub(crate) struct CheckoutForm {
    pub(crate) email: String,
    pub(crate) shipping: AddressForm,
    /// Billing address, if it differs from the shipping address.
    pub(crate) billing: Option<AddressForm>,
    /// Code of the chosen shipping method; empty if none was chosen.
    pub(crate) method: String,
    /// Place where the order is collected, if that is the chosen shipping method.
    pub(crate) pickup: Option<PickupPlace>,
    /// Whether the delivery address goes into the address book of the customer.
    pub(crate) save_address: bool,
    /// Chosen payment method, and the test card with `test:`; empty if none was chosen.
    pub(crate) payment: String,
}

/// Address as filled in.
#[derive(Clone, Debug, Default)]
pub(crate) struct AddressForm {
    pub(crate) name: String,
    pub(crate) line1: String,
    pub(crate) line2: String,
    pub(crate) postal_code: String,
    pub(crate) city: String,
    pub(crate) region: String,
    pub(crate) country: String,
}

/// Parts of an address that are fields of the form.
const PARTS: [AddressPart; 7] = [
    AddressPart::Name,
    AddressPart::Line1,
    AddressPart::Line2,
    AddressPart::City,
    AddressPart::Region,
    AddressPart::PostalCode,
    AddressPart::Country,
];

/// Validation errors: name of the form field, and a sentence that says what to do.
pub(crate) type FormErrors = Vec<(String, String)>;

/// Error message of a field.
pub(crate) fn error_of<'a>(errors: &'a FormErrors, name: &str) -> Option<&'a str> {
    errors.iter().find(|(field, _)| field == name).map(|(_, text)| text.as_str())
}

/// Errors of an address in a form of the shop, by the one rule: what its country asks for, in a country that the shop serves.
pub(crate) fn address_errors(
    address: &Address,
    prefix: &str,
    messages: &Messages,
    countries: &[Country],
) -> FormErrors {
    let is_offered =
        countries.is_empty() || countries.iter().any(|country| country.code == address.country);
    let country = if is_offered { address.country.clone() } else { String::new() };
    let address = Address { country, ..address.clone() };
    let errors = address.checked().err().unwrap_or_default();
    let named = |error: &AddressError| {
        let name = format!("{prefix}{}", error.part.field());
        (name, error_text(error, &messages.checkout))
    };
    errors.iter().map(named).collect()
}

impl CheckoutForm {
    /// Reads the form. `country` is the default of both addresses.
    pub(crate) fn read(fields: &FormFields, country: &str) -> Self {
        let text = |name: &str| text_of(fields, name);
        let address = |prefix: &str| AddressForm::read(fields, prefix, country);
        Self {
            email: text("email"),
            shipping: address(""),
            billing: fields.has("billing").then(|| address("billing_")),
            method: text("method"),
            pickup: None,
            save_address: fields.has("save_address"),
            payment: text("payment"),
        }
    }

    /// Shipping address as in the contract: that of the place where the order is collected, in the shopper's name.
    pub(crate) fn shipping_address(&self) -> Address {
        match &self.pickup {
            Some(place) => Address { name: self.shipping.name.clone(), ..place.address.clone() },
            None => self.shipping.to_address(),
        }
    }

    /// Validates the form, as far as that is possible without a call.
    pub(crate) fn validate(&self, messages: &Messages, countries: &[Country]) -> FormErrors {
        let mut errors = FormErrors::new();
        if Email::parse(&self.email).is_err() {
            errors.push(("email".to_owned(), messages.checkout.enter_email.to_owned()));
        }
        errors.extend(address_errors(&self.shipping_address(), "", messages, countries));
        if let Some(billing) = &self.billing {
            let address = billing.to_address();
            errors.extend(address_errors(&address, "billing_", messages, countries));
        }
        errors
    }

    /// Localises the field errors of the order service. Errors in fields that the form does not have are quoted.
    pub(crate) fn localise(
        &self,
        errors: &[FieldError],
        messages: &Messages,
        countries: &[Country],
    ) -> FormErrors {
        let own = self.validate(messages, countries);
        let localised = |error: &FieldError| {
            let (prefix, country, field) = match error.field.split_once('.') {
                Some(("shipping_address", part)) => ("", Some(&self.shipping.country), part),
                Some(("billing_address", part)) => {
                    ("billing_", self.billing.as_ref().map(|it| &it.country), part)
                }
                _ => ("", None, error.field.as_str()),
            };
            let name = format!("{prefix}{field}");
            let known = own.iter().find(|(own, _)| *own == name).map(|(_, text)| text.clone());
            let of_part = || {
                let part = PARTS.into_iter().find(|part| part.field() == field)?;
                let fault = AddressFault::NotInCountry;
                let error = AddressError { part, fault, format: format_of(country?) };
                Some(error_text(&error, &messages.checkout))
            };
            let text = known.or_else(of_part).unwrap_or_else(|| match field {
                "email" => messages.checkout.enter_email.to_owned(),
                _ => interpolate(messages.checkout.check_field, &[("field", &error.message)]),
            });
            (name, text)
        };
        errors.iter().map(localised).collect()
    }
}

/// Text of a field, as far as it is read.
fn text_of(fields: &FormFields, name: &str) -> String {
    fields.text(name).unwrap_or_default().chars().take(TEXT_MAX).collect()
}

impl AddressForm {
    /// Reads the fields whose names begin with `prefix`. `country` is the default.
    pub(crate) fn read(fields: &FormFields, prefix: &str, country: &str) -> Self {
        let text = |name: &str| text_of(fields, &format!("{prefix}{name}"));
        let mut address = Self {
            name: text("name"),
            line1: text("line1"),
            line2: text("line2"),
            postal_code: text("postal_code"),
            city: text("city"),
            region: text("region"),
            country: text("country"),
        };
        if address.country.is_empty() {
            country.clone_into(&mut address.country);
        }
        address
    }

    /// Form with this address.
    pub(crate) fn of(address: &Address) -> Self {
        let text = |part: &Option<String>| part.clone().unwrap_or_default();
        Self {
            name: address.name.clone(),
            line1: address.line1.clone(),
            line2: text(&address.line2),
            postal_code: text(&address.postal_code),
            city: text(&address.city),
            region: text(&address.region),
            country: address.country.clone(),
        }
    }

    /// Address as in the contract.
    pub(crate) fn to_address(&self) -> Address {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Address {
            name: self.name.clone(),
            line1: self.line1.clone(),
            line2: some(&self.line2),
            city: some(&self.city),
            region: some(&self.region),
            postal_code: some(&self.postal_code),
            country: self.country.clone(),
        }
    }

    /// Text of a part as filled in.
    pub(crate) fn part(&self, part: AddressPart) -> &str {
        match part {
            AddressPart::Name => &self.name,
            AddressPart::Line1 => &self.line1,
            AddressPart::Line2 => &self.line2,
            AddressPart::City => &self.city,
            AddressPart::Region => &self.region,
            AddressPart::PostalCode => &self.postal_code,
            AddressPart::Country => &self.country,
        }
    }
}

/// Sentence that says how to correct a part of an address.
fn error_text(error: &AddressError, messages: &CheckoutMessages) -> String {
    if error.fault == AddressFault::NotOneLine {
        return messages.shorten.to_owned();
    }
    match error.part {
        AddressPart::Country => messages.choose_country.to_owned(),
        AddressPart::Name => messages.enter_name.to_owned(),
        AddressPart::Line1 | AddressPart::Line2 => messages.enter_line1.to_owned(),
        part => {
            let format = error.format.unwrap_or_else(|| format_or_default(""));
            let example = format.postal_code_example.unwrap_or_default();
            interpolate(part_messages(messages, format, part).enter, &[("example", example)])
        }
    }
}

/// Label of a part of an address in a country, and the sentence that asks for it.
pub(super) fn part_messages<'a>(
    messages: &'a CheckoutMessages,
    format: &AddressFormat,
    part: AddressPart,
) -> &'a FieldMessages {
    match (part, format.city, format.region, format.postal_code) {
        (AddressPart::Region, _, RegionKind::State, _) => &messages.state,
        (AddressPart::Region, _, RegionKind::Province, _) => &messages.province,
        (AddressPart::Region, _, RegionKind::Prefecture, _) => &messages.prefecture,
        (AddressPart::Region, _, RegionKind::County, _) => &messages.county,
        (AddressPart::Region, _, RegionKind::Area, _) => &messages.area,
        (AddressPart::Region, _, RegionKind::Emirate, _) => &messages.emirate,
        (AddressPart::Region, _, RegionKind::Department, _) => &messages.department,
        (AddressPart::Region, _, RegionKind::Region, _) => &messages.region,
        (AddressPart::PostalCode, _, _, PostalCodeKind::PostalCode) => &messages.postal_code,
        (AddressPart::PostalCode, _, _, PostalCodeKind::Postcode) => &messages.postcode,
        (AddressPart::PostalCode, _, _, PostalCodeKind::Zip) => &messages.zip,
        (AddressPart::PostalCode, _, _, PostalCodeKind::Pin) => &messages.pin,
        (AddressPart::PostalCode, _, _, PostalCodeKind::Eircode) => &messages.eircode,
        (_, CityKind::City, _, _) => &messages.city,
        (_, CityKind::PostTown, _, _) => &messages.post_town,
        (_, CityKind::Suburb, _, _) => &messages.suburb,
        (_, CityKind::District, _, _) => &messages.district,
    }
}

/// Format of addresses in a country; that of Germany, whose order is the commonest, where it is not known.
pub(super) fn format_or_default(country: &str) -> &'static AddressFormat {
    let format = format_of(country).or_else(|| format_of("DE"));
    format.expect("the table of formats has Germany")
}

/// Regular expression by which the browser recognises most of what the rule of e-mail addresses refuses.
pub(super) const EMAIL_PATTERN: &str = r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::{DE, EN};

    fn countries() -> Vec<Country> {
        let names = [
            ("DE", "Germany"),
            ("US", "United States"),
            ("GB", "United Kingdom"),
            ("JP", "Japan"),
            ("BR", "Brazil"),
            ("NL", "Netherlands"),
        ];
        let country = |(code, name): (&str, &str)| Country {
            code: code.to_owned(),
            name: name.to_owned(),
            ..Country::default()
        };
        names.into_iter().map(country).collect()
    }

    fn form(query: &str) -> CheckoutForm {
        CheckoutForm::read(&FormFields::parse(query.as_bytes()), "DE")
    }

    fn errors(query: &str) -> Vec<String> {
        let errors = form(query).validate(&EN, &countries());
        errors.into_iter().map(|(field, _)| field).collect()
    }

    #[test]
    fn all_errors_are_reported_at_once() {
        assert_eq!(errors(""), ["email", "name", "line1", "postal_code", "city"]);
        let good = "email=a@b.de&name=M&line1=L+1&postal_code=22763&city=H";
        assert_eq!(errors(good), Vec::<String>::new());
        assert_eq!(errors(&good.replace("22763", "2276")), ["postal_code"]);
        assert_eq!(errors(&format!("{good}&country=XX")), ["country"]);
        assert_eq!(errors(&format!("{good}&country=AT")), ["country"], "not delivered to");
        assert_eq!(
            errors(&format!("{good}&billing=on&billing_name=B&billing_line1=1&billing_city=H")),
            ["billing_postal_code"]
        );
    }

    #[test]
    fn a_postcode_is_asked_for_by_its_name_there_with_an_example() {
        let base = "email=a@b.de&name=M&line1=L+1&city=H&postal_code=!!";
        for (more, english, german) in [
            ("US&region=NY", "Enter a ZIP code like 95014", "Gib einen ZIP-Code wie 95014 ein"),
            ("GB", "Enter a postcode like SW1A 1AA", "Gib einen Postcode wie SW1A 1AA ein"),
            (
                "JP&region=Tokyo",
                "Enter a postal code like 154-0023",
                "Gib eine Postleitzahl wie 154-0023 ein",
            ),
            (
                "BR&region=SP",
                "Enter a postal code like 01310-100",
                "Gib eine Postleitzahl wie 01310-100 ein",
            ),
            ("NL", "Enter a postal code like 1012 JS", "Gib eine Postleitzahl wie 1012 JS ein"),
        ] {
            let form = form(&format!("{base}&country={more}"));
            for (messages, expected) in [(&EN, english), (&DE, german)] {
                let errors = form.validate(messages, &countries());
                assert_eq!(errors, [("postal_code".to_owned(), expected.to_owned())], "{more}");
            }
        }
    }

    #[test]
    fn a_region_outside_the_list_is_an_error_of_its_field() {
        let base = "email=a@b.de&name=M&line1=L+1&city=H";
        let of = |more: &str| errors(&format!("{base}&{more}"));
        assert_eq!(of("country=US&postal_code=95014&region=Nowhere"), ["region"]);
        assert_eq!(of("country=US&postal_code=95014"), ["region"]);
        assert_eq!(of("country=JP&postal_code=1&region=Ohio"), ["postal_code", "region"]);
    }

    #[test]
    fn who_collects_gives_a_name_alone() {
        let place = PickupPlace {
            address: Address {
                name: "Workshop".to_owned(),
                line1: "Lindenweg 4".to_owned(),
                city: Some("Hamburg".to_owned()),
                postal_code: Some("22763".to_owned()),
                country: "DE".to_owned(),
                ..Address::default()
            },
            hours: Vec::new(),
        };
        let form = CheckoutForm { pickup: Some(place), ..form("email=a@b.de") };
        let errors = form.validate(&EN, &countries());
        assert_eq!(errors.iter().map(|(field, _)| field.as_str()).collect::<Vec<_>>(), ["name"]);
        assert_eq!(form.shipping_address().line1, "Lindenweg 4");
    }

    #[test]
    fn errors_of_the_order_service_are_shown_at_their_fields() {
        let error =
            |field: &str| FieldError { field: field.to_owned(), message: "is wrong".to_owned() };
        let errors = [
            error("shipping_address.postal_code"),
            error("billing_address.city"),
            error("payment.token"),
        ];
        let feedback = form("billing=on").localise(&errors, &EN, &countries());
        assert_eq!(
            feedback[0],
            ("postal_code".to_owned(), "Enter a postal code like 10115".to_owned())
        );
        assert_eq!(feedback[1].0, "billing_city");
        assert_eq!(feedback[2].1, "Check your details: is wrong");
    }
}
