//! Options of a product: names from the first row that has them, values from each variant.

use crate::{
    limits::{OPTIONS_MAX, VALUE_CHARACTERS_MAX, WORD_CHARACTERS_MAX},
    number::quoted,
    row::{Remark, Row},
    text::{fingerprint, shorten},
};
use contracts::product::{NewVariant, ProductOption};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Name and value by which exports mark a product without options.
const NO_OPTION: (&str, &str) = ("title", "default title");

/// Options of a product.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Options(Vec<ProductOptionColumn>);

/// Option of a product and its place in the rows.
#[derive(Clone, Debug, PartialEq, Eq)]
struct ProductOptionColumn {
    index: usize,
    name: String,
    /// Values that were shortened, by their text in the file.
    shortened: HashMap<String, String>,
}

impl Options {
    /// Options with values in these rows, whose variants are valid; their names can be in any row of the product. Beyond
    /// the shop's limit, those with different values come first.
    pub(super) fn of(all: &[Row], rows: &[&Row], remarks: &mut Vec<Remark>) -> Self {
        let count = rows.iter().map(|row| row.options.len()).max().unwrap_or(0);
        let mut found: Vec<(usize, String, Vec<&str>)> = Vec::new();
        for index in 0..count {
            let cells = || rows.iter().filter_map(|row| row.options.get(index));
            let mut values: Vec<&str> = Vec::new();
            let mut known = HashSet::new();
            for (_, value) in cells().filter(|(_, value)| !value.is_empty()) {
                if known.insert(value.as_str()) {
                    values.push(value);
                }
            }
            let names = all.iter().filter_map(|row| row.options.get(index));
            let name = names.map(|(name, _)| name.as_str()).find(|name| !name.is_empty());
            let is_default = values.iter().all(|value| value.eq_ignore_ascii_case(NO_OPTION.1))
                && name.is_none_or(|name| name.eq_ignore_ascii_case(NO_OPTION.0));
            if !values.is_empty() && !is_default {
                let name = name.map_or_else(|| format!("Option {}", index + 1), str::to_owned);
                found.push((index, name, values));
            }
        }
        let dropped = beyond_limit(&found);
        let mut options = Self::default();
        for (index, name, values) in found {
            let field =
                rows.first().map_or_else(String::new, |row| row.columns.option_label(index));
            let mut remark = |reason: String| remarks.push(Remark { field: field.clone(), reason });
            if dropped.contains(&index) {
                remark(format!(
                    "{} was not taken: this shop has at most {OPTIONS_MAX} options",
                    quoted(&name)
                ));
                continue;
            }
            let name = options.unique_name(name, index, &mut remark);
            let shortened = shortened(&values, &mut remark);
            options.0.push(ProductOptionColumn { index, name, shortened });
        }
        options
    }

    fn unique_name(&self, name: String, index: usize, remark: &mut impl FnMut(String)) -> String {
        let is_taken = |name: &str| self.0.iter().any(|it| it.name.eq_ignore_ascii_case(name));
        // Room for a number.
        let name = shorten(&name, WORD_CHARACTERS_MAX - 3).map_or(name, |short| {
            remark(format!("the name is longer than {WORD_CHARACTERS_MAX} characters; shortened"));
            short
        });
        if is_taken(&name) { format!("{name} {}", index + 1) } else { name }
    }

    /// Value of each option in a row.
    ///
    /// # Errors
    ///
    /// The index of an option without a value.
    pub(super) fn chosen(&self, row: &Row) -> Result<BTreeMap<String, String>, usize> {
        let mut chosen = BTreeMap::new();
        for option in &self.0 {
            let value = option.value(row);
            if value.is_empty() {
                return Err(option.index);
            }
            chosen.insert(option.name.clone(), value.to_owned());
        }
        Ok(chosen)
    }

    /// Values of a row, in the order of the options.
    pub(super) fn values<'a>(&'a self, row: &'a Row) -> impl Iterator<Item = &'a str> + Clone {
        self.0.iter().map(|option| option.value(row))
    }

    /// Options with the values that these variants use, in their order.
    pub(super) fn with_values_of(&self, variants: &[NewVariant]) -> Vec<ProductOption> {
        super::used_options(self.0.iter().map(|option| option.name.as_str()), variants)
    }
}

impl ProductOptionColumn {
    fn value<'a>(&'a self, row: &'a Row) -> &'a str {
        let value = row.options.get(self.index).map_or("", |(_, value)| value.as_str());
        self.shortened.get(value).map_or(value, String::as_str)
    }
}

/// Indexes of the options beyond the limit: first those with one value.
fn beyond_limit(found: &[(usize, String, Vec<&str>)]) -> Vec<usize> {
    let (varying, constant): (Vec<_>, Vec<_>) = found.iter().partition(|it| it.2.len() > 1);
    varying.into_iter().chain(constant).map(|it| it.0).skip(OPTIONS_MAX).collect()
}

/// Values that are too long, shortened; those that would become equal get a hash.
fn shortened(values: &[&str], remark: &mut impl FnMut(String)) -> HashMap<String, String> {
    let mut all: HashMap<String, String> = HashMap::new();
    let mut taken: HashSet<String> = values
        .iter()
        .filter(|value| shorten(value, VALUE_CHARACTERS_MAX).is_none())
        .map(|value| (*value).to_owned())
        .collect();
    for value in values {
        let Some(mut short) = shorten(value, VALUE_CHARACTERS_MAX) else { continue };
        if taken.contains(&short) {
            let end = format!(" {:08x}", fingerprint(value) & 0xffff_ffff);
            let room = VALUE_CHARACTERS_MAX - end.len();
            short = shorten(value, room).unwrap_or_default() + &end;
        }
        taken.insert(short.clone());
        all.insert((*value).to_owned(), short);
    }
    if !all.is_empty() {
        remark(format!("a value is longer than {VALUE_CHARACTERS_MAX} characters; shortened"));
    }
    all
}
