//! Reads everything back from the shop and compares it with the books, order by order and shelf by shelf.

use crate::{
    books::{Books, Month, MonthSums, RefundOf},
    catalogue::Skus,
    diary::Placed,
    failure::ReplayFailure,
    pounds::Pounds,
    selling::{NAME_MARK, reason},
};
use contracts::{
    inventory::{Movement, MovementKind, Movements},
    order::{OrderPage, OrderQuery, OrderStatus, OrderSummary},
    payment::Payment,
    shared::OrderId,
};
use futures_util::{StreamExt, TryStreamExt, stream};
use shop_client::{EdgeClient, ProgressMeter};
use std::collections::{BTreeMap, HashMap};

/// Items of a page: as many as the shop gives.
const PAGE_ITEMS: &str = "200";

/// What the shop says.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) months: BTreeMap<Month, ShopSums>,
    /// Sentences about what differs from the books.
    pub(crate) differences: Vec<String>,
}

/// The sums of a month as the shop has them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ShopSums {
    pub(crate) orders: u64,
    pub(crate) revenue: Pounds,
    pub(crate) captured: Pounds,
    pub(crate) given_back: Pounds,
    pub(crate) units_sold: i64,
    pub(crate) units_returned: i64,
    pub(crate) units_corrected: i64,
    pub(crate) units_received: i64,
}

impl ShopSums {
    /// Whether the shop has what the books say.
    pub(crate) fn agrees(&self, books: &MonthSums) -> bool {
        *self
            == Self {
                orders: books.orders,
                revenue: books.revenue,
                captured: books.revenue,
                given_back: books.given_back(),
                units_sold: books.units_sold,
                units_returned: books.units_returned,
                units_corrected: books.units_corrected,
                units_received: books.units_received,
            }
    }

    /// Adds another month.
    pub(crate) fn add(&mut self, other: &Self) {
        self.orders += other.orders;
        self.revenue += other.revenue;
        self.captured += other.captured;
        self.given_back += other.given_back;
        self.units_sold += other.units_sold;
        self.units_returned += other.units_returned;
        self.units_corrected += other.units_corrected;
        self.units_received += other.units_received;
    }
}

/// Where the facts are read, and what they are compared with.
pub(crate) struct Proof<'a> {
    pub(crate) books: &'a Books,
    pub(crate) skus: &'a Skus,
    pub(crate) operator: &'a EdgeClient,
    /// In the order of the books' orders.
    pub(crate) placed: &'a [Option<Placed>],
    pub(crate) parallel: usize,
}

