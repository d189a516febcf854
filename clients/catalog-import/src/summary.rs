//! Summary of an import.

use crate::row::{RowOutcome, RowReport};
use comfy_table::{CellAlignment, Table, presets};
use contracts::product::NewProduct;
use shop_client::{duration_in_words, rate_per_second};
use std::{fmt, time::Duration};

/// Summary of an import: counts of rows and products. It displays as a table and a sentence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Whether it was a dry run, which changes nothing.
    pub is_dry_run: bool,
    /// Rows of the files, headers excluded.
    pub rows: u64,
    /// Rows that are part of a product in the shop.
    pub rows_accepted: u64,
    /// Rows that were rejected, each with a reason in the report.
    pub rows_rejected: u64,
    /// Remarks on accepted rows, about fields that were changed or skipped.
    pub remarks: u64,
    /// Remarks on the headers of the files, about columns that are not taken.
    pub header_remarks: u64,
    /// Variants that are new to products that existed.
    pub added: u64,
    /// Variants that left their product in the files, and so the sale.
    pub withdrawn: u64,
    /// Products that were created.
    pub created: u64,
    /// Products that were updated.
    pub updated: u64,
    /// Products that were like this already.
    pub unchanged: u64,
    /// Products that the shop rejected.
    pub rejected: u64,
    /// Variants of the accepted products.
    pub variants: u64,
    /// Pictures of the accepted products.
    pub pictures: u64,
    /// Duration of the import.
    pub took: Duration,
}

impl Summary {
    pub(crate) fn count_row(&mut self, row: &RowReport) {
        if row.outcome == RowOutcome::Header {
            self.header_remarks += row.remarks.len() as u64;
            return;
        }
        self.rows += 1;
        if row.outcome == RowOutcome::Rejected {
            self.rows_rejected += 1;
        } else {
            self.rows_accepted += 1;
            self.remarks += row.remarks.len() as u64;
        }
    }

    pub(crate) fn count_product(&mut self, product: &NewProduct, outcome: RowOutcome) {
        match outcome {
            RowOutcome::Created => self.created += 1,
            RowOutcome::Updated => self.updated += 1,
            RowOutcome::Unchanged => self.unchanged += 1,
            RowOutcome::Rejected | RowOutcome::Header => {
                self.rejected += 1;
                return;
            }
        }
        self.variants += product.variants.len() as u64;
        self.pictures += product.media.len() as u64;
    }

    /// Whether nothing of the files is in the shop: there were no rows, or every one was rejected.
    pub fn is_in_vain(&self) -> bool {
        self.rows_accepted == 0
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new();
        table.load_preset(presets::NOTHING);
        let numbers = [
            ("rows", self.rows),
            ("  accepted", self.rows_accepted),
            ("  rejected", self.rows_rejected),
            ("remarks", self.remarks),
            ("  on columns", self.header_remarks),
            ("products created", self.created),
            ("  updated", self.updated),
            ("  unchanged", self.unchanged),
            ("  rejected", self.rejected),
            ("variants", self.variants),
            ("  added", self.added),
            ("  no longer for sale", self.withdrawn),
            ("pictures", self.pictures),
            ("rows a second", rate_per_second(self.rows, self.took)),
        ];
        for (name, number) in numbers {
            table.add_row([name.to_owned(), number.to_string()]);
        }
        if let Some(numbers) = table.column_mut(1) {
            numbers.set_cell_alignment(CellAlignment::Right);
        }
        if self.is_dry_run {
            writeln!(out, "What an import would do; nothing was changed.")?;
        }
        write!(out, "{table}\n\nIt took {}.", duration_in_words(self.took))
    }
}
