//! Counters of requests, responses and verified facts over all customers.

use std::fmt;

/// Counts of requests by outcome, and of facts verified.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counters {
    /// Requests with a final response: accepted or rejected.
    pub acknowledged: u64,
    /// Of these, rejections for a business reason.
    pub rejected: u64,
    /// Responses that asked for a retry.
    pub retry_later: u64,
    /// Of these, responses with the code `storage_full`.
    pub storage_full: u64,
    /// Requests without a response.
    pub unanswered: u64,
    /// Acknowledged requests that were sent again and answered byte for byte from the idempotency record.
    pub replayed: u64,
    /// Facts that were read back and were as acknowledged.
    pub facts_verified: u64,
    /// Requests in doubt that turned out to be applied as a whole.
    pub applied: u64,
    /// Requests in doubt that turned out not to be applied at all.
    pub not_applied: u64,
}

impl Counters {
    pub(crate) fn add(&mut self, other: &Self) {
        self.acknowledged += other.acknowledged;
        self.rejected += other.rejected;
        self.retry_later += other.retry_later;
        self.storage_full += other.storage_full;
        self.unanswered += other.unanswered;
        self.replayed += other.replayed;
        self.facts_verified += other.facts_verified;
        self.applied += other.applied;
        self.not_applied += other.not_applied;
    }
}

impl fmt::Display for Counters {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { acknowledged, rejected, retry_later, storage_full, unanswered, .. } = self;
        let Self { replayed, facts_verified, applied, not_applied, .. } = self;
        writeln!(
            formatter,
            "responses acknowledged {acknowledged}, {rejected} of them rejections"
        )?;
        writeln!(
            formatter,
            "retry later            {retry_later}, {storage_full} of them: disk full"
        )?;
        writeln!(formatter, "no response            {unanswered}")?;
        writeln!(formatter, "replayed               {replayed}")?;
        writeln!(formatter, "facts read back        {facts_verified}")?;
        writeln!(
            formatter,
            "requests in doubt      {applied} applied, {not_applied} not applied, 0 in part"
        )
    }
}
