//! Classification of the lines, invoice by invoice in chronological order: sale, stock correction, cancellation or
//! invalid.

use super::{
    Books, Goods, InvoiceKind, Line, LineOutcome, PlannedOrder, RejectReason, StockCorrection,
    cancellations::Cancellations, collector::InvoiceCollector,
};
use crate::pounds::CURRENCY;
use kernel::{Money, UnitPrice};
use std::{collections::HashMap, path::PathBuf};

/// The most lines of an order; a larger invoice becomes several orders.
pub(super) const ORDER_LINES_MAX: usize = 1_000;
/// The most units of one variant in an order.
pub(super) const LINE_UNITS_MAX: i64 = 100_000;

/// Classifies all lines and plans the orders, refunds and corrections that follow from them.
pub(super) fn classify(files: Vec<PathBuf>, collector: InvoiceCollector) -> Books {
    let InvoiceCollector { lines, outcomes, invoices, codes, .. } = collector;
    let mut by_time: Vec<usize> = (0..invoices.len()).collect();
    by_time.sort_by(|one, other| {
        let key = |index: usize| (invoices[index].at, &invoices[index].number);
        key(*one).cmp(&key(*other))
    });
    let books = Books {
        files,
        lines,
        outcomes: Vec::new(),
        invoices,
        goods: Goods::of(codes),
        orders: Vec::new(),
        refunds: Vec::new(),
        corrections: Vec::new(),
    };
    let mut classifier = Classifier { books, outcomes, cancellations: Cancellations::default() };
    for invoice in by_time {
        classifier.classify_invoice(invoice);
    }
    let Classifier { mut books, outcomes, .. } = classifier;
    // Every line belongs to an invoice, so each has an outcome by now.
    let none = || LineOutcome::Rejected(RejectReason::Unreadable("it belongs to no invoice"));
    books.outcomes = outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(none)).collect();
    books
}

struct Classifier {
    books: Books,
    outcomes: Vec<Option<LineOutcome>>,
    cancellations: Cancellations,
}

impl Classifier {
    fn classify_invoice(&mut self, invoice: usize) {
        let lines = std::mem::take(&mut self.books.invoices[invoice].lines);
        let mut ordered = Vec::new();
        for (place, &line) in lines.iter().enumerate() {
            if self.outcomes[line].is_some() {
                continue;
            }
            match self.kind_of(line, lines.len()) {
                LineKind::Sale => ordered.push(line),
                LineKind::StockCorrection(units) => {
                    let code = self.books.lines[line].code;
                    let name = format!("{}-{}", self.books.invoices[invoice].number, place + 1);
                    self.books.corrections.push(StockCorrection { invoice, name, code, units });
                    self.books.goods.codes[code].is_corrected = true;
                    self.outcomes[line] = Some(LineOutcome::Corrected);
                }
                LineKind::Cancellation => {
                    let settlement = self.cancellations.settle(&mut self.books, line);
                    self.outcomes[line] = Some(LineOutcome::Settled(settlement));
                }
                LineKind::Invalid(reason) => {
                    self.outcomes[line] = Some(LineOutcome::Rejected(reason));
                }
            }
        }
        if !ordered.is_empty() {
            self.plan_orders(invoice, &ordered);
        }
        self.cancellations.finish_invoice(&mut self.books);
        self.books.invoices[invoice].lines = lines;
    }

    fn kind_of(&self, line: usize, lines_of_invoice: usize) -> LineKind {
        let line = &self.books.lines[line];
        let invoice = &self.books.invoices[line.invoice];
        let free = line.price.is_zero();
        // A single free line without a customer records goods that were found; a gift is part of a larger invoice.
        let found = free && lines_of_invoice == 1 && invoice.customer.is_none();
        match (invoice.kind, line.quantity) {
            (InvoiceKind::Bookkeeping, _) => LineKind::Invalid(RejectReason::Bookkeeping),
            (_, 0) => LineKind::Invalid(RejectReason::NoQuantity),
            _ if line.price.is_negative() => LineKind::Invalid(RejectReason::NegativePrice),
            (InvoiceKind::Sale, quantity @ ..0) if free => LineKind::StockCorrection(quantity),
            (InvoiceKind::Sale, quantity @ 1..) if found => LineKind::StockCorrection(quantity),
            (InvoiceKind::Sale, 1..) => LineKind::Sale,
            (InvoiceKind::Cancellation, quantity @ ..0) if free => {
                LineKind::StockCorrection(-quantity)
            }
            (_, ..0) => LineKind::Cancellation,
            (InvoiceKind::Cancellation, 1..) => LineKind::Invalid(RejectReason::NothingCancelled),
        }
    }

    /// Plans the order of an invoice, or several if it is too large for one.
    fn plan_orders(&mut self, invoice: usize, lines: &[usize]) {
        let at = self.books.invoices[invoice].at;
        let first = self.books.orders.len();
        let mut merged: Vec<(usize, i64)> = Vec::new();
        let mut column_indexes: HashMap<usize, usize> = HashMap::new();
        for &line in lines {
            let line = self.books.lines[line];
            let variant = self.books.goods.record_sale(line.code, line.price, at);
            let place = *column_indexes.entry(variant).or_insert(merged.len());
            match merged.get_mut(place) {
                Some((_, units)) => *units = units.saturating_add(line.quantity),
                None => merged.push((variant, line.quantity)),
            }
        }
        let mut order_of: HashMap<usize, usize> = HashMap::new();
        for (part, lines) in split_order(&merged).into_iter().enumerate() {
            for (variant, _) in &lines {
                order_of.entry(*variant).or_insert(first + part);
            }
            let number = &self.books.invoices[invoice].number;
            let name = if part == 0 { number.clone() } else { format!("{number}-{}", part + 1) };
            let pence = lines.iter().map(|line| self.pence(*line)).sum();
            self.books.orders.push(PlannedOrder { invoice, name, lines, pence });
            self.cancellations.record_order(&self.books, first + part);
        }
        for &line in lines {
            let Line { code, price, .. } = self.books.lines[line];
            let variant = self.books.goods.variant(code, price);
            let order =
                variant.and_then(|variant| order_of.get(&variant)).copied().unwrap_or(first);
            self.outcomes[line] = Some(LineOutcome::Ordered { order });
        }
    }

    /// Total of units of a variant, rounded to the penny as the shop rounds a line.
    fn pence(&self, (variant, units): (usize, i64)) -> i64 {
        let price = self.books.goods.variants[variant].price;
        let price = price.unit_price().unwrap_or(UnitPrice::zero(CURRENCY));
        price.extend(units).map_or(0, |money: Money| money.amount)
    }
}

/// Kind of a line.
enum LineKind {
    Sale,
    /// Units found, or lost when negative, without money.
    StockCorrection(i64),
    Cancellation,
    Invalid(RejectReason),
}

/// Splits lines into orders within the limits of the shop. A variant with too many units for one line has a line in each
/// of several orders.
pub(super) fn split_order(lines: &[(usize, i64)]) -> Vec<Vec<(usize, i64)>> {
    let mut parts: Vec<Vec<(usize, i64)>> = Vec::new();
    for &(variant, units) in lines {
        let (mut left, mut from) = (units, 0);
        while left > 0 {
            let take = left.min(LINE_UNITS_MAX);
            let open = parts.iter().skip(from).position(|part| part.len() < ORDER_LINES_MAX);
            let place = open.map_or(parts.len(), |place| from + place);
            if place == parts.len() {
                parts.push(Vec::new());
            }
            parts[place].push((variant, take));
            (left, from) = (left - take, place + 1);
        }
    }
    parts
}
