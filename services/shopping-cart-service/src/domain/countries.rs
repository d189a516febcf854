//! Country table: tax rate and address rules of each country the shop delivers to.

use kernel::Decimal;
use std::{collections::BTreeMap, sync::LazyLock};

/// Columns: code, name, tax rate, required parts (C city, S region, Z postcode), postcode pattern. Standard rates of VAT
/// or GST as of 2026; a shop can override them. Where a tax provider decides, as in the United States, the rate is 0.
/// Required parts follow the address data of libaddressinput.
const TABLE: &str = include_str!("../../data/countries.csv");

/// Country the shop delivers to.
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

/// Country by code.
pub(crate) fn find(code: &str) -> Option<&'static Country> {
    COUNTRIES.get(code)
}

/// All countries, sorted by name.
pub(crate) fn all() -> Vec<&'static Country> {
    let mut all: Vec<_> = COUNTRIES.values().collect();
    all.sort_by_key(|country| country.name);
    all
}

impl Country {
    /// Required address fields, by their API names.
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
    fn every_row_of_the_table_is_parsed() {
        assert_eq!(COUNTRIES.len(), TABLE.lines().count() - 1);
        assert!(COUNTRIES.len() > 60);
        assert!(COUNTRIES.keys().all(|code| code.len() == 2));
    }

    #[test]
    fn required_fields_differ_by_country() {
        let required = |code| find(code).unwrap().required().collect::<Vec<_>>();
        assert_eq!(required("DE"), ["city", "postal_code"]);
        assert_eq!(required("US"), ["city", "region", "postal_code"]);
        assert_eq!(required("HK"), ["region"]);
        assert_eq!(required("IE"), ["city"]);
    }
}
