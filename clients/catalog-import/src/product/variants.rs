//! Variants of a product, one for each row that describes one.

use super::{BuildSettings, SkuIndex, options::Options, sale::VariantPrice, stock};
use crate::{
    limits::{GRAMS_MAX, SKU_CHARACTERS_MAX, VARIANTS_MAX},
    mapping::Fact,
    number::parse_weight,
    row::{Remark, Row},
    text::derive_sku,
};
use contracts::{product::NewVariant, shared::Sku};
use std::collections::{BTreeMap, HashMap};

/// Variants of a product so far.
pub(super) struct Variants<'a> {
    options: &'a Options,
    slug: &'a str,
    settings: &'a BuildSettings,
    accepted: Vec<NewVariant>,
    /// The line that had each combination of option values first.
    combinations: HashMap<BTreeMap<String, String>, u64>,
}

impl<'a> Variants<'a> {
    pub(super) fn new(options: &'a Options, slug: &'a str, settings: &'a BuildSettings) -> Self {
        Self { options, slug, settings, accepted: Vec::new(), combinations: HashMap::new() }
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
        price: VariantPrice,
        skus: &mut SkuIndex,
        remarks: &mut Vec<Remark>,
    ) -> Result<Sku, Remark> {
        if self.accepted.len() == VARIANTS_MAX {
            let reason = format!("a product has at most {VARIANTS_MAX} variants");
            return Err(row.remark(Fact::Group, reason));
        }
        let option_remark = |index: usize, reason: String| Remark {
            field: row.columns.option_label(index),
            reason,
        };
        let options = self.options.chosen(row).map_err(|index| {
            option_remark(index, "is empty, and other variants have a value there".to_owned())
        })?;
        if let Some(line) = self.combinations.get(&options) {
            let reason = format!("the variant on line {line} has the same option values");
            return Err(option_remark(0, reason));
        }
        let values = self.options.values(row);
        let wanted = match row.cell(Fact::Sku) {
            "" => derive_sku(self.slug, values.clone()),
            sku => sku.to_owned(),
        };
        let origin = (row.origin.file, row.origin.line);
        let claimed = skus
            .claim(&wanted, self.slug, &values, origin)
            .map_err(|reason| row.remark(Fact::Sku, reason))?;
        remarks.extend(claimed.reason.map(|reason| row.remark(Fact::Sku, reason)));
        remarks.extend(price.remarks);
        self.combinations.insert(options.clone(), row.origin.line);
        let stock = stock::stock(row, self.settings, remarks);
        self.accepted.push(NewVariant {
            sku: claimed.sku.clone(),
            options,
            price: price.price,
            price_history: Vec::new(),
            compare_at_price: price.compare_at_price,
            stock: stock.units,
            untracked: stock.is_untracked,
            weight_grams: grams(row, remarks),
            barcode: barcode(row, remarks),
        });
        Ok(claimed.sku)
    }
}

fn grams(row: &Row, remarks: &mut Vec<Remark>) -> u32 {
    let text = row.cell(Fact::Weight);
    if text.is_empty() {
        return 0;
    }
    let weight = parse_weight(text, row.weight_unit.as_deref(), row.measure_notation());
    let grams = weight.and_then(|grams| {
        let fits = u32::try_from(grams).ok().filter(|_| grams <= GRAMS_MAX);
        fits.ok_or_else(|| format!("is more than {GRAMS_MAX} grams"))
    });
    grams.unwrap_or_else(|reason| {
        remarks.push(row.remark(Fact::Weight, format!("{reason}; skipped")));
        0
    })
}

fn barcode(row: &Row, remarks: &mut Vec<Remark>) -> Option<String> {
    let barcode = row.cell(Fact::Barcode);
    if barcode.chars().count() > SKU_CHARACTERS_MAX {
        let reason = format!("is longer than {SKU_CHARACTERS_MAX} characters; skipped");
        remarks.push(row.remark(Fact::Barcode, reason));
        return None;
    }
    Some(barcode.to_owned()).filter(|barcode| !barcode.is_empty())
}
