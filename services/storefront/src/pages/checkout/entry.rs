//! What a shopper fills in at the checkout, and what is wrong with it.

use crate::{
    http::Fields,
    words::{Words, fill},
};
use contracts::{cart::Country, shared::Address};
use kernel::FieldError;

/// The longest text of one field, in characters.
const TEXT_MAX: usize = 200;

/// The form, as filled in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Entry {
    pub(crate) email: String,
    pub(crate) shipping: Place,
    /// Filled in where the bill goes elsewhere.
    pub(crate) billing: Option<Place>,
    /// The delivery chosen; empty where none was.
    pub(crate) method: String,
    /// The card chosen.
    pub(crate) card: String,
}

/// An address, as filled in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Place {
    pub(crate) name: String,
    pub(crate) line1: String,
    pub(crate) line2: String,
    pub(crate) postal_code: String,
    pub(crate) city: String,
    pub(crate) region: String,
    pub(crate) country: String,
}

/// What is wrong: the field's name in the form, and a sentence that says what to do.
pub(crate) type Wrong = Vec<(String, String)>;

impl Entry {
    /// Reads the form. `country` is meant where none was chosen.
    pub(crate) fn read(fields: &Fields, country: &str) -> Self {
        let text = |name: &str| -> String {
            fields.text(name).unwrap_or_default().chars().take(TEXT_MAX).collect()
        };
        let place = |prefix: &str| {
            let text = |name: &str| text(&format!("{prefix}{name}"));
            let mut place = Place {
                name: text("name"),
                line1: text("line1"),
                line2: text("line2"),
                postal_code: text("postal_code"),
                city: text("city"),
                region: text("region"),
                country: text("country"),
            };
            if place.country.is_empty() {
                country.clone_into(&mut place.country);
            }
            place
        };
        Self {
            email: text("email"),
            shipping: place(""),
            billing: fields.has("billing").then(|| place("billing_")),
            method: text("method"),
            card: text("card"),
        }
    }

    /// What can be seen to be wrong before anybody is asked.
    pub(crate) fn check(&self, words: &Words, countries: &[Country]) -> Wrong {
        let mut wrong = Wrong::new();
        if !is_email(&self.email) {
            wrong.push(("email".to_owned(), words.checkout.enter_email.to_owned()));
        }
        self.shipping.check("", words, countries, &mut wrong);
        if let Some(billing) = &self.billing {
            billing.check("billing_", words, countries, &mut wrong);
        }
        wrong
    }

    /// What the order service found wrong, in the words of the form. Fields the form does not have are named.
    pub(crate) fn translate(
        &self,
        errors: &[FieldError],
        words: &Words,
        countries: &[Country],
    ) -> Wrong {
        let translated = |error: &FieldError| {
            let (prefix, place, part) = match error.field.split_once('.') {
                Some(("shipping_address", part)) => ("", Some(&self.shipping), part),
                Some(("billing_address", part)) => ("billing_", self.billing.as_ref(), part),
                _ => ("", None, error.field.as_str()),
            };
            let text = match (part, place) {
                ("email", _) => words.checkout.enter_email.to_owned(),
                (part, Some(place)) => {
                    place.advice(part, words, countries).unwrap_or_else(|| error.message.clone())
                }
                _ => fill(words.checkout.check_field, &[("field", &error.message)]),
            };
            (format!("{prefix}{part}"), text)
        };
        errors.iter().map(translated).collect()
    }
}

impl Place {
    /// As the contract has it.
    pub(crate) fn address(&self) -> Address {
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

    fn check(&self, prefix: &str, words: &Words, countries: &[Country], wrong: &mut Wrong) {
        let country = countries.iter().find(|it| it.code == self.country);
        let required = |part: &str| {
            country.is_some_and(|country| country.required.iter().any(|it| it == part))
        };
        let pattern = country.and_then(|country| country.postal_code_pattern.as_deref());
        let digits = pattern.and_then(digits_of);
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
            if let Some(advice) = self.advice(part, words, countries) {
                wrong.push((format!("{prefix}{part}"), advice));
            }
        }
    }

