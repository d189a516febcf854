//! Decides what becomes of every line, invoice by invoice in the order of time.

use super::{
    Books, Correction, Fate, Goods, InvoiceKind, Line, PlannedOrder, Reason,
    cancellations::Cancellations, gathering::Gathering,
};
use crate::pounds::CURRENCY;
use kernel::{Money, UnitPrice};
use std::{collections::HashMap, path::PathBuf};

/// The most lines of an order; a larger invoice becomes several orders.
pub(super) const ORDER_LINES_MAX: usize = 1_000;
/// The most units of one article in an order.
pub(super) const LINE_UNITS_MAX: i64 = 100_000;

pub(super) fn judge(files: Vec<PathBuf>, gathering: Gathering) -> Books {
    let Gathering { lines, fates, invoices, codes, .. } = gathering;
    let mut by_time: Vec<usize> = (0..invoices.len()).collect();
    by_time.sort_by(|one, other| {
        let key = |index: usize| (invoices[index].at, &invoices[index].number);
        key(*one).cmp(&key(*other))
    });
    let books = Books {
        files,
        lines,
        fates: Vec::new(),
        invoices,
        goods: Goods::of(codes),
        orders: Vec::new(),
        refunds: Vec::new(),
        corrections: Vec::new(),
    };
    let mut judge = Judge { books, fates, cancellations: Cancellations::default() };
    for invoice in by_time {
        judge.invoice(invoice);
    }
    let Judge { mut books, fates, .. } = judge;
    // Every line belongs to an invoice, so none is left without a fate.
    let none = || Fate::Rejected(Reason::Unreadable("it belongs to no invoice"));
    books.fates = fates.into_iter().map(|fate| fate.unwrap_or_else(none)).collect();
    books
}

struct Judge {
    books: Books,
    fates: Vec<Option<Fate>>,
    cancellations: Cancellations,
}

impl Judge {
    fn invoice(&mut self, invoice: usize) {
        let lines = std::mem::take(&mut self.books.invoices[invoice].lines);
        let mut ordered = Vec::new();
        for (place, &line) in lines.iter().enumerate() {
            if self.fates[line].is_some() {
                continue;
            }
            match self.meaning(line, lines.len()) {
                Meaning::Sold => ordered.push(line),
                Meaning::Moved(units) => {
                    let code = self.books.lines[line].code;
                    let name = format!("{}-{}", self.books.invoices[invoice].number, place + 1);
                    self.books.corrections.push(Correction { invoice, name, code, units });
                    self.books.goods.codes[code].is_corrected = true;
                    self.fates[line] = Some(Fate::Corrected);
                }
                Meaning::TakenBack => {
                    let settlement = self.cancellations.settle(&mut self.books, line);
                    self.fates[line] = Some(Fate::Settled(settlement));
                }
                Meaning::Nothing(reason) => self.fates[line] = Some(Fate::Rejected(reason)),
            }
        }
        if !ordered.is_empty() {
            self.order(invoice, &ordered);
        }
        self.cancellations.end_of_invoice(&mut self.books);
        self.books.invoices[invoice].lines = lines;
    }

    fn meaning(&self, line: usize, lines_of_invoice: usize) -> Meaning {
        let line = &self.books.lines[line];
        let invoice = &self.books.invoices[line.invoice];
        let free = line.price.is_zero();
        // A sale of nothing to nobody is how this shop wrote down that it found goods; a gift is part of an order.
        let found = free && lines_of_invoice == 1 && invoice.customer.is_none();
        match (invoice.kind, line.quantity) {
            (InvoiceKind::Bookkeeping, _) => Meaning::Nothing(Reason::Bookkeeping),
            (_, 0) => Meaning::Nothing(Reason::NoQuantity),
            _ if line.price.is_negative() => Meaning::Nothing(Reason::NegativePrice),
            (InvoiceKind::Sale, quantity @ ..0) if free => Meaning::Moved(quantity),
            (InvoiceKind::Sale, quantity @ 1..) if found => Meaning::Moved(quantity),
            (InvoiceKind::Sale, 1..) => Meaning::Sold,
            (InvoiceKind::Cancellation, quantity @ ..0) if free => Meaning::Moved(-quantity),
            (_, ..0) => Meaning::TakenBack,
            (InvoiceKind::Cancellation, 1..) => Meaning::Nothing(Reason::NothingCancelled),
        }
    }

    /// Makes the order of an invoice, or the orders if it is too large for one.
    fn order(&mut self, invoice: usize, lines: &[usize]) {
        let at = self.books.invoices[invoice].at;
        let first = self.books.orders.len();
        let mut merged: Vec<(usize, i64)> = Vec::new();
        let mut places: HashMap<usize, usize> = HashMap::new();
        for &line in lines {
            let line = self.books.lines[line];
            let article = self.books.goods.sold(line.code, line.price, at);
            let place = *places.entry(article).or_insert(merged.len());
            match merged.get_mut(place) {
                Some((_, units)) => *units = units.saturating_add(line.quantity),
                None => merged.push((article, line.quantity)),
            }
        }
        let mut homes: HashMap<usize, usize> = HashMap::new();
        for (part, lines) in parts(&merged).into_iter().enumerate() {
            for (article, _) in &lines {
                homes.entry(*article).or_insert(first + part);
            }
            let number = &self.books.invoices[invoice].number;
            let name = if part == 0 { number.clone() } else { format!("{number}-{}", part + 1) };
            let pence = lines.iter().map(|line| self.pence(*line)).sum();
            self.books.orders.push(PlannedOrder { invoice, name, lines, pence });
            self.cancellations.ordered(&self.books, first + part);
        }
        for &line in lines {
            let Line { code, price, .. } = self.books.lines[line];
            let article = self.books.goods.article(code, price);
            let order = article.and_then(|article| homes.get(&article)).copied().unwrap_or(first);
            self.fates[line] = Some(Fate::Ordered { order });
        }
    }

    /// What units of an article come to, rounded to the penny as the shop rounds a line.
    fn pence(&self, (article, units): (usize, i64)) -> i64 {
        let price = self.books.goods.articles[article].price;
        let price = price.unit_price().unwrap_or(UnitPrice::zero(CURRENCY));
        price.extend(units).map_or(0, |money: Money| money.amount)
    }
}

/// What a line says happened.
enum Meaning {
    Sold,
    /// Stock came or went without money.
    Moved(i64),
    TakenBack,
    Nothing(Reason),
}

/// The lines in orders of a size that a shop takes. An article with too many units for one line has a line in each of
/// several orders.
pub(super) fn parts(lines: &[(usize, i64)]) -> Vec<Vec<(usize, i64)>> {
    let mut parts: Vec<Vec<(usize, i64)>> = Vec::new();
    for &(article, units) in lines {
        let (mut left, mut from) = (units, 0);
        while left > 0 {
            let take = left.min(LINE_UNITS_MAX);
            let open = parts.iter().skip(from).position(|part| part.len() < ORDER_LINES_MAX);
            let place = open.map_or(parts.len(), |place| from + place);
            if place == parts.len() {
                parts.push(Vec::new());
            }
            parts[place].push((article, take));
            (left, from) = (left - take, place + 1);
        }
    }
    parts
}
