//! Decision: which event of an order makes which notification.

use identifiers::{NotificationId, OrderId};
use kernel::{Ids, Timestamp, Uuid};
use std::time::Duration;

/// Kind of a notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    OrderConfirmed,
    PaymentDue,
    PaymentFailed,
    OrderShipped,
    OrderRefunded,
    OrderCancelled,
}

impl Kind {
    pub(crate) const ALL: [Self; 6] = [
        Self::OrderConfirmed,
        Self::PaymentDue,
        Self::PaymentFailed,
        Self::OrderShipped,
        Self::OrderRefunded,
        Self::OrderCancelled,
    ];

    /// Name, as in the contract.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::OrderConfirmed => "order_confirmed",
            Self::PaymentDue => "payment_due",
            Self::PaymentFailed => "payment_failed",
            Self::OrderShipped => "order_shipped",
            Self::OrderRefunded => "order_refunded",
            Self::OrderCancelled => "order_cancelled",
        }
    }

    /// Kind with this name.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// Change of an order, as its feed tells it.
#[derive(Clone, Debug)]
pub(crate) struct OrderChange<'a> {
    pub(crate) order: OrderId,
    /// Name of what happened.
    pub(crate) change: &'a str,
    pub(crate) event: Uuid,
    pub(crate) at: Timestamp,
}

/// Request for a notification: the same for every time that its event is seen. It never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) id: NotificationId,
    pub(crate) order: OrderId,
    pub(crate) kind: Kind,
    pub(crate) event_at: Timestamp,
}

/// What comes of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Somebody is told.
    Tell(Request),
    /// Nobody is told of such a change.
    Nothing,
    /// It happened too long ago to be told: a history that is read for the first time, or once more.
    TooOld,
}

/// What is told of the past.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    /// Since when the shop tells its customers anything. What happened before is told to nobody.
    pub(crate) told_from: Timestamp,
    /// How old an event may be when it is first seen.
    pub(crate) tell_within: Duration,
}

/// Decides what comes of a change that is seen now.
pub(crate) fn decide(change: &OrderChange<'_>, now: Timestamp, window: Window) -> Decision {
    let Some(kind) = kind_of(change.change) else { return Decision::Nothing };
    if change.at < window.told_from || is_older(change.at, now, window.tell_within) {
        return Decision::TooOld;
    }
    let id = notification_id(change, kind);
    Decision::Tell(Request { id, order: change.order, kind, event_at: change.at })
}

/// Whether something happened longer ago than this.
pub(crate) fn is_older(at: Timestamp, now: Timestamp, age: Duration) -> bool {
    at.checked_add(age).is_ok_and(|end| end < now)
}

/// What may have to be told. Of a payment that waits and of a cancellation the order itself says later whether somebody is told, and what.
fn kind_of(change: &str) -> Option<Kind> {
    match change {
        "confirmed" => Some(Kind::OrderConfirmed),
        "payment_waiting" => Some(Kind::PaymentDue),
        "fulfilled" => Some(Kind::OrderShipped),
        "refunded" => Some(Kind::OrderRefunded),
        "cancelled" => Some(Kind::OrderCancelled),
        _ => None,
    }
}

/// Deterministic identifier. An order has one notification of each kind, whatever events it has; of refunds, one for each event.
fn notification_id(change: &OrderChange<'_>, kind: Kind) -> NotificationId {
    match kind {
        Kind::OrderRefunded => Ids::derived(change.event, kind.name()),
        _ => Ids::derived(change.order.into(), kind.name()),
    }
}
