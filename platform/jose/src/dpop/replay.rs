//! Replay cache of DPoP proofs: bounded, in memory.

use super::{DpopProof, PROOF_AGE_SECONDS_MAX, PROOF_AHEAD_SECONDS_MAX};
use kernel::{Timestamp, security_checks::holds};
use std::{collections::HashSet, mem};

/// Seconds after which a generation is dropped: by then every proof in it is too old.
const GENERATION_SECONDS: i64 = PROOF_AGE_SECONDS_MAX + PROOF_AHEAD_SECONDS_MAX + 1;

/// Replay cache: the proofs of the time in which they are accepted, in two generations. When it is full nothing is forgotten early:
/// further proofs are refused until the older generation ends.
#[derive(Debug)]
pub struct ReplayCache {
    proofs_max: usize,
    since: Timestamp,
    current: HashSet<[u8; 32]>,
    previous: HashSet<[u8; 32]>,
}

/// Reason why a proof cannot be remembered: as many are as fit. Who made it may try again within two minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("more proofs are in use than can be remembered")]
pub struct ReplayCacheFull;

impl ReplayCache {
    /// Cache of at most so many proofs; each takes some fifty bytes.
    pub fn new(proofs_max: usize) -> Self {
        let since = Timestamp::MIN;
        Self { proofs_max, since, current: HashSet::new(), previous: HashSet::new() }
    }

    /// Remembers a proof; whether it is the first time.
    ///
    /// # Errors
    ///
    /// [`ReplayCacheFull`].
    pub fn insert(&mut self, proof: &DpopProof, now: Timestamp) -> Result<bool, ReplayCacheFull> {
        self.forget(now);
        let key = proof.replay_key();
        let is_known = self.current.contains(key) || self.previous.contains(key);
        if !holds("dpop_replay_cache", !is_known) {
            return Ok(false);
        }
        if self.current.len() + self.previous.len() >= self.proofs_max {
            return Err(ReplayCacheFull);
        }
        Ok(self.current.insert(*key))
    }

    fn forget(&mut self, now: Timestamp) {
        let age = now.as_second().saturating_sub(self.since.as_second());
        if age < GENERATION_SECONDS {
            return;
        }
        self.previous = mem::take(&mut self.current);
        if age >= 2 * GENERATION_SECONDS {
            self.previous.clear();
        }
        self.since = now;
    }
}
