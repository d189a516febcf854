//! Options of a product: names from the first row that has them, values from each variant.

use crate::{columns::OPTIONS_MAX, row::Row};
use contracts::product::{NewVariant, ProductOption};
use std::collections::{BTreeMap, HashSet};

/// Name and value by which exports mark a product without options.
const NO_OPTION: (&str, &str) = ("title", "default title");

/// Names of a product's options; `None` where an index is unused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct OptionNames([Option<String>; OPTIONS_MAX]);

impl OptionNames {
    pub(super) fn from_rows(rows: &[Row]) -> Self {
        let mut options = Self::default();
        let mut taken = HashSet::new();
        for (index, option) in options.0.iter_mut().enumerate() {
            let values: HashSet<&str> = rows
                .iter()
                .map(|row| &*row.option_values[index])
                .filter(|value| !value.is_empty())
                .collect();
            let name =
                rows.iter().map(|row| &*row.option_names[index]).find(|name| !name.is_empty());
            let is_default = values.iter().all(|value| value.eq_ignore_ascii_case(NO_OPTION.1))
                && name.is_none_or(|name| name.eq_ignore_ascii_case(NO_OPTION.0));
            if values.is_empty() || is_default {
                continue;
            }
            let mut name = name.map_or_else(|| format!("Option {}", index + 1), str::to_owned);
            if !taken.insert(name.to_lowercase()) {
                name = format!("{name} {}", index + 1);
                taken.insert(name.to_lowercase());
            }
            *option = Some(name);
        }
        options
    }

    /// Value of each option in a row.
    ///
    /// # Errors
    ///
    /// The index of an option without a value.
    pub(super) fn chosen(&self, row: &Row) -> Result<BTreeMap<String, String>, usize> {
        let mut chosen = BTreeMap::new();
        for (index, name) in self.0.iter().enumerate() {
            let Some(name) = name else { continue };
            let value = &row.option_values[index];
            if value.is_empty() {
                return Err(index);
            }
            chosen.insert(name.clone(), value.clone());
        }
        Ok(chosen)
    }

    /// Values of a row, in the order of the options.
    pub(super) fn values<'a>(&'a self, row: &'a Row) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .zip(&row.option_values)
            .filter(|(name, _)| name.is_some())
            .map(|(_, value)| value.as_str())
    }

    /// Options with the values that these variants use, in their order.
    pub(super) fn with_values_of(&self, variants: &[NewVariant]) -> Vec<ProductOption> {
        let used = |name: &String| {
            let mut known = HashSet::new();
            let values = variants.iter().filter_map(|variant| variant.options.get(name));
            let values = values.filter(|value| known.insert(value.as_str())).cloned().collect();
            ProductOption { name: name.clone(), values }
        };
        self.0.iter().flatten().map(used).collect()
    }
}
