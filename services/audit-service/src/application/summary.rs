//! Which names a bundle has, in a few bytes: it may claim one too many, and never misses one.
//!
//! A Bloom filter (B. H. Bloom, 1970) of ten bits for a name and seven of them set: about one name in a hundred that is
//! not there seems to be.

use siphasher::sip::SipHasher13;
use std::hash::Hasher;

const BITS_PER_NAME: usize = 10;
const BITS_SET: u64 = 7;
/// In fewer bytes the bits of a name fall on each other.
const BYTES_MIN: usize = 16;

/// The names as bits.
pub(super) fn of<'a>(names: impl ExactSizeIterator<Item = Name<'a>>) -> Vec<u8> {
    let bytes = (names.len() * BITS_PER_NAME).div_ceil(8).max(BYTES_MIN);
    let mut summary = vec![0; bytes];
    for name in names {
        for bit in name.bits(bytes) {
            summary[bit / 8] |= 1 << (bit % 8);
        }
    }
    summary
}

/// Whether the name can be among those the summary was made of.
pub(super) fn may_have(summary: &[u8], name: Name<'_>) -> bool {
    let has = |bit: usize| summary.get(bit / 8).is_some_and(|byte| byte & (1 << (bit % 8)) != 0);
    name.bits(summary.len()).all(has)
}

/// A name in one of its roles: the actor `a` is not the subject `a`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Name<'a> {
    Actor(&'a str),
    Action(&'a str),
    Subject(&'a str),
}

impl Name<'_> {
    /// The places of its bits in so many bytes: steps of one hash, as wide as another, through all of them.
    fn bits(self, bytes: usize) -> impl Iterator<Item = usize> {
        let places = (bytes as u64).saturating_mul(8).max(1);
        let hash = self.hash();
        let (start, stride) = (hash >> 32, (hash & 0xffff_ffff) | 1);
        let place = move |step: u64| start.wrapping_add(step.wrapping_mul(stride)) % places;
        (0..BITS_SET).map(move |step| usize::try_from(place(step)).unwrap_or_default())
    }

    /// Stored with every bundle: never another one.
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
    fn what_is_there_is_never_missed_and_little_else_seems_to_be() {
        for count in [1, 2, 10, 1_000] {
            let there = names(0..count);
            let summary = of(there.iter().map(|name| Name::Subject(name)));
            assert!(there.iter().all(|name| may_have(&summary, Name::Subject(name))), "{count}");
            let elsewhere = names(5_000..15_000);
            let mistaken =
                elsewhere.iter().filter(|name| may_have(&summary, Name::Subject(name))).count();
            assert!(mistaken < 300, "{mistaken} of 10,000 beside {count}");
            assert!(!there.iter().all(|name| may_have(&summary, Name::Actor(name))), "{count}");
        }
    }

    #[test]
    fn a_summary_is_the_same_for_ever() {
        let summary = of([Name::Actor("guest:1"), Name::Action("cart.created")].into_iter());
        assert_eq!(
            u128::from_le_bytes(*summary.first_chunk().unwrap()),
            0x1000_0000_0000_0820_8200_0001_2492_4104
        );
    }
}
