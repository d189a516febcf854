//! A row of a product file, and what is told about it in the end.

use crate::{
    columns::{Column, Columns, OPTIONS},
    words::{code, one_line},
};
use csv::StringRecord;

/// A row of a product file, cleaned of what no shop needs, but not judged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) place: Place,
    pub(crate) title: String,
    pub(crate) body: String,
    pub(crate) vendor: String,
    pub(crate) category: String,
    pub(crate) kind: String,
    pub(crate) tags: String,
    pub(crate) published: String,
    pub(crate) status: String,
    pub(crate) option_names: [String; OPTIONS],
    pub(crate) option_values: [String; OPTIONS],
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

/// Where a row is, for people who look for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    /// Which of the files, from 0.
    pub(crate) file: usize,
    /// The physical line it begins at, from 1.
    pub(crate) line: u64,
    /// As it was written.
    pub(crate) handle: String,
}

impl Row {
    pub(crate) fn of(place: Place, columns: &Columns, row: &StringRecord) -> Self {
        let line = |column| one_line(columns.cell(column, row));
        let numbered =
            |column: fn(usize) -> Column| std::array::from_fn(|number| line(column(number)));
        Self {
            place,
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
            sku: code(columns.cell(Column::Sku, row)),
            grams: line(Column::Grams),
            quantity: line(Column::Quantity),
            policy: line(Column::Policy),
            price: line(Column::Price),
            compare_at_price: line(Column::CompareAtPrice),
            barcode: code(columns.cell(Column::Barcode, row)),
            image_source: line(Column::ImageSource),
            image_position: line(Column::ImagePosition),
            image_alt: line(Column::ImageAlt),
            variant_image: line(Column::VariantImage),
        }
    }

    /// Whether it says anything about a variant. Rows that do not only add a picture.
    pub(crate) fn has_variant(&self) -> bool {
        let said = [&self.sku, &self.price, &self.barcode, &self.quantity, &self.compare_at_price];
        let options = self.option_values.iter().any(|value| !value.is_empty());
        options || said.into_iter().any(|cell| !cell.is_empty())
    }
}

/// What became of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RowReport {
    pub(crate) place: Place,
    pub(crate) sku: String,
    pub(crate) outcome: RowOutcome,
    pub(crate) remarks: Vec<Remark>,
}

/// What became of a row, or of what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum RowOutcome {
    /// Its product is new.
    Created,
    /// Its product has changed.
    Updated,
    /// Its product was just so.
    Unchanged,
    /// Nothing of it was taken.
    Rejected,
}

impl RowOutcome {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
            Self::Rejected => "rejected",
        }
    }
}

/// Something about one field of a row: why it was refused, or what was made of it.
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

/// A row that was refused before anything was sent.
pub(crate) fn rejected(place: Place, sku: String, remark: Remark) -> RowReport {
    RowReport { place, sku, outcome: RowOutcome::Rejected, remarks: vec![remark] }
}
