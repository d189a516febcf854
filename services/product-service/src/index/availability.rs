//! Units available of each SKU, as last published by the inventory service.
//!
//! The SKUs are grouped into hash buckets: a start reads a thousand documents instead of one for each SKU, and a change
//! writes one small document.

use crate::domain::text::sku_key;
use std::collections::HashMap;

/// Number of hash buckets. Part of the stored format.
pub(crate) const BUCKETS: usize = 1_024;

/// Units available by SKU, including SKUs that no product has yet.
#[derive(Debug)]
pub(crate) struct Availability(Vec<AvailabilityBucket>);

/// Units available by normalised SKU, for the SKUs of one hash bucket.
pub(crate) type AvailabilityBucket = HashMap<Box<str>, i64>;

impl Default for Availability {
    fn default() -> Self {
        Self((0..BUCKETS).map(|_| AvailabilityBucket::new()).collect())
    }
}

impl Availability {
    /// Availability as stored; every SKU is hashed again.
    pub(crate) fn from_buckets(buckets: impl IntoIterator<Item = AvailabilityBucket>) -> Self {
        let mut availability = Self::default();
        for (sku, units) in buckets.into_iter().flatten() {
            availability.0[bucket_of(&sku)].insert(sku, units);
        }
        availability
    }

    /// Units available of a SKU; `None` when the inventory has published nothing about it.
    pub(crate) fn units(&self, sku: &str) -> Option<i64> {
        let key = sku_key(sku);
        self.0[bucket_of(&key)].get(&*key).copied()
    }

    /// Update of the units available of a SKU; tells whether it changed anything.
    pub(crate) fn put(&mut self, sku: &str, units: i64) -> AvailabilityUpdate {
        let key = sku_key(sku);
        let skus = &mut self.0[bucket_of(&key)];
        match skus.get_mut(&*key) {
            Some(known) if *known == units => return AvailabilityUpdate::Unchanged,
            Some(known) => *known = units,
            None => {
                skus.insert(key.into(), units);
            }
        }
        AvailabilityUpdate::Changed
    }

    /// Bucket of a SKU, with its number.
    pub(crate) fn bucket(&self, sku: &str) -> (usize, &AvailabilityBucket) {
        let number = bucket_of(&sku_key(sku));
        (number, &self.0[number])
    }
}

/// Effect of an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AvailabilityUpdate {
    Unchanged,
    Changed,
}

/// Bucket number of a normalised SKU: its FNV-1a hash, which is the same in every version of this program.
fn bucket_of(sku: &str) -> usize {
    let hash = sku
        .bytes()
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    hash as usize % BUCKETS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_survive_a_round_trip() {
        let mut one = Availability::default();
        assert_eq!(
            (one.put("A", 3), one.put("A", 3)),
            (AvailabilityUpdate::Changed, AvailabilityUpdate::Unchanged)
        );
        one.put("B", 0);
        let (number, bucket) = one.bucket("A");
        assert_eq!((number, bucket.get("a")), (bucket_of("a"), Some(&3)));
        let two = Availability::from_buckets([bucket.clone(), one.bucket("B").1.clone()]);
        assert_eq!((two.units("a"), two.units("B"), two.units("C")), (Some(3), Some(0), None));
    }
}
