//! Postal addresses: the format of each country, and the one check of an address against it. Whoever takes an address,
//! page or API, applies this check, so that all give the same answer.
//!
//! ```
//! use addresses::{Address, AddressFault, AddressPart};
//!
//! let address = Address {
//!     name: "Ada Lovelace".to_owned(),
//!     line1: "12 St James's Square".to_owned(),
//!     city: Some("London".to_owned()),
//!     postal_code: Some("sw1y4jh".to_owned()),
//!     country: "GB".to_owned(),
//!     ..Address::default()
//! };
//! assert_eq!(address.checked().unwrap().postal_code.as_deref(), Some("SW1Y 4JH"));
//! let abroad = Address { country: "NL".to_owned(), ..address };
//! let errors = abroad.checked().unwrap_err();
//! assert_eq!((errors[0].part, errors[0].fault), (AddressPart::PostalCode, AddressFault::NotInCountry));
//! ```

#![warn(missing_docs)]

mod format;
mod names;
mod postcode;

pub use format::{
    AddressFormat, AddressPart, CityKind, PostalCodeKind, Region, RegionKind, format_of,
};
pub use names::country_name;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Limit of the characters of one part of an address.
pub const PART_CHARACTERS_MAX: usize = 200;

/// Postal address. Which parts are required, and what they can be, depends on the country.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Address {
    /// The person or company, up to 200 characters.
    pub name: String,
    /// Street and number.
    pub line1: String,
    /// Second address line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line2: Option<String>,
    /// City or town.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// State, province, region: one of the country's list where it has one, by code or by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Postcode, in a form that the country has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
    /// ISO 3166-1 alpha-2, such as `DE`.
    pub country: String,
}

/// Error in one part of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressError {
    /// The part.
    pub part: AddressPart,
    /// What is wrong with it.
    pub fault: AddressFault,
    /// Format of the country, if the country is known.
    pub format: Option<&'static AddressFormat>,
}

/// What can be wrong with a part of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressFault {
    /// It is required there.
    Missing,
    /// It is longer than [`PART_CHARACTERS_MAX`], or no plain line of text.
    NotOneLine,
    /// It cannot be one of this country; a country, none that is known.
    NotInCountry,
}

impl AddressError {
    /// Sentence for the API that says what is wrong and what would be right.
    pub fn message(&self) -> String {
        let country = self.format.map_or("this country", |format| format.country);
        match (self.fault, self.part) {
            (AddressFault::Missing, AddressPart::Name | AddressPart::Line1) => {
                "must not be empty".to_owned()
            }
            (AddressFault::Missing, _) => format!("is required for an address in {country}"),
            (AddressFault::NotOneLine, _) => {
                format!("must be one line of at most {PART_CHARACTERS_MAX} characters")
            }
            (AddressFault::NotInCountry, AddressPart::Country) => {
                "is not the code of a country we deliver to; use one such as DE".to_owned()
            }
            (AddressFault::NotInCountry, AddressPart::PostalCode) => {
                let example = self.format.and_then(|format| format.postal_code_example);
                let example = example.unwrap_or_default();
                format!("cannot be a postcode in {country}; use one such as {example}")
            }
            (AddressFault::NotInCountry, part) => {
                let regions = self.format.map(|format| format.regions.as_slice());
                let first = regions.and_then(<[Region]>::first);
                let example = first.map_or("", |region| region.code.as_str());
                format!("is not a {} of {country}; use one such as {example}", part.field())
            }
        }
    }
}

