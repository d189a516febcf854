//! An order, from the moment it is placed until it is completed or cancelled.

use super::{
    events::{OrderEvent, Placed, Reference, Status},
    history::{self, Entry},
    payment_status::{
        FulfilmentStatus, LastTry, MoneyFacts, PaymentStatus, fulfilment_status, payment_status,
    },
    refund::{Given, RefundRequest, RefundState},
    rejection::Rejection,
};
use kernel::{Money, Timestamp, Uuid};
use std::sync::Arc;

/// An order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Order {
    pub(crate) placed: Arc<Placed>,
    pub(crate) status: Status,
    /// Where the customer has to act, while the payment waits.
    pub(crate) waiting: Option<Waiting>,
    /// Set aside at the bank since it was confirmed, and not taken yet.
    pub(crate) authorised: Money,
    pub(crate) captured: Money,
    /// Oldest first; those that did not come about among them.
    pub(crate) refunds: Vec<Given>,
    pub(crate) cancel: Option<Cancel>,
    /// Whether the goods have left.
    pub(crate) shipment: Shipment,
    /// What happened, oldest first.
    pub(crate) history: Vec<Entry>,
}

/// What the payment waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Waiting {
    pub(crate) reason: String,
    pub(crate) action_url: Option<String>,
}

/// How far a cancellation is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cancel {
    Requested { reason: Option<String> },
    Done { reason: String },
}

/// Whether the goods have left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shipment {
    NotYet,
    /// As soon as the money is taken.
    Leaving,
    Left,
}

/// What somebody wants of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Place(Box<Placed>),
    AwaitPayment(Waiting),
    Confirm {
        captured: Money,
    },
    /// Stops an order that is still being placed.
    StopPlacing {
        reason: Option<String>,
    },
    /// Begins to cancel an order that was confirmed.
    BeginCancel {
        reason: Option<String>,
    },
    Cancel {
        reason: String,
    },
    ReserveRefund(RefundRequest),
    SettleRefund {
        id: Uuid,
    },
    DropRefund {
        id: Uuid,
        reason: String,
    },
    /// Begins to fulfil an order whose money is only set aside.
    BeginFulfil,
    RecordCapture {
        captured: Money,
    },
    DropFulfilment {
        reason: String,
    },
    Fulfil,
}

impl Order {
    /// Decides what `command` leads to. Repeating a command that already took effect leads to nothing.
    pub(crate) fn decide(
        order: Option<&Self>,
        command: &Command,
        at: Timestamp,
    ) -> Result<Vec<OrderEvent>, Rejection> {
        let Some(order) = order else {
            return match command {
                Command::Place(placed) => Ok(vec![OrderEvent::Placed(placed.clone())]),
                _ => Err(Rejection::Unknown),
            };
        };
        match command {
            // Whoever knows the id has placed it.
            Command::Place(_) => Ok(vec![]),
            Command::AwaitPayment(waiting) => Ok(order.await_payment(waiting, at)),
            Command::Confirm { captured } => order.confirm(*captured, at),
            Command::StopPlacing { reason } => order.stop_placing(reason.as_ref(), at),
            Command::BeginCancel { reason } => order.begin_cancel(reason.as_ref(), at),
            Command::Cancel { reason } => order.cancel(reason, at),
            Command::ReserveRefund(request) => order.reserve_refund(request, at),
            Command::SettleRefund { id } => order.settle_refund(*id, at),
            Command::DropRefund { id, reason } => order.drop_refund(*id, reason, at),
            Command::BeginFulfil => order.begin_fulfil(at),
            Command::RecordCapture { captured } => order.record_capture(*captured, at),
            Command::DropFulfilment { reason } => Ok(order.drop_fulfilment(reason, at)),
            Command::Fulfil => order.fulfil(at),
        }
    }

    fn await_payment(&self, waiting: &Waiting, at: Timestamp) -> Vec<OrderEvent> {
        if self.status != Status::Pending || self.waiting.as_ref() == Some(waiting) {
            return vec![];
        }
        let Waiting { reason, action_url } = waiting.clone();
        let of = self.reference(Status::Pending);
        vec![OrderEvent::PaymentWaiting { reason, action_url, of, at }]
    }

