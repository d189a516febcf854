//! Product assembly from the rows that belong to one product.

mod facts;
mod fit;
mod identity;
mod options;
mod pictures;
mod sale;
mod status;
mod stock;
mod variants;

#[cfg(test)]
mod tests;

use crate::{
    mapping::{Fact, RowKind},
    row::{Remark, Row, RowOrigin, RowOutcome, RowReport, rejected_row},
};
use contracts::product::NewProduct;
use facts::ProductFacts;
use kernel::Currency;
use options::Options;
use pictures::Pictures;
use sale::VariantPrice;
use variants::Variants;

pub(crate) use fit::{fit, used_options};
pub(crate) use identity::{SkuIndex, SlugIndex, made_up_sku};

/// Settings of the assembly.
#[derive(Clone, Debug)]
pub(crate) struct BuildSettings {
    /// Currency of prices that name none.
    pub(crate) currency: Currency,
    /// Stock of variants that are in stock without a number.
    pub(crate) uncounted_stock: Option<i64>,
    /// Today's date, such as `2026-11-28`: sale prices have dates.
    pub(crate) today: String,
}

/// Builder of the products of an import, with the names that are taken.
#[derive(Debug)]
pub(crate) struct ProductBuilder {
    pub(crate) settings: BuildSettings,
    pub(crate) skus: SkuIndex,
    pub(crate) slugs: SlugIndex,
}

/// Product that is ready to be sent, with the rows it was built from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PreparedProduct {
    pub(crate) product: NewProduct,
    pub(crate) rows: Vec<PreparedRow>,
    /// Rows of the product that cannot be part of it.
    pub(crate) rejected: Vec<RowReport>,
    /// Whether variants were refused. What they were before, in the shop, stays as it is.
    pub(crate) has_refused_variants: bool,
    /// What became of the product when it was sent before, where it is sent again after a repair.
    pub(crate) outcome: Option<RowOutcome>,
}

/// Row that a product was built from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PreparedRow {
    pub(crate) origin: RowOrigin,
    /// SKU for the report; empty for a row that is only a picture.
    pub(crate) sku: String,
    /// Remarks on fields that were changed or skipped.
    pub(crate) remarks: Vec<Remark>,
}

/// Result of building a product: the product, or its rows where it cannot be imported.
pub(crate) type BuildResult = Result<PreparedProduct, Vec<RowReport>>;

impl ProductBuilder {
    pub(crate) fn new(settings: BuildSettings) -> Self {
        Self { settings, skus: SkuIndex::default(), slugs: SlugIndex::default() }
    }

    /// Builds a product from the rows of one group, in the order of the file. The result has every row exactly once.
    ///
    /// The facts of the product come from all of its rows, whatever becomes of the variants in them.
    pub(crate) fn build(&mut self, group: &str, rows: Vec<Row>) -> BuildResult {
        let (mut rows, mut rejected) = without_refused(rows);
        mark_parent(group, &mut rows);
        let left_out = rejected.len();
        let mut remarks = Vec::new();
        let facts = ProductFacts::of(&rows, &mut remarks);
        let slug = self.slugs.claim(group, &facts, &mut remarks);
        let prices: Vec<Option<Result<VariantPrice, Remark>>> = rows
            .iter()
            .map(|row| row.has_variant().then(|| sale::price(row, &facts, &self.settings)))
            .collect();
        let is_valid = |price: &Option<Result<_, _>>| matches!(price, Some(Ok(_)));
        let valid = rows.iter().zip(&prices).filter(|(_, price)| is_valid(price));
        let valid: Vec<&Row> = valid.map(|(row, _)| row).collect();
        let options = Options::of(&rows, &valid, &mut remarks);
        let mut variants = Variants::new(&options, &slug, &self.settings);
        let mut pictures = Pictures::of(&rows);
        let mut kept: Vec<PreparedRow> = Vec::new();
        for (row, price) in rows.into_iter().zip(prices) {
            let mut remarks = row.remarks.clone();
            let variant =
                price.map(|price| variants.add(&row, price?, &mut self.skus, &mut remarks));
            let (sku, refusal) = match variant.transpose() {
                Ok(sku) => (sku, None),
                Err(remark) => (None, Some(remark)),
            };
            let has_picture = !row.pictures.is_empty();
            let added = pictures.add(&row, sku.as_ref(), &mut remarks);
            let is_only_picture = !row.has_variant() && row.kind.is_none() && has_picture;
            let refusal = match added {
                Err(remark) if is_only_picture => Some(remark),
                Err(remark) => {
                    remarks.push(remark);
                    refusal
                }
                Ok(()) => refusal,
            };
            let text = sku.map_or_else(|| row.cell(Fact::Sku).to_owned(), |sku| sku.to_string());
            match refusal {
                Some(remark) => rejected.push(rejected_row(row.origin, text, remark)),
                None => kept.push(PreparedRow { origin: row.origin, sku: text, remarks }),
            }
        }
        if variants.is_empty() {
            let none = || facts.remark(Fact::Price, "the product has no valid variant");
            rejected.extend(kept.into_iter().map(|row| rejected_row(row.origin, row.sku, none())));
            return Err(rejected);
        }
        let used = options.with_values_of(variants.all());
        let mut product = facts.product(&slug, used, &mut remarks);
        product.variants = variants.into_all();
        product.media = pictures.into_media();
        fit(&mut product, &|fact| facts.label(fact), &mut remarks);
        if let Some(first) = kept.first_mut() {
            first.remarks.extend(remarks);
        }
        let has_refused_variants = rejected.len() > left_out;
        Ok(PreparedProduct { product, rows: kept, rejected, has_refused_variants, outcome: None })
    }
}

/// Marks the row that only describes the product: it has the product's own number, and no price and no option, while
/// other rows have a price. A mapping need not name such rows.
fn mark_parent(group: &str, rows: &mut [Row]) {
    let has_price = |row: &Row| !row.cell(Fact::Price).is_empty();
    if rows.iter().any(Row::is_parent) || !rows.iter().any(has_price) {
        return;
    }
    let describes = |row: &&mut Row| {
        row.cell(Fact::Sku).eq_ignore_ascii_case(group)
            && !has_price(row)
            && row.options.iter().all(|(_, value)| value.is_empty())
    };
    if let Some(row) = rows.iter_mut().find(describes) {
        let remark = row.remark(Fact::Price, "the row describes the product");
        row.kind = Some((RowKind::Parents, remark));
    }
}

/// Rows without those that the mapping refuses, and without variants that are hidden while their product is not.
fn without_refused(rows: Vec<Row>) -> (Vec<Row>, Vec<RowReport>) {
    let has_parent = rows.iter().any(Row::is_parent);
    let mut kept = Vec::new();
    let mut refused = Vec::new();
    for row in rows {
        let is_hidden = has_parent
            && row.has_variant()
            && matches!(row.cell(Fact::Status), "draft" | "archived");
        let remark = match &row.kind {
            Some((RowKind::Refused, remark)) => Some(remark.clone()),
            _ if is_hidden => {
                Some(row.remark(Fact::Status, "the variant is not for sale, so it is left out"))
            }
            _ => None,
        };
        match remark {
            Some(remark) => {
                let sku = row.cell(Fact::Sku).to_owned();
                refused.push(rejected_row(row.origin, sku, remark));
            }
            None => kept.push(row),
        }
    }
    (kept, refused)
}
