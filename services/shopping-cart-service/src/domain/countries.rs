//! Country table: name, tax rate and address format of each country the shop delivers to.

use addresses::AddressFormat;
use kernel::Decimal;
use std::{collections::BTreeMap, sync::LazyLock};

/// Columns: code, tax rate. Standard rates of VAT or GST as of 2026; a shop can override them. Where a tax provider
/// decides, as in the United States, the rate is 0.
const TABLE: &str = include_str!("../../data/countries.csv");

/// Country the shop delivers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Country {
    pub(crate) code: &'static str,
    pub(crate) name: &'static str,
    pub(crate) tax_rate: Decimal,
    pub(crate) address_format: &'static AddressFormat,
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

fn parse(row: &'static str) -> Option<Country> {
    let mut cells = row.split(',');
    let code = cells.next()?;
    Some(Country {
        code,
        name: addresses::country_name(code, "en")?,
        tax_rate: cells.next()?.parse().ok()?,
        address_format: addresses::format_of(code)?,
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
}
