//! Does in the shop what the books say, in the order of time: goods come in, invoices become orders, cancellations
//! become refunds, lost and found goods become movements.
//!
//! Every request has a key made of the invoice's number, so that a replay can be killed and run again at any point.

use crate::{
    addresses::Addresses,
    books::{Books, Correction, InvoiceKind, Month, PlannedOrder, PlannedRefund, RefundOf},
    catalogue::Skus,
    diary::{Diary, Placed},
    failure::ReplayFailure,
    pounds::CURRENCY,
};
use contracts::{
    cart::{Cart, NewCart},
    inventory::{Movement, MovementKind, NewMovement},
    order::{Checkout, NewRefund, Order, OrderStatus},
    payment::PaymentMethod,
    shared::Quantity,
};
use futures_util::{StreamExt, TryStreamExt, stream};
use kernel::Money;
use shop_client::{CallError, EdgeClient, ProgressMeter};
use std::time::Duration;
use tokio::{
    sync::{Mutex, SetOnce},
    time::{MissedTickBehavior, interval},
};

/// Delivery without a charge: postage is a line of its own in these invoices.
const DELIVERY: &str = "pickup";

/// Everything that selling needs.
pub(crate) struct Selling<'a> {
    pub(crate) books: &'a Books,
    pub(crate) skus: &'a Skus,
    pub(crate) addresses: &'a Addresses,
    pub(crate) shop: &'a EdgeClient,
    pub(crate) operator: &'a EdgeClient,
    pub(crate) diary: &'a Diary,
    /// How many requests are under way at the same time.
    pub(crate) parallel: usize,
    /// The most orders a second.
    pub(crate) rate: Option<u32>,
}

/// What became of the orders, and what the shop refused.
pub(crate) struct Sold {
    /// In the order of the books' orders; nothing for one that was refused.
    pub(crate) placed: Vec<Option<Placed>>,
    /// Sentences about what was refused.
    pub(crate) refusals: Vec<String>,
}

