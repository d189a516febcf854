//! Row of a product file, its outcome and the remarks on it.

use crate::{
    columns::Columns,
    mapping::{Fact, RowKind},
    number::{DecimalSeparator, quoted},
    text::{code_cell, collapse_whitespace, plain_text, spreadsheet_damage},
};
use csv::StringRecord;
use std::sync::Arc;

/// Row of a product file: normalised text by fact, not validated yet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Row {
    pub(crate) origin: RowOrigin,
    pub(crate) columns: Arc<Columns>,
    /// Kind of a row that is no variant.
    pub(crate) kind: Option<(RowKind, Remark)>,
    /// Text by fact; empty where the row has none.
    cells: Vec<String>,
    pub(crate) categories: Vec<String>,
    pub(crate) tags: Vec<String>,
    pub(crate) pictures: Vec<PictureCell>,
    pub(crate) weight_unit: Option<String>,
    /// Name and value of each option.
    pub(crate) options: Vec<(String, String)>,
    /// Remarks on columns that are not taken.
    pub(crate) remarks: Vec<Remark>,
}

/// Picture in a row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PictureCell {
    /// Address, complete or not.
    pub(crate) address: String,
    /// Whether an address that is only a path belongs to another shop.
    pub(crate) is_foreign: bool,
    /// Name of its column.
    pub(crate) column: String,
}

/// Origin of a row, for people who look for it: file, line and handle.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RowOrigin {
    /// Index of the file, from 0.
    pub(crate) file: usize,
    /// The physical line on which it begins, from 1.
    pub(crate) line: u64,
    /// The handle, or what else groups the rows of a product, as it was written.
    pub(crate) handle: String,
}

/// Facts whose text is taken as it is, without making one line of it.
const MULTILINE: [Fact; 1] = [Fact::Description];
/// Facts that are words for people, in which some exports leave character references.
const WORDS: [Fact; 4] = [Fact::Title, Fact::Brand, Fact::ProductType, Fact::PictureAlt];
/// Facts that are codes, which spreadsheets mark with an apostrophe.
const CODES: [Fact; 2] = [Fact::Sku, Fact::Barcode];
/// Facts of which a row can have several.
const LISTS: [Fact; 3] = [Fact::Category, Fact::Tags, Fact::Pictures];

impl Row {
    pub(crate) fn from_record(
        origin: RowOrigin,
        columns: &Arc<Columns>,
        row: &StringRecord,
    ) -> Self {
        let mut cells = vec![String::new(); Fact::COUNT];
        let mut remarks = columns.reports(row);
        let mut weight_unit = None;
        for fact in Fact::all().filter(|fact| !LISTS.contains(fact)) {
            let (text, source) = columns.cell(fact, row);
            if fact == Fact::Weight {
                weight_unit = source.and_then(|source| source.unit.clone());
            }
            cells[fact as usize] = if MULTILINE.contains(&fact) {
                columns.joined(fact, row)
            } else if WORDS.contains(&fact) {
                plain_text(&text)
            } else if CODES.contains(&fact) {
                let code = code_cell(&text);
                if !text.trim_start_matches('\'').contains(code.as_str()) {
                    let reason = format!("has spaces or control characters; taken as {code}");
                    remarks.push(Remark { field: columns.label(fact), reason });
                }
                code_unless_damaged(fact, code, columns, &mut remarks)
            } else {
                collapse_whitespace(&text)
            };
        }
        let texts = |fact| columns.cells(fact, row).into_iter();
        let options = columns.options(row);
        for (index, (_, value)) in options.iter().enumerate() {
            remarks.extend(spreadsheet_damage(value).map(|damage| Remark {
                field: columns.option_label(index),
                reason: format!("{} {damage}; taken as it is", quoted(value)),
            }));
        }
        Self {
            kind: columns.row_kind(row),
            categories: texts(Fact::Category)
                .map(|(path, source, _)| source.category_path(&plain_text(&path)))
                .filter(|path| !path.is_empty())
                .collect(),
            tags: texts(Fact::Tags).map(|(tag, ..)| plain_text(&tag)).collect(),
            pictures: texts(Fact::Pictures)
                .map(|(address, source, column)| PictureCell {
                    column: column.to_owned(),
                    address: match &source.base {
                        Some(base) if !has_scheme(&address) => joined(base, &address),
                        _ => collapse_whitespace(&address),
                    },
                    is_foreign: source.base_unknown && source.base.is_none(),
                })
                .collect(),
            options,
            columns: Arc::clone(columns),
            origin,
            cells,
            weight_unit,
            remarks,
        }
    }

