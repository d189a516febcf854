//! Reconciliation of the shop with the books: orders, payments and stock are read back and compared one by one.

use crate::{
    books::{Books, Month, MonthSums, RefundKind},
    catalogue::Skus,
    error::ReplayError,
    pounds::Pounds,
    progress_log::PlacedOrder,
    replayer::{INVOICE_SEPARATOR, movement_reason},
};
use contracts::{
    inventory::{Movement, MovementKind, Movements},
    order::{OrderPage, OrderQuery, OrderStatus, OrderSummary},
    payment::Payment,
    shared::{OrderId, Sku},
};
use futures_util::{StreamExt, TryStreamExt, stream};
use shop_client::{EdgeClient, ProgressMeter};
use std::collections::{BTreeMap, HashMap};

/// Items of a page: as many as the shop gives.
const PAGE_ITEMS: &str = "200";

/// Findings of a reconciliation.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) months: BTreeMap<Month, ShopSums>,
    /// One sentence for each difference from the books.
    pub(crate) differences: Vec<String>,
}

/// Sums of a month as the shop has them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ShopSums {
    pub(crate) orders: u64,
    pub(crate) revenue: Pounds,
    pub(crate) captured: Pounds,
    pub(crate) refunded_total: Pounds,
    pub(crate) units_sold: i64,
    pub(crate) units_returned: i64,
    pub(crate) units_corrected: i64,
    pub(crate) units_received: i64,
}

impl ShopSums {
    /// Whether the sums equal those of the books.
    pub(crate) fn matches_books(&self, books: &MonthSums) -> bool {
        *self
            == Self {
                orders: books.orders,
                revenue: books.revenue,
                captured: books.revenue,
                refunded_total: books.refunded_total(),
                units_sold: books.units_sold,
                units_returned: books.units_returned,
                units_corrected: books.units_corrected,
                units_received: books.units_received,
            }
    }

    /// Adds the sums of another month.
    pub(crate) fn add(&mut self, other: &Self) {
        self.orders += other.orders;
        self.revenue += other.revenue;
        self.captured += other.captured;
        self.refunded_total += other.refunded_total;
        self.units_sold += other.units_sold;
        self.units_returned += other.units_returned;
        self.units_corrected += other.units_corrected;
        self.units_received += other.units_received;
    }
}

/// Reconciliation of a shop, behind its operator edge, with the books.
pub(crate) struct Reconciliation<'a> {
    pub(crate) books: &'a Books,
    pub(crate) skus: &'a Skus,
    pub(crate) operator: &'a EdgeClient,
    /// In the order of the books' orders.
    pub(crate) placed: &'a [Option<PlacedOrder>],
    pub(crate) parallel: usize,
}

