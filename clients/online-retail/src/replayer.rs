//! Replayer of the books in the shop, in chronological order: goods are received, invoices become orders, cancellations
//! become refunds, lost and found goods become movements.
//!
//! Every request has an idempotency key made of the invoice's number, so that a replay can be killed and restarted at any
//! point.

use crate::{
    address_book::AddressBook,
    books::{Books, InvoiceKind, Month, PlannedOrder, PlannedRefund, RefundKind, StockCorrection},
    catalogue::Skus,
    error::ReplayError,
    pounds::CURRENCY,
    progress_log::{PlacedOrder, ProgressLog},
};
use contracts::{
    cart::{Cart, NewCart},
    inventory::{Movement, MovementKind, NewMovement},
    order::{Checkout, NewRefund, Order, OrderStatus},
    payment::PaymentMethod,
    shared::{Quantity, Sku},
};
use futures_util::{StreamExt, TryStreamExt, stream};
use kernel::Money;
use shop_client::{CallError, EdgeClient, ProgressMeter};
use std::time::Duration;
use tokio::{
    sync::{Mutex, SetOnce},
    time::{MissedTickBehavior, interval},
};

/// Code of the shipping method without a charge that the shop must offer: postage is a line of its own in these invoices.
pub const SHIPPING_METHOD: &str = "invoiced";

/// Replayer of the books through the public API.
pub(crate) struct Replayer<'a> {
    pub(crate) books: &'a Books,
    pub(crate) skus: &'a Skus,
    pub(crate) address_book: &'a AddressBook,
    pub(crate) shop: &'a EdgeClient,
    pub(crate) operator: &'a EdgeClient,
    pub(crate) progress_log: &'a ProgressLog,
    /// Number of concurrent requests.
    pub(crate) parallel: usize,
    /// The most orders per second.
    pub(crate) rate: Option<u32>,
}

/// Outcome of a replay: the orders placed, and what the shop rejected.
pub(crate) struct ReplayOutcome {
    /// In the order of the books' orders; `None` for one that was rejected.
    pub(crate) placed: Vec<Option<PlacedOrder>>,
    /// One sentence for each rejection.
    pub(crate) rejections: Vec<String>,
}

