//! Eviction stamps: the ABA guard of a bounded cache in front of a store.
//!
//! A reader that misses the cache and asks the store must not put the store's answer into the cache when, in the meantime,
//! a newer value entered the cache and was evicted again: the cache would serve the older value from then on. The reader
//! takes the stamp of the key at the miss and compares it before it fills the cache (as a seqlock or a version tag in a
//! compare-and-swap does).

use foldhash::fast::FixedState;
use std::hash::BuildHasher;

const BUCKETS: usize = 1_024;

/// Eviction counters of a cache, in 1,024 buckets by key. Two keys that share a bucket cost a needless miss, never a stale
/// value.
#[derive(Clone, Debug)]
pub(crate) struct EvictionStamps(Box<[u32; BUCKETS]>);

/// Eviction stamp: the counter of a key's bucket at one moment. Equal stamps mean that no key of the bucket was evicted in
/// between (or exactly a multiple of 2^32 times).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EvictionStamp(u32);

impl EvictionStamps {
    /// Takes the stamp of `key`, to compare with a later one.
    pub(crate) fn stamp(&self, key: &str) -> EvictionStamp {
        EvictionStamp(self.0[bucket(key)])
    }

    /// Records that `key` was evicted.
    pub(crate) fn note(&mut self, key: &str) {
        let count = &mut self.0[bucket(key)];
        *count = count.wrapping_add(1);
    }
}

impl Default for EvictionStamps {
    fn default() -> Self {
        Self(Box::new([0; BUCKETS]))
    }
}

fn bucket(key: &str) -> usize {
    // The hash needs no secret: collisions that a client provokes cost a look-up in the database and nothing else.
    let hash = FixedState::default().hash_one(key);
    usize::try_from(hash % BUCKETS as u64).expect("a bucket number is below BUCKETS")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_eviction_changes_the_stamp_of_its_key() {
        let mut evictions = EvictionStamps::default();
        let before = evictions.stamp("one");
        assert_eq!(evictions.stamp("one"), before);
        evictions.note("one");
        assert_ne!(evictions.stamp("one"), before);
    }
}