impl Address {
    /// The address in its normal form, or everything that is wrong with it.
    ///
    /// # Errors
    ///
    /// One for each part that is wrong, in the order of the country's form.
    pub fn checked(&self) -> Result<Self, Vec<AddressError>> {
        let optional =
            |part: &Option<String>| part.as_deref().map(one_line).filter(|it| !it.is_empty());
        let mut address = Self {
            name: one_line(&self.name),
            line1: one_line(&self.line1),
            line2: optional(&self.line2),
            city: optional(&self.city),
            region: optional(&self.region),
            postal_code: optional(&self.postal_code),
            country: self.country.trim().to_owned(),
        };
        let format = format_of(&address.country);
        let error = |part, fault| AddressError { part, fault, format };
        let Some(known) = format else {
            let mut errors = vec![error(AddressPart::Country, AddressFault::NotInCountry)];
            let parts = [AddressPart::Name, AddressPart::Line1];
            errors.extend(
                parts
                    .into_iter()
                    .filter_map(|part| address.fault(part, true).map(|it| error(part, it))),
            );
            return Err(errors);
        };
        let places = check_places(known, address.region.as_deref(), address.postal_code.as_deref());
        let mut errors = Vec::new();
        for part in known.parts() {
            let fault = address.fault(part, known.requires(part));
            errors.extend(fault.map(|fault| error(part, fault)));
            errors.extend(places.1.iter().copied().filter(|it| it.part == part && fault.is_none()));
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        (address.region, address.postal_code) = places.0;
        Ok(address)
    }

    /// Fault of a part by itself, whatever the country's values.
    fn fault(&self, part: AddressPart, is_required: bool) -> Option<AddressFault> {
        let text = match part {
            AddressPart::Name => Some(&self.name),
            AddressPart::Line1 => Some(&self.line1),
            AddressPart::Line2 => self.line2.as_ref(),
            AddressPart::City => self.city.as_ref(),
            AddressPart::Region => self.region.as_ref(),
            AddressPart::PostalCode => self.postal_code.as_ref(),
            AddressPart::Country => Some(&self.country),
        };
        match text.filter(|text| !text.is_empty()) {
            None => is_required.then_some(AddressFault::Missing),
            Some(text) => (!is_plain_line(text)).then_some(AddressFault::NotOneLine),
        }
    }
}

/// Region and postcode in their normal forms.
pub type Places = (Option<String>, Option<String>);

/// Checks region and postcode, as far as they are given: the destination of goods before the whole address is known.
///
/// # Errors
///
/// One for each of the two that cannot be one of the country.
pub fn check_destination(
    country: &str,
    region: Option<&str>,
    postal_code: Option<&str>,
) -> Result<Places, Vec<AddressError>> {
    let Some(format) = format_of(country) else {
        let fault = AddressFault::NotInCountry;
        return Err(vec![AddressError { part: AddressPart::Country, fault, format: None }]);
    };
    let given = |text: &&str| !text.trim().is_empty();
    let (places, errors) = check_places(format, region.filter(given), postal_code.filter(given));
    if errors.is_empty() { Ok(places) } else { Err(errors) }
}

fn check_places(
    format: &'static AddressFormat,
    region: Option<&str>,
    postal_code: Option<&str>,
) -> (Places, Vec<AddressError>) {
    let places = (
        region.and_then(|text| format.region_code(text.trim())),
        postal_code.and_then(|text| format.normal_postal_code(text.trim())),
    );
    let failed = [
        (AddressPart::Region, region.is_some() && places.0.is_none()),
        (AddressPart::PostalCode, postal_code.is_some() && places.1.is_none()),
    ];
    let failed = failed.into_iter().filter(|(_, failed)| *failed);
    let fault = AddressFault::NotInCountry;
    let errors =
        failed.map(|(part, _)| AddressError { part, fault, format: Some(format) }).collect();
    (places, errors)
}

impl AddressFormat {
    /// All parts in the order of the form; those that the form does not ask for come last.
    fn parts(&self) -> impl Iterator<Item = AddressPart> {
        let asked = self.rows.iter().flatten().copied();
        let others =
            [AddressPart::Line2, AddressPart::City, AddressPart::Region, AddressPart::PostalCode];
        let others =
            others.into_iter().filter(|part| !self.rows.iter().flatten().any(|it| it == part));
        std::iter::once(AddressPart::Name).chain(asked).chain(others)
    }
}

/// Text without spaces around it, and with single spaces inside.
fn one_line(text: &str) -> String {
    if !text.starts_with(' ') && !text.ends_with(' ') && !text.contains("  ") {
        return text.trim().to_owned();
    }
    text.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ").trim().to_owned()
}

/// Whether a text is one line that reads in the order of its characters: without control characters, line separators
/// and overrides of the writing direction.
fn is_plain_line(text: &str) -> bool {
    let is_unfit = |it: char| {
        it.is_control()
            || matches!(it, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    text.chars().count() <= PART_CHARACTERS_MAX && !text.chars().any(is_unfit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(country: &str, region: &str, postal_code: &str) -> Address {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Address {
            name: "Ada".to_owned(),
            line1: "1 Road".to_owned(),
            line2: None,
            city: Some("Bonn".to_owned()),
            region: some(region),
            postal_code: some(postal_code),
            country: country.to_owned(),
        }
    }

    fn faults(address: &Address) -> Vec<(AddressPart, AddressFault)> {
        let errors = address.checked().err().unwrap_or_default();
        errors.into_iter().map(|error| (error.part, error.fault)).collect()
    }

    #[test]
    fn an_address_is_given_its_normal_form() {
        let typed = Address {
            name: "  Ada   Lovelace ".to_owned(),
            line2: Some("  ".to_owned()),
            ..address("US", " new york ", "95014 4321")
        };
        let checked = typed.checked().unwrap();
        assert_eq!((checked.name.as_str(), checked.line2), ("Ada Lovelace", None));
        assert_eq!(checked.region.as_deref(), Some("NY"));
        assert_eq!(checked.postal_code.as_deref(), Some("95014-4321"));
        let again = address("GB", "", "SW1A 1AA");
        assert_eq!(again.checked().unwrap(), again, "the normal form stays");
    }

    #[test]
    fn a_postcode_or_region_of_no_such_country_is_refused() {
        use AddressFault::NotInCountry;
        for country in ["US", "GB", "JP", "BR", "NL"] {
            let region = format_of(country).unwrap().regions.first();
            let region = region.map_or("", |region| region.code.as_str());
            let wrong = faults(&address(country, region, "!!"));
            assert_eq!(wrong, [(AddressPart::PostalCode, NotInCountry)], "{country}");
        }
        for country in ["US", "CA", "JP", "BR", "IT", "ES", "AU"] {
            let example = format_of(country).unwrap().postal_code_example.unwrap();
            let wrong = faults(&address(country, "Nowhere", example));
            assert_eq!(wrong, [(AddressPart::Region, NotInCountry)], "{country}");
        }
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once_in_the_order_of_the_form() {
        use AddressFault::{Missing, NotInCountry, NotOneLine};
        let empty = Address { country: "US".to_owned(), ..Address::default() };
        let expected = [
            (AddressPart::Name, Missing),
            (AddressPart::Line1, Missing),
            (AddressPart::City, Missing),
            (AddressPart::Region, Missing),
            (AddressPart::PostalCode, Missing),
        ];
        assert_eq!(faults(&empty), expected);
        let mixed = Address {
            line1: "x".repeat(201),
            city: Some("a\nb".to_owned()),
            ..address("JP", "Nowhere", "!!")
        };
        let expected = [
            (AddressPart::PostalCode, NotInCountry),
            (AddressPart::Region, NotInCountry),
            (AddressPart::City, NotOneLine),
            (AddressPart::Line1, NotOneLine),
        ];
        assert_eq!(faults(&mixed), expected);
    }

    #[test]
    fn what_the_country_requires_is_required() {
        assert_eq!(
            faults(&address("DE", "", " ")),
            [(AddressPart::PostalCode, AddressFault::Missing)]
        );
        assert_eq!(faults(&address("IE", "", "")), []);
        assert_eq!(faults(&address("HK", "Kowloon", "")), []);
        assert_eq!(
            faults(&address("de", "", "53111")),
            [(AddressPart::Country, AddressFault::NotInCountry)]
        );
        assert_eq!(
            faults(&address("XX", "", "")),
            [(AddressPart::Country, AddressFault::NotInCountry)]
        );
    }

    #[test]
    fn text_that_changes_the_order_of_reading_is_refused() {
        for name in ["Ada\u{202e}ecalevoL", "Ada\u{2028}B", "Ada\u{7}"] {
            let wrong = Address { name: name.to_owned(), ..address("DE", "", "53111") };
            assert_eq!(faults(&wrong), [(AddressPart::Name, AddressFault::NotOneLine)], "{name:?}");
        }
    }

    #[test]
    fn a_destination_is_checked_as_far_as_it_is_known() {
        assert_eq!(check_destination("US", None, None).unwrap(), (None, None));
        assert_eq!(
            check_destination("GB", None, Some("w1a0ax")).unwrap().1.as_deref(),
            Some("W1A 0AX")
        );
        let errors = check_destination("BR", Some("Nowhere"), Some("!!")).unwrap_err();
        let parts: Vec<_> = errors.iter().map(|error| error.part).collect();
        assert_eq!(parts, [AddressPart::Region, AddressPart::PostalCode]);
        assert!(errors[1].message().contains("01310-100"), "{}", errors[1].message());
    }
}
