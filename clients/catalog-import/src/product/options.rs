//! The options of a product: names from the first row that has them, values from each variant.

use crate::{columns::OPTIONS, row::Row};
use contracts::product::{NewVariant, ProductOption};
use std::collections::{BTreeMap, HashSet};

/// How a product without options is written.
const NO_OPTION: (&str, &str) = ("title", "default title");

/// The names of a product's options; nothing where there is none at that place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Options([Option<String>; OPTIONS]);

impl Options {
    pub(super) fn of(rows: &[Row]) -> Self {
        let mut options = Self::default();
        let mut taken = HashSet::new();
        for (place, option) in options.0.iter_mut().enumerate() {
            let values: HashSet<&str> = rows
                .iter()
                .map(|row| &*row.option_values[place])
                .filter(|value| !value.is_empty())
                .collect();
            let name =
                rows.iter().map(|row| &*row.option_names[place]).find(|name| !name.is_empty());
            let is_default = values.iter().all(|value| value.eq_ignore_ascii_case(NO_OPTION.1))
                && name.is_none_or(|name| name.eq_ignore_ascii_case(NO_OPTION.0));
            if values.is_empty() || is_default {
                continue;
            }
            let mut name = name.map_or_else(|| format!("Option {}", place + 1), str::to_owned);
            if !taken.insert(name.to_lowercase()) {
                name = format!("{name} {}", place + 1);
                taken.insert(name.to_lowercase());
            }
            *option = Some(name);
        }
        options
    }

    /// What a row chooses of each option; the place of the option it leaves open otherwise.
    pub(super) fn chosen(&self, row: &Row) -> Result<BTreeMap<String, String>, usize> {
        let mut chosen = BTreeMap::new();
        for (place, name) in self.0.iter().enumerate() {
            let Some(name) = name else { continue };
            let value = &row.option_values[place];
            if value.is_empty() {
                return Err(place);
            }
            chosen.insert(name.clone(), value.clone());
        }
        Ok(chosen)
    }

    /// The values a row has, in the order of the options.
    pub(super) fn values<'a>(&'a self, row: &'a Row) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .zip(&row.option_values)
            .filter(|(name, _)| name.is_some())
            .map(|(_, value)| value.as_str())
    }

    /// The options with the values that these variants have, in their order.
    pub(super) fn used_by(&self, variants: &[NewVariant]) -> Vec<ProductOption> {
        let used = |name: &String| {
            let mut known = HashSet::new();
            let values = variants.iter().filter_map(|variant| variant.options.get(name));
            let values = values.filter(|value| known.insert(value.as_str())).cloned().collect();
            ProductOption { name: name.clone(), values }
        };
        self.0.iter().flatten().map(used).collect()
    }
}