/// Something to do at a point in time.
#[derive(Clone, Copy)]
enum Step<'a> {
    Order(usize, &'a PlannedOrder),
    Correction(&'a Correction),
    Refund(&'a PlannedRefund),
}

/// An order that is being placed: who refunds it waits until it is, and then for his turn.
#[derive(Default)]
struct Slot {
    placed: SetOnce<Option<Placed>>,
    turn: Mutex<()>,
}

/// What a refused step says; anything else ends the replay.
type Refused = Result<(), String>;

impl Selling<'_> {
    /// Does everything, month by month.
    pub(crate) async fn sell(&self, work: &ProgressMeter) -> Result<Sold, ReplayFailure> {
        let slots: Vec<Slot> = self.books.orders.iter().map(|_| Slot::default()).collect();
        let mut refusals = Vec::new();
        let months: Vec<Month> = self.books.by_month().into_keys().collect();
        for month in months {
            self.receive(month).await?;
            let ticks = self.rate.map(|rate| {
                let mut ticks = interval(Duration::from_secs(1) / rate.max(1));
                ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
                Mutex::new(ticks)
            });
            let (slots, ticks) = (&slots, ticks.as_ref());
            let done: Vec<Refused> = stream::iter(self.steps(month))
                .then(|step| async move {
                    if let (Some(ticks), Step::Order(..)) = (ticks, step) {
                        ticks.lock().await.tick().await;
                    }
                    step
                })
                .map(|step| async move {
                    let outcome = self.step(step, slots).await;
                    work.advance(1);
                    outcome
                })
                .buffer_unordered(self.parallel)
                .try_collect()
                .await?;
            refusals.extend(done.into_iter().filter_map(Result::err));
        }
        self.diary.flush().map_err(ReplayFailure::DiaryWrite)?;
        let placed = slots.iter().map(|slot| slot.placed.get().copied().flatten()).collect();
        Ok(Sold { placed, refusals })
    }

    /// How many steps there are.
    pub(crate) fn size(books: &Books) -> u64 {
        (books.orders.len() + books.corrections.len() + books.refunds.len()) as u64
    }

    /// What leaves the shelves in a month comes in before it.
    async fn receive(&self, month: Month) -> Result<(), ReplayFailure> {
        let done = format!("received {month}");
        if self.diary.is_done(&done) {
            return Ok(());
        }
        let needs = self.books.needs();
        let units = needs.into_iter().filter(|((needed, _), _)| *needed == month);
        let units = units.map(|((_, shelf), units)| (self.skus.on(shelf), units));
        let mut by_sku = std::collections::BTreeMap::<&str, i64>::new();
        for (sku, units) in units {
            *by_sku.entry(sku).or_default() += units;
        }
        stream::iter(by_sku)
            .map(|(sku, units)| async move {
                let key = format!("received {month} {sku}");
                self.move_stock(sku, MovementKind::Received, units, &reason(month), &key).await
            })
            .buffer_unordered(self.parallel)
            .try_collect::<Vec<()>>()
            .await?;
        self.diary
            .enter_done(&done)
            .and_then(|()| self.diary.flush())
            .map_err(ReplayFailure::DiaryWrite)
    }

    /// What happens in a month, in the order of time.
    fn steps(&self, month: Month) -> Vec<Step<'_>> {
        let books = self.books;
        let orders = books
            .orders
            .iter()
            .enumerate()
            .map(|(index, order)| (order.invoice, Step::Order(index, order)));
        let corrections = books.corrections.iter().map(|it| (it.invoice, Step::Correction(it)));
        let refunds = books.refunds.iter().map(|it| (it.cancellation, Step::Refund(it)));
        let mut steps: Vec<(usize, Step<'_>)> = orders
            .chain(corrections)
            .chain(refunds)
            .filter(|(invoice, _)| books.month_of(*invoice) == month)
            .collect();
        // An order comes before what refunds it even when both were written in the same minute.
        let is_sale = |invoice: usize| books.invoices[invoice].kind == InvoiceKind::Sale;
        steps.sort_by_key(|(invoice, _)| {
            (books.invoices[*invoice].at, !is_sale(*invoice), *invoice)
        });
        steps.into_iter().map(|(_, step)| step).collect()
    }

    async fn step(&self, step: Step<'_>, slots: &[Slot]) -> Result<Refused, ReplayFailure> {
        match step {
            Step::Order(index, order) => {
                let outcome = self.order(order).await?;
                let placed = outcome.as_ref().ok().copied();
                // Each order is placed by one step, so this is the first time.
                drop(slots[index].placed.set(placed));
                Ok(outcome.map(|_| ()))
            }
            Step::Correction(correction) => self.correct(correction).await.map(Ok),
            Step::Refund(refund) => {
                let slot = &slots[refund.order];
                match slot.placed.wait().await {
                    Some(placed) => {
                        let _turn = slot.turn.lock().await;
                        self.refund(refund, *placed).await
                    }
                    None => Ok(Err(format!("{}: its order was refused", self.refund_key(refund)))),
                }
            }
        }
    }

    async fn order(&self, order: &PlannedOrder) -> Result<Result<Placed, String>, ReplayFailure> {
        if let Some(placed) = self.diary.placed(&order.name) {
            return Ok(Ok(placed));
        }
        match self.place(order).await {
            Ok(order_taken) => {
                let status = order_taken.status;
                if !matches!(status, OrderStatus::Confirmed | OrderStatus::Completed) {
                    return Ok(Err(format!("invoice {}: the order is {status:?}", order.name)));
                }
                let placed = Placed { order: order_taken.id, payment: order_taken.payment.id };
                self.diary.enter_order(&order.name, placed).map_err(ReplayFailure::DiaryWrite)?;
                Ok(Ok(placed))
            }
            Err(error) => refused(error, || format!("invoice {}", order.name)),
        }
    }

    async fn place(&self, order: &PlannedOrder) -> Result<Order, CallError> {
        let key = format!("invoice-{}", order.name);
        let cart = NewCart { lines: self.quantities(&order.lines), currency: Some(CURRENCY) };
        let cart: Cart =
            self.shop.post("/api/v1/carts").idempotency_key(&key).json(&cart).send().await?;
        if let Some(order) = cart.order_id {
            // Placed by an earlier run whose answer nobody remembers any more.
            return self.operator.get(format!("/api/v1/orders/{order}")).send().await;
        }
        let checkout = self.checkout(order);
        let path = format!("/api/v1/carts/{}/checkout", cart.id);
        self.shop.post(path).idempotency_key(&key).json(&checkout).send().await
    }

    fn checkout(&self, order: &PlannedOrder) -> Checkout {
        let invoice = &self.books.invoices[order.invoice];
        let (who, email) = match &invoice.customer {
            Some(customer) => {
                (format!("Customer {customer}"), format!("customer-{customer}@example.com"))
            }
            None => ("Guest".to_owned(), format!("guest-{}@example.com", invoice.number)),
        };
        let name = format!("{who}{NAME_MARK}{}", order.name);
        Checkout {
            email,
            shipping_address: self.addresses.of(&invoice.country, name, "1 Long Lane".to_owned()),
            billing_address: None,
            shipping_method: Some(DELIVERY.to_owned()),
            payment: PaymentMethod { method: "test".to_owned(), token: "success".to_owned() },
            expected_total: Some(Money::new(order.pence, CURRENCY)),
        }
    }

    async fn refund(
        &self,
        refund: &PlannedRefund,
        placed: Placed,
    ) -> Result<Refused, ReplayFailure> {
        let key = self.refund_key(refund);
        if self.diary.is_done(&key) {
            return Ok(Ok(()));
        }
        let sum = refund.of == RefundOf::Sum;
        let body = NewRefund {
            amount: sum.then(|| Money::new(refund.pence, CURRENCY)),
            lines: (!sum).then(|| self.quantities(&refund.lines)),
            restock: refund.of == RefundOf::Goods,
            reason: format!("Cancellation {}", self.books.invoices[refund.cancellation].number),
        };
        let path = format!("/api/v1/orders/{}/refunds", placed.order);
        let answer: Result<Order, CallError> =
            self.operator.post(path).idempotency_key(&key).json(&body).send().await;
        match answer {
            Ok(_) => {
                self.diary.enter_done(&key).map_err(ReplayFailure::DiaryWrite)?;
                Ok(Ok(()))
            }
            Err(error) => refused(error, || format!("refund {key}")),
        }
    }

    fn refund_key(&self, refund: &PlannedRefund) -> String {
        let of = match refund.of {
            RefundOf::Goods => "goods",
            RefundOf::Services => "services",
            RefundOf::Sum => "sum",
        };
        let cancellation = &self.books.invoices[refund.cancellation].number;
        format!("refund-{cancellation}-{}-{of}", self.books.orders[refund.order].name)
    }

    async fn correct(&self, correction: &Correction) -> Result<(), ReplayFailure> {
        let key = format!("corrected {}", correction.name);
        if self.diary.is_done(&key) {
            return Ok(());
        }
        let month = self.books.month_of(correction.invoice);
        let reason = format!("{}, invoice {}", reason(month), correction.name);
        let sku = self.skus.usual(correction.code);
        self.move_stock(sku, MovementKind::Adjusted, correction.units, &reason, &key).await?;
        self.diary.enter_done(&key).map_err(ReplayFailure::DiaryWrite)
    }

    async fn move_stock(
        &self,
        sku: &str,
        kind: MovementKind,
        quantity: i64,
        reason: &str,
        key: &str,
    ) -> Result<(), ReplayFailure> {
        let body = NewMovement { kind, quantity, location: None, reason: Some(reason.to_owned()) };
        let path = format!("/api/v1/stock/{}/movements", contracts::path_segment(sku));
        // A key has no spaces; some codes have.
        let key = contracts::path_segment(key);
        let answer: Result<Movement, CallError> =
            self.operator.post(path).idempotency_key(key).json(&body).send().await;
        match answer {
            Ok(_) => Ok(()),
            Err(CallError::Problem(problem)) => Err(ReplayFailure::Refused {
                what: format!("a movement of {quantity} of {sku}: {problem}"),
            }),
            Err(error) => Err(error.into()),
        }
    }

    fn quantities(&self, lines: &[(usize, i64)]) -> Vec<Quantity> {
        let quantity = |(article, quantity): &(usize, i64)| Quantity {
            sku: self.skus.article(*article).to_owned(),
            quantity: *quantity,
        };
        lines.iter().map(quantity).collect()
    }
}

/// What stands between the customer and the invoice in the name that an order is for: by it an order is found again.
pub(crate) const NAME_MARK: &str = ", invoice ";

/// What movements of a month are booked under: by it they are found again.
pub(crate) fn reason(month: Month) -> String {
    format!("online retail {month}")
}

/// A refusal is an outcome; a shop that is broken or does not answer ends the replay.
fn refused<T>(
    error: CallError,
    what: impl FnOnce() -> String,
) -> Result<Result<T, String>, ReplayFailure> {
    match error {
        CallError::Problem(problem) if problem.status < 500 => {
            Ok(Err(format!("{}: {problem}", what())))
        }
        error => Err(error.into()),
    }
}
