//! Settles cancelled lines: first with units of earlier orders, then with sums out of them, then outside the shop.
//!
//! A line is matched with the units that the same customer ordered of the same code at the same price and has not
//! given back yet, the latest order first. What is left of a known customer's line is a sum out of his orders, the
//! latest first, as far as they have money left. The rest cannot be given back by this shop, because what it would be
//! given back from is not in the data: it is credited outside.

use super::{Books, PlannedRefund, RefundOf, Settlement};
use crate::pounds::Pounds;
use std::collections::{BTreeMap, HashMap};

/// What customers have ordered and can still give back.
#[derive(Debug, Default)]
pub(super) struct Cancellations {
    /// By customer and article: orders with their open units, the latest last.
    open: HashMap<(String, usize), Vec<(usize, i64)>>,
    /// By customer, the latest last.
    orders: HashMap<String, Vec<usize>>,
    /// By order: the pence that can still be given back.
    left: Vec<i64>,
    /// The refunds of the invoice that is being settled.
    pending: BTreeMap<(usize, RefundOf), PlannedRefund>,
}

impl Cancellations {
    /// Takes note of an order.
    pub(super) fn ordered(&mut self, books: &Books, order: usize) {
        let planned = &books.orders[order];
        self.left.resize(order + 1, 0);
        self.left[order] = planned.pence;
        let Some(customer) = &books.invoices[planned.invoice].customer else { return };
        self.orders.entry(customer.clone()).or_default().push(order);
        for &(article, units) in &planned.lines {
            self.open.entry((customer.clone(), article)).or_default().push((order, units));
        }
    }

    /// Settles a line with a negative quantity and a price above zero.
    pub(super) fn settle(&mut self, books: &mut Books, line: usize) -> Settlement {
        let line = books.lines[line];
        let amount = -line.amount();
        let customer = books.invoices[line.invoice].customer.clone();
        let (Some(customer), Some(unit)) = (customer, line.price.whole_pence()) else {
            return Settlement { credited: amount, ..Settlement::default() };
        };
        let mut settlement = Settlement::default();
        let mut units = -line.quantity;
        if let Some(article) = books.goods.article(line.code, line.price) {
            units -= self.give_back_units(
                books,
                line.invoice,
                &customer,
                article,
                unit,
                units,
                &mut settlement,
            );
        }
        let sum = self.give_back_sum(line.invoice, &customer, unit * units, &mut settlement);
        settlement.refunded = Pounds::from_pence(sum);
        settlement.credited = amount - settlement.returned - settlement.refunded;
        settlement
    }

    /// Ends the invoice whose lines were settled: its refunds are complete.
    pub(super) fn end_of_invoice(&mut self, books: &mut Books) {
        books.refunds.extend(std::mem::take(&mut self.pending).into_values());
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "each of them is a different thing, and there is one caller"
    )]
    fn give_back_units(
        &mut self,
        books: &Books,
        cancellation: usize,
        customer: &str,
        article: usize,
        unit: i64,
        wanted: i64,
        settlement: &mut Settlement,
    ) -> i64 {
        let Some(open) = self.open.get_mut(&(customer.to_owned(), article)) else { return 0 };
        let good = &books.goods.codes[books.goods.articles[article].code];
        let of = if good.has_stock() { RefundOf::Goods } else { RefundOf::Services };
        let mut found = 0;
        for (order, units) in open.iter_mut().rev() {
            let take = (wanted - found).min(*units).min(self.left[*order] / unit);
            if take <= 0 {
                continue;
            }
            (*units, self.left[*order], found) =
                (*units - take, self.left[*order] - take * unit, found + take);
            let refund = pending(&mut self.pending, cancellation, *order, of);
            refund.pence += take * unit;
            match refund.lines.iter_mut().find(|(known, _)| *known == article) {
                Some((_, units)) => *units += take,
                None => refund.lines.push((article, take)),
            }
            settlement.orders.push((*order, take));
        }
        open.retain(|(_, units)| *units > 0);
        settlement.returned = Pounds::from_pence(found * unit);
        found
    }

    fn give_back_sum(
        &mut self,
        cancellation: usize,
        customer: &str,
        wanted: i64,
        settlement: &mut Settlement,
    ) -> i64 {
        let mut found = 0;
        for &order in self.orders.get(customer).into_iter().flatten().rev() {
            let take = (wanted - found).min(self.left[order]);
            if take > 0 {
                self.left[order] -= take;
                found += take;
                pending(&mut self.pending, cancellation, order, RefundOf::Sum).pence += take;
                settlement.orders.push((order, 0));
            }
        }
        found
    }
}

fn pending(
    pending: &mut BTreeMap<(usize, RefundOf), PlannedRefund>,
    cancellation: usize,
    order: usize,
    of: RefundOf,
) -> &mut PlannedRefund {
    let new = || PlannedRefund { cancellation, order, of, lines: Vec::new(), pence: 0 };
    pending.entry((order, of)).or_insert_with(new)
}
