//! Sets of document ids: dense bit sets to combine, and sparse-or-dense sets to keep for each facet value.

/// Document id: the position of a product in the index. Ids are assigned in ascending order and never reused.
pub(crate) type DocId = u32;

/// Bit set of document ids. Ids beyond its capacity are not in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct BitSet(Vec<u64>);

const BITS: usize = u64::BITS as usize;

impl BitSet {
    /// Empty set with capacity for the ids below `docs`.
    pub(crate) fn with_capacity(docs: usize) -> Self {
        Self(vec![0; docs.div_ceil(BITS)])
    }

    /// Ids whose values fulfil a predicate, evaluated 64 at a time.
    pub(crate) fn from_predicate<T>(values: &[T], predicate: impl Fn(&T) -> bool) -> Self {
        let word = |values: &[T]| {
            values.iter().rev().fold(0, |word, value| word << 1 | u64::from(predicate(value)))
        };
        Self(values.chunks(BITS).map(word).collect())
    }

    pub(crate) fn insert(&mut self, doc: DocId) {
        let (word, bit) = split(doc);
        if word >= self.0.len() {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= bit;
    }

    pub(crate) fn remove(&mut self, doc: DocId) {
        let (word, bit) = split(doc);
        if let Some(word) = self.0.get_mut(word) {
            *word &= !bit;
        }
    }

    /// Insertion or removal of `doc`.
    pub(crate) fn set(&mut self, doc: DocId, membership: Membership) {
        match membership {
            Membership::In => self.insert(doc),
            Membership::Out => self.remove(doc),
        }
    }

    pub(crate) fn contains(&self, doc: DocId) -> bool {
        let (word, bit) = split(doc);
        self.0.get(word).is_some_and(|word| word & bit != 0)
    }

    pub(crate) fn count(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Size of the intersection with `other`.
    pub(crate) fn intersection_count(&self, other: &Self) -> usize {
        self.0.iter().zip(&other.0).map(|(one, two)| (one & two).count_ones() as usize).sum()
    }

    /// Intersection with `other`, in place.
    pub(crate) fn intersect_with(&mut self, other: &Self) {
        self.0.truncate(other.0.len());
        for (word, other) in self.0.iter_mut().zip(&other.0) {
            *word &= other;
        }
    }

    /// Removal of the ids of `other`, in place.
    pub(crate) fn subtract(&mut self, other: &Self) {
        for (word, other) in self.0.iter_mut().zip(&other.0) {
            *word &= !other;
        }
    }

    /// Removal of those ids that are in `among` and do not fulfil a predicate.
    pub(crate) fn retain_among(&mut self, among: &Self, predicate: impl Fn(DocId) -> bool) {
        for (index, (word, among)) in self.0.iter_mut().zip(&among.0).enumerate() {
            for doc in ids_of(index, *word & among) {
                if !predicate(doc) {
                    *word &= !split(doc).1;
                }
            }
        }
    }

    /// Ids in both sets, ascending.
    pub(crate) fn iter_common<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = DocId> + 'a {
        let words = self.0.iter().zip(&other.0).map(|(one, two)| one & two);
        words.enumerate().flat_map(|(index, word)| ids_of(index, word))
    }

    /// Union with `other`, in place.
    pub(crate) fn union_with(&mut self, other: &Self) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (word, other) in self.0.iter_mut().zip(&other.0) {
            *word |= other;
        }
    }

    /// Ids in the set, ascending.
    pub(crate) fn iter(&self) -> impl Iterator<Item = DocId> + '_ {
        self.0.iter().enumerate().flat_map(|(index, word)| ids_of(index, *word))
    }

    pub(crate) fn bytes(&self) -> usize {
        self.0.len() * size_of::<u64>()
    }
}

/// Whether an id belongs to a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Membership {
    In,
    Out,
}

impl From<bool> for Membership {
    fn from(present: bool) -> Self {
        if present { Self::In } else { Self::Out }
    }
}

/// Ids of one word, ascending.
fn ids_of(index: usize, word: u64) -> impl Iterator<Item = DocId> {
    let mut rest = word;
    std::iter::from_fn(move || {
        if rest == 0 {
            return None;
        }
        let bit = rest.trailing_zeros() as usize;
        rest &= rest - 1;
        u32::try_from(index * BITS + bit).ok()
    })
}