    /// Text of a fact; empty where the row has none.
    pub(crate) fn cell(&self, fact: Fact) -> &str {
        self.cells.get(fact as usize).map_or("", String::as_str)
    }

    pub(crate) fn is_parent(&self) -> bool {
        matches!(self.kind, Some((RowKind::Parents, _)))
    }

    pub(crate) fn remark(&self, fact: Fact, reason: impl Into<String>) -> Remark {
        Remark { field: self.columns.label(fact), reason: reason.into() }
    }

    pub(crate) fn price_notation(&self) -> DecimalSeparator {
        self.columns.numbers.prices
    }

    pub(crate) fn measure_notation(&self) -> DecimalSeparator {
        self.columns.numbers.measures
    }

    /// Whether the row describes a variant. A row that does not only adds pictures, or facts of the product.
    pub(crate) fn has_variant(&self) -> bool {
        let facts = [Fact::Sku, Fact::Price, Fact::Barcode, Fact::Stock, Fact::CompareAtPrice];
        let has_option = self.options.iter().any(|(_, value)| !value.is_empty());
        self.kind.is_none() && (has_option || facts.iter().any(|fact| !self.cell(*fact).is_empty()))
    }

    /// A row of these cells, for tests.
    #[cfg(test)]
    pub(crate) fn of(line: u64, cells: &[(Fact, &str)], options: &[(&str, &str)]) -> Self {
        let mut row = Self {
            origin: RowOrigin { file: 0, line, handle: "mug".to_owned() },
            cells: vec![String::new(); Fact::COUNT],
            options: options
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            ..Self::default()
        };
        for (fact, text) in cells {
            (*text).clone_into(&mut row.cells[*fact as usize]);
        }
        row
    }
}

/// Code of a cell. What a spreadsheet has made of a barcode is none; a SKU stays what it is, since orders name it.
fn code_unless_damaged(
    fact: Fact,
    code: String,
    columns: &Columns,
    remarks: &mut Vec<Remark>,
) -> String {
    let Some(damage) = spreadsheet_damage(&code) else { return code };
    let (end, kept) = match fact {
        Fact::Barcode => ("skipped", String::new()),
        _ => ("taken as it is", code.clone()),
    };
    let reason = format!("{} {damage}; {end}", quoted(&code));
    remarks.push(Remark { field: columns.label(fact), reason });
    kept
}

fn has_scheme(address: &str) -> bool {
    address.contains("://") || address.starts_with("//")
}

fn joined(base: &str, path: &str) -> String {
    format!("{}/{}", base.trim_end_matches('/'), path.trim_start_matches('/'))
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
    /// No row of a product, but a remark on the header of the file.
    Header,
}

impl RowOutcome {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
            Self::Rejected => "rejected",
            Self::Header => "header",
        }
    }
}

/// Remark on one field of a row: why the row was rejected, or how the field was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Remark {
    pub(crate) field: String,
    pub(crate) reason: String,
}

/// Report on a row that was rejected before anything was sent.
pub(crate) fn rejected_row(origin: RowOrigin, sku: String, remark: Remark) -> RowReport {
    RowReport { origin, sku, outcome: RowOutcome::Rejected, remarks: vec![remark] }
}
