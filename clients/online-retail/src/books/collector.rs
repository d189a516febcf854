//! Collector of rows into invoices and stock codes, each kept once.

use super::{Invoice, InvoiceKind, Line, LineOutcome, Month, RejectReason};
use crate::{invoice_file::InvoiceRow, pounds::Pounds};
use kernel::Timestamp;
use std::collections::HashMap;

/// Collector of the rows of all files.
#[derive(Debug, Default)]
pub(super) struct InvoiceCollector {
    pub(super) lines: Vec<Line>,
    /// Known already for rows that cannot be read.
    pub(super) outcomes: Vec<Option<LineOutcome>>,
    pub(super) invoices: Vec<Invoice>,
    pub(super) codes: Vec<CodeDescriptions>,
    by_number: HashMap<String, usize>,
    by_code: HashMap<String, usize>,
}

/// Stock code with its descriptions.
#[derive(Debug, Default)]
pub(super) struct CodeDescriptions {
    pub(super) text: String,
    /// Descriptions by how often they occur; those of unpaid lines count only where there is no other.
    pub(super) names: HashMap<String, DescriptionCount>,
}

/// Number of occurrences of a description.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct DescriptionCount {
    pub(super) paid: u32,
    pub(super) unpaid: u32,
}

impl InvoiceCollector {
    /// Adds a row of a file.
    pub(super) fn add_row(&mut self, file: usize, row: InvoiceRow) {
        let unreadable = if row.invoice.is_empty() {
            Some("InvoiceNo is empty")
        } else if row.code.is_empty() {
            Some("StockCode is empty")
        } else if row.quantity.is_none() {
            Some("Quantity is not a whole number")
        } else if row.price.is_none() {
            Some("UnitPrice is not a number with up to four decimals")
        } else if row.at.is_none() {
            Some("InvoiceDate is not a date and time")
        } else {
            None
        };
        let mut reason = unreadable.map(RejectReason::Unreadable);
        let readable = reason.is_none();
        let price = row.price.filter(|_| readable).unwrap_or(Pounds::ZERO);
        let quantity = row.quantity.filter(|_| readable).unwrap_or(0);
        if readable && price.times(quantity).is_none() {
            reason = Some(RejectReason::TooLarge);
        }
        let index = self.lines.len();
        let invoice = self.invoice(&row, index);
        let code = self.code(&row.code, row.description, !price.is_zero());
        self.lines.push(Line { file, row: row.line, invoice, code, quantity, price });
        self.outcomes.push(reason.map(LineOutcome::Rejected));
    }

    fn invoice(&mut self, row: &InvoiceRow, line: usize) -> usize {
        let known = self.by_number.get(&row.invoice).copied();
        let index = known.unwrap_or_else(|| {
            self.by_number.insert(row.invoice.clone(), self.invoices.len());
            self.invoices.push(Invoice {
                number: row.invoice.clone(),
                kind: invoice_kind(&row.invoice),
                customer: None,
                country: String::new(),
                at: Timestamp::MAX,
                month: Month::default(),
                lines: Vec::new(),
            });
            self.invoices.len() - 1
        });
        let invoice = &mut self.invoices[index];
        invoice.lines.push(line);
        // Some invoices were written over two minutes; their time is that of the first line.
        if let Some(at) = row.at.filter(|at| *at < invoice.at) {
            (invoice.at, invoice.month) = (at, Month::of(at));
        }
        if invoice.customer.is_none() {
            invoice.customer.clone_from(&row.customer);
        }
        if invoice.country.is_empty() {
            invoice.country.clone_from(&row.country);
        }
        index
    }

    fn code(&mut self, text: &str, description: String, paid: bool) -> usize {
        let known = self.by_code.get(text).copied();
        let index = known.unwrap_or_else(|| {
            self.by_code.insert(text.to_owned(), self.codes.len());
            self.codes
                .push(CodeDescriptions { text: text.to_owned(), ..CodeDescriptions::default() });
            self.codes.len() - 1
        });
        if !description.is_empty() {
            let count = self.codes[index].names.entry(description).or_default();
            if paid {
                count.paid += 1;
            } else {
                count.unpaid += 1;
            }
        }
        index
    }
}

fn invoice_kind(number: &str) -> InvoiceKind {
    match number.bytes().next() {
        Some(first) if first.is_ascii_digit() => InvoiceKind::Sale,
        Some(b'C') => InvoiceKind::Cancellation,
        _ => InvoiceKind::Bookkeeping,
    }
}
