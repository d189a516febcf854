//! Product assembly from the rows that share a handle.

mod options;
mod pictures;
mod status;
mod variants;

#[cfg(test)]
mod tests;

use crate::{
    columns::Column,
    row::{Remark, Row, RowOrigin, RowReport, rejected_row},
    text::collapse_whitespace,
};
use contracts::product::NewProduct;
use kernel::Currency;
use options::OptionNames;
use pictures::Pictures;
use variants::Variants;

pub(crate) use variants::SkuIndex;

/// Product that is ready to be sent, with the rows it was built from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PreparedProduct {
    pub(crate) product: NewProduct,
    pub(crate) rows: Vec<PreparedRow>,
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

/// Result of building a product: the product, if there is one, and the rows that cannot be part of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct BuildResult {
    pub(crate) product: Option<PreparedProduct>,
    pub(crate) rejected: Vec<RowReport>,
}

/// Builds a product from the rows of one handle, in the order of the file. The result has every row exactly once.
pub(crate) fn build_product(
    slug: &str,
    rows: Vec<Row>,
    currency: Currency,
    seen: &mut SkuIndex,
) -> BuildResult {
    let mut result = BuildResult::default();
    let options = OptionNames::from_rows(&rows);
    let mut variants = Variants::new(&options, currency);
    let mut pictures = Pictures::default();
    let mut kept: Vec<(Row, PreparedRow)> = Vec::new();
    for row in rows {
        let mut remarks = Vec::new();
        let variant = row.has_variant().then(|| variants.add(&row, seen, &mut remarks)).transpose();
        let variant = match variant {
            Ok(variant) => variant,
            Err(remark) => {
                result.rejected.push(rejected_row(row.origin, row.sku, remark));
                continue;
            }
        };
        if let Err(remark) = pictures.add(&row, variant.as_ref(), &mut remarks) {
            // A row without a variant has nothing but its picture.
            if variant.is_none() {
                result.rejected.push(rejected_row(row.origin, row.sku, remark));
                continue;
            }
            remarks.push(remark);
        }
        let sku = variant.map_or_else(|| row.sku.clone(), |sku| sku.to_string());
        let origin = row.origin.clone();
        kept.push((row, PreparedRow { origin, sku, remarks }));
    }
    if variants.is_empty() {
        let none = || Remark::about(Column::Price, "the product has no valid variant");
        let left = kept.into_iter().map(|(row, kept)| rejected_row(row.origin, kept.sku, none()));
        result.rejected.extend(left);
        return result;
    }
    let rows: Vec<&Row> = kept.iter().map(|(row, _)| row).collect();
    let (product, remarks) = assemble(slug, &rows, &options, variants, pictures);
    let mut rows: Vec<PreparedRow> = kept.into_iter().map(|(_, row)| row).collect();
    if let Some(first) = rows.first_mut() {
        first.remarks.extend(remarks);
    }
    result.product = Some(PreparedProduct { product, rows });
    result
}

fn assemble(
    slug: &str,
    rows: &[&Row],
    options: &OptionNames,
    variants: Variants<'_>,
    pictures: Pictures,
) -> (NewProduct, Vec<Remark>) {
    let mut remarks = Vec::new();
    // Fields of the product are in its first row; some programs repeat them, or write them in a later one.
    let first = |cell: fn(&Row) -> &String| {
        rows.iter().map(|row| cell(row)).find(|cell| !cell.is_empty()).cloned().unwrap_or_default()
    };
    let mut name = first(|row| &row.title);
    if name.is_empty() {
        name = name_from_handle(rows.first().map_or(slug, |row| &row.origin.handle));
        remarks.push(Remark::about(
            Column::Title,
            format!("is empty; “{name}” was taken from its handle"),
        ));
    }
    let product = NewProduct {
        slug: Some(slug.to_owned()),
        name,
        description: first(|row| &row.body),
        brand: Some(first(|row| &row.vendor)).filter(|brand| !brand.is_empty()),
        categories: categories(&first(|row| &row.category), &first(|row| &row.kind)),
        tags: tags(&first(|row| &row.tags)),
        options: options.with_values_of(variants.all()),
        status: status::status(
            &first(|row| &row.status),
            &first(|row| &row.published),
            &mut remarks,
        ),
        variants: variants.into_all(),
        media: pictures.into_media(),
        featured: None,
    };
    (product, remarks)
}

/// Name made of the words of a handle.
fn name_from_handle(handle: &str) -> String {
    let words = collapse_whitespace(&handle.replace(['-', '_'], " "));
    let mut letters = words.chars();
    letters.next().map_or(words.clone(), |first| first.to_uppercase().chain(letters).collect())
}

/// Path of the standard category, or else the shop's own product type.
fn categories(category: &str, kind: &str) -> Vec<String> {
    let normalised = |text: &str| {
        let levels =
            text.split('>').map(str::trim).filter(|level| level.chars().any(char::is_alphanumeric));
        levels.collect::<Vec<_>>().join(" > ")
    };
    let path =
        Some(normalised(category)).filter(|path| !path.is_empty() && path != "Uncategorized");
    let product_type = || Some(single_level(kind)).filter(|path| !path.is_empty());
    path.or_else(product_type).into_iter().collect()
}

/// Product type as a category of one level, whatever separators it contains.
fn single_level(kind: &str) -> String {
    let kind = collapse_whitespace(&kind.replace('>', "/"));
    if kind.chars().any(char::is_alphanumeric) { kind } else { String::new() }
}

fn tags(text: &str) -> Vec<String> {
    let mut tags: Vec<String> = Vec::new();
    for tag in text.split(',').map(str::trim).filter(|tag| !tag.is_empty()) {
        if !tags.iter().any(|known| known.eq_ignore_ascii_case(tag)) {
            tags.push(tag.to_owned());
        }
    }
    tags
}
