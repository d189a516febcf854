//! How a cache that forgets stays right: it remembers that something left, though not what.
//!
//! Who looks a key up in a cache, misses, and goes to the source must not put the answer into the cache when
//! meanwhile a newer one came in and was forgotten again. A mark taken at the miss tells.

use foldhash::fast::FixedState;
use std::hash::BuildHasher;

const BUCKETS: usize = 1_024;

/// Counts what left a cache, in so many buckets by key that two keys seldom share one.
#[derive(Clone, Debug)]
pub struct EvictionStamps(Box<[u32; BUCKETS]>);

/// The state of a key's bucket when it was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EvictionStamp(u32);

impl EvictionStamps {
    /// What to compare with later.
    pub fn stamp(&self, key: &str) -> EvictionStamp {
        EvictionStamp(self.0[bucket(key)])
    }

    /// `key` left the cache.
    pub fn note(&mut self, key: &str) {
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
    // Two keys in one bucket cost a look at the database and nothing else, whoever chose them.
    let hash = FixedState::default().hash_one(key);
    usize::try_from(hash % BUCKETS as u64).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_departure_changes_the_mark_of_its_key() {
        let mut eviction_stamps = EvictionStamps::default();
        let before = eviction_stamps.stamp("one");
        assert_eq!(eviction_stamps.stamp("one"), before);
        eviction_stamps.note("one");
        assert_ne!(eviction_stamps.stamp("one"), before);
    }
}
