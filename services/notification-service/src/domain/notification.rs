//! Notification: a state machine from the request to the delivery.
//!
//! **At most one mail**: a notification leaves `pending` by a claim alone, and a mail leaves between a claim that is on the disk and the
//! next change. A delivered one is sent again at an operator's word only, as another copy. So a mail is sent twice in one case: its
//! delivery was accepted, and the process ended, or lost the answer, before that was on the disk. Both mails have the same `Message-ID`.

use super::{
    decision::{Kind, Request},
    log::Log,
};
use identifiers::{NotificationId, OrderId};
use kernel::{Ids, Timestamp};
use std::time::Duration;

/// Notification. It has nothing about the customer: that is in the order, under the customer's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Notification {
    pub(crate) id: NotificationId,
    pub(crate) order: OrderId,
    pub(crate) kind: Kind,
    pub(crate) event_at: Timestamp,
    /// When its present copy was asked for.
    pub(crate) asked_at: Timestamp,
    pub(crate) state: State,
    pub(crate) changed_at: Timestamp,
    /// Attempts of the present copy.
    pub(crate) attempts: u32,
    /// How often an operator had it delivered again.
    pub(crate) copy: u32,
    pub(crate) log: Log,
}

/// State, with what belongs to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Waits for an attempt.
    Pending {
        due: Timestamp,
    },
    /// An attempt is under way, until this time at most: then whoever made it is gone.
    Sending {
        until: Timestamp,
    },
    Delivered,
    Failed,
    Suppressed,
}

/// Name of a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum StateName {
    Pending,
    Sending,
    Delivered,
    Failed,
    Suppressed,
}

impl StateName {
    pub(crate) const ALL: [Self; 5] =
        [Self::Pending, Self::Sending, Self::Delivered, Self::Failed, Self::Suppressed];

    /// State with this name.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// Name, as it is written.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Sending => "sending",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Suppressed => "suppressed",
        }
    }
}

impl State {
    pub(crate) fn name(self) -> StateName {
        match self {
            Self::Pending { .. } => StateName::Pending,
            Self::Sending { .. } => StateName::Sending,
            Self::Delivered => StateName::Delivered,
            Self::Failed => StateName::Failed,
            Self::Suppressed => StateName::Suppressed,
        }
    }

    /// When somebody has to look at it again; never, of one that has ended.
    pub(crate) fn due(self) -> Option<Timestamp> {
        match self {
            Self::Pending { due: at } | Self::Sending { until: at } => Some(at),
            Self::Delivered | Self::Failed | Self::Suppressed => None,
        }
    }
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The mail was accepted.
    Accepted,
    /// It never will be.
    Refused(String),
    /// It may be later.
    Postponed(String),
    /// Nobody is to be told.
    Unwanted(&'static str),
}

/// When it is tried again, and how long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Retry {
    pub(crate) pause: Duration,
    /// How long after it was asked for it is given up.
    pub(crate) give_up_after: Duration,
}

impl Notification {
    /// New notification, which is due at once.
    pub(crate) fn new(request: &Request, now: Timestamp) -> Self {
        let Request { id, order, kind, event_at } = *request;
        let mut log = Log::default();
        log.push(now, StateName::Pending, None);
        let state = State::Pending { due: now };
        Self {
            id,
            order,
            kind,
            event_at,
            asked_at: now,
            state,
            changed_at: now,
            attempts: 0,
            copy: 0,
            log,
        }
    }

    /// Identifier of the mail: the same for each attempt of a copy, and another for each copy.
    pub(crate) fn message_id(&self) -> NotificationId {
        match self.copy {
            0 => self.id,
            copy => Ids::derived(self.id.into(), &format!("copy {copy}")),
        }
    }

    /// Identifiers of the mails of all its copies.
    pub(crate) fn message_ids(&self) -> impl Iterator<Item = NotificationId> {
        (0..=self.copy).map(|copy| Self { copy, ..self.clone() }.message_id())
    }

    /// Claims it for an attempt, if it is due: it waits for one, or whoever made the last one is gone.
    pub(crate) fn claim(&self, now: Timestamp, lease: Duration) -> Option<Self> {
        self.state.due().filter(|due| *due <= now)?;
        let until = now.checked_add(lease).unwrap_or(Timestamp::MAX);
        let mut claimed = self.changed(State::Sending { until }, now, None);
        claimed.attempts = self.attempts.saturating_add(1);
        Some(claimed)
    }

    /// The end of an attempt.
    pub(crate) fn ended(&self, outcome: &Outcome, now: Timestamp, retry: Retry) -> Self {
        match outcome {
            Outcome::Accepted => self.changed(State::Delivered, now, None),
            Outcome::Refused(reason) => self.changed(State::Failed, now, Some(reason)),
            Outcome::Unwanted(reason) => self.changed(State::Suppressed, now, Some(reason)),
            Outcome::Postponed(reason) => {
                let due = now.checked_add(retry.pause).unwrap_or(Timestamp::MAX);
                let end = self.asked_at.checked_add(retry.give_up_after).unwrap_or(Timestamp::MAX);
                let state = if due > end { State::Failed } else { State::Pending { due } };
                self.changed(state, now, Some(reason))
            }
        }
    }

    /// Suppressed, if it has not ended.
    pub(crate) fn suppressed(&self, reason: &'static str, now: Timestamp) -> Option<Self> {
        self.state.due()?;
        Some(self.changed(State::Suppressed, now, Some(reason)))
    }

    /// Another copy, which is due at once; none of one that has not ended, and so is under way already.
    pub(crate) fn redelivered(&self, now: Timestamp) -> Option<Self> {
        if self.state.due().is_some() {
            return None;
        }
        let mut copy = self.changed(State::Pending { due: now }, now, Some(REDELIVERY));
        copy.attempts = 0;
        copy.asked_at = now;
        copy.copy = self.copy.saturating_add(1);
        Some(copy)
    }

    fn changed(&self, state: State, now: Timestamp, reason: Option<&str>) -> Self {
        let mut changed = Self { state, changed_at: now, ..self.clone() };
        changed.log.push(now, state.name(), reason);
        changed
    }
}

/// Reason of another copy.
pub(crate) const REDELIVERY: &str = "an operator had it delivered again";
