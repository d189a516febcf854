//! Order aggregate, from its creation until it is completed or cancelled.

use super::{
    events::{Customer, EventSummary, OrderEvent, OrderStatus, PaymentTerms, Placed},
    history::{self, HistoryEntry},
    order_state::{OrderState, PendingPayment},
    payment_status::{
        FulfilmentStatus, PaymentBreakdown, PaymentStatus, fulfilment_status, payment_status,
    },
    refund::{RefundRecord, RefundRequest, RefundState},
    rejection::Rejection,
};
use identifiers::{AccountId, HoldId, PaymentId, RefundId};
use kernel::{Money, Timestamp, Uuid};
use std::sync::Arc;

/// Order aggregate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Order {
    pub(crate) placed: Arc<Placed>,
    pub(crate) state: OrderState,
    /// Amount that is authorised and not captured.
    pub(crate) authorised: Money,
    pub(crate) captured: Money,
    /// Refunds, oldest first, dropped ones included.
    pub(crate) refunds: Vec<RefundRecord>,
    /// Whether the erasure of the customer was recorded. Without their key the contact details are gone in any case.
    pub(crate) customer_erased: bool,
    /// History, oldest first.
    pub(crate) history: Vec<HistoryEntry>,
}

/// Command to an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OrderCommand {
    Place(Arc<Placed>),
    AwaitPayment(PendingPayment),
    Confirm {
        captured: Money,
    },
    /// Aborts the checkout of a pending order.
    AbortCheckout {
        reason: Option<String>,
    },
    /// Requests the cancellation of a confirmed order.
    RequestCancel {
        reason: Option<String>,
    },
    Cancel {
        reason: String,
    },
    ReserveRefund(RefundRequest),
    SettleRefund {
        id: RefundId,
    },
    DropRefund {
        id: RefundId,
        reason: String,
    },
    /// Requests the fulfilment of an order whose payment is only authorised.
    RequestFulfilment,
    RecordCapture {
        captured: Money,
    },
    DropFulfilment {
        reason: String,
    },
    Fulfil,
    /// Records that a bank transfer arrived.
    RecordReceipt {
        /// Amount that has arrived in all.
        captured: Money,
        reference: String,
    },
    /// Erases the customer.
    EraseCustomer,
    /// Adds the order of a guest to an account.
    Claim {
        account: AccountId,
        /// Whose order it is.
        customer: Customer,
    },
}

