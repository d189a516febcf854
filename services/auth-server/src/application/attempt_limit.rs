//! Limit of attempts at something that can be guessed, per subject, in a window of time. An attempt is counted before it is looked at,
//! so that parallel ones do not slip through. The counts may be lost, and the limit then starts anew.

use kernel::{Ids, Timestamp, security_checks::holds};
use std::time::Duration;
use storage::{LosableValues, StorageError};

/// Window of time, which begins with the first attempt.
pub(crate) const WINDOW: Duration = Duration::from_mins(15);

/// Decision about an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LimitDecision {
    Allowed,
    /// The first attempt beyond the limit.
    LockedOut,
    Refused,
}

/// Limit of attempts.
#[derive(Debug)]
pub(crate) struct AttemptLimit {
    pub(crate) values: LosableValues,
    pub(crate) ids: Ids,
    /// Name of what is limited.
    pub(crate) name: &'static str,
    /// Most failures of one subject within the window.
    pub(crate) failures_max: u32,
}

impl AttemptLimit {
    /// Counts an attempt; whether it may be made.
    pub(crate) async fn begin(&self, subject: &str) -> Result<bool, StorageError> {
        Ok(self.count(subject).await? == LimitDecision::Allowed)
    }

    /// Counts an attempt; whether it may be made, or is the first of the window that may not.
    pub(crate) async fn count(&self, subject: &str) -> Result<LimitDecision, StorageError> {
        let now = self.ids.now();
        let until = now.checked_add(WINDOW).unwrap_or(Timestamp::MAX);
        let count = self.values.add(&self.key(subject), 1, now, Some(until)).await?;
        let max = i64::from(self.failures_max);
        Ok(match count {
            count if holds("attempts", count <= max) => LimitDecision::Allowed,
            count if count == max + 1 => LimitDecision::LockedOut,
            _ => LimitDecision::Refused,
        })
    }

    /// Takes back the attempts of a subject that has proven itself.
    pub(crate) async fn succeed(&self, subject: &str) -> Result<(), StorageError> {
        self.values.remove(&self.key(subject)).await.map(drop)
    }

    /// Takes back one attempt, of a subject that stands for several people.
    pub(crate) async fn forgive(&self, subject: &str) -> Result<(), StorageError> {
        let now = self.ids.now();
        self.values.add(&self.key(subject), -1, now, Some(now)).await.map(drop)
    }

    fn key(&self, subject: &str) -> String {
        format!("attempts-{}-{subject}", self.name)
    }
}
