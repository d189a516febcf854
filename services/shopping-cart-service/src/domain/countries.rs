//! The countries goods are sent to: the tax rate and what an address there needs, from a table.

use kernel::Decimal;
use std::{collections::BTreeMap, sync::LazyLock};

/// The table: code, name, rate, required parts (C city, S region, Z postcode), form of the postcode. Standard rates
/// of VAT or GST as of 2026; a shop can set others. Where tax is a provider's business, as in the United States, the
/// rate is 0. Required parts follow the address data that libaddressinput carries.
const TABLE: &str = include_str!("../../data/countries.csv");

/// A country goods are sent to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Country {
    pub(crate) code: &'static str,
    pub(crate) name: &'static str,
    pub(crate) tax_rate: Decimal,
    required: &'static str,
    pub(crate) postal_code_pattern: Option<&'static str>,
}

static COUNTRIES: LazyLock<BTreeMap<&'static str, Country>> = LazyLock::new(|| {
    let rows = TABLE.lines().skip(1).filter_map(parse);
    rows.map(|country| (country.code, country)).collect()
});

/// The country with this code.
pub(crate) fn country(code: &str) -> Option<&'static Country> {
    COUNTRIES.get(code)
}

/// All of them, by name.
pub(crate) fn countries() -> Vec<&'static Country> {
    let mut all: Vec<_> = COUNTRIES.values().collect();
    all.sort_by_key(|country| country.name);
    all
}

impl Country {
    /// The address fields that must not be empty, by the names they have in the API.
    pub(crate) fn required(&self) -> impl Iterator<Item = &'static str> {
        let names = [('C', "city"), ('S', "region"), ('Z', "postal_code")];
        let required = self.required;
        names
            .into_iter()
            .filter(move |(letter, _)| required.contains(*letter))
            .map(|(_, name)| name)
    }
}

fn parse(row: &'static str) -> Option<Country> {
    let mut cells = row.splitn(5, ',');
    Some(Country {
        code: cells.next()?,
        name: cells.next()?,
        tax_rate: cells.next()?.parse().ok()?,
        required: cells.next()?,
        postal_code_pattern: cells.next().filter(|pattern| !pattern.is_empty()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_table_is_read() {
        assert_eq!(COUNTRIES.len(), TABLE.lines().count() - 1);
        assert!(COUNTRIES.len() > 60);
        assert!(COUNTRIES.keys().all(|code| code.len() == 2));
    }

    #[test]
    fn countries_require_what_their_post_needs() {
        let required = |code| country(code).unwrap().required().collect::<Vec<_>>();
        assert_eq!(required("DE"), ["city", "postal_code"]);
        assert_eq!(required("US"), ["city", "region", "postal_code"]);
        assert_eq!(required("HK"), ["region"]);
        assert_eq!(required("IE"), ["city"]);
    }
}
