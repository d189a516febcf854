//! Checkout form: its fields and their validation.

use crate::{
    form_fields::FormFields,
    messages::{Messages, interpolate},
};
use contracts::{cart::Country, shared::Address};
use kernel::FieldError;

/// Maximum length of a field, in characters; the rest is ignored.
const TEXT_MAX: usize = 200;

/// Checkout form as filled in.
#[derive(Clone, Debug, Default)]
pub(crate) struct CheckoutForm {
    pub(crate) email: String,
    pub(crate) shipping: AddressForm,
    /// Billing address, if it differs from the shipping address.
    pub(crate) billing: Option<AddressForm>,
    /// Code of the chosen shipping method; empty if none was chosen.
    pub(crate) method: String,
    /// Token of the chosen test card.
    pub(crate) card: String,
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

/// Validation errors: name of the form field, and a sentence that says what to do.
pub(crate) type FormErrors = Vec<(String, String)>;

impl CheckoutForm {
    /// Reads the form. `country` is the default of both addresses.
    pub(crate) fn read(fields: &FormFields, country: &str) -> Self {
        let text = |name: &str| -> String {
            fields.text(name).unwrap_or_default().chars().take(TEXT_MAX).collect()
        };
        let address = |prefix: &str| {
            let text = |name: &str| text(&format!("{prefix}{name}"));
            let mut address = AddressForm {
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
        };
        Self {
            email: text("email"),
            shipping: address(""),
            billing: fields.has("billing").then(|| address("billing_")),
            method: text("method"),
            card: text("card"),
        }
    }

    /// Validates the form, as far as that is possible without a call.
    pub(crate) fn validate(&self, messages: &Messages, countries: &[Country]) -> FormErrors {
        let mut errors = FormErrors::new();
        if !is_email(&self.email) {
            errors.push(("email".to_owned(), messages.checkout.enter_email.to_owned()));
        }
        self.shipping.validate("", messages, countries, &mut errors);
        if let Some(billing) = &self.billing {
            billing.validate("billing_", messages, countries, &mut errors);
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
        let localised = |error: &FieldError| {
            let (prefix, address, part) = match error.field.split_once('.') {
                Some(("shipping_address", part)) => ("", Some(&self.shipping), part),
                Some(("billing_address", part)) => ("billing_", self.billing.as_ref(), part),
                _ => ("", None, error.field.as_str()),
            };
            let text = match (part, address) {
                ("email", _) => messages.checkout.enter_email.to_owned(),
                (part, Some(address)) => address
                    .error_text(part, messages, countries)
                    .unwrap_or_else(|| error.message.clone()),
                _ => interpolate(messages.checkout.check_field, &[("field", &error.message)]),
            };
            (format!("{prefix}{part}"), text)
        };
        errors.iter().map(localised).collect()
    }
}

impl AddressForm {
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

    fn validate(
        &self,
        prefix: &str,
        messages: &Messages,
        countries: &[Country],
        errors: &mut FormErrors,
    ) {
        let country = countries.iter().find(|it| it.code == self.country);
        let required = |part: &str| {
            country.is_some_and(|country| country.required.iter().any(|it| it == part))
        };
        let pattern = country.and_then(|country| country.postal_code_pattern.as_deref());
        let digits = pattern.and_then(digit_count);
        let code = &self.postal_code;
        let malformed = digits.is_some_and(|count| {
            code.len() != count || !code.bytes().all(|it| it.is_ascii_digit())
        });
        let checks = [
            ("country", country.is_none() && !countries.is_empty()),
            ("name", self.name.is_empty()),
            ("line1", self.line1.is_empty()),
            (
                "postal_code",
                (required("postal_code") && code.is_empty()) || (!code.is_empty() && malformed),
            ),
            ("city", required("city") && self.city.is_empty()),
            ("region", required("region") && self.region.is_empty()),
        ];
        for (part, _) in checks.iter().filter(|(_, failed)| *failed) {
            if let Some(text) = self.error_text(part, messages, countries) {
                errors.push((format!("{prefix}{part}"), text));
            }
        }
    }

    /// Sentence that says how to correct a part of the address.
    fn error_text(&self, part: &str, all: &Messages, countries: &[Country]) -> Option<String> {
        let messages = &all.checkout;
        let country = countries.iter().find(|it| it.code == self.country);
        Some(match part {
            "country" => messages.choose_country.to_owned(),
            "name" => messages.enter_name.to_owned(),
            "line1" => messages.enter_line1.to_owned(),
            "city" => messages.enter_city.to_owned(),
            "region" => messages.enter_region.to_owned(),
            "postal_code" => {
                let name = country.map_or(self.country.as_str(), |country| all.country(country));
                let digits = country.and_then(|it| digit_count(it.postal_code_pattern.as_deref()?));
                let text = if digits == Some(5) {
                    messages.enter_five_digits
                } else {
                    messages.enter_postal_code
                };
                interpolate(text, &[("country", name)])
            }
            _ => return None,
        })
    }
}

/// Number of digits that a pattern requires; none if it allows anything else.
pub(crate) fn digit_count(pattern: &str) -> Option<usize> {
    let inside = pattern.strip_prefix('^').unwrap_or(pattern);
    let inside = inside.strip_suffix('$').unwrap_or(inside);
    let count = inside.strip_prefix("[0-9]{").or_else(|| inside.strip_prefix(r"\d{"))?;
    count.strip_suffix('}')?.parse().ok()
}

/// Whether a text is plausible as an e-mail address: one @, and a dotted domain after it.
fn is_email(text: &str) -> bool {
    let Some((before, domain)) = text.rsplit_once('@') else { return false };
    let dotted = domain.split('.').count() > 1 && domain.split('.').all(|part| !part.is_empty());
    let plain = |it: char| !it.is_whitespace() && !it.is_control() && it != '@';
    !before.is_empty() && dotted && before.chars().all(plain) && domain.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::EN;

    fn germany() -> Vec<Country> {
        vec![Country {
            code: "DE".to_owned(),
            name: "Germany".to_owned(),
            required: vec!["city".to_owned(), "postal_code".to_owned()],
            postal_code_pattern: Some("^[0-9]{5}$".to_owned()),
        }]
    }

    fn errors(query: &str) -> Vec<String> {
        let form = CheckoutForm::read(&FormFields::parse(query.as_bytes()), "DE");
        form.validate(&EN, &germany()).into_iter().map(|(field, _)| field).collect()
    }

    #[test]
    fn all_errors_are_reported_at_once() {
        assert_eq!(errors(""), ["email", "name", "line1", "postal_code", "city"]);
        let good = "email=a@b.de&name=M&line1=L+1&postal_code=22763&city=H";
        assert_eq!(errors(good), Vec::<String>::new());
        assert_eq!(errors(&good.replace("22763", "2276")), ["postal_code"]);
        assert_eq!(errors(&format!("{good}&country=XX")), ["country"]);
        assert_eq!(
            errors(&format!("{good}&billing=on&billing_name=B&billing_line1=1&billing_city=H")),
            ["billing_postal_code"]
        );
    }

    #[test]
    fn mistyped_e_mail_addresses_are_recognised() {
        for good in ["name@example.com", "a+b@sub.example.co", "ä@bücher.de"] {
            assert!(is_email(good), "{good}");
        }
        for bad in [
            "",
            "name",
            "@example.com",
            "name@example",
            "name@.com",
            "name@example.",
            "a b@c.de",
            "a@b@c.de",
        ] {
            assert!(!is_email(bad), "{bad}");
        }
    }

    #[test]
    fn errors_of_the_order_service_are_shown_at_their_fields() {
        let form = CheckoutForm::read(&FormFields::parse(b"billing=on"), "DE");
        let error =
            |field: &str| FieldError { field: field.to_owned(), message: "is wrong".to_owned() };
        let errors = [
            error("shipping_address.postal_code"),
            error("billing_address.city"),
            error("payment.token"),
        ];
        let feedback = form.localise(&errors, &EN, &germany());
        assert_eq!(
            feedback[0],
            ("postal_code".to_owned(), "Enter a five-digit postcode for Germany".to_owned())
        );
        assert_eq!(feedback[1].0, "billing_city");
        assert_eq!(feedback[2].1, "Check your details: is wrong");
    }

    #[test]
    fn the_digit_count_is_read_from_a_pattern() {
        assert_eq!(digit_count("^[0-9]{5}$"), Some(5));
        assert_eq!(digit_count(r"^\d{4}$"), Some(4));
        assert_eq!(digit_count("^[A-Z]{2}[0-9]{5}$"), None);
    }
}
