//! Address book: a valid address for each country, by its name on the invoices.

use contracts::shared::Address;
use std::collections::{BTreeMap, BTreeSet};

/// Fallback country for names that are not countries, and for countries that the shop does not deliver to.
const FALLBACK: &str = "United Kingdom";

/// Name on the invoices, ISO 3166-1 code, city, region and postcode. The invoices have only the country.
const COUNTRIES: [(&str, &str, &str, &str, &str); 43] = [
    (FALLBACK, "GB", "London", "", "EC1A 1BB"),
    ("Australia", "AU", "Sydney", "NSW", "2000"),
    ("Austria", "AT", "Wien", "", "1010"),
    ("Bahrain", "BH", "Manama", "", ""),
    ("Belgium", "BE", "Bruxelles", "", "1000"),
    ("Bermuda", "BM", "Hamilton", "", "HM 11"),
    ("Brazil", "BR", "São Paulo", "SP", "01310-100"),
    ("Canada", "CA", "Ottawa", "ON", "K1A 0B1"),
    ("Channel Islands", "JE", "St Helier", "", "JE2 3AB"),
    ("Cyprus", "CY", "Nicosia", "", "1010"),
    ("Czech Republic", "CZ", "Praha", "", "110 00"),
    ("Denmark", "DK", "København", "", "1050"),
    ("EIRE", "IE", "Dublin", "", "D02 AF30"),
    ("Finland", "FI", "Helsinki", "", "00100"),
    ("France", "FR", "Paris", "", "75001"),
    ("Germany", "DE", "Berlin", "", "10115"),
    ("Greece", "GR", "Athina", "", "105 57"),
    ("Hong Kong", "HK", "Central", "Hong Kong Island", ""),
    ("Iceland", "IS", "Reykjavík", "", "101"),
    ("Israel", "IL", "Jerusalem", "", "9510500"),
    ("Italy", "IT", "Roma", "RM", "00118"),
    ("Japan", "JP", "Chiyoda", "Tokyo", "100-0001"),
    ("Korea", "KR", "Jung-gu", "Seoul", "04524"),
    ("Lebanon", "LB", "Beirut", "", ""),
    ("Lithuania", "LT", "Vilnius", "", "01100"),
    ("Malta", "MT", "Valletta", "", "VLT 1117"),
    ("Netherlands", "NL", "Amsterdam", "", "1012 JS"),
    ("Nigeria", "NG", "Ikeja", "Lagos", "100271"),
    ("Norway", "NO", "Oslo", "", "0150"),
    ("Poland", "PL", "Warszawa", "", "00-001"),
    ("Portugal", "PT", "Lisboa", "", "1100-148"),
    ("RSA", "ZA", "Pretoria", "", "0002"),
    ("Saudi Arabia", "SA", "Riyadh", "", "11564"),
    ("Singapore", "SG", "Singapore", "", "018956"),
    ("Spain", "ES", "Madrid", "Madrid", "28001"),
    ("Sweden", "SE", "Stockholm", "", "111 29"),
    ("Switzerland", "CH", "Bern", "", "3011"),
    ("Thailand", "TH", "Phra Nakhon", "Bangkok", "10200"),
    ("USA", "US", "Albany", "NY", "12207"),
    ("United Arab Emirates", "AE", "Dubai", "Dubai", ""),
    ("West Indies", "BB", "Bridgetown", "", "BB11000"),
    ("Turkey", "TR", "Fatih", "İstanbul", "34110"),
    ("Hungary", "HU", "Budapest", "", "1051"),
];

/// Address book of a replay.
#[derive(Debug)]
pub(crate) struct AddressBook {
    by_name: BTreeMap<&'static str, Address>,
    fallback: Address,
}

impl AddressBook {
    /// Address book of the countries that a shop delivers to; of all countries where these are unknown.
    pub(crate) fn for_countries(codes: Option<&BTreeSet<String>>) -> Self {
        let is_delivered_to = |code: &str| codes.is_none_or(|codes| codes.contains(code));
        let rows = COUNTRIES.iter().filter(|(_, code, ..)| is_delivered_to(code));
        let address = |(_, code, city, region, postal_code): &(&str, &str, &str, &str, &str)| {
            let part = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
            Address {
                country: (*code).to_owned(),
                city: part(city),
                region: part(region),
                postal_code: part(postal_code),
                ..Address::default()
            }
        };
        let by_name = rows.map(|row| (row.0, address(row))).collect();
        Self { by_name, fallback: address(&COUNTRIES[0]) }
    }

    /// The address of a customer. Names that are not in the table, such as `European Community` and `Unspecified`, get
    /// one in the United Kingdom, with the name on the invoice as second line.
    pub(crate) fn address(&self, country: &str, name: String, line1: String) -> Address {
        let known = self.by_name.get(country);
        let line2 = known.is_none().then(|| format!("Country on the invoice: {country}"));
        Address { name, line1, line2, ..known.unwrap_or(&self.fallback).clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_country_falls_back_to_the_united_kingdom_and_is_quoted() {
        let address_book = AddressBook::for_countries(None);
        let of =
            |country: &str| address_book.address(country, "Ada".to_owned(), "1 Road".to_owned());
        assert_eq!((&*of("EIRE").country, of("EIRE").line2), ("IE", None));
        let unspecified = of("Unspecified");
        assert_eq!(unspecified.country, "GB");
        assert_eq!(unspecified.line2.as_deref(), Some("Country on the invoice: Unspecified"));
        assert_eq!(of("Italy").region.as_deref(), Some("RM"));
    }

    #[test]
    fn every_address_of_a_known_country_is_valid() {
        let book = AddressBook::for_countries(None);
        let unknown = ["Bermuda", "West Indies"];
        for (name, ..) in COUNTRIES.iter().filter(|(name, ..)| !unknown.contains(name)) {
            let address = book.address(name, "Ada".to_owned(), "1 Road".to_owned());
            assert_eq!(address.checked().as_ref(), Ok(&address), "{name}");
        }
    }

    #[test]
    fn a_country_that_is_not_delivered_to_has_a_fallback_too() {
        let reached = BTreeSet::from(["GB".to_owned(), "FR".to_owned()]);
        let address_book = AddressBook::for_countries(Some(&reached));
        let of = |country: &str| address_book.address(country, String::new(), String::new());
        assert_eq!((&*of("France").country, &*of("Japan").country), ("FR", "GB"));
    }
}
