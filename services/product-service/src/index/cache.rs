//! Answers that were given lately and still hold.

use super::found::Found;
use super::query::Query;
use lru::LruCache;
use std::sync::Arc;

/// The most memory the kept answers take together.
const KEPT_BYTES_MAX: usize = 64 << 20;
/// The most answers kept.
const KEPT_ANSWERS_MAX: usize = 1_024;

/// The most recent answers.
#[derive(Debug)]
pub(crate) struct Cache {
    answers: LruCache<Query, Arc<Found>>,
    bytes: usize,
}

impl Default for Cache {
    fn default() -> Self {
        Self { answers: LruCache::unbounded(), bytes: 0 }
    }
}

impl Cache {
    /// The answer to `query`, if it is from this state of the index.
    pub(crate) fn find(&mut self, query: &Query, generation: u64) -> Option<Arc<Found>> {
        self.answers.get(query).filter(|found| found.generation == generation).map(Arc::clone)
    }

    /// Keeps an answer, and lets go of the oldest when there is no more room.
    pub(crate) fn keep(&mut self, query: Query, found: Arc<Found>) {
        self.bytes += found.bytes();
        if let Some((_, old)) = self.answers.push(query, found) {
            self.bytes = self.bytes.saturating_sub(old.bytes());
        }
        while self.bytes > KEPT_BYTES_MAX || self.answers.len() > KEPT_ANSWERS_MAX {
            let Some((_, old)) = self.answers.pop_lru() else { return };
            self.bytes = self.bytes.saturating_sub(old.bytes());
        }
    }
}
