//! Names of countries, in the languages of the shop's pages and mails.

use std::{collections::BTreeMap, sync::LazyLock};

/// Columns: code, English name, German name.
const NAMES: &str = include_str!("../data/names.csv");

static BY_CODE: LazyLock<BTreeMap<&'static str, [&'static str; 2]>> =
    LazyLock::new(|| NAMES.lines().skip(1).filter_map(parse).collect());

/// Name of a country (ISO 3166-1 alpha-2) in a language (`en` or `de`); none of a country that addresses have no format of.
///
/// ```
/// assert_eq!(addresses::country_name("AT", "de"), Some("Österreich"));
/// assert_eq!(addresses::country_name("AT", "en"), Some("Austria"));
/// assert_eq!(addresses::country_name("AT", "fr"), None);
/// ```
pub fn country_name(code: &str, language: &str) -> Option<&'static str> {
    let [english, german] = BY_CODE.get(code)?;
    match language {
        "en" => Some(english),
        "de" => Some(german),
        _ => None,
    }
}

fn parse(row: &'static str) -> Option<(&'static str, [&'static str; 2])> {
    let mut cells = row.split(',');
    Some((cells.next()?, [cells.next()?, cells.next()?]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format_of;

    #[test]
    fn every_country_with_a_format_has_a_name_in_each_language() {
        assert_eq!(BY_CODE.len(), NAMES.lines().count() - 1);
        assert!(BY_CODE.len() > 60);
        for (code, names) in BY_CODE.iter() {
            assert!(format_of(code).is_some() && names.iter().all(|it| !it.is_empty()), "{code}");
        }
    }
}
