//! Receiver of a partition: the messages of the bus that are proven to be the shop's, and how far they are acknowledged.

use super::{
    Assignment, BusError, BusKey, BusMessage, Topic,
    connection::{BusFault, BusHealth},
    metrics::FallbackMetrics,
};
use std::{collections::VecDeque, time::Duration};
use tokio::time::{Instant, timeout_at};

/// Maximum number of messages that are received together.
const RECEIVED_MAX: usize = 256;
/// Silence of the bus after which the source's feed is looked at. Longer than the marks of a relay are apart, so that
/// the feed is left alone while the bus works.
const SILENCE_MAX: Duration = Duration::from_secs(5);
/// The same while the broker is known to be unreachable.
const OUTAGE_SILENCE_MAX: Duration = Duration::from_secs(1);
/// Pause after an error of the broker.
const ERROR_PAUSE: Duration = Duration::from_millis(200);
/// Shortest time between two looks at the feed because of messages that are not believed, so that a flood of them is no flood
/// of calls.
const DOUBT_INTERVAL: Duration = Duration::from_secs(1);
/// Shortest time between two lines in the log about them.
const DOUBT_LOG_INTERVAL: Duration = Duration::from_mins(5);

/// Receiver of a partition that a member of a consumer group was assigned.
pub(super) struct Receiver {
    assignment: Box<dyn Assignment>,
    topic: Topic,
    key: BusKey,
    metrics: FallbackMetrics,
    /// Proven messages that nobody has taken yet, each with how many the assignment had returned with it.
    received: VecDeque<(u64, BusMessage)>,
    /// How many messages the assignment has returned.
    returned: u64,
    /// How many of them are acknowledged when the next pull comes.
    handled: u64,
    /// When the bus said something that is proven, or the feed was looked at.
    heard: Instant,
    is_down: bool,
    health: BusHealth,
    /// When the feed is to be looked at because of messages that are not believed.
    doubt: Option<Instant>,
    /// Before when it is not looked at again because of them.
    trusted_until: Instant,
    /// When they were in the log for the last time, and how many there have been since.
    logged: (Option<Instant>, u64),
}

impl Receiver {
    pub(super) fn new(
        assignment: Box<dyn Assignment>,
        topic: Topic,
        key: BusKey,
        (metrics, health): (FallbackMetrics, BusHealth),
    ) -> Self {
        let now = Instant::now();
        Self {
            assignment,
            topic,
            key,
            metrics,
            received: VecDeque::new(),
            returned: 0,
            handled: 0,
            heard: now,
            is_down: false,
            health,
            doubt: None,
            trusted_until: now,
            logged: (None, 0),
        }
    }

    pub(super) fn metrics(&self) -> &FallbackMetrics {
        &self.metrics
    }

    /// Receives messages, if there are none, until the time is over or the feed is to be looked at.
    pub(super) async fn fill(&mut self, until: Instant) {
        if !self.received.is_empty() {
            return;
        }
        let until = until.min(self.silent_since()).min(self.doubt.unwrap_or(until));
        match timeout_at(until, self.assignment.receive(RECEIVED_MAX)).await {
            Ok(Ok(messages)) => self.verify(messages),
            Ok(Err(BusError::Unavailable(reason))) => {
                self.set_outage(Some(reason));
                tokio::time::sleep_until(until.min(Instant::now() + ERROR_PAUSE)).await;
            }
            // The consumer sees that it is revoked, and ends.
            Ok(Err(BusError::Revoked)) => {}
            // A broker that cannot be reached is an error at once: this one has nothing to say.
            Err(_) => self.set_outage(None),
        }
    }

    fn set_outage(&mut self, reason: Option<String>) {
        if reason.is_none() && !self.is_down {
            return;
        }
        if let Some(reason) = &reason
            && !self.is_down
        {
            let (source, partition) = (self.topic.source, self.assignment.partition());
            tracing::warn!(source, partition, reason, "the bus cannot be reached");
        }
        self.is_down = reason.is_some();
        self.health.note(BusFault::Partition(self.assignment.partition()), reason);
    }

    /// Keeps those messages that are proven to be the shop's.
    fn verify(&mut self, messages: Vec<BusMessage>) {
        self.set_outage(None);
        let mut unproven = 0;
        for message in messages {
            self.returned += 1;
            if self.key.proves(self.topic, &message) {
                self.received.push_back((self.returned, message));
            } else {
                unproven += 1;
            }
        }
        if !self.received.is_empty() {
            // What is not believed must not keep the feed from being looked at.
            self.heard = Instant::now();
        }
        if unproven > 0 {
            self.doubt(unproven);
        }
    }

    /// Counts messages that are not believed, and has the feed looked at for what they should have said.
    fn doubt(&mut self, unproven: u64) {
        self.metrics.unproven.inc_by(unproven);
        let now = Instant::now();
        self.doubt.get_or_insert(self.trusted_until.max(now));
        self.logged.1 += unproven;
        if self.logged.0.is_none_or(|logged| now >= logged + DOUBT_LOG_INTERVAL) {
            let count = std::mem::take(&mut self.logged.1);
            self.logged.0 = Some(now);
            tracing::warn!(
                topic = %self.topic,
                count,
                "messages on the bus lack the proof of this shop, and are not believed: somebody else writes to the broker, or a process with another key"
            );
        }
        if self.received.is_empty() {
            // They would stay with the broker until something else is handled. An acknowledgement saves repeats alone.
            self.assignment.acknowledge(self.returned);
        }
    }

    /// The next message; it is handled when a page that was made of it is, or it is dropped.
    pub(super) fn take(&mut self) -> Option<(u64, BusMessage)> {
        self.received.pop_front()
    }

    /// Puts back what was taken last.
    pub(super) fn put_back(&mut self, taken: (u64, BusMessage)) {
        self.received.push_front(taken);
    }

    /// Drops the next message.
    pub(super) fn skip(&mut self) {
        self.received.pop_front();
    }

    /// Acknowledges what was handled at the last call, and is flushed by now; what was taken since then is handled.
    pub(super) fn acknowledge(&mut self) {
        if self.handled > 0 {
            self.assignment.acknowledge(self.handled);
        }
        self.handled = self.received.front().map_or(self.returned, |(number, _)| number - 1);
    }

    /// Whether the messages that were received follow on this position, or there is none of them left.
    pub(super) fn follows(&mut self, after: u64) -> bool {
        let is_repeat = |(_, message): &(u64, BusMessage)| message.position <= after;
        while self.received.front().is_some_and(is_repeat) {
            self.received.pop_front();
        }
        self.received.front().is_none_or(|(_, message)| message.previous <= after)
    }

    /// Whether the bus has been silent for too long.
    pub(super) fn is_silent(&self) -> bool {
        self.silent_since() <= Instant::now()
    }

    /// Whether the feed is to be looked at because of messages that are not believed.
    pub(super) fn is_in_doubt(&self) -> bool {
        self.doubt.is_some_and(|at| at <= Instant::now())
    }

    /// The feed was looked at, up to its end.
    pub(super) fn looked(&mut self) {
        let now = Instant::now();
        self.heard = now;
        self.trusted_until = now + DOUBT_INTERVAL;
        self.doubt = None;
    }

    fn silent_since(&self) -> Instant {
        self.heard + if self.is_down { OUTAGE_SILENCE_MAX } else { SILENCE_MAX }
    }

    pub(super) fn is_revoked(&self) -> bool {
        let revoked = self.assignment.revoked();
        *revoked.borrow() || revoked.has_changed().is_err()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.set_outage(None);
    }
}
