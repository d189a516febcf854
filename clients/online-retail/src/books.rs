//! The books: every line of the invoices, what became of it and why, and what follows for a shop.
//!
//! Nothing here speaks to a shop. The same files always give the same books, and files of later months added to them
//! change nothing that was decided about the earlier ones. That is what makes a replay safe to repeat.

mod cancellations;
mod gathering;
mod goods;
mod judging;
mod month;
mod sums;

#[cfg(test)]
mod tests;

pub(crate) use goods::{Good, Goods};
pub(crate) use month::Month;
pub(crate) use sums::{MonthSums, Shelf};

use crate::{
    pounds::Pounds,
    sheet::{self, UnreadableFile},
};
use gathering::Gathering;
use kernel::Timestamp;
use std::path::PathBuf;

/// Everything that is known once all files are read.
#[derive(Debug)]
pub(crate) struct Books {
    pub(crate) files: Vec<PathBuf>,
    /// In the order of the files.
    pub(crate) lines: Vec<Line>,
    /// What became of each line, in the order of the lines.
    pub(crate) fates: Vec<Fate>,
    pub(crate) invoices: Vec<Invoice>,
    pub(crate) goods: Goods,
    /// In the order of time, as are refunds and corrections.
    pub(crate) orders: Vec<PlannedOrder>,
    pub(crate) refunds: Vec<PlannedRefund>,
    pub(crate) corrections: Vec<Correction>,
}

/// A line of an invoice.
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

/// An invoice: the lines that share a number.
#[derive(Clone, Debug)]
pub(crate) struct Invoice {
    pub(crate) number: String,
    pub(crate) kind: InvoiceKind,
    /// Nothing for a guest.
    pub(crate) customer: Option<String>,
    pub(crate) country: String,
    /// When its first line was written.
    pub(crate) at: Timestamp,
    pub(crate) month: Month,
    pub(crate) lines: Vec<usize>,
}

/// What an invoice is, by the letter before its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InvoiceKind {
    Sale,
    Cancellation,
    /// `A…`: bad debts and the like.
    Bookkeeping,
}

/// What became of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is part of an order.
    Ordered { order: usize },
    /// Goods that got lost or were found: a movement of stock without money.
    Corrected,
    /// A line of a cancellation.
    Settled(Settlement),
    /// It is nothing a shop could do.
    Rejected(Reason),
}

/// How a cancelled line was settled. The three sums add up to the line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Settlement {
    /// For units of an earlier order.
    pub(crate) returned: Pounds,
    /// As a sum, out of an earlier order of the same customer.
    pub(crate) refunded: Pounds,
    /// Outside the shop: there is no earlier order in the data to give it back from.
    pub(crate) credited: Pounds,
    /// The orders it was given back from, each with the units that were returned to it.
    pub(crate) orders: Vec<(usize, i64)>,
}

/// Why a line is nothing a shop could do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub(crate) enum Reason {
    #[error("the row cannot be read: {0}")]
    Unreadable(&'static str),
    #[error("bookkeeping: an adjustment of accounts, not a sale")]
    Bookkeeping,
    #[error("a price below zero")]
    NegativePrice,
    #[error("a quantity of zero: nothing happened")]
    NoQuantity,
    #[error("a cancellation that takes nothing back")]
    NothingCancelled,
    #[error("price times quantity is too large to be true")]
    TooLarge,
}

/// An order as the shop shall take it: one invoice, or a part of one that is larger than an order may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PlannedOrder {
    pub(crate) invoice: usize,
    /// The invoice's number, with the number of the part behind it from the second on.
    pub(crate) name: String,
    /// Articles and units; one line per article.
    pub(crate) lines: Vec<(usize, i64)>,
    /// What it comes to when each line is rounded to the penny.
    pub(crate) pence: i64,
}

/// Money that goes back because of a cancellation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PlannedRefund {
    /// The invoice that says so.
    pub(crate) cancellation: usize,
    pub(crate) order: usize,
    pub(crate) of: RefundOf,
    /// Articles and units that come back; none for a sum.
    pub(crate) lines: Vec<(usize, i64)>,
    pub(crate) pence: i64,
}

/// What money is given back for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum RefundOf {
    /// Units that come back into stock.
    Goods,
    /// Units of what has no stock, such as postage.
    Services,
    /// A sum without units.
    Sum,
}

/// Goods that got lost or were found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Correction {
    pub(crate) invoice: usize,
    /// The invoice's number and the place of the line in it.
    pub(crate) name: String,
    pub(crate) code: usize,
    /// What was found is positive.
    pub(crate) units: i64,
}

impl Books {
    /// Reads the files and decides what becomes of every line.
    pub(crate) fn open(files: &[PathBuf]) -> Result<Self, UnreadableFile> {
        let mut gathering = Gathering::default();
        for (index, file) in files.iter().enumerate() {
            sheet::read(file, |row| gathering.take(index, row))?;
        }
        Ok(judging::judge(files.to_vec(), gathering))
    }

    pub(crate) fn month_of(&self, invoice: usize) -> Month {
        self.invoices[invoice].month
    }
}