    /// What to do about a part of the address.
    fn advice(&self, part: &str, all: &Words, countries: &[Country]) -> Option<String> {
        let words = &all.checkout;
        let country = countries.iter().find(|it| it.code == self.country);
        Some(match part {
            "country" => words.choose_country.to_owned(),
            "name" => words.enter_name.to_owned(),
            "line1" => words.enter_line1.to_owned(),
            "city" => words.enter_city.to_owned(),
            "region" => words.enter_region.to_owned(),
            "postal_code" => {
                let name = country.map_or(self.country.as_str(), |country| all.country(country));
                let digits = country.and_then(|it| digits_of(it.postal_code_pattern.as_deref()?));
                let text = if digits == Some(5) {
                    words.enter_five_digits
                } else {
                    words.enter_postal_code
                };
                fill(text, &[("country", name)])
            }
            _ => return None,
        })
    }
}

/// How many digits a pattern asks for, where it asks for nothing else.
pub(crate) fn digits_of(pattern: &str) -> Option<usize> {
    let inside = pattern.strip_prefix('^').unwrap_or(pattern);
    let inside = inside.strip_suffix('$').unwrap_or(inside);
    let count = inside.strip_prefix("[0-9]{").or_else(|| inside.strip_prefix(r"\d{"))?;
    count.strip_suffix('}')?.parse().ok()
}

/// Whether something can be an e-mail address: one @, and a dot inside what follows it.
fn is_email(text: &str) -> bool {
    let Some((before, domain)) = text.rsplit_once('@') else { return false };
    let dotted = domain.split('.').count() > 1 && domain.split('.').all(|part| !part.is_empty());
    let plain = |it: char| !it.is_whitespace() && !it.is_control() && it != '@';
    !before.is_empty() && dotted && before.chars().all(plain) && domain.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::EN;

    fn germany() -> Vec<Country> {
        vec![Country {
            code: "DE".to_owned(),
            name: "Germany".to_owned(),
            required: vec!["city".to_owned(), "postal_code".to_owned()],
            postal_code_pattern: Some("^[0-9]{5}$".to_owned()),
        }]
    }

    fn wrong(query: &str) -> Vec<String> {
        let entry = Entry::read(&Fields::parse(query.as_bytes()), "DE");
        entry.check(&EN, &germany()).into_iter().map(|(field, _)| field).collect()
    }

    #[test]
    fn everything_wrong_is_said_at_once() {
        assert_eq!(wrong(""), ["email", "name", "line1", "postal_code", "city"]);
        let good = "email=a@b.de&name=M&line1=L+1&postal_code=22763&city=H";
        assert_eq!(wrong(good), Vec::<String>::new());
        assert_eq!(wrong(&good.replace("22763", "2276")), ["postal_code"]);
        assert_eq!(wrong(&format!("{good}&country=XX")), ["country"]);
        assert_eq!(
            wrong(&format!("{good}&billing=on&billing_name=B&billing_line1=1&billing_city=H")),
            ["billing_postal_code"]
        );
    }

    #[test]
    fn addresses_for_e_mail_are_told_from_typing_errors() {
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
    fn what_the_order_service_found_stands_at_its_field() {
        let entry = Entry::read(&Fields::parse(b"billing=on"), "DE");
        let error =
            |field: &str| FieldError { field: field.to_owned(), message: "is wrong".to_owned() };
        let errors = [
            error("shipping_address.postal_code"),
            error("billing_address.city"),
            error("payment.token"),
        ];
        let told = entry.translate(&errors, &EN, &germany());
        assert_eq!(
            told[0],
            ("postal_code".to_owned(), "Enter a postcode for Germany, five digits".to_owned())
        );
        assert_eq!(told[1].0, "billing_city");
        assert_eq!(told[2].1, "Check this: is wrong");
    }

    #[test]
    fn digits_are_read_from_a_pattern() {
        assert_eq!(digits_of("^[0-9]{5}$"), Some(5));
        assert_eq!(digits_of(r"^\d{4}$"), Some(4));
        assert_eq!(digits_of("^[A-Z]{2}[0-9]{5}$"), None);
    }
}
