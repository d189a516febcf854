//! Units available of each SKU, as last published by the inventory service.
//!
//! The SKUs are grouped into hash buckets: a start reads a thousand documents instead of one for each SKU, and a change
//! writes one small document.

use contracts::shared::Sku;
use std::collections::HashMap;

/// Number of hash buckets. Part of the stored format.
pub(crate) const BUCKETS: usize = 1_024;

/// Units available by SKU, including SKUs that no product has yet.
#[derive(Debug)]
pub(crate) struct Availability(Vec<AvailabilityBucket>);

/// Units available by [`Sku::key`], for the SKUs of one hash bucket. Stored as it is.
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
        for (key, units) in buckets.into_iter().flatten() {
            availability.0[bucket_of(&key)].insert(key, units);
        }
        availability
    }

    /// Units available of a SKU; `None` when the inventory has published nothing about it.
    pub(crate) fn units(&self, sku: &Sku) -> Option<i64> {
        let key = sku.key();
        self.0[bucket_of(&key)].get(&*key).copied()
    }

    /// Update of the units available of a SKU; tells whether it changed anything.
    pub(crate) fn put(&mut self, sku: &Sku, units: i64) -> AvailabilityUpdate {
        let key = sku.key();
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
    pub(crate) fn bucket(&self, sku: &Sku) -> (usize, &AvailabilityBucket) {
        let number = bucket_of(&sku.key());
        (number, &self.0[number])
    }
}

/// Effect of an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AvailabilityUpdate {
    Unchanged,
    Changed,
}

/// Bucket number of a [`Sku::key`]: its FNV-1a hash, which is the same in every version of this program.
fn bucket_of(key: &str) -> usize {
    let hash = key
        .bytes()
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    hash as usize % BUCKETS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_survive_a_round_trip() {
        let [a, b, c] = ["A", "B", "C"].map(|sku| Sku::parse(sku).unwrap());
        let mut one = Availability::default();
        assert_eq!(
            (one.put(&a, 3), one.put(&Sku::parse("a").unwrap(), 3)),
            (AvailabilityUpdate::Changed, AvailabilityUpdate::Unchanged)
        );
        one.put(&b, 0);
        let (number, bucket) = one.bucket(&a);
        assert_eq!((number, bucket.get("a")), (bucket_of("a"), Some(&3)));
        let two = Availability::from_buckets([bucket.clone(), one.bucket(&b).1.clone()]);
        assert_eq!((two.units(&a), two.units(&b), two.units(&c)), (Some(3), Some(0), None));
    }
}