/// Step of the replay.
#[derive(Clone, Copy)]
enum ReplayStep<'a> {
    Order(usize, &'a PlannedOrder),
    StockCorrection(&'a StockCorrection),
    Refund(&'a PlannedRefund),
}

/// Slot of an order: a refund waits until the order is placed, and refunds of one order run one after the other.
#[derive(Default)]
struct OrderSlot {
    placed: SetOnce<Option<PlacedOrder>>,
    refund_lock: Mutex<()>,
}

/// Outcome of a step: done, or rejected with a reason. Any other failure ends the replay.
type StepOutcome = Result<(), String>;

impl Replayer<'_> {
    /// Executes all steps, month by month.
    ///
    /// # Errors
    ///
    /// [`ReplayError`] where the shop fails or the progress log cannot be written.
    pub(crate) async fn execute(
        &self,
        meter: &ProgressMeter,
    ) -> Result<ReplayOutcome, ReplayError> {
        let slots: Vec<OrderSlot> =
            self.books.orders.iter().map(|_| OrderSlot::default()).collect();
        let mut rejections = Vec::new();
        let months: Vec<Month> = self.books.by_month().into_keys().collect();
        for month in months {
            self.receive(month).await?;
            let ticks = self.rate.map(|rate| {
                let mut ticks = interval(Duration::from_secs(1) / rate.max(1));
                ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
                Mutex::new(ticks)
            });
            let (slots, ticks) = (&slots, ticks.as_ref());
            let done: Vec<StepOutcome> = stream::iter(self.steps(month))
                .then(|step| async move {
                    if let (Some(ticks), ReplayStep::Order(..)) = (ticks, step) {
                        ticks.lock().await.tick().await;
                    }
                    step
                })
                .map(|step| async move {
                    let outcome = self.execute_step(step, slots).await;
                    meter.advance(1);
                    outcome
                })
                .buffer_unordered(self.parallel)
                .try_collect()
                .await?;
            rejections.extend(done.into_iter().filter_map(Result::err));
        }
        self.progress_log.flush().map_err(ReplayError::ProgressLogWrite)?;
        let placed = slots.iter().map(|slot| slot.placed.get().copied().flatten()).collect();
        Ok(ReplayOutcome { placed, rejections })
    }

    /// Number of steps.
    pub(crate) fn step_count(books: &Books) -> u64 {
        (books.orders.len() + books.corrections.len() + books.refunds.len()) as u64
    }

    /// Receives the stock that a month needs, before its first step.
    async fn receive(&self, month: Month) -> Result<(), ReplayError> {
        let done = format!("received {month}");
        if self.progress_log.is_done(&done) {
            return Ok(());
        }
        let required_stock = self.books.required_stock();
        let units = required_stock.into_iter().filter(|((needed, _), _)| *needed == month);
        let units = units.map(|((_, stock_key), units)| (self.skus.sku(stock_key), units));
        let mut by_sku = std::collections::BTreeMap::<&Sku, i64>::new();
        for (sku, units) in units {
            *by_sku.entry(sku).or_default() += units;
        }
        stream::iter(by_sku)
            .map(|(sku, units)| async move {
                let key = format!("received {month} {sku}");
                self.move_stock(sku, MovementKind::Received, units, &movement_reason(month), &key)
                    .await
            })
            .buffer_unordered(self.parallel)
            .try_collect::<Vec<()>>()
            .await?;
        self.progress_log
            .record_done(&done)
            .and_then(|()| self.progress_log.flush())
            .map_err(ReplayError::ProgressLogWrite)
    }

    /// Steps of a month, in chronological order.
    fn steps(&self, month: Month) -> Vec<ReplayStep<'_>> {
        let books = self.books;
        let orders = books
            .orders
            .iter()
            .enumerate()
            .map(|(index, order)| (order.invoice, ReplayStep::Order(index, order)));
        let corrections =
            books.corrections.iter().map(|it| (it.invoice, ReplayStep::StockCorrection(it)));
        let refunds = books.refunds.iter().map(|it| (it.cancellation, ReplayStep::Refund(it)));
        let mut steps: Vec<(usize, ReplayStep<'_>)> = orders
            .chain(corrections)
            .chain(refunds)
            .filter(|(invoice, _)| books.month_of(*invoice) == month)
            .collect();
        // An order comes before its refunds even when both were written in the same minute.
        let is_sale = |invoice: usize| books.invoices[invoice].kind == InvoiceKind::Sale;
        steps.sort_by_key(|(invoice, _)| {
            (books.invoices[*invoice].at, !is_sale(*invoice), *invoice)
        });
        steps.into_iter().map(|(_, step)| step).collect()
    }

    async fn execute_step(
        &self,
        step: ReplayStep<'_>,
        slots: &[OrderSlot],
    ) -> Result<StepOutcome, ReplayError> {
        match step {
            ReplayStep::Order(index, order) => {
                let outcome = self.place_once(order).await?;
                let placed = outcome.as_ref().ok().copied();
                // Each order is placed by exactly one step, so the slot is still empty.
                drop(slots[index].placed.set(placed));
                Ok(outcome.map(|_| ()))
            }
            ReplayStep::StockCorrection(correction) => self.correct(correction).await.map(Ok),
            ReplayStep::Refund(refund) => {
                let slot = &slots[refund.order];
                match slot.placed.wait().await {
                    Some(placed) => {
                        let _guard = slot.refund_lock.lock().await;
                        self.refund(refund, *placed).await
                    }
                    None => Ok(Err(format!("{}: its order was refused", self.refund_key(refund)))),
                }
            }
        }
    }

    async fn place_once(
        &self,
        order: &PlannedOrder,
    ) -> Result<Result<PlacedOrder, String>, ReplayError> {
        if let Some(placed) = self.progress_log.placed(&order.name) {
            return Ok(Ok(placed));
        }
        match self.place(order).await {
            Ok(accepted) => {
                let status = accepted.status;
                if !matches!(status, OrderStatus::Confirmed | OrderStatus::Completed) {
                    return Ok(Err(format!("invoice {}: the order is {status:?}", order.name)));
                }
                let placed = PlacedOrder { order: accepted.id, payment: accepted.payment.id };
                self.progress_log
                    .record_order(&order.name, placed)
                    .map_err(ReplayError::ProgressLogWrite)?;
                Ok(Ok(placed))
            }
            Err(error) => rejection_or_error(error, || format!("invoice {}", order.name)),
        }
    }

    async fn place(&self, order: &PlannedOrder) -> Result<Order, CallError> {
        let key = format!("invoice-{}", order.name);
        let cart = NewCart { lines: self.quantities(&order.lines), currency: Some(CURRENCY) };
        let cart: Cart =
            self.shop.post("/api/v1/carts").idempotency_key(&key).json(&cart).send().await?;
        // The order of an earlier run whose answer was lost has the same key, and so the same answer.
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
        let name = format!("{who}{INVOICE_SEPARATOR}{}", order.name);
        Checkout {
            email,
            shipping_address: self.address_book.address(
                &invoice.country,
                name,
                "1 Long Lane".to_owned(),
            ),
            billing_address: None,
            shipping_method: Some(SHIPPING_METHOD.to_owned()),
            payment: PaymentMethod { method: "test".to_owned(), token: "success".to_owned() },
            expected_total: Some(Money::new(order.pence, CURRENCY)),
            language: None,
        }
    }

    async fn refund(
        &self,
        refund: &PlannedRefund,
        placed: PlacedOrder,
    ) -> Result<StepOutcome, ReplayError> {
        let key = self.refund_key(refund);
        if self.progress_log.is_done(&key) {
            return Ok(Ok(()));
        }
        let is_amount = refund.kind == RefundKind::Amount;
        let body = NewRefund {
            amount: is_amount.then(|| Money::new(refund.pence, CURRENCY)),
            lines: (!is_amount).then(|| self.quantities(&refund.lines)),
            restock: refund.kind == RefundKind::Goods,
            reason: format!("Cancellation {}", self.books.invoices[refund.cancellation].number),
            reference: None,
        };
        let path = format!("/api/v1/orders/{}/refunds", placed.order);
        let answer: Result<Order, CallError> =
            self.operator.post(path).idempotency_key(&key).json(&body).send().await;
        match answer {
            Ok(_) => {
                self.progress_log.record_done(&key).map_err(ReplayError::ProgressLogWrite)?;
                Ok(Ok(()))
            }
            Err(error) => rejection_or_error(error, || format!("refund {key}")),
        }
    }

    fn refund_key(&self, refund: &PlannedRefund) -> String {
        let kind = match refund.kind {
            RefundKind::Goods => "goods",
            RefundKind::Services => "services",
            RefundKind::Amount => "sum",
        };
        let cancellation = &self.books.invoices[refund.cancellation].number;
        format!("refund-{cancellation}-{}-{kind}", self.books.orders[refund.order].name)
    }

    async fn correct(&self, correction: &StockCorrection) -> Result<(), ReplayError> {
        let key = format!("corrected {}", correction.name);
        if self.progress_log.is_done(&key) {
            return Ok(());
        }
        let month = self.books.month_of(correction.invoice);
        let reason = format!("{}, invoice {}", movement_reason(month), correction.name);
        let sku = self.skus.usual(correction.code);
        self.move_stock(sku, MovementKind::Adjusted, correction.units, &reason, &key).await?;
        self.progress_log.record_done(&key).map_err(ReplayError::ProgressLogWrite)
    }

    async fn move_stock(
        &self,
        sku: &Sku,
        kind: MovementKind,
        quantity: i64,
        reason: &str,
        key: &str,
    ) -> Result<(), ReplayError> {
        let body = NewMovement { kind, quantity, location: None, reason: Some(reason.to_owned()) };
        let path = format!("/api/v1/stock/{}/movements", contracts::path_segment(sku.as_str()));
        // A key has no spaces; some stock codes do.
        let key = contracts::path_segment(key);
        let answer: Result<Movement, CallError> =
            self.operator.post(path).idempotency_key(key).json(&body).send().await;
        match answer {
            Ok(_) => Ok(()),
            Err(CallError::Problem(problem)) => Err(ReplayError::Refused {
                what: format!("a movement of {quantity} of {sku}: {problem}"),
            }),
            Err(error) => Err(error.into()),
        }
    }

    fn quantities(&self, lines: &[(usize, i64)]) -> Vec<Quantity> {
        let quantity = |(variant, quantity): &(usize, i64)| Quantity {
            sku: self.skus.variant(*variant).clone(),
            quantity: *quantity,
        };
        lines.iter().map(quantity).collect()
    }
}

/// Separator between customer and invoice in the recipient's name, by which the reconciliation finds an order.
pub(crate) const INVOICE_SEPARATOR: &str = ", invoice ";

/// Reason of the movements of a month, by which the reconciliation finds them.
pub(crate) fn movement_reason(month: Month) -> String {
    format!("online retail {month}")
}

/// Splits a failed call: a rejection is an outcome, while a shop that fails or does not answer ends the replay.
fn rejection_or_error<T>(
    error: CallError,
    what: impl FnOnce() -> String,
) -> Result<Result<T, String>, ReplayError> {
    match error {
        CallError::Problem(problem) if problem.status < 500 => {
            Ok(Err(format!("{}: {problem}", what())))
        }
        error => Err(error.into()),
    }
}
