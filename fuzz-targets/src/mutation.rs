//! Mutation of inputs: the usual operators of a mutation-based fuzzer (bit flips, interesting bytes, deletion, repetition, splicing).

use crate::corpus::INPUT_BYTES_MAX;
use rand::{Rng, RngCore, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use std::ops::Range;

/// Most mutations of one input.
const MUTATIONS_MAX: usize = 8;
/// Most bytes of an input that is random throughout.
const RANDOM_BYTES_MAX: usize = 300;
/// Most times that a part is repeated: enough for the limits on depth and number.
const REPETITIONS_MAX: usize = 200;
/// One input in so many is random throughout.
const RANDOM_ONE_IN: u32 = 16;
/// Bytes with a meaning in one of the grammars, and the borders of encodings and numbers.
const INTERESTING_BYTES: &[u8] =
    b"\0\x01\x7f\x80\xa0\xbf\xff\"'`\\/{}[]()<>,.;:=&%+-_#?@*|~ \t\r\n09azAZ\xc3\xa9";

/// Mutator of a corpus, by one seed.
pub(crate) struct Mutator<'a> {
    corpus: &'a [Vec<u8>],
    random: StdRng,
}

impl<'a> Mutator<'a> {
    pub(crate) fn new(corpus: &'a [Vec<u8>], seed: u64) -> Self {
        Self { corpus, random: StdRng::seed_from_u64(seed) }
    }

    pub(crate) fn input(mut self) -> Vec<u8> {
        if self.corpus.is_empty() || self.random.random_ratio(1, RANDOM_ONE_IN) {
            return self.random_bytes();
        }
        let mut bytes = self.corpus.choose(&mut self.random).cloned().unwrap_or_default();
        for _ in 0..self.random.random_range(1..=MUTATIONS_MAX) {
            self.mutate(&mut bytes);
        }
        bytes.truncate(INPUT_BYTES_MAX);
        bytes
    }

    fn random_bytes(&mut self) -> Vec<u8> {
        let mut bytes = vec![0; self.random.random_range(0..=RANDOM_BYTES_MAX)];
        self.random.fill_bytes(&mut bytes);
        bytes
    }

    fn mutate(&mut self, bytes: &mut Vec<u8>) {
        let range = self.range(bytes.len());
        let interesting = INTERESTING_BYTES.choose(&mut self.random).copied().unwrap_or_default();
        match self.random.random_range(0..8) {
            0 => {
                if let Some(byte) = bytes.get_mut(range.start) {
                    *byte ^= 1 << self.random.random_range(0..8);
                }
            }
            1 => {
                if let Some(byte) = bytes.get_mut(range.start) {
                    *byte = interesting;
                }
            }
            2 => bytes.insert(range.start, interesting),
            3 => drop(bytes.drain(range)),
            4 => {
                let part = bytes[range.clone()].to_vec();
                let room = INPUT_BYTES_MAX.saturating_sub(bytes.len()) / part.len().max(1);
                let times = self.random.random_range(1..=REPETITIONS_MAX).min(room);
                drop(bytes.splice(range.end..range.end, part.repeat(times)));
            }
            5 => {
                let part = self.part_of_corpus();
                drop(bytes.splice(range.start..range.start, part));
            }
            6 => {
                let part = self.part_of_corpus();
                drop(bytes.splice(range, part));
            }
            _ => {
                let part = bytes[range].to_vec();
                let at = self.random.random_range(0..=bytes.len());
                drop(bytes.splice(at..at, part));
            }
        }
    }

    /// Part of any input of the corpus.
    fn part_of_corpus(&mut self) -> Vec<u8> {
        let Some(input) = self.corpus.choose(&mut self.random) else { return Vec::new() };
        let range = self.range(input.len());
        input[range].to_vec()
    }

    /// Range within a length; most are short.
    fn range(&mut self, length: usize) -> Range<usize> {
        let start = self.random.random_range(0..=length);
        let rest = length - start;
        let count = if self.random.random_bool(0.75) { rest.min(8) } else { rest };
        start..start + self.random.random_range(0..=count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_always_gives_the_same_input_and_another_seed_another() {
        let corpus = [b"userName eq \"ada\"".to_vec(), b"a pr".to_vec()];
        let input = |seed| Mutator::new(&corpus, seed).input();
        let inputs: std::collections::HashSet<_> = (0..1_000).map(input).collect();
        assert!(inputs.len() > 900, "{}", inputs.len());
        assert!((0..1_000).all(|seed| inputs.contains(&input(seed))));
    }

    #[test]
    fn no_input_is_longer_than_the_limit() {
        let corpus = [vec![b'x'; INPUT_BYTES_MAX]];
        let longest = (0..50).map(|seed| Mutator::new(&corpus, seed).input().len()).max();
        assert_eq!(longest, Some(INPUT_BYTES_MAX));
    }
}