fn split(doc: DocId) -> (usize, u64) {
    (doc as usize / BITS, 1 << (doc as usize % BITS))
}

/// Adaptive set of document ids: a sorted list while it is small, since most brands have few products, then a bit set.
#[derive(Clone, Debug)]
pub(crate) enum DocSet {
    /// Ascending.
    Sparse(Vec<DocId>),
    Dense(BitSet),
}

impl Default for DocSet {
    fn default() -> Self {
        Self::Sparse(Vec::new())
    }
}

impl DocSet {
    pub(crate) fn insert(&mut self, doc: DocId) {
        match self {
            Self::Sparse(sparse) => {
                if let Err(at) = sparse.binary_search(&doc) {
                    sparse.insert(at, doc);
                }
                // A bit each is less than four bytes each, and quicker to combine.
                let highest = sparse.last().copied().unwrap_or(0) as usize;
                if sparse.len() > BITS && sparse.len() * 32 > highest {
                    let mut bits = BitSet::with_capacity(highest + 1);
                    for doc in sparse.iter() {
                        bits.insert(*doc);
                    }
                    *self = Self::Dense(bits);
                }
            }
            Self::Dense(bits) => bits.insert(doc),
        }
    }

    pub(crate) fn remove(&mut self, doc: DocId) {
        match self {
            Self::Sparse(sparse) => {
                if let Ok(at) = sparse.binary_search(&doc) {
                    sparse.remove(at);
                }
            }
            Self::Dense(bits) => bits.remove(doc),
        }
    }

    /// Size of the intersection with `bits`.
    pub(crate) fn count_in(&self, bits: &BitSet) -> usize {
        match self {
            Self::Sparse(sparse) => sparse.iter().filter(|doc| bits.contains(**doc)).count(),
            Self::Dense(dense) => dense.intersection_count(bits),
        }
    }

    /// Addition of all ids of this set to `bits`.
    pub(crate) fn union_into(&self, bits: &mut BitSet) {
        match self {
            Self::Sparse(sparse) => sparse.iter().for_each(|doc| bits.insert(*doc)),
            Self::Dense(dense) => bits.union_with(dense),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection, prelude::*};
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn both_kinds_of_set_agree_with_a_btree_set(
            changes in collection::vec((0u32..5_000, any::<bool>()), 0..800),
            other in collection::btree_set(0u32..6_000, 0..300),
        ) {
            let (mut bits, mut docs, mut model) = (BitSet::default(), DocSet::default(), BTreeSet::new());
            for (doc, present) in changes {
                bits.set(doc, present.into());
                if present { docs.insert(doc) } else { docs.remove(doc) }
                if present { model.insert(doc); } else { model.remove(&doc); }
            }
            let mut other_bits = BitSet::default();
            for doc in &other {
                other_bits.insert(*doc);
            }
            prop_assert_eq!(bits.iter().collect::<BTreeSet<_>>(), model.clone());
            prop_assert_eq!(bits.count(), model.len());
            let values: Vec<u32> = (0..5_000).collect();
            let same = BitSet::from_predicate(&values, |value| model.contains(value));
            prop_assert_eq!(same.iter().collect::<BTreeSet<_>>(), model.clone());
            let common = model.intersection(&other).count();
            prop_assert_eq!(bits.intersection_count(&other_bits), common);
            prop_assert_eq!(docs.count_in(&other_bits), common);
            let mut both = bits.clone();
            both.intersect_with(&other_bits);
            prop_assert_eq!(both.count(), common);
            prop_assert_eq!(bits.iter_common(&other_bits).count(), common);
            let mut even = bits.clone();
            even.retain_among(&other_bits, |doc| doc % 2 == 0);
            let odd = model.intersection(&other).filter(|doc| *doc % 2 == 1).count();
            prop_assert_eq!(even.count(), model.len() - odd);
            let mut rest = bits.clone();
            rest.subtract(&other_bits);
            prop_assert_eq!(rest.count(), model.len() - common);
            docs.union_into(&mut other_bits);
            prop_assert_eq!(other_bits.count(), model.union(&other).count());
        }
    }
}