    fn confirm(&self, captured: Money, at: Timestamp) -> Result<Vec<OrderEvent>, Rejection> {
        match (self.status, &self.cancel) {
            (Status::Pending, Some(_)) => Err(Rejection::BeingCancelled),
            (Status::Pending, None) => {
                let of = self.reference(Status::Confirmed);
                Ok(vec![OrderEvent::Confirmed { captured, of, at }])
            }
            (Status::Confirmed | Status::Completed, _) => Ok(vec![]),
            (Status::Cancelled, _) => Err(Rejection::Cancelled),
        }
    }

    fn stop_placing(
        &self,
        reason: Option<&String>,
        at: Timestamp,
    ) -> Result<Vec<OrderEvent>, Rejection> {
        match self.status {
            Status::Pending => Ok(self.request_cancel(reason, at)),
            Status::Confirmed => Err(Rejection::Confirmed),
            Status::Completed => Err(Rejection::AlreadyShipped),
            Status::Cancelled => Ok(vec![]),
        }
    }

    fn begin_cancel(
        &self,
        reason: Option<&String>,
        at: Timestamp,
    ) -> Result<Vec<OrderEvent>, Rejection> {
        match (self.status, self.shipment) {
            (Status::Pending, _) => Err(Rejection::Pending),
            (Status::Confirmed, Shipment::NotYet) => Ok(self.request_cancel(reason, at)),
            (Status::Confirmed | Status::Completed, _) => Err(Rejection::AlreadyShipped),
            (Status::Cancelled, _) => Ok(vec![]),
        }
    }

    fn request_cancel(&self, reason: Option<&String>, at: Timestamp) -> Vec<OrderEvent> {
        match self.cancel {
            Some(_) => vec![],
            None => vec![OrderEvent::CancelRequested { reason: reason.cloned(), at }],
        }
    }

    fn cancel(&self, reason: &str, at: Timestamp) -> Result<Vec<OrderEvent>, Rejection> {
        match (self.status, self.shipment) {
            (Status::Cancelled, _) => Ok(vec![]),
            (Status::Pending | Status::Confirmed, Shipment::NotYet) => {
                let of = self.reference(Status::Cancelled);
                // Whoever asked for it said it better than the code that comes of it.
                let reason = match &self.cancel {
                    Some(Cancel::Requested { reason: Some(words) }) => words,
                    _ => reason,
                };
                Ok(vec![OrderEvent::Cancelled { reason: reason.to_owned(), of, at }])
            }
            _ => Err(Rejection::AlreadyShipped),
        }
    }

    /// Folds one more event in.
    pub(crate) fn apply(order: Option<Self>, event: &OrderEvent) -> Self {
        let mut order = match (order, event) {
            (Some(order), _) => order,
            (None, OrderEvent::Placed(placed)) => Self::placed(placed),
            // A stream begins with `placed`; anything else would be damage, and an order of nothing shows it best.
            (None, other) => Self::placed(&damaged(other)),
        };
        order.history.push(history::entry(event));
        match event {
            OrderEvent::Placed(_) => {}
            OrderEvent::PaymentWaiting { reason, action_url, .. } => {
                let (reason, action_url) = (reason.clone(), action_url.clone());
                order.waiting = Some(Waiting { reason, action_url });
            }
            OrderEvent::Confirmed { captured, .. } => {
                order.status = Status::Confirmed;
                order.waiting = None;
                order.takes(*captured);
            }
            OrderEvent::CancelRequested { reason, .. } => {
                order.cancel = Some(Cancel::Requested { reason: reason.clone() });
            }
            OrderEvent::Cancelled { reason, .. } => {
                order.status = Status::Cancelled;
                order.waiting = None;
                order.cancel = Some(Cancel::Done { reason: reason.clone() });
                order.authorised = Money::zero(order.placed.currency);
            }
            OrderEvent::RefundReserved { refund, at } => {
                let (refund, state) = (refund.clone(), RefundState::Reserved);
                order.refunds.push(Given { refund, state, at: *at });
            }
            OrderEvent::Refunded { id, .. } => order.refund_becomes(*id, RefundState::Done),
            OrderEvent::RefundDropped { id, .. } => order.refund_becomes(*id, RefundState::Dropped),
            OrderEvent::FulfilmentRequested { .. } => order.shipment = Shipment::Leaving,
            OrderEvent::Captured { captured, .. } => order.takes(*captured),
            OrderEvent::FulfilmentDropped { .. } => order.shipment = Shipment::NotYet,
            OrderEvent::Fulfilled { .. } => order.shipment = Shipment::Left,
            OrderEvent::Completed { .. } => order.status = Status::Completed,
        }
        order
    }

