//! Gathers rows into invoices and codes, each kept once.

use super::{Fate, Invoice, InvoiceKind, Line, Month, Reason};
use crate::{pounds::Pounds, sheet::Row};
use kernel::Timestamp;
use std::collections::HashMap;

/// Rows so far.
#[derive(Debug, Default)]
pub(super) struct Gathering {
    pub(super) lines: Vec<Line>,
    /// Already decided for rows that cannot be read.
    pub(super) fates: Vec<Option<Fate>>,
    pub(super) invoices: Vec<Invoice>,
    pub(super) codes: Vec<Code>,
    by_number: HashMap<String, usize>,
    by_code: HashMap<String, usize>,
}

/// A stock code and how it was described.
#[derive(Debug, Default)]
pub(super) struct Code {
    pub(super) text: String,
    /// How often it was called what when it was paid for; all other notes count only where there is nothing else.
    pub(super) names: HashMap<String, Seen>,
}

/// How often a description was seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Seen {
    pub(super) paid: u32,
    pub(super) unpaid: u32,
}

impl Gathering {
    /// Takes one more row of a file.
    pub(super) fn take(&mut self, file: usize, row: Row) {
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
        let mut reason = unreadable.map(Reason::Unreadable);
        let readable = reason.is_none();
        let price = row.price.filter(|_| readable).unwrap_or(Pounds::ZERO);
        let quantity = row.quantity.filter(|_| readable).unwrap_or(0);
        if readable && price.times(quantity).is_none() {
            reason = Some(Reason::TooLarge);
        }
        let index = self.lines.len();
        let invoice = self.invoice(&row, index);
        let code = self.code(&row.code, row.description, !price.is_zero());
        self.lines.push(Line { file, row: row.line, invoice, code, quantity, price });
        self.fates.push(reason.map(Fate::Rejected));
    }

    fn invoice(&mut self, row: &Row, line: usize) -> usize {
        let known = self.by_number.get(&row.invoice).copied();
        let index = known.unwrap_or_else(|| {
            self.by_number.insert(row.invoice.clone(), self.invoices.len());
            self.invoices.push(Invoice {
                number: row.invoice.clone(),
                kind: kind(&row.invoice),
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
        // Some invoices were written over two minutes; they count from the first line on.
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
            self.codes.push(Code { text: text.to_owned(), ..Code::default() });
            self.codes.len() - 1
        });
        if !description.is_empty() {
            let seen = self.codes[index].names.entry(description).or_default();
            if paid {
                seen.paid += 1;
            } else {
                seen.unpaid += 1;
            }
        }
        index
    }
}

fn kind(number: &str) -> InvoiceKind {
    match number.bytes().next() {
        Some(first) if first.is_ascii_digit() => InvoiceKind::Sale,
        Some(b'C') => InvoiceKind::Cancellation,
        _ => InvoiceKind::Bookkeeping,
    }
}
