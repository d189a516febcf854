//! Books of account: every line of the invoices with its outcome, and the orders, refunds and stock corrections that
//! follow.
//!
//! The books are a pure function of the files, and files of later months change no outcome of earlier ones. That makes a
//! replay safe to repeat.

mod cancellations;
mod classification;
mod collector;
mod goods;
mod month;
mod sums;

#[cfg(test)]
mod tests;

pub(crate) use goods::{Goods, StockCode};
pub(crate) use month::Month;
pub(crate) use sums::{MonthSums, StockKey};

use crate::{
    invoice_file::{self, InvoiceFileError},
    pounds::Pounds,
};
use collector::InvoiceCollector;
use kernel::Timestamp;
use std::path::PathBuf;

/// Books of account, complete once all files are read.
#[derive(Debug)]
pub(crate) struct Books {
    pub(crate) files: Vec<PathBuf>,
    /// In the order of the files.
    pub(crate) lines: Vec<Line>,
    /// Outcome of each line, in the order of the lines.
    pub(crate) outcomes: Vec<LineOutcome>,
    pub(crate) invoices: Vec<Invoice>,
    pub(crate) goods: Goods,
    /// In chronological order, as are refunds and corrections.
    pub(crate) orders: Vec<PlannedOrder>,
    pub(crate) refunds: Vec<PlannedRefund>,
    pub(crate) corrections: Vec<StockCorrection>,
}

/// Line of an invoice.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    pub(crate) file: usize,
    /// The physical line of the file, from 1.
    pub(crate) row: u64,
    pub(crate) invoice: usize,
    pub(crate) code: usize,
    pub(crate) quantity: i64,
    pub(crate) price: Pounds,
}

impl Line {
    /// Price times quantity, exactly.
    pub(crate) fn amount(&self) -> Pounds {
        self.price.times(self.quantity).unwrap_or(Pounds::ZERO)
    }
}

/// Invoice: the lines that share a number.
#[derive(Clone, Debug)]
pub(crate) struct Invoice {
    pub(crate) number: String,
    pub(crate) kind: InvoiceKind,
    /// `None` for a guest.
    pub(crate) customer: Option<String>,
    pub(crate) country: String,
    /// When its first line was written.
    pub(crate) at: Timestamp,
    pub(crate) month: Month,
    pub(crate) lines: Vec<usize>,
}

/// Kind of an invoice, by the letter before its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InvoiceKind {
    Sale,
    Cancellation,
    /// `A…`: bad debts and the like.
    Bookkeeping,
}

/// Outcome of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LineOutcome {
    /// Part of an order.
    Ordered { order: usize },
    /// Correction of stock without money, for goods that were lost or found.
    Corrected,
    /// Cancelled line, settled.
    Settled(Settlement),
    /// Line that no shop could execute.
    Rejected(RejectReason),
}

/// Settlement of a cancelled line. The three amounts add up to that of the line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Settlement {
    /// For returned units of an earlier order.
    pub(crate) returned: Pounds,
    /// As an amount without units, from an earlier order of the same customer.
    pub(crate) refunded: Pounds,
    /// Outside the shop: there is no earlier order in the data to refund it from.
    pub(crate) credited: Pounds,
    /// The orders it was refunded from, each with the units that were returned.
    pub(crate) orders: Vec<(usize, i64)>,
}

/// Reason why a line is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub(crate) enum RejectReason {
    #[error("the row cannot be read: {0}")]
    Unreadable(&'static str),
    #[error("bookkeeping: an adjustment of accounts, not a sale")]
    Bookkeeping,
    #[error("a price below zero")]
    NegativePrice,
    #[error("a quantity of zero: nothing happened")]
    NoQuantity,
    #[error("a cancellation with a quantity above zero")]
    NothingCancelled,
    #[error("price times quantity is implausibly large")]
    TooLarge,
}

/// Order to place: one invoice, or a part of one that is larger than an order may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PlannedOrder {
    pub(crate) invoice: usize,
    /// The invoice's number, followed by the number of the part from the second one on.
    pub(crate) name: String,
    /// Variants and units; one line per variant.
    pub(crate) lines: Vec<(usize, i64)>,
    /// Total in pence, each line rounded to the penny.
    pub(crate) pence: i64,
}

/// Refund to request because of a cancellation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PlannedRefund {
    /// The invoice of the cancellation.
    pub(crate) cancellation: usize,
    pub(crate) order: usize,
    pub(crate) kind: RefundKind,
    /// Variants and units that are returned; none for an amount.
    pub(crate) lines: Vec<(usize, i64)>,
    pub(crate) pence: i64,
}

/// Kind of a refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum RefundKind {
    /// Units that are restocked.
    Goods,
    /// Units of services without stock, such as postage.
    Services,
    /// An amount without units.
    Amount,
}

/// Stock correction for goods that were lost or found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StockCorrection {
    pub(crate) invoice: usize,
    /// The invoice's number and the index of the line in it.
    pub(crate) name: String,
    pub(crate) code: usize,
    /// Positive for goods that were found.
    pub(crate) units: i64,
}

impl Books {
    /// Reads the files and determines the outcome of every line.
    pub(crate) fn open(files: &[PathBuf]) -> Result<Self, InvoiceFileError> {
        let mut collector = InvoiceCollector::default();
        for (index, file) in files.iter().enumerate() {
            invoice_file::read_rows(file, |row| collector.add_row(index, row))?;
        }
        Ok(classification::classify(files.to_vec(), collector))
    }

    pub(crate) fn month_of(&self, invoice: usize) -> Month {
        self.invoices[invoice].month
    }
}
