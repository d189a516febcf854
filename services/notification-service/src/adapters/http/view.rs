//! Conversion of notifications into the types of the contract.

use crate::domain::{
    decision::Kind,
    notification::{self as domain, StateName},
};
use contracts::notification::{
    Notification, NotificationKind, NotificationLogEntry, NotificationState,
};

/// View of a notification.
pub(super) fn notification(one: &domain::Notification) -> Notification {
    let entries = one.log.entries().iter().map(|entry| NotificationLogEntry {
        at: entry.at,
        state: state(entry.state),
        reason: entry.reason.clone(),
    });
    Notification {
        id: one.id,
        order_id: one.order,
        kind: kind(one.kind),
        state: state(one.state.name()),
        attempts: one.attempts,
        copy: one.copy,
        message_id: one.message_id(),
        event_at: one.event_at,
        changed_at: one.changed_at,
        next_attempt_at: match one.state {
            domain::State::Pending { due } => Some(due),
            _ => None,
        },
        log: entries.collect(),
    }
}

fn kind(kind: Kind) -> NotificationKind {
    match kind {
        Kind::OrderConfirmed => NotificationKind::OrderConfirmed,
        Kind::PaymentDue => NotificationKind::PaymentDue,
        Kind::PaymentFailed => NotificationKind::PaymentFailed,
        Kind::OrderShipped => NotificationKind::OrderShipped,
        Kind::OrderRefunded => NotificationKind::OrderRefunded,
        Kind::OrderCancelled => NotificationKind::OrderCancelled,
    }
}

fn state(state: StateName) -> NotificationState {
    match state {
        StateName::Pending => NotificationState::Pending,
        StateName::Sending => NotificationState::Sending,
        StateName::Delivered => NotificationState::Delivered,
        StateName::Failed => NotificationState::Failed,
        StateName::Suppressed => NotificationState::Suppressed,
    }
}
