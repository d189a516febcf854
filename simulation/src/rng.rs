//! Deterministic random number generator with one stream per purpose, so that leaving one thing out of a plan does
//! not change the draws of all others.

/// Random number generator that repeats from a seed (`SplitMix64`).
#[derive(Clone, Debug)]
pub(crate) struct SimRng(u64);

impl SimRng {
    /// Stream of this seed for one purpose. The names of streams are part of what a seed means: a renamed stream
    /// draws other numbers.
    pub(crate) fn stream(seed: u64, purpose: &str) -> Self {
        let mut rng = Self(seed ^ 0x9e37_79b9_7f4a_7c15);
        for byte in purpose.bytes() {
            rng.0 = rng.0.wrapping_mul(0x0100_0000_01b3) ^ u64::from(byte);
            rng.next_u64();
        }
        rng
    }

    /// 64 random bits.
    pub(crate) fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Number from `min` to `max`, both included.
    pub(crate) fn range(&mut self, min: u64, max: u64) -> u64 {
        min + self.next_u64() % (max.saturating_sub(min) + 1)
    }

    /// Signed number from `min` to `max`, both included.
    pub(crate) fn signed_range(&mut self, min: i64, max: i64) -> i64 {
        let span = u64::try_from(max - min).unwrap_or(0);
        min + i64::try_from(self.range(0, span)).unwrap_or(0)
    }

    /// Index below `count`; 0 when there is nothing to choose from.
    pub(crate) fn index(&mut self, count: usize) -> usize {
        usize::try_from(self.next_u64() % (count.max(1) as u64)).unwrap_or(0)
    }

    /// One of these values.
    pub(crate) fn choose<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.index(choices.len())]
    }

    /// True with a probability of so many in a thousand.
    pub(crate) fn chance(&mut self, permille: u32) -> bool {
        self.next_u64() % 1_000 < u64::from(permille)
    }
}
