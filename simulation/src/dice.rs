//! Randomness for plans and faults: a small generator with a stream for each purpose, so that leaving one thing out
//! of a plan does not change the luck of all others.

/// Dice that repeat from a seed (`SplitMix64`).
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    /// The dice of this seed for one purpose.
    pub(crate) fn of(seed: u64, purpose: &str) -> Self {
        let mut dice = Self(seed ^ 0x9e37_79b9_7f4a_7c15);
        for byte in purpose.bytes() {
            dice.0 = dice.0.wrapping_mul(0x0100_0000_01b3) ^ u64::from(byte);
            dice.next();
        }
        dice
    }

    /// 64 random bits.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from `least` to `most`.
    pub(crate) fn between(&mut self, least: u64, most: u64) -> u64 {
        least + self.next() % (most.saturating_sub(least) + 1)
    }

    /// The same, signed.
    pub(crate) fn units(&mut self, least: i64, most: i64) -> i64 {
        let span = u64::try_from(most - least).unwrap_or(0);
        least + i64::try_from(self.between(0, span)).unwrap_or(0)
    }

    /// An index below `count`; 0 when there is nothing to choose from.
    pub(crate) fn index(&mut self, count: usize) -> usize {
        usize::try_from(self.next() % (count.max(1) as u64)).unwrap_or(0)
    }

    /// One of these.
    pub(crate) fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.index(choices.len())]
    }

    /// Whether it happens this time, with so many chances in a thousand.
    pub(crate) fn chance(&mut self, permille: u32) -> bool {
        self.next() % 1_000 < u64::from(permille)
    }
}
