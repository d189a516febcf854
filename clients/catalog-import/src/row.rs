//! Row of a product file, its outcome and the remarks on it.

use crate::{
    columns::{Column, ColumnMap, OPTIONS_MAX},
    text::{code_cell, collapse_whitespace},
};
use csv::StringRecord;

/// Row of a product file: normalised text by column, not validated yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) origin: RowOrigin,
    pub(crate) title: String,
    pub(crate) body: String,
    pub(crate) vendor: String,
    pub(crate) category: String,
    pub(crate) kind: String,
    pub(crate) tags: String,
    pub(crate) published: String,
    pub(crate) status: String,
    pub(crate) option_names: [String; OPTIONS_MAX],
    pub(crate) option_values: [String; OPTIONS_MAX],
    pub(crate) sku: String,
    pub(crate) grams: String,
    pub(crate) quantity: String,
    pub(crate) policy: String,
    pub(crate) price: String,
    pub(crate) compare_at_price: String,
    pub(crate) barcode: String,
    pub(crate) image_source: String,
    pub(crate) image_position: String,
    pub(crate) image_alt: String,
    pub(crate) variant_image: String,
}

/// Origin of a row, for people who look for it: file, line and handle.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RowOrigin {
    /// Index of the file, from 0.
    pub(crate) file: usize,
    /// The physical line on which it begins, from 1.
    pub(crate) line: u64,
    /// The handle as it was written.
    pub(crate) handle: String,
}

impl Row {
    pub(crate) fn from_record(origin: RowOrigin, columns: &ColumnMap, row: &StringRecord) -> Self {
        let line = |column| collapse_whitespace(columns.cell(column, row));
        let numbered =
            |column: fn(usize) -> Column| std::array::from_fn(|number| line(column(number)));
        Self {
            origin,
            title: line(Column::Title),
            body: columns.cell(Column::Body, row).to_owned(),
            vendor: line(Column::Vendor),
            category: line(Column::Category),
            kind: line(Column::Type),
            tags: line(Column::Tags),
            published: line(Column::Published),
            status: line(Column::Status),
            option_names: numbered(Column::OptionName),
            option_values: numbered(Column::OptionValue),
            sku: code_cell(columns.cell(Column::Sku, row)),
            grams: line(Column::Grams),
            quantity: line(Column::Quantity),
            policy: line(Column::Policy),
            price: line(Column::Price),
            compare_at_price: line(Column::CompareAtPrice),
            barcode: code_cell(columns.cell(Column::Barcode, row)),
            image_source: line(Column::ImageSource),
            image_position: line(Column::ImagePosition),
            image_alt: line(Column::ImageAlt),
            variant_image: line(Column::VariantImage),
        }
    }

    /// Whether the row describes a variant. A row that does not only adds a picture.
    pub(crate) fn has_variant(&self) -> bool {
        let cells = [&self.sku, &self.price, &self.barcode, &self.quantity, &self.compare_at_price];
        let options = self.option_values.iter().any(|value| !value.is_empty());
        options || cells.into_iter().any(|cell| !cell.is_empty())
    }
}

/// Report on one row: its origin, outcome and remarks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RowReport {
    pub(crate) origin: RowOrigin,
    /// SKU, as the file has it or as it was derived.
    pub(crate) sku: String,
    pub(crate) outcome: RowOutcome,
    pub(crate) remarks: Vec<Remark>,
}

/// Outcome of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum RowOutcome {
    /// The product was created.
    Created,
    /// The product was changed.
    Updated,
    /// The product was like this already.
    Unchanged,
    /// The row was not imported.
    Rejected,
}

impl RowOutcome {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
            Self::Rejected => "rejected",
        }
    }
}

/// Remark on one field of a row: why the row was rejected, or how the field was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Remark {
    pub(crate) field: String,
    pub(crate) reason: String,
}

impl Remark {
    pub(crate) fn about(column: Column, reason: impl Into<String>) -> Self {
        Self { field: column.name().to_owned(), reason: reason.into() }
    }
}

/// Report on a row that was rejected before anything was sent.
pub(crate) fn rejected_row(origin: RowOrigin, sku: String, remark: Remark) -> RowReport {
    RowReport { origin, sku, outcome: RowOutcome::Rejected, remarks: vec![remark] }
}
