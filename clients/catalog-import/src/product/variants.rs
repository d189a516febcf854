//! Variants: what is actually bought, one a row.

use super::options::Options;
use crate::{
    columns::Column,
    price,
    row::{Remark, Row},
    words::{derived_sku, fingerprint},
};
use contracts::product::NewVariant;
use kernel::{Currency, UnitPrice};
use std::collections::{BTreeMap, HashMap};

/// The most variants of a product.
const VARIANTS_MAX: usize = 2_048;
/// The most units and grams that are believed.
const UNITS_MAX: i64 = 1_000_000_000;
const GRAMS_MAX: i64 = 100_000_000;

/// The article numbers of a whole import, by fingerprint, with the line that had them first.
pub(crate) type SkusSeen = HashMap<u64, (usize, u64)>;

/// The variants of a product so far.
pub(super) struct Variants<'a> {
    options: &'a Options,
    currency: Currency,
    taken: Vec<NewVariant>,
    /// The line that had each choice first.
    choices: HashMap<BTreeMap<String, String>, u64>,
}

impl<'a> Variants<'a> {
    pub(super) fn new(options: &'a Options, currency: Currency) -> Self {
        Self { options, currency, taken: Vec::new(), choices: HashMap::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.taken.is_empty()
    }

    pub(super) fn all(&self) -> &[NewVariant] {
        &self.taken
    }

    pub(super) fn into_all(self) -> Vec<NewVariant> {
        self.taken
    }

    /// Adds the variant of a row and says its SKU; or says why there can be none.
    pub(super) fn add(
        &mut self,
        row: &Row,
        seen: &mut SkusSeen,
        remarks: &mut Vec<Remark>,
    ) -> Result<String, Remark> {
        if self.taken.len() == VARIANTS_MAX {
            let reason = format!("a product has at most {VARIANTS_MAX} variants");
            return Err(Remark::about(Column::Handle, reason));
        }
        let options = self.options.chosen(row).map_err(|place| {
            Remark::about(
                Column::OptionValue(place),
                "is empty, and other variants have a value there",
            )
        })?;
        let price = price::parse(&row.price, self.currency)
            .map_err(|reason| Remark::about(Column::Price, reason))?;
        if let Some(line) = self.choices.get(&options) {
            let reason = format!("the variant on line {line} has the same option values");
            return Err(Remark::about(Column::OptionValue(0), reason));
        }
        let sku = match row.sku.as_str() {
            "" => derived_sku(&row.place.handle, self.options.values(row)),
            sku => sku.to_owned(),
        };
        // Article numbers that differ in case only would be one in the shop.
        let key = fingerprint(&sku.to_lowercase());
        if let Some((file, line)) = seen.get(&key) {
            let elsewhere = if *file == row.place.file { "" } else { " of another file" };
            let reason = format!("{sku} is on line {line}{elsewhere} already");
            return Err(Remark::about(Column::Sku, reason));
        }
        seen.insert(key, (row.place.file, row.place.line));
        self.choices.insert(options.clone(), row.place.line);
        let mut told = Told { row, remarks };
        self.taken.push(NewVariant {
            sku: sku.clone(),
            options,
            price,
            price_history: Vec::new(),
            compare_at_price: told.compare_at_price(self.currency),
            stock: told.stock(),
            weight_grams: told.grams(),
            barcode: Some(row.barcode.clone()).filter(|barcode| !barcode.is_empty()),
        });
        Ok(sku)
    }
}

/// Reads the fields a variant can do without: what cannot be taken is left out and remarked on.
struct Told<'a> {
    row: &'a Row,
    remarks: &'a mut Vec<Remark>,
}

impl Told<'_> {
    fn compare_at_price(&mut self, currency: Currency) -> Option<UnitPrice> {
        if self.row.compare_at_price.is_empty() {
            return None;
        }
        match price::parse(&self.row.compare_at_price, currency) {
            // Exports write zero for none.
            Ok(price) if price.is_zero() => None,
            Ok(price) => Some(price),
            Err(reason) => self.left_out(Column::CompareAtPrice, &reason),
        }
    }

    fn stock(&mut self) -> Option<i64> {
        let sells_on = matches!(self.row.policy.to_ascii_lowercase().as_str(), "continue" | "true");
        if sells_on {
            let reason = "this shop never sells what it does not have; selling ends with the stock";
            self.remarks.push(Remark::about(Column::Policy, reason));
        }
        if self.row.quantity.is_empty() {
            return None;
        }
        match whole(&self.row.quantity) {
            Some(units @ 0..=UNITS_MAX) => Some(units),
            Some(..0) => {
                self.remarks.push(Remark::about(Column::Quantity, "is below zero: taken as 0"));
                Some(0)
            }
            _ => self.left_out(Column::Quantity, "is not a whole number of units"),
        }
    }

    fn grams(&mut self) -> u32 {
        if self.row.grams.is_empty() {
            return 0;
        }
        let grams = whole(&self.row.grams).filter(|grams| (0..=GRAMS_MAX).contains(grams));
        match grams.and_then(|grams| u32::try_from(grams).ok()) {
            Some(grams) => grams,
            None => self.left_out(Column::Grams, "is not a weight in grams").unwrap_or(0),
        }
    }

    fn left_out<T>(&mut self, column: Column, reason: &str) -> Option<T> {
        self.remarks.push(Remark::about(column, format!("{reason}; left out")));
        None
    }
}

/// A whole number, which spreadsheets may have given decimals (`250.0`) or signs between thousands (`1,000`).
fn whole(text: &str) -> Option<i64> {
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
    fn whole_numbers_are_read_as_spreadsheets_write_them() {
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
            assert_eq!(whole(text), number, "{text}");
        }
    }
}
