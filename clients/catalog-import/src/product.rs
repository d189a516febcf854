//! Makes a product of the rows that share a handle.

mod options;
mod pictures;
mod status;
mod variants;

#[cfg(test)]
mod tests;

use crate::{
    columns::Column,
    row::{Place, Remark, Row, RowReport, rejected},
    words::one_line,
};
use contracts::product::NewProduct;
use kernel::Currency;
use options::Options;
use pictures::Pictures;
use variants::Variants;

pub(crate) use variants::SkusSeen;

/// A product that is ready to be sent, with the rows it was made of.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Prepared {
    pub(crate) product: NewProduct,
    pub(crate) rows: Vec<PreparedRow>,
}

/// A row that a product was made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PreparedRow {
    pub(crate) place: Place,
    pub(crate) sku: String,
    /// What was made of fields that could not be taken as they are.
    pub(crate) remarks: Vec<Remark>,
}

/// What rows come to: perhaps a product, and rows that cannot be part of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Made {
    pub(crate) product: Option<Prepared>,
    pub(crate) rejected: Vec<RowReport>,
}

/// Makes a product of the rows of one handle, in the order of the file. Every row is in what comes out, once.
pub(crate) fn make(slug: &str, rows: Vec<Row>, currency: Currency, seen: &mut SkusSeen) -> Made {
    let mut made = Made::default();
    let options = Options::of(&rows);
    let mut variants = Variants::new(&options, currency);
    let mut pictures = Pictures::default();
    let mut kept: Vec<(Row, PreparedRow)> = Vec::new();
    for row in rows {
        let mut remarks = Vec::new();
        let mut sku = row.sku.clone();
        if row.has_variant() {
            match variants.add(&row, seen, &mut remarks) {
                Ok(of) => sku = of,
                Err(remark) => {
                    made.rejected.push(rejected(row.place, sku, remark));
                    continue;
                }
            }
        }
        if let Err(remark) = pictures.add(&row, &sku, &mut remarks) {
            // The picture was all it had.
            if !row.has_variant() {
                made.rejected.push(rejected(row.place, sku, remark));
                continue;
            }
            remarks.push(remark);
        }
        let place = row.place.clone();
        kept.push((row, PreparedRow { place, sku, remarks }));
    }
    if variants.is_empty() {
        let none = || Remark::about(Column::Price, "the product has no variant that can be taken");
        let left = kept.into_iter().map(|(row, kept)| rejected(row.place, kept.sku, none()));
        made.rejected.extend(left);
        return made;
    }
    let rows: Vec<&Row> = kept.iter().map(|(row, _)| row).collect();
    let (product, remarks) = assemble(slug, &rows, &options, variants, pictures);
    let mut rows: Vec<PreparedRow> = kept.into_iter().map(|(_, row)| row).collect();
    if let Some(first) = rows.first_mut() {
        first.remarks.extend(remarks);
    }
    made.product = Some(Prepared { product, rows });
    made
}

fn assemble(
    slug: &str,
    rows: &[&Row],
    options: &Options,
    variants: Variants<'_>,
    pictures: Pictures,
) -> (NewProduct, Vec<Remark>) {
    let mut remarks = Vec::new();
    // What is told of the product is told in its first row; some programs write it again, or later.
    let first = |cell: fn(&Row) -> &String| {
        rows.iter().map(|row| cell(row)).find(|cell| !cell.is_empty()).cloned().unwrap_or_default()
    };
    let mut name = first(|row| &row.title);
    if name.is_empty() {
        name = named_after(rows.first().map_or(slug, |row| &row.place.handle));
        remarks.push(Remark::about(
            Column::Title,
            format!("is empty; named “{name}” after its handle"),
        ));
    }
    let product = NewProduct {
        slug: Some(slug.to_owned()),
        name,
        description: first(|row| &row.body),
        brand: Some(first(|row| &row.vendor)).filter(|brand| !brand.is_empty()),
        categories: categories(&first(|row| &row.category), &first(|row| &row.kind)),
        tags: tags(&first(|row| &row.tags)),
        options: options.used_by(variants.all()),
        status: status::status(
            &first(|row| &row.status),
            &first(|row| &row.published),
            &mut remarks,
        ),
        variants: variants.into_all(),
        media: pictures.into_media(),
    };
    (product, remarks)
}

/// The words of a handle as a name.
fn named_after(handle: &str) -> String {
    let words = one_line(&handle.replace(['-', '_'], " "));
    let mut letters = words.chars();
    letters.next().map_or(words.clone(), |first| first.to_uppercase().chain(letters).collect())
}

/// The path of the standard category, or else the shop's own type.
fn categories(category: &str, kind: &str) -> Vec<String> {
    let path = |text: &str| {
        let levels =
            text.split('>').map(str::trim).filter(|level| level.chars().any(char::is_alphanumeric));
        levels.collect::<Vec<_>>().join(" > ")
    };
    let path = Some(path(category)).filter(|path| !path.is_empty() && path != "Uncategorized");
    let own = || Some(path_of_one(kind)).filter(|path| !path.is_empty());
    path.or_else(own).into_iter().collect()
}

/// A type is one level, whatever signs it has.
fn path_of_one(kind: &str) -> String {
    let kind = one_line(&kind.replace('>', "/"));
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
