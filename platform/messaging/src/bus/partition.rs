//! Partition of a feed: which subjects belong to it, by the hash that Kafka's clients use for keys.

/// Maximum number of partitions of a topic.
pub const PARTITIONS_MAX: u32 = 256;

/// Partition: those messages of a feed whose subjects have this number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Partition {
    /// Number, from 0.
    pub number: u32,
    /// How many partitions there are.
    pub count: u32,
}

impl Partition {
    /// The feed as one partition, as it is consumed without a bus.
    pub const WHOLE: Self = Self { number: 0, count: 1 };

    /// Partition of a subject among `count`.
    ///
    /// The same in every engine, and the same as that of a Kafka client in Java which has the subject as its key: 32 bits of
    /// `murmur2`, without the sign, modulo the number of partitions.
    ///
    /// # Panics
    ///
    /// Where `count` is 0.
    #[must_use]
    pub fn of(subject: &str, count: u32) -> Self {
        Self { number: (murmur2(subject.as_bytes()) & 0x7fff_ffff) % count, count }
    }

    /// Whether a subject belongs to this partition.
    #[must_use]
    pub fn contains(self, subject: &str) -> bool {
        self.count == 1 || Self::of(subject, self.count) == self
    }
}

/// Hash `murmur2` (32 bits) with the seed of Kafka's clients.
fn murmur2(bytes: &[u8]) -> u32 {
    const M: u32 = 0x5bd1_e995;
    let length = u32::try_from(bytes.len()).expect("a subject is short");
    let mut hash = 0x9747_b28c ^ length;
    let (words, rest) = bytes.as_chunks::<4>();
    for word in words {
        let mut mixed = u32::from_le_bytes(*word).wrapping_mul(M);
        mixed ^= mixed >> 24;
        hash = hash.wrapping_mul(M) ^ mixed.wrapping_mul(M);
    }
    if !rest.is_empty() {
        for (index, byte) in rest.iter().enumerate() {
            hash ^= u32::from(*byte) << (8 * index);
        }
        hash = hash.wrapping_mul(M);
    }
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(M);
    hash ^ (hash >> 15)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_that_of_kafkas_clients() {
        // From the tests of Kafka's own client (`UtilsTest`).
        let vectors = [
            ("21", -973_932_308),
            ("foobar", -790_332_482),
            ("a-little-bit-long-string", -985_981_536),
            ("a-little-bit-longer-string", -1_486_304_829),
            ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971),
            ("abc", 479_470_107),
        ];
        for (subject, hash) in vectors {
            assert_eq!(murmur2(subject.as_bytes()).cast_signed(), hash, "{subject}");
        }
    }

    #[test]
    fn every_subject_is_in_one_partition() {
        for number in 0..200 {
            let subject = format!("subject-{number}");
            let holders =
                (0..8).filter(|number| Partition { number: *number, count: 8 }.contains(&subject));
            assert_eq!(holders.count(), 1);
            assert!(Partition::WHOLE.contains(&subject));
        }
    }
}
