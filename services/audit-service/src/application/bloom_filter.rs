//! Bloom filter over the names in a chunk: false positives are possible, false negatives are not.
//!
//! B. H. Bloom, 1970, with ten bits and seven hash functions per name: a false-positive rate of about 1 %.

use siphasher::sip::SipHasher13;
use std::hash::Hasher;

const BITS_PER_NAME: usize = 10;
const BITS_SET: u64 = 7;
/// Lower bound in bytes; in a smaller filter the bits of one name collide.
const BYTES_MIN: usize = 16;

/// Builds the filter of these names.
pub(super) fn build<'a>(names: impl ExactSizeIterator<Item = FilterKey<'a>>) -> Vec<u8> {
    let bytes = (names.len() * BITS_PER_NAME).div_ceil(8).max(BYTES_MIN);
    let mut filter = vec![0; bytes];
    for name in names {
        for bit in name.bits(bytes) {
            filter[bit / 8] |= 1 << (bit % 8);
        }
    }
    filter
}

/// Whether the filter may contain the name.
pub(super) fn may_contain(filter: &[u8], name: FilterKey<'_>) -> bool {
    let has = |bit: usize| filter.get(bit / 8).is_some_and(|byte| byte & (1 << (bit % 8)) != 0);
    name.bits(filter.len()).all(has)
}

/// Key of the filter: a name in its role. The actor `a` is not the subject `a`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum FilterKey<'a> {
    Actor(&'a str),
    Action(&'a str),
    Subject(&'a str),
}

impl FilterKey<'_> {
    /// Bit positions of the key in a filter of `bytes` bytes, by double hashing.
    fn bits(self, bytes: usize) -> impl Iterator<Item = usize> {
        let bit_count = (bytes as u64).saturating_mul(8).max(1);
        let hash = self.hash();
        let (start, stride) = (hash >> 32, (hash & 0xffff_ffff) | 1);
        let position = move |step: u64| start.wrapping_add(step.wrapping_mul(stride)) % bit_count;
        (0..BITS_SET).map(move |step| {
            usize::try_from(position(step)).expect("it is below the number of bits in memory")
        })
    }

    /// Hash of the key. Stored in every chunk header, so it must never change.
    fn hash(self) -> u64 {
        let (role, name) = match self {
            Self::Actor(name) => (b'a', name),
            Self::Action(name) => (b'b', name),
            Self::Subject(name) => (b's', name),
        };
        let mut hasher = SipHasher13::new();
        hasher.write_u8(role);
        hasher.write(name.as_bytes());
        hasher.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(range: std::ops::Range<u32>) -> Vec<String> {
        range.map(|number| format!("product:{number}")).collect()
    }

    #[test]
    fn there_are_no_false_negatives_and_few_false_positives() {
        for count in [1, 2, 10, 1_000] {
            let there = names(0..count);
            let filter = build(there.iter().map(|name| FilterKey::Subject(name)));
            assert!(
                there.iter().all(|name| may_contain(&filter, FilterKey::Subject(name))),
                "{count}"
            );
            let elsewhere = names(5_000..15_000);
            let mistaken = elsewhere
                .iter()
                .filter(|name| may_contain(&filter, FilterKey::Subject(name)))
                .count();
            assert!(mistaken < 300, "{mistaken} of 10,000 beside {count}");
            assert!(
                !there.iter().all(|name| may_contain(&filter, FilterKey::Actor(name))),
                "{count}"
            );
        }
    }

    #[test]
    fn the_stored_format_is_stable() {
        let filter =
            build([FilterKey::Actor("guest:1"), FilterKey::Action("cart.created")].into_iter());
        assert_eq!(
            u128::from_le_bytes(*filter.first_chunk().unwrap()),
            0x1000_0000_0000_0820_8200_0001_2492_4104
        );
    }
}
