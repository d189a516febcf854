//! Sender: delivers the notifications that are due, a bounded number at once, and forgets who was erased.

use super::{
    channel::MailChannel,
    kind_to_tell::{ERASED, kind_to_tell},
    letter::Templates,
    notifications::Notifications,
};
use crate::domain::{
    backoff,
    decision::Kind,
    notification::{Notification, Outcome, Retry, StateName},
};
use contracts::order::{Order, OrderDetails};
use futures_util::future::join_all;
use kernel::Ids;
use mail::{MailError, MailMessage};
use std::{fmt, sync::Arc, time::Duration};
use storage::{Commit, StorageError};
use telemetry::{Component, Counter};
use tokio::time::{Instant, sleep, sleep_until, timeout};

/// Pause when nothing is due.
const PAUSE: Duration = Duration::from_secs(1);
/// Longest pause after rounds in which nothing could be delivered; it doubles.
const PAUSE_AFTER_ERROR_MAX: Duration = Duration::from_mins(1);
/// Time that the order service has for its answer.
const ORDER_TIME_MAX: Duration = Duration::from_secs(10);
/// Time for the writes around an attempt.
const WRITE_TIME_MAX: Duration = Duration::from_secs(10);
/// Erasures that a round ends.
const ERASURES_MAX: usize = 16;
/// Time between two looks for notifications that are too old to be kept.
const CLEANING_INTERVAL: Duration = Duration::from_hours(1);

/// Policy of the sender.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SendPolicy {
    /// Notifications that are on their way at once.
    pub(crate) at_once_max: usize,
    /// Mails a second, at most.
    pub(crate) per_second_max: u32,
    /// Time for one mail.
    pub(crate) mail_time_max: Duration,
    /// How long after the request a notification is given up.
    pub(crate) give_up_after: Duration,
    /// How long notifications are kept that have ended.
    pub(crate) keep: Duration,
}

impl SendPolicy {
    /// How long an attempt may take before whoever made it counts as gone: so long a mail waits after a crash. A process that starts while
    /// another one still stops does not take what that one has claimed.
    fn lease(&self) -> Duration {
        ORDER_TIME_MAX + self.mail_time_max + WRITE_TIME_MAX
    }
}

/// Sender.
pub(crate) struct Sender {
    pub(crate) notifications: Arc<Notifications>,
    pub(crate) orders: Arc<dyn OrderDetails>,
    pub(crate) channel: MailChannel,
    pub(crate) templates: Arc<Templates>,
    pub(crate) policy: SendPolicy,
    pub(crate) ids: Ids,
    pub(crate) component: Component,
    pub(crate) counters: Counters,
}

/// Notifications by the state that they reached.
pub(crate) struct Counters(pub(crate) Vec<(StateName, Counter)>);

impl Counters {
    fn count(&self, state: StateName) {
        if let Some((_, counter)) = self.0.iter().find(|(name, _)| *name == state) {
            counter.inc_by(1);
        }
    }
}

/// What a round did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Round {
    /// Attempts.
    pub(crate) attempts: usize,
    /// Attempts that will be repeated.
    pub(crate) postponed: usize,
    /// Whether more may be due.
    pub(crate) is_full: bool,
}

impl Sender {
    /// Sends for ever. When nothing can be delivered, it pauses, and reports itself as down.
    pub(crate) async fn run(self) {
        let (mut pause, mut next_cleaning) = (PAUSE, Instant::now());
        loop {
            let began = Instant::now();
            if began >= next_cleaning {
                self.clean().await;
                next_cleaning = began + CLEANING_INTERVAL;
            }
            match self.round().await {
                Ok(Round { attempts, postponed, .. }) if attempts > 0 && attempts == postponed => {
                    self.component.down("no mail can be delivered");
                    sleep(pause).await;
                    pause = (pause * 2).min(PAUSE_AFTER_ERROR_MAX);
                }
                Ok(round) => {
                    // A server that was down is up again when it has taken something.
                    if round.attempts > 0 {
                        self.component.up();
                    }
                    pause = PAUSE;
                    let spacing = Duration::from_secs(1) / self.policy.per_second_max.max(1);
                    let attempts = u32::try_from(round.attempts).unwrap_or(u32::MAX);
                    sleep_until(began + spacing.saturating_mul(attempts)).await;
                    if !round.is_full {
                        sleep(PAUSE).await;
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "notifications wait for their delivery");
                    self.component.down(error.to_string());
                    sleep(pause).await;
                    pause = (pause * 2).min(PAUSE_AFTER_ERROR_MAX);
                }
            }
        }
    }

