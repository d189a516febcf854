//! Variants of a product, one for each row that describes one.

use super::options::OptionNames;
use crate::{
    columns::Column,
    price,
    row::{Remark, Row},
    text::{derive_sku, fingerprint},
};
use contracts::{product::NewVariant, shared::Sku};
use kernel::{Currency, UnitPrice};
use std::collections::{BTreeMap, HashMap};

/// The most variants of a product.
const VARIANTS_MAX: usize = 2_048;
/// The most units and grams that are plausible.
const UNITS_MAX: i64 = 1_000_000_000;
const GRAMS_MAX: i64 = 100_000_000;

/// SKUs of a whole import, by fingerprint, with the file and line that had each first.
#[derive(Debug, Default)]
pub(crate) struct SkuIndex(HashMap<u64, (usize, u64)>);

impl SkuIndex {
    /// The file and line that had a SKU first.
    pub(crate) fn first(&self, sku: &Sku) -> Option<(usize, u64)> {
        self.0.get(&Self::key(sku)).copied()
    }

    pub(crate) fn insert(&mut self, sku: &Sku, file: usize, line: u64) {
        self.0.insert(Self::key(sku), (file, line));
    }

    fn key(sku: &Sku) -> u64 {
        fingerprint(&sku.key())
    }
}

/// Variants of a product so far.
pub(super) struct Variants<'a> {
    options: &'a OptionNames,
    currency: Currency,
    accepted: Vec<NewVariant>,
    /// The line that had each combination of option values first.
    combinations: HashMap<BTreeMap<String, String>, u64>,
}

impl<'a> Variants<'a> {
    pub(super) fn new(options: &'a OptionNames, currency: Currency) -> Self {
        Self { options, currency, accepted: Vec::new(), combinations: HashMap::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.accepted.is_empty()
    }

    pub(super) fn all(&self) -> &[NewVariant] {
        &self.accepted
    }

    pub(super) fn into_all(self) -> Vec<NewVariant> {
        self.accepted
    }

    /// Adds the variant of a row and returns its SKU.
    ///
    /// # Errors
    ///
    /// A remark on why the row cannot be a variant.
    pub(super) fn add(
        &mut self,
        row: &Row,
        skus: &mut SkuIndex,
        remarks: &mut Vec<Remark>,
    ) -> Result<Sku, Remark> {
        if self.accepted.len() == VARIANTS_MAX {
            let reason = format!("a product has at most {VARIANTS_MAX} variants");
            return Err(Remark::about(Column::Handle, reason));
        }
        let options = self.options.chosen(row).map_err(|index| {
            Remark::about(
                Column::OptionValue(index),
                "is empty, and other variants have a value there",
            )
        })?;
        let price = price::parse(&row.price, self.currency)
            .map_err(|reason| Remark::about(Column::Price, reason))?;
        if let Some(line) = self.combinations.get(&options) {
            let reason = format!("the variant on line {line} has the same option values");
            return Err(Remark::about(Column::OptionValue(0), reason));
        }
        let sku = match row.sku.as_str() {
            "" => Sku::parse(&derive_sku(&row.origin.handle, self.options.values(row))),
            sku => Sku::parse(sku),
        };
        let sku = sku.map_err(|invalid| Remark::about(Column::Sku, invalid.to_string()))?;
        if let Some((file, line)) = skus.first(&sku) {
            let elsewhere = if file == row.origin.file { "" } else { " of another file" };
            let reason = format!("{sku} is on line {line}{elsewhere} already");
            return Err(Remark::about(Column::Sku, reason));
        }
        skus.insert(&sku, row.origin.file, row.origin.line);
        self.combinations.insert(options.clone(), row.origin.line);
        let mut fields = VariantFields { row, remarks };
        self.accepted.push(NewVariant {
            sku: sku.clone(),
            options,
            price,
            price_history: Vec::new(),
            compare_at_price: fields.compare_at_price(self.currency),
            stock: fields.stock(),
            weight_grams: fields.grams(),
            barcode: Some(row.barcode.clone()).filter(|barcode| !barcode.is_empty()),
        });
        Ok(sku)
    }
}

/// Parser of the optional fields of a variant: an invalid one is skipped with a remark.
struct VariantFields<'a> {
    row: &'a Row,
    remarks: &'a mut Vec<Remark>,
}

impl VariantFields<'_> {
    fn compare_at_price(&mut self, currency: Currency) -> Option<UnitPrice> {
        if self.row.compare_at_price.is_empty() {
            return None;
        }
        match price::parse(&self.row.compare_at_price, currency) {
            // Exports write zero where there is no such price.
            Ok(price) if price.is_zero() => None,
            Ok(price) => Some(price),
            Err(reason) => self.skip(Column::CompareAtPrice, &reason),
        }
    }

    fn stock(&mut self) -> Option<i64> {
        let sells_on = matches!(self.row.policy.to_ascii_lowercase().as_str(), "continue" | "true");
        if sells_on {
            let reason = "this shop never oversells; sales end when the stock is used up";
            self.remarks.push(Remark::about(Column::Policy, reason));
        }
        if self.row.quantity.is_empty() {
            return None;
        }
        match parse_whole_number(&self.row.quantity) {
            Some(units @ 0..=UNITS_MAX) => Some(units),
            Some(..0) => {
                self.remarks.push(Remark::about(Column::Quantity, "is below zero; taken as 0"));
                Some(0)
            }
            _ => self.skip(Column::Quantity, "is not a whole number of units"),
        }
    }

    fn grams(&mut self) -> u32 {
        if self.row.grams.is_empty() {
            return 0;
        }
        let grams =
            parse_whole_number(&self.row.grams).filter(|grams| (0..=GRAMS_MAX).contains(grams));
        match grams.and_then(|grams| u32::try_from(grams).ok()) {
            Some(grams) => grams,
            None => self.skip(Column::Grams, "is not a weight in grams").unwrap_or(0),
        }
    }

    fn skip<T>(&mut self, column: Column, reason: &str) -> Option<T> {
        self.remarks.push(Remark::about(column, format!("{reason}; skipped")));
        None
    }
}

/// Parses a whole number in the notations of spreadsheets: with decimals (`250.0`), or separators (`1,000`).
fn parse_whole_number(text: &str) -> Option<i64> {
    let decimal =
        |text: &str| text.split_once('.').map(|(whole, rest)| (whole.to_owned(), rest.to_owned()));
    let digits = text.replace([',', ' ', '\''], "");
    let (digits, rest) = decimal(&digits).unwrap_or((digits, String::new()));
    if !rest.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let number: i64 = digits.parse().ok()?;
    let rounds_up = rest.bytes().next().is_some_and(|digit| digit >= b'5');
    number.checked_add(if rounds_up { if digits.starts_with('-') { -1 } else { 1 } } else { 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_parsed_as_spreadsheets_write_them() {
        for (text, number) in [
            ("250", Some(250)),
            ("250.0", Some(250)),
            ("249.5", Some(250)),
            ("1,000", Some(1_000)),
            ("-3", Some(-3)),
            ("x", None),
            ("1.x", None),
            ("", None),
            ("1e3", None),
        ] {
            assert_eq!(parse_whole_number(text), number, "{text}");
        }
    }
}
