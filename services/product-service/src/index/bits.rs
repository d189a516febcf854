//! Sets of places in the index: dense ones to combine, small ones to keep for each value of a facet.

/// A set of places, one bit each. Places beyond its end are not in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bits(Vec<u64>);

const BITS: usize = u64::BITS as usize;

impl Bits {
    /// An empty set with room for places below `places`.
    pub(crate) fn with_room(places: usize) -> Self {
        Self(vec![0; places.div_ceil(BITS)])
    }

    /// The places whose values are such, 64 at a time.
    pub(crate) fn of_those<T>(values: &[T], such: impl Fn(&T) -> bool) -> Self {
        let word = |values: &[T]| {
            values.iter().rev().fold(0, |word, value| word << 1 | u64::from(such(value)))
        };
        Self(values.chunks(BITS).map(word).collect())
    }

    pub(crate) fn insert(&mut self, place: u32) {
        let (word, bit) = split(place);
        if word >= self.0.len() {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= bit;
    }

    pub(crate) fn remove(&mut self, place: u32) {
        let (word, bit) = split(place);
        if let Some(word) = self.0.get_mut(word) {
            *word &= !bit;
        }
    }

    /// Puts `place` in or takes it out.
    pub(crate) fn put(&mut self, place: u32, present: Presence) {
        match present {
            Presence::In => self.insert(place),
            Presence::Out => self.remove(place),
        }
    }

    pub(crate) fn contains(&self, place: u32) -> bool {
        let (word, bit) = split(place);
        self.0.get(word).is_some_and(|word| word & bit != 0)
    }

    pub(crate) fn count(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// How many places are in both.
    pub(crate) fn count_common(&self, other: &Self) -> usize {
        self.0.iter().zip(&other.0).map(|(one, two)| (one & two).count_ones() as usize).sum()
    }

    /// Keeps only what is in `other` too.
    pub(crate) fn intersect(&mut self, other: &Self) {
        self.0.truncate(other.0.len());
        for (word, other) in self.0.iter_mut().zip(&other.0) {
            *word &= other;
        }
    }

    /// Takes in what is in `other`.
    pub(crate) fn unite(&mut self, other: &Self) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (word, other) in self.0.iter_mut().zip(&other.0) {
            *word |= other;
        }
    }

    /// The places in it, ascending.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.0.iter().enumerate().flat_map(|(index, word)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                if rest == 0 {
                    return None;
                }
                let bit = rest.trailing_zeros() as usize;
                rest &= rest - 1;
                u32::try_from(index * BITS + bit).ok()
            })
        })
    }

    pub(crate) fn bytes(&self) -> usize {
        self.0.len() * size_of::<u64>()
    }
}

/// Whether something is in a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    In,
    Out,
}

impl From<bool> for Presence {
    fn from(present: bool) -> Self {
        if present { Self::In } else { Self::Out }
    }
}

fn split(place: u32) -> (usize, u64) {
    (place as usize / BITS, 1 << (place as usize % BITS))
}

/// A set of places that costs little while it is small: most brands have few products.
#[derive(Clone, Debug)]
pub(crate) enum Places {
    /// Ascending.
    Few(Vec<u32>),
    Many(Bits),
}

impl Default for Places {
    fn default() -> Self {
        Self::Few(Vec::new())
    }
}

impl Places {
    pub(crate) fn insert(&mut self, place: u32) {
        match self {
            Self::Few(few) => {
                if let Err(at) = few.binary_search(&place) {
                    few.insert(at, place);
                }
                // A bit each is less than four bytes each, and quicker to combine.
                let highest = few.last().copied().unwrap_or(0) as usize;
                if few.len() > BITS && few.len() * 32 > highest {
                    let mut bits = Bits::with_room(highest + 1);
                    for place in few.iter() {
                        bits.insert(*place);
                    }
                    *self = Self::Many(bits);
                }
            }
            Self::Many(bits) => bits.insert(place),
        }
    }

    pub(crate) fn remove(&mut self, place: u32) {
        match self {
            Self::Few(few) => {
                if let Ok(at) = few.binary_search(&place) {
                    few.remove(at);
                }
            }
            Self::Many(bits) => bits.remove(place),
        }
    }

    pub(crate) fn count_in(&self, bits: &Bits) -> usize {
        match self {
            Self::Few(few) => few.iter().filter(|place| bits.contains(**place)).count(),
            Self::Many(many) => many.count_common(bits),
        }
    }

    /// Puts all of these into `bits`.
    pub(crate) fn unite_into(&self, bits: &mut Bits) {
        match self {
            Self::Few(few) => few.iter().for_each(|place| bits.insert(*place)),
            Self::Many(many) => bits.unite(many),
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
        fn sets_behave_like_sets(
            changes in collection::vec((0u32..5_000, any::<bool>()), 0..800),
            other in collection::btree_set(0u32..6_000, 0..300),
        ) {
            let (mut bits, mut places, mut model) = (Bits::default(), Places::default(), BTreeSet::new());
            for (place, present) in changes {
                bits.put(place, present.into());
                if present { places.insert(place) } else { places.remove(place) }
                if present { model.insert(place); } else { model.remove(&place); }
            }
            let mut other_bits = Bits::default();
            for place in &other {
                other_bits.insert(*place);
            }
            prop_assert_eq!(bits.iter().collect::<BTreeSet<_>>(), model.clone());
            prop_assert_eq!(bits.count(), model.len());
            let values: Vec<u32> = (0..5_000).collect();
            let same = Bits::of_those(&values, |value| model.contains(value));
            prop_assert_eq!(same.iter().collect::<BTreeSet<_>>(), model.clone());
            let common = model.intersection(&other).count();
            prop_assert_eq!(bits.count_common(&other_bits), common);
            prop_assert_eq!(places.count_in(&other_bits), common);
            let mut both = bits.clone();
            both.intersect(&other_bits);
            prop_assert_eq!(both.count(), common);
            places.unite_into(&mut other_bits);
            prop_assert_eq!(other_bits.count(), model.union(&other).count());
        }
    }
}