    /// One round: forgets the erased, accepts requests, and makes an attempt for the notifications that are due.
    pub(crate) async fn round(&self) -> Result<Round, StorageError> {
        self.forget_erased().await?;
        let now = self.ids.now();
        let (requests, new) = self.notifications.accept(now).await?;
        (0..new).for_each(|_| self.counters.count(StateName::Pending));
        let due = self.notifications.due(now, self.policy.at_once_max).await?;
        let claims = due.iter().filter_map(|one| one.claim(now, self.policy.lease()));
        let claimed: Vec<Notification> = claims.collect();
        if claimed.is_empty() {
            return Ok(Round { is_full: requests > 0, ..Round::default() });
        }
        // Nothing leaves before the claim of it, and so everything that it tells, is on the disk.
        self.notifications.store(&claimed).await?;
        let ended = join_all(claimed.iter().map(|one| self.attempt(one))).await;
        let is_full = requests > 0 || claimed.len() >= self.policy.at_once_max;
        let mut round = Round { attempts: claimed.len(), postponed: 0, is_full };
        for ended in ended {
            let (commit, was_postponed) = ended?;
            let flushed = commit.wait().await;
            flushed.map_err(|error| StorageError::Unavailable(error.to_string()))?;
            round.postponed += usize::from(was_postponed);
        }
        Ok(round)
    }

    /// An attempt, and the record of how it ended, right after it.
    async fn attempt(&self, claimed: &Notification) -> Result<(Commit, bool), StorageError> {
        let (kind, outcome) = self.outcome(claimed).await;
        let pause = backoff::pause(claimed.attempts, self.random());
        let retry = Retry { pause, give_up_after: self.policy.give_up_after };
        let ended = Notification { kind, ..claimed.ended(&outcome, self.ids.now(), retry) };
        self.counters.count(ended.state.name());
        if ended.state.name() == StateName::Failed {
            tracing::warn!(notification = %ended.id, kind = kind.name(), "a notification could not be delivered");
        }
        let was_postponed = matches!(outcome, Outcome::Postponed(_));
        Ok((self.notifications.store_soon(&ended).await?, was_postponed))
    }

    async fn outcome(&self, claimed: &Notification) -> (Kind, Outcome) {
        let requested = claimed.kind;
        let order = match self.order(claimed).await {
            Ok(Some(order)) => order,
            Ok(None) => return (requested, Outcome::Unwanted("there is no such order")),
            Err(reason) => return (requested, Outcome::Postponed(reason)),
        };
        let kind = match kind_to_tell(requested, &order) {
            Ok(kind) => kind,
            Err(reason) => return (requested, Outcome::Unwanted(reason)),
        };
        let message = self.message(claimed, kind, &order);
        let sent = timeout(self.policy.mail_time_max, self.channel.mailer.send(&message)).await;
        let outcome = match sent {
            Ok(Ok(())) => Outcome::Accepted,
            Ok(Err(MailError::Invalid(reason))) => Outcome::Refused(reason.to_owned()),
            Ok(Err(MailError::Refused(reason))) => Outcome::Refused(reason),
            Ok(Err(MailError::Unavailable(reason))) => Outcome::Postponed(reason),
            Err(_) => Outcome::Postponed("the delivery took too long".to_owned()),
        };
        (kind, outcome)
    }

    /// The order as it is now, or as it was when that happened of which a refund tells: later there may be others.
    async fn order(&self, claimed: &Notification) -> Result<Option<Order>, String> {
        let as_of = (claimed.kind == Kind::OrderRefunded).then_some(claimed.event_at);
        let answer = timeout(ORDER_TIME_MAX, self.orders.order_details(claimed.order, as_of)).await;
        let late = |_| "the order service did not answer in time".to_owned();
        answer.map_err(late)?.map_err(|error| format!("the order service: {error}"))
    }

    fn message(&self, claimed: &Notification, kind: Kind, order: &Order) -> MailMessage {
        let letter = self.templates.write(kind, order, None);
        MailMessage {
            id: claimed.message_id().into(),
            // The same for each attempt.
            date: claimed.asked_at,
            from: self.channel.from.clone(),
            from_name: self.templates.shop_name().to_owned(),
            to: order.email.clone(),
            subject: letter.subject,
            text: letter.text,
            html: letter.html,
            link: Some(self.templates.order_url(order)),
        }
    }

    /// Forgets those who were erased: what waits for them is suppressed, and what the mail folder has is removed.
    async fn forget_erased(&self) -> Result<(), StorageError> {
        for order in self.notifications.erasures(ERASURES_MAX).await? {
            let mut changed = Vec::new();
            for one in self.notifications.of_order(order).await? {
                for id in one.message_ids() {
                    let removed = self.channel.mailer.remove(id.into()).await;
                    removed.map_err(|error| StorageError::Unavailable(error.to_string()))?;
                }
                changed.extend(one.suppressed(ERASED, self.ids.now()));
            }
            self.notifications.erased(order, &changed).await?;
        }
        Ok(())
    }

    /// Deletes what has ended long ago.
    async fn clean(&self) {
        let Ok(before) = self.ids.now().checked_sub(self.policy.keep) else { return };
        loop {
            match self.notifications.delete_ended(before).await {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(%error, "old notifications cannot be deleted");
                    return;
                }
            }
        }
    }

    fn random(&self) -> u64 {
        self.ids.randomness().below(u64::MAX)
    }
}

impl fmt::Debug for Sender {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Sender").field("policy", &self.policy).finish_non_exhaustive()
    }
}