impl Reconciliation<'_> {
    /// Number of records that are read.
    pub(crate) fn record_count(books: &Books) -> u64 {
        let by_sku = books.goods.variants.len()
            + books.goods.codes.iter().filter(|it| it.is_corrected).count();
        (2 * books.orders.len() + by_sku) as u64
    }

    /// Reads all records and compares them.
    ///
    /// # Errors
    ///
    /// [`ReplayError::Shop`] where a record cannot be read.
    pub(crate) async fn run(&self, meter: &ProgressMeter) -> Result<Findings, ReplayError> {
        let mut findings = Findings::default();
        self.reconcile_orders(&mut findings, meter).await?;
        self.reconcile_payments(&mut findings, meter).await?;
        self.reconcile_stocks(&mut findings, meter).await?;
        Ok(findings)
    }

    /// Checks that every invoice is exactly one confirmed or completed order.
    async fn reconcile_orders(
        &self,
        findings: &mut Findings,
        meter: &ProgressMeter,
    ) -> Result<(), ReplayError> {
        let expected: HashMap<&str, usize> = self
            .books
            .orders
            .iter()
            .enumerate()
            .map(|(index, order)| (&*order.name, index))
            .collect();
        let mut found = vec![0_u32; self.books.orders.len()];
        let mut query = OrderQuery { limit: Some(PAGE_ITEMS.to_owned()), ..OrderQuery::default() };
        loop {
            let page: OrderPage = self.operator.get("/api/v1/orders").query(&query).send().await?;
            for order in &page.items {
                let name = order.name.split_once(INVOICE_SEPARATOR).map(|(_, name)| name);
                let Some(index) = name.and_then(|name| expected.get(name)).copied() else {
                    continue;
                };
                if matches!(order.status, OrderStatus::Confirmed | OrderStatus::Completed) {
                    found[index] += 1;
                    self.reconcile_order(index, order, findings);
                    meter.advance(1);
                }
            }
            match page.next_cursor {
                Some(cursor) => query.cursor = Some(cursor),
                None => break,
            }
        }
        for (order, count) in self.books.orders.iter().zip(found) {
            if count != 1 {
                findings
                    .differences
                    .push(format!("invoice {} is {count} orders in the shop", order.name));
            }
        }
        Ok(())
    }

    fn reconcile_order(&self, index: usize, order: &OrderSummary, findings: &mut Findings) {
        let planned = &self.books.orders[index];
        let sums = findings.months.entry(self.books.month_of(planned.invoice)).or_default();
        sums.orders += 1;
        sums.revenue += Pounds::from(order.total);
        if order.total.amount != planned.pence {
            let due = Pounds::from_pence(planned.pence);
            findings
                .differences
                .push(format!("invoice {} is {} and not {due}", planned.name, order.total));
        }
    }

    /// Checks that the total of each order was captured, and the amounts of its cancellations refunded.
    async fn reconcile_payments(
        &self,
        findings: &mut Findings,
        meter: &ProgressMeter,
    ) -> Result<(), ReplayError> {
        let mut refunds: Vec<Vec<usize>> = vec![Vec::new(); self.books.orders.len()];
        for (index, refund) in self.books.refunds.iter().enumerate() {
            refunds[refund.order].push(index);
        }
        let charged = self.books.orders.iter().enumerate().filter(|(_, order)| order.pence > 0);
        let placed = charged.filter_map(|(index, _)| Some((index, self.placed[index]?)));
        let mut payments = stream::iter(placed)
            .map(|(index, placed)| async move {
                let payment = self.operator.get(format!("/api/v1/payments/{}", placed.payment));
                Ok::<(usize, Payment), ReplayError>((index, payment.send().await?))
            })
            .buffer_unordered(self.parallel);
        while let Some((index, payment)) = payments.try_next().await? {
            meter.advance(1);
            self.reconcile_payment(index, &payment, &refunds[index], findings);
        }
        Ok(())
    }

    fn reconcile_payment(
        &self,
        index: usize,
        payment: &Payment,
        refunds: &[usize],
        findings: &mut Findings,
    ) {
        let order = &self.books.orders[index];
        let month = self.books.month_of(order.invoice);
        findings.months.entry(month).or_default().captured += Pounds::from(payment.captured);
        let expected: i64 = refunds.iter().map(|refund| self.books.refunds[*refund].pence).sum();
        if payment.refunded.amount == expected {
            for refund in refunds.iter().map(|refund| &self.books.refunds[*refund]) {
                let month = self.books.month_of(refund.cancellation);
                findings.months.entry(month).or_default().refunded_total +=
                    Pounds::from_pence(refund.pence);
            }
        } else {
            findings.months.entry(month).or_default().refunded_total +=
                Pounds::from(payment.refunded);
            let (name, expected) = (&order.name, Pounds::from_pence(expected));
            findings.differences.push(format!(
                "of invoice {name} {} was refunded, not {expected}",
                payment.refunded
            ));
        }
        if payment.captured.amount != order.pence {
            let (name, due) = (&order.name, Pounds::from_pence(order.pence));
            findings
                .differences
                .push(format!("of invoice {name} {} was captured, not {due}", payment.captured));
        }
    }

    /// Checks that the movements of every SKU equal those of the books, and that their sum is on hand.
    async fn reconcile_stocks(
        &self,
        findings: &mut Findings,
        meter: &ProgressMeter,
    ) -> Result<(), ReplayError> {
        let expected = self.expected_movements();
        let orders: HashMap<OrderId, usize> = self
            .placed
            .iter()
            .enumerate()
            .filter_map(|(index, placed)| Some((placed.as_ref()?.order, index)))
            .collect();
        let months: HashMap<String, Month> = self
            .books
            .by_month()
            .into_keys()
            .map(|month| (movement_reason(month), month))
            .collect();
        let mut by_sku = stream::iter(expected)
            .map(|(sku, expected)| async move {
                let movements = self.fetch_movements(sku).await?;
                Ok::<_, ReplayError>((sku, expected, movements))
            })
            .buffer_unordered(self.parallel);
        while let Some((sku, expected, movements)) = by_sku.try_next().await? {
            meter.advance(1);
            self.reconcile_stock(sku, &expected, &movements, &orders, &months, findings);
        }
        Ok(())
    }

    async fn fetch_movements(&self, sku: &Sku) -> Result<Vec<Movement>, ReplayError> {
        let path = format!("/api/v1/stock/{}/movements", contracts::path_segment(sku.as_str()));
        let mut movements = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let mut query = vec![("limit", PAGE_ITEMS)];
            query.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
            let page: Movements = self.operator.get(path.as_str()).query(&query).send().await?;
            movements.extend(page.items);
            match page.next_cursor {
                Some(next) => cursor = Some(next.to_string()),
                None => return Ok(movements),
            }
        }
    }

    fn reconcile_stock(
        &self,
        sku: &Sku,
        expected: &BTreeMap<Month, StockSums>,
        movements: &[Movement],
        orders: &HashMap<OrderId, usize>,
        months: &HashMap<String, Month>,
        findings: &mut Findings,
    ) {
        let mut actual: BTreeMap<Month, StockSums> = BTreeMap::new();
        let mut returned = 0;
        for movement in movements {
            let by_order = movement.order_id.and_then(|order| orders.get(&order));
            let by_order =
                by_order.map(|order| self.books.month_of(self.books.orders[*order].invoice));
            let reason = movement.reason.as_deref().unwrap_or_default();
            let by_reason = months.get(reason.split(", ").next().unwrap_or_default()).copied();
            match (movement.kind, by_order, by_reason) {
                (MovementKind::Sold, Some(month), _) => {
                    actual.entry(month).or_default().sold -= movement.quantity;
                }
                (MovementKind::Returned, Some(_), _) => returned += movement.quantity,
                (MovementKind::Received, _, Some(month)) => {
                    actual.entry(month).or_default().received += movement.quantity;
                }
                (MovementKind::Adjusted, _, Some(month)) => {
                    actual.entry(month).or_default().corrected += movement.quantity;
                }
                _ => {}
            }
        }
        // A return refers to its order, not to its cancellation: it counts in the month of the books, or the first one.
        if returned == expected.values().map(|sums| sums.returned).sum::<i64>() {
            for (month, sums) in expected.iter().filter(|(_, sums)| sums.returned != 0) {
                actual.entry(*month).or_default().returned = sums.returned;
            }
        } else if let Some(month) = expected.keys().next() {
            actual.entry(*month).or_default().returned = returned;
        }
        if actual != *expected {
            findings
                .differences
                .push(format!("stock of {sku}: the shop has {actual:?}, the books {expected:?}"));
        }
        let (sum, on_hand) =
            (movements.iter().map(|it| it.quantity).sum::<i64>(), movements.first());
        if on_hand.is_some_and(|last| last.on_hand != sum) {
            findings.differences.push(format!(
                "stock of {sku}: its movements add up to {sum}, which is not on hand"
            ));
        }
        for (month, sums) in actual {
            let month = findings.months.entry(month).or_default();
            month.units_sold += sums.sold;
            month.units_returned += sums.returned;
            month.units_received += sums.received;
            month.units_corrected += sums.corrected;
        }
    }

    fn expected_movements(&self) -> BTreeMap<&Sku, BTreeMap<Month, StockSums>> {
        let mut by_sku: BTreeMap<&Sku, BTreeMap<Month, StockSums>> = BTreeMap::new();
        let mut sums = |sku, month, add: &dyn Fn(&mut StockSums)| {
            add(by_sku.entry(sku).or_default().entry(month).or_default());
        };
        let (books, skus) = (self.books, self.skus);
        for ((month, stock_key), units) in books.required_stock() {
            sums(skus.sku(stock_key), month, &|it| it.received += units);
        }
        for order in &books.orders {
            for &(variant, units) in &order.lines {
                sums(skus.variant(variant), books.month_of(order.invoice), &|it| it.sold += units);
            }
        }
        for refund in books.refunds.iter().filter(|refund| refund.kind == RefundKind::Goods) {
            for &(variant, units) in &refund.lines {
                sums(skus.variant(variant), books.month_of(refund.cancellation), &|it| {
                    it.returned += units;
                });
            }
        }
        for correction in &books.corrections {
            let month = books.month_of(correction.invoice);
            sums(skus.usual(correction.code), month, &|it| it.corrected += correction.units);
        }
        by_sku
    }
}

/// Movements of a SKU in a month, by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct StockSums {
    received: i64,
    sold: i64,
    returned: i64,
    corrected: i64,
}