impl Order {
    /// Memory that the order occupies, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        let refund = |record: &RefundRecord| {
            let refund = &record.refund;
            let reference = refund.reference.as_ref().map_or(0, String::len);
            size_of_val(record) + refund.reason.len() + reference + size_of_val(&*refund.units)
        };
        let entry = |entry: &HistoryEntry| {
            let reason = entry.reason.as_ref().map_or(0, String::len);
            size_of_val(entry) + entry.text.len() + reason
        };
        size_of::<Self>()
            + self.placed.bytes()
            + self.refunds.iter().map(refund).sum::<usize>()
            + self.history.iter().map(entry).sum::<usize>()
    }

    /// Decides on a command: the events it leads to, or the rejection. A command that already took effect leads to none.
    pub(crate) fn decide(
        order: Option<&Self>,
        command: &OrderCommand,
        at: Timestamp,
    ) -> Result<Vec<OrderEvent>, Rejection> {
        let Some(order) = order else {
            return match command {
                OrderCommand::Place(placed) => Ok(vec![OrderEvent::Placed(Arc::clone(placed))]),
                _ => Err(Rejection::Unknown),
            };
        };
        match command {
            // The id identifies the request, so the order is the one that was placed.
            OrderCommand::Place(_) => Ok(vec![]),
            OrderCommand::AwaitPayment(payment) => Ok(order.await_payment(payment, at)),
            OrderCommand::Confirm { captured } => order.confirm(*captured, at),
            OrderCommand::AbortCheckout { reason } => order.abort_checkout(reason.as_ref(), at),
            OrderCommand::RequestCancel { reason } => order.request_cancel(reason.as_ref(), at),
            OrderCommand::Cancel { reason } => order.cancel(reason, at),
            OrderCommand::ReserveRefund(request) => order.reserve_refund(request, at),
            OrderCommand::SettleRefund { id } => order.settle_refund(*id, at),
            OrderCommand::DropRefund { id, reason } => order.drop_refund(*id, reason, at),
            OrderCommand::RequestFulfilment => order.request_fulfilment(at),
            OrderCommand::RecordCapture { captured } => order.record_capture(*captured, at),
            OrderCommand::DropFulfilment { reason } => Ok(order.drop_fulfilment(reason, at)),
            OrderCommand::Fulfil => order.fulfil(at),
            OrderCommand::RecordReceipt { captured, reference } => {
                order.record_receipt(*captured, reference, at)
            }
            OrderCommand::EraseCustomer => order.erase_customer(at),
            OrderCommand::Claim { account, customer } => order.claim(*account, *customer, at),
        }
    }

    fn await_payment(&self, payment: &PendingPayment, at: Timestamp) -> Vec<OrderEvent> {
        let is_repeated = self.state.pending_payment() == Some(payment);
        if self.status() != OrderStatus::Pending || is_repeated {
            return vec![];
        }
        let PendingPayment { reason, action_url } = payment.clone();
        let of = self.event_summary(OrderStatus::Pending);
        vec![OrderEvent::PaymentWaiting { reason, action_url, of, at }]
    }

    fn confirm(&self, captured: Money, at: Timestamp) -> Result<Vec<OrderEvent>, Rejection> {
        match &self.state {
            OrderState::Pending { .. } => {
                let of = self.event_summary(OrderStatus::Confirmed);
                // Part of an invoice can be paid before the order is confirmed.
                let captured =
                    if captured.amount < self.captured.amount { self.captured } else { captured };
                Ok(vec![OrderEvent::Confirmed { captured, of, at }])
            }
            OrderState::Aborting { .. } => Err(Rejection::BeingCancelled),
            OrderState::Confirmed
            | OrderState::Cancelling { .. }
            | OrderState::Fulfilling
            | OrderState::Shipped
            | OrderState::Completed => Ok(vec![]),
            OrderState::Cancelled { .. } => Err(Rejection::Cancelled),
        }
    }

    fn abort_checkout(
        &self,
        reason: Option<&String>,
        at: Timestamp,
    ) -> Result<Vec<OrderEvent>, Rejection> {
        match &self.state {
            OrderState::Pending { .. } => {
                Ok(vec![OrderEvent::CancelRequested { reason: reason.cloned(), at }])
            }
            OrderState::Aborting { .. } | OrderState::Cancelled { .. } => Ok(vec![]),
            OrderState::Confirmed
            | OrderState::Cancelling { .. }
            | OrderState::Fulfilling
            | OrderState::Shipped => Err(Rejection::Confirmed),
            OrderState::Completed => Err(Rejection::AlreadyShipped),
        }
    }

    fn request_cancel(
        &self,
        reason: Option<&String>,
        at: Timestamp,
    ) -> Result<Vec<OrderEvent>, Rejection> {
        match &self.state {
            OrderState::Pending { .. } | OrderState::Aborting { .. } => Err(Rejection::Pending),
            OrderState::Confirmed => {
                Ok(vec![OrderEvent::CancelRequested { reason: reason.cloned(), at }])
            }
            OrderState::Cancelling { .. } | OrderState::Cancelled { .. } => Ok(vec![]),
            OrderState::Fulfilling | OrderState::Shipped | OrderState::Completed => {
                Err(Rejection::AlreadyShipped)
            }
        }
    }

    fn cancel(&self, reason: &str, at: Timestamp) -> Result<Vec<OrderEvent>, Rejection> {
        match &self.state {
            OrderState::Pending { .. }
            | OrderState::Aborting { .. }
            | OrderState::Confirmed
            | OrderState::Cancelling { .. } => {
                let of = self.event_summary(OrderStatus::Cancelled);
                // The reason of the request is better than the code that the saga gives.
                let reason = self.state.requested_cancel_reason().unwrap_or(reason);
                Ok(vec![OrderEvent::Cancelled { reason: reason.to_owned(), of, at }])
            }
            OrderState::Fulfilling | OrderState::Shipped | OrderState::Completed => {
                Err(Rejection::AlreadyShipped)
            }
            OrderState::Cancelled { .. } => Ok(vec![]),
        }
    }

    /// Folds the next event into the state.
    pub(crate) fn apply(order: Option<Self>, event: &OrderEvent) -> Self {
        let mut order = match (order, event) {
            (Some(order), _) => order,
            (None, OrderEvent::Placed(placed)) => Self::placed(Arc::clone(placed)),
            // A stream begins with `placed`; any other event means corruption, which an empty order shows best.
            (None, other) => Self::placed(Arc::new(empty_placed(other))),
        };
        order.history.push(history::entry(event));
        order.state = order.state.after(event);
        match event {
            OrderEvent::Confirmed { captured, .. } | OrderEvent::Captured { captured, .. } => {
                order.record_captured(*captured);
            }
            OrderEvent::Cancelled { .. } => {
                order.authorised = Money::zero(order.placed.currency);
            }
            OrderEvent::RefundReserved { refund, at } => {
                let (refund, state) = (refund.clone(), RefundState::Reserved);
                order.refunds.push(RefundRecord { refund, state, at: *at });
            }
            OrderEvent::Refunded { id, .. } => order.set_refund_state(*id, RefundState::Done),
            OrderEvent::RefundDropped { id, .. } => {
                order.set_refund_state(*id, RefundState::Dropped);
            }
            OrderEvent::CustomerErased { of_account, .. } => {
                let mut placed = order.placed.without_contact();
                placed.of_account |= of_account;
                order.placed = Arc::new(placed);
                order.customer_erased = true;
            }
            OrderEvent::Claimed { account, .. } => {
                let (account, placed) = (*account, Placed::clone(&order.placed));
                order.placed = Arc::new(Placed { account, of_account: true, ..placed });
            }
            OrderEvent::Placed(_)
            | OrderEvent::PaymentWaiting { .. }
            | OrderEvent::CancelRequested { .. }
            | OrderEvent::FulfilmentRequested { .. }
            | OrderEvent::FulfilmentDropped { .. }
            | OrderEvent::Fulfilled { .. }
            | OrderEvent::Completed { .. } => {}
        }
        order
    }

    fn placed(placed: Arc<Placed>) -> Self {
        let zero = Money::zero(placed.currency);
        Self {
            placed,
            state: OrderState::Pending { payment: None },
            authorised: zero,
            captured: zero,
            refunds: Vec::new(),
            customer_erased: false,
            history: Vec::new(),
        }
    }

    /// Records the captured amount; the rest of the total is authorised while the order is confirmed.
    fn record_captured(&mut self, captured: Money) {
        let left = match self.status() {
            OrderStatus::Confirmed | OrderStatus::Completed => {
                self.placed.totals.total.amount - captured.amount
            }
            OrderStatus::Pending | OrderStatus::Cancelled => 0,
        };
        self.captured = captured;
        self.authorised = Money::new(left.max(0), captured.currency);
    }

    fn set_refund_state(&mut self, id: RefundId, state: RefundState) {
        if let Some(record) = self.refunds.iter_mut().find(|record| record.refund.id == id) {
            record.state = state;
        }
    }

    /// Summary for published events, with the status after the event.
    pub(crate) fn event_summary(&self, status: OrderStatus) -> EventSummary {
        EventSummary { number: self.placed.number, total: self.placed.totals.total, status }
    }

    /// Status in terms of stored and published events.
    pub(crate) fn status(&self) -> OrderStatus {
        self.state.status()
    }

    /// Refunded amount in minor units. A cancellation refunds everything.
    pub(crate) fn refunded(&self) -> i64 {
        match self.status() {
            OrderStatus::Cancelled => self.captured.amount,
            OrderStatus::Pending | OrderStatus::Confirmed | OrderStatus::Completed => {
                self.refund_total(|state| state == RefundState::Done)
            }
        }
    }

    /// Whether the order was ever confirmed, whatever its status is now.
    pub(crate) fn was_confirmed(&self) -> bool {
        self.state.was_confirmed()
    }

    /// Whether nothing more is due.
    pub(crate) fn is_settled(&self) -> bool {
        self.captured.amount >= self.placed.totals.total.amount - self.refunded()
    }

    /// Amount that a processor has set aside: nothing where the customer transfers the money.
    pub(crate) fn set_aside(&self) -> Money {
        if self.placed.terms.is_processor() {
            self.authorised
        } else {
            Money::zero(self.authorised.currency)
        }
    }

    /// Status of the payment.
    pub(crate) fn payment_status(&self) -> PaymentStatus {
        let refunded = self.refunded();
        payment_status(PaymentBreakdown {
            due: self.placed.totals.total.amount - refunded,
            authorised: self.set_aside().amount,
            captured: self.captured.amount,
            refunded,
            cancelled: self.status() == OrderStatus::Cancelled,
            waiting: self.state.pending_payment().is_some(),
        })
    }

    /// Status of the fulfilment.
    pub(crate) fn fulfilment_status(&self) -> FulfilmentStatus {
        let ordered = match &self.state {
            OrderState::Cancelled { .. } => 0,
            OrderState::Shipped | OrderState::Completed => self.units(),
            // Units that were refunded before the shipment are not shipped.
            OrderState::Pending { .. }
            | OrderState::Aborting { .. }
            | OrderState::Confirmed
            | OrderState::Cancelling { .. }
            | OrderState::Fulfilling => self.units() - self.units_in_refunds(),
        };
        fulfilment_status(ordered, if self.state.has_shipped() { ordered } else { 0 })
    }

    /// Number of units over all lines.
    pub(crate) fn units(&self) -> i64 {
        self.placed.lines.iter().map(|line| line.quantity).sum()
    }
}

/// Facts of an order without content, for a corrupt stream.
fn empty_placed(event: &OrderEvent) -> Placed {
    let zero = Money::zero(kernel::Currency::EUR);
    let address = super::events::Address {
        name: String::new(),
        line1: String::new(),
        line2: None,
        city: None,
        region: None,
        postal_code: None,
        country: String::new(),
    };
    Placed {
        number: 0,
        currency: zero.currency,
        lines: Vec::new(),
        shipping: super::events::Shipping {
            method: String::new(),
            label: String::new(),
            price: zero,
            tax: zero,
        },
        totals: super::events::Totals {
            items: zero,
            discount: zero,
            shipping: zero,
            tax: zero,
            total: zero,
            tax_included: true,
        },
        email: String::new(),
        shipping_address: address.clone(),
        billing_address: address,
        cart_id: None,
        hold_id: HoldId(Uuid::nil()),
        payment_id: PaymentId(Uuid::nil()),
        payment_method: String::new(),
        at: event.at(),
        terms: PaymentTerms::default(),
        sequence: None,
        customer: None,
        account: None,
        of_account: false,
        language: None,
    }
}