    fn placed(placed: &Placed) -> Self {
        Self {
            placed: Arc::new(placed.clone()),
            status: Status::Pending,
            waiting: None,
            authorised: Money::zero(placed.currency),
            captured: Money::zero(placed.currency),
            refunds: Vec::new(),
            cancel: None,
            shipment: Shipment::NotYet,
            history: Vec::new(),
        }
    }

    /// So much is taken in all; the rest of what is due is set aside.
    fn takes(&mut self, captured: Money) {
        let left = self.placed.totals.total.amount - captured.amount;
        self.captured = captured;
        self.authorised = Money::new(left.max(0), captured.currency);
    }

    fn refund_becomes(&mut self, id: Uuid, state: RefundState) {
        if let Some(given) = self.refunds.iter_mut().find(|given| given.refund.id == id) {
            given.state = state;
        }
    }

    /// What others are told of it, standing at `status`.
    pub(crate) fn reference(&self, status: Status) -> Reference {
        Reference { number: self.placed.number, total: self.placed.totals.total, status }
    }

    /// Given back in minor units. A cancellation gives everything back.
    pub(crate) fn refunded(&self) -> i64 {
        match self.status {
            Status::Cancelled => self.captured.amount,
            _ => self.given_back(|state| state == RefundState::Done),
        }
    }

    /// Whether it was confirmed, whatever became of it since.
    pub(crate) fn was_confirmed(&self) -> bool {
        match self.status {
            Status::Pending => false,
            Status::Confirmed | Status::Completed => true,
            Status::Cancelled => self.history.iter().any(|entry| entry.event == "confirmed"),
        }
    }

    /// Whether nothing more is to be taken.
    pub(crate) fn is_settled(&self) -> bool {
        self.captured.amount >= self.placed.totals.total.amount - self.refunded()
    }

    /// Where its money stands.
    pub(crate) fn payment_status(&self) -> PaymentStatus {
        let refunded = self.refunded();
        payment_status(MoneyFacts {
            due: self.placed.totals.total.amount - refunded,
            authorised: self.authorised.amount,
            captured: self.captured.amount,
            refunded,
            cancelled: self.status == Status::Cancelled,
            last_try: if self.waiting.is_some() { LastTry::Waiting } else { LastTry::None },
        })
    }

    /// Where its goods stand.
    pub(crate) fn fulfilment_status(&self) -> FulfilmentStatus {
        let ordered = match (self.status, self.shipment) {
            (Status::Cancelled, _) => 0,
            (_, Shipment::Left) => self.units(),
            // What was given back before it left will not leave.
            (_, Shipment::NotYet | Shipment::Leaving) => self.units() - self.units_given_back(),
        };
        fulfilment_status(ordered, if self.shipment == Shipment::Left { ordered } else { 0 })
    }

    /// Units over all lines.
    pub(crate) fn units(&self) -> i64 {
        self.placed.lines.iter().map(|line| line.quantity).sum()
    }
}

fn damaged(event: &OrderEvent) -> Placed {
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
        hold_id: Uuid::nil(),
        payment_id: Uuid::nil(),
        payment_method: String::new(),
        at: event.at(),
    }
}