impl Proof<'_> {
    /// How many things are read.
    pub(crate) fn size(books: &Books) -> u64 {
        let shelves = books.goods.articles.len()
            + books.goods.codes.iter().filter(|it| it.is_corrected).count();
        (2 * books.orders.len() + shelves) as u64
    }

    /// Reads and compares.
    pub(crate) async fn findings(&self, work: &ProgressMeter) -> Result<Findings, ReplayFailure> {
        let mut findings = Findings::default();
        self.orders(&mut findings, work).await?;
        self.payments(&mut findings, work).await?;
        self.stock(&mut findings, work).await?;
        Ok(findings)
    }

    /// Every invoice is one order that stands, and no invoice is two.
    async fn orders(
        &self,
        findings: &mut Findings,
        work: &ProgressMeter,
    ) -> Result<(), ReplayFailure> {
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
                let name = order.name.split_once(NAME_MARK).map(|(_, name)| name);
                let Some(index) = name.and_then(|name| expected.get(name)).copied() else {
                    continue;
                };
                if matches!(order.status, OrderStatus::Confirmed | OrderStatus::Completed) {
                    found[index] += 1;
                    self.order(index, order, findings);
                    work.advance(1);
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

    fn order(&self, index: usize, order: &OrderSummary, findings: &mut Findings) {
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

    /// What was captured is what was ordered, and what was given back is what the cancellations say.
    async fn payments(
        &self,
        findings: &mut Findings,
        work: &ProgressMeter,
    ) -> Result<(), ReplayFailure> {
        let mut refunds: Vec<Vec<usize>> = vec![Vec::new(); self.books.orders.len()];
        for (index, refund) in self.books.refunds.iter().enumerate() {
            refunds[refund.order].push(index);
        }
        let charged = self.books.orders.iter().enumerate().filter(|(_, order)| order.pence > 0);
        let placed = charged.filter_map(|(index, _)| Some((index, self.placed[index]?)));
        let mut payments = stream::iter(placed)
            .map(|(index, placed)| async move {
                let payment = self.operator.get(format!("/api/v1/payments/{}", placed.payment));
                Ok::<(usize, Payment), ReplayFailure>((index, payment.send().await?))
            })
            .buffer_unordered(self.parallel);
        while let Some((index, payment)) = payments.try_next().await? {
            work.advance(1);
            self.payment(index, &payment, &refunds[index], findings);
        }
        Ok(())
    }

    fn payment(&self, index: usize, payment: &Payment, refunds: &[usize], findings: &mut Findings) {
        let order = &self.books.orders[index];
        let month = self.books.month_of(order.invoice);
        findings.months.entry(month).or_default().captured += Pounds::from(payment.captured);
        let expected: i64 = refunds.iter().map(|refund| self.books.refunds[*refund].pence).sum();
        if payment.refunded.amount == expected {
            for refund in refunds.iter().map(|refund| &self.books.refunds[*refund]) {
                let month = self.books.month_of(refund.cancellation);
                findings.months.entry(month).or_default().given_back +=
                    Pounds::from_pence(refund.pence);
            }
        } else {
            findings.months.entry(month).or_default().given_back += Pounds::from(payment.refunded);
            let (name, expected) = (&order.name, Pounds::from_pence(expected));
            findings.differences.push(format!(
                "of invoice {name} {} was given back, not {expected}",
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

    /// What came and went on every shelf is what the books say, and the shelf has what is left of it.
    async fn stock(
        &self,
        findings: &mut Findings,
        work: &ProgressMeter,
    ) -> Result<(), ReplayFailure> {
        let expected = self.expected_movements();
        let orders: HashMap<OrderId, usize> = self
            .placed
            .iter()
            .enumerate()
            .filter_map(|(index, placed)| Some((placed.as_ref()?.order, index)))
            .collect();
        let months: HashMap<String, Month> =
            self.books.by_month().into_keys().map(|month| (reason(month), month)).collect();
        let mut shelves = stream::iter(expected)
            .map(|(sku, expected)| async move {
                let movements = self.movements(sku).await?;
                Ok::<_, ReplayFailure>((sku, expected, movements))
            })
            .buffer_unordered(self.parallel);
        while let Some((sku, expected, movements)) = shelves.try_next().await? {
            work.advance(1);
            self.shelf(sku, &expected, &movements, &orders, &months, findings);
        }
        Ok(())
    }

    async fn movements(&self, sku: &str) -> Result<Vec<Movement>, ReplayFailure> {
        let path = format!("/api/v1/stock/{}/movements", contracts::path_segment(sku));
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

    fn shelf(
        &self,
        sku: &str,
        expected: &BTreeMap<Month, ShelfSums>,
        movements: &[Movement],
        orders: &HashMap<OrderId, usize>,
        months: &HashMap<String, Month>,
        findings: &mut Findings,
    ) {
        let mut actual: BTreeMap<Month, ShelfSums> = BTreeMap::new();
        let mut returned = 0;
        for movement in movements {
            let by_order = movement.order_id.and_then(|order| orders.get(&order));
            let by_order =
                by_order.map(|order| self.books.month_of(self.books.orders[*order].invoice));
            let words = movement.reason.as_deref().unwrap_or_default();
            let by_reason = months.get(words.split(", ").next().unwrap_or_default()).copied();
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
        // A return knows its order, not its cancellation: it counts where the books say, or with the first month.
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

    fn expected_movements(&self) -> BTreeMap<&str, BTreeMap<Month, ShelfSums>> {
        let mut shelves: BTreeMap<&str, BTreeMap<Month, ShelfSums>> = BTreeMap::new();
        let mut sums = |sku, month, add: &dyn Fn(&mut ShelfSums)| {
            add(shelves.entry(sku).or_default().entry(month).or_default());
        };
        let (books, skus) = (self.books, self.skus);
        for ((month, shelf), units) in books.needs() {
            sums(skus.on(shelf), month, &|it| it.received += units);
        }
        for order in &books.orders {
            for &(article, units) in &order.lines {
                sums(skus.article(article), books.month_of(order.invoice), &|it| it.sold += units);
            }
        }
        for refund in books.refunds.iter().filter(|refund| refund.of == RefundOf::Goods) {
            for &(article, units) in &refund.lines {
                sums(skus.article(article), books.month_of(refund.cancellation), &|it| {
                    it.returned += units;
                });
            }
        }
        for correction in &books.corrections {
            let month = books.month_of(correction.invoice);
            sums(skus.usual(correction.code), month, &|it| it.corrected += correction.units);
        }
        shelves
    }
}

/// What came and went on a shelf in a month.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct ShelfSums {
    received: i64,
    sold: i64,
    returned: i64,
    corrected: i64,
}
