//! Settlement of cancelled lines: first with units of earlier orders, then with amounts from them, then outside the shop.
//!
//! A line is matched with units that the same customer ordered of the same code at the same price and has not returned
//! yet, the latest order first. What is left of a known customer's line is refunded as an amount from the customer's
//! orders, the latest first, as far as they have money left. The rest is credited outside, because the order it would be
//! refunded from is not in the data.

use super::{Books, PlannedRefund, RefundKind, Settlement};
use crate::pounds::Pounds;
use std::collections::{BTreeMap, HashMap};

/// Orders of customers that can still be refunded, in units and in money.
#[derive(Debug, Default)]
pub(super) struct Cancellations {
    /// By customer and variant: orders with the units not returned yet, the latest last.
    open: HashMap<(String, usize), Vec<(usize, i64)>>,
    /// By customer, the latest last.
    orders: HashMap<String, Vec<usize>>,
    /// By order: the pence that can still be refunded.
    left: Vec<i64>,
    /// The refunds of the invoice that is being settled.
    pending: BTreeMap<(usize, RefundKind), PlannedRefund>,
}

impl Cancellations {
    /// Records an order.
    pub(super) fn record_order(&mut self, books: &Books, order: usize) {
        let planned = &books.orders[order];
        self.left.resize(order + 1, 0);
        self.left[order] = planned.pence;
        let Some(customer) = &books.invoices[planned.invoice].customer else { return };
        self.orders.entry(customer.clone()).or_default().push(order);
        for &(variant, units) in &planned.lines {
            self.open.entry((customer.clone(), variant)).or_default().push((order, units));
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
        if let Some(variant) = books.goods.variant(line.code, line.price) {
            units -= self.return_units(
                books,
                line.invoice,
                &customer,
                variant,
                unit,
                units,
                &mut settlement,
            );
        }
        let amount_refunded =
            self.refund_amount(line.invoice, &customer, unit * units, &mut settlement);
        settlement.refunded = Pounds::from_pence(amount_refunded);
        settlement.credited = amount - settlement.returned - settlement.refunded;
        settlement
    }

    /// Completes the refunds of the invoice whose lines were settled.
    pub(super) fn finish_invoice(&mut self, books: &mut Books) {
        books.refunds.extend(std::mem::take(&mut self.pending).into_values());
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the arguments are unrelated, and there is one caller"
    )]
    fn return_units(
        &mut self,
        books: &Books,
        cancellation: usize,
        customer: &str,
        variant: usize,
        unit: i64,
        wanted: i64,
        settlement: &mut Settlement,
    ) -> i64 {
        let Some(open) = self.open.get_mut(&(customer.to_owned(), variant)) else { return 0 };
        let stock_code = &books.goods.codes[books.goods.variants[variant].code];
        let kind = if stock_code.has_stock() { RefundKind::Goods } else { RefundKind::Services };
        let mut found = 0;
        for (order, units) in open.iter_mut().rev() {
            let take = (wanted - found).min(*units).min(self.left[*order] / unit);
            if take <= 0 {
                continue;
            }
            (*units, self.left[*order], found) =
                (*units - take, self.left[*order] - take * unit, found + take);
            let refund = pending(&mut self.pending, cancellation, *order, kind);
            refund.pence += take * unit;
            match refund.lines.iter_mut().find(|(known, _)| *known == variant) {
                Some((_, units)) => *units += take,
                None => refund.lines.push((variant, take)),
            }
            settlement.orders.push((*order, take));
        }
        open.retain(|(_, units)| *units > 0);
        settlement.returned = Pounds::from_pence(found * unit);
        found
    }

    fn refund_amount(
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
                pending(&mut self.pending, cancellation, order, RefundKind::Amount).pence += take;
                settlement.orders.push((order, 0));
            }
        }
        found
    }
}

fn pending(
    pending: &mut BTreeMap<(usize, RefundKind), PlannedRefund>,
    cancellation: usize,
    order: usize,
    kind: RefundKind,
) -> &mut PlannedRefund {
    let new = || PlannedRefund { cancellation, order, kind, lines: Vec::new(), pence: 0 };
    pending.entry((order, kind)).or_insert_with(new)
}
