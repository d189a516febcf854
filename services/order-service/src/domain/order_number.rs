//! Order numbers: in sequence, or scrambled, so that a number tells neither how many orders there are nor the next one.
//!
//! Scrambled numbers are a keyed permutation of the sequence (a Feistel network with cycle walking), so they are unique
//! without being looked up. The two kinds have ranges of their own: a shop may change its setting at any time, and every
//! number it ever gave stays unique and can be found.

use kernel::Uuid;

/// Number of the first order in the sequence.
pub(crate) const FIRST_SEQUENCE: u64 = 1_000_001;
/// First scrambled number; numbers in sequence that would reach it go on behind the scrambled ones.
const SCRAMBLED_FIRST: u64 = 100_000_000;
/// Number of scrambled numbers: all of nine digits.
const SCRAMBLED_COUNT: u64 = 900_000_000;
/// Bits of each half of the Feistel network: together the least that can hold [`SCRAMBLED_COUNT`].
const HALF_BITS: u32 = 15;
const HALF_MASK: u64 = (1 << HALF_BITS) - 1;
const ROUNDS: u8 = 4;

/// How orders are numbered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Numbering {
    /// One after the other.
    Sequential,
    /// By a permutation that only the shop knows.
    #[default]
    Scrambled,
}

/// Order numbers of a shop.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OrderNumbers {
    /// Key of the permutation.
    pub(crate) key: Uuid,
    pub(crate) numbering: Numbering,
}

impl OrderNumbers {
    /// Number of the order at this place of the sequence.
    pub(crate) fn number(&self, sequence: u64) -> u64 {
        match self.numbering {
            Numbering::Scrambled if sequence < SCRAMBLED_COUNT => {
                SCRAMBLED_FIRST + Self::walk(sequence, |value| self.permuted(value))
            }
            Numbering::Scrambled | Numbering::Sequential if sequence >= SCRAMBLED_FIRST => {
                sequence.saturating_add(SCRAMBLED_COUNT)
            }
            Numbering::Scrambled | Numbering::Sequential => sequence,
        }
    }

    /// Only place of the sequence that a number can have, however orders were numbered when it was given.
    pub(crate) fn sequence(&self, number: u64) -> u64 {
        match number.checked_sub(SCRAMBLED_FIRST) {
            None => number,
            Some(scrambled) if scrambled < SCRAMBLED_COUNT => {
                Self::walk(scrambled, |value| self.unpermuted(value))
            }
            Some(_) => number - SCRAMBLED_COUNT,
        }
    }

    /// Cycle walking: applies a permutation of a larger range until the value is in range again.
    fn walk(value: u64, step: impl Fn(u64) -> u64) -> u64 {
        let mut value = step(value);
        while value >= SCRAMBLED_COUNT {
            value = step(value);
        }
        value
    }

    fn permuted(&self, value: u64) -> u64 {
        let (mut left, mut right) = (value >> HALF_BITS, value & HALF_MASK);
        for round in 0..ROUNDS {
            (left, right) = (right, left ^ self.round(round, right));
        }
        left << HALF_BITS | right
    }

    fn unpermuted(&self, value: u64) -> u64 {
        let (mut left, mut right) = (value >> HALF_BITS, value & HALF_MASK);
        for round in (0..ROUNDS).rev() {
            (left, right) = (right ^ self.round(round, left), left);
        }
        left << HALF_BITS | right
    }

    /// Round function: some bits of a keyed hash.
    fn round(&self, round: u8, half: u64) -> u64 {
        let [.., high, low] = half.to_be_bytes();
        let hash = Uuid::new_v5(&self.key, &[round, high, low]);
        let [.., high, low] = *hash.as_bytes();
        u64::from(u16::from_be_bytes([high, low])) & HALF_MASK
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    fn numbers(numbering: Numbering) -> OrderNumbers {
        OrderNumbers { key: Uuid::from_u128(0x5e_c4e7), numbering }
    }

    #[test]
    fn numbers_of_both_kinds_are_unique_and_only_those_in_sequence_can_be_counted_through() {
        let mut seen = HashSet::new();
        let mut steps = HashSet::new();
        let mut last = 0_u64;
        for sequence in FIRST_SEQUENCE..FIRST_SEQUENCE + 2_000 {
            assert_eq!(numbers(Numbering::Sequential).number(sequence), sequence);
            let scrambled = numbers(Numbering::Scrambled).number(sequence);
            assert_eq!(scrambled.to_string().len(), 9, "still short");
            assert!(seen.insert(sequence) && seen.insert(scrambled));
            steps.insert(scrambled.abs_diff(last));
            last = scrambled;
        }
        assert!(steps.len() > 1_990, "no pattern from one to the next: {}", steps.len());
        let other = OrderNumbers { key: Uuid::from_u128(1), ..numbers(Numbering::Scrambled) };
        assert_ne!(
            other.number(FIRST_SEQUENCE),
            numbers(Numbering::Scrambled).number(FIRST_SEQUENCE)
        );
    }

    proptest! {
        #[test]
        fn a_number_leads_back_to_its_place_whatever_the_numbering_is_now(sequence in 0_u64..3_000_000_000) {
            for given in [Numbering::Sequential, Numbering::Scrambled] {
                for now in [Numbering::Sequential, Numbering::Scrambled] {
                    let number = numbers(given).number(sequence);
                    prop_assert_eq!(numbers(now).sequence(number), sequence);
                }
            }
        }
    }
}
