//! How much is left of each SKU, as the inventory told it.
//!
//! Kept on shelves of many SKUs: a start reads a thousand documents instead of one for each SKU, and a change writes
//! one small document.

use crate::domain::words::sku_key;
use std::collections::HashMap;

/// How many shelves there are. Part of the stored format.
pub(crate) const SHELVES: usize = 1_024;

/// Units available by SKU, also of SKUs that no product has yet.
#[derive(Debug)]
pub(crate) struct Availability(Vec<Shelf>);

/// The SKUs of one shelf.
pub(crate) type Shelf = HashMap<Box<str>, i64>;

impl Default for Availability {
    fn default() -> Self {
        Self((0..SHELVES).map(|_| Shelf::new()).collect())
    }
}

impl Availability {
    /// What these shelves hold. SKUs find their own shelf again.
    pub(crate) fn of(shelves: impl IntoIterator<Item = Shelf>) -> Self {
        let mut availability = Self::default();
        for (sku, units) in shelves.into_iter().flatten() {
            availability.0[number_of(&sku)].insert(sku, units);
        }
        availability
    }

    /// Units available of a SKU; `None` when nobody said.
    pub(crate) fn units(&self, sku: &str) -> Option<i64> {
        let key = sku_key(sku);
        self.0[number_of(&key)].get(&*key).copied()
    }

    /// Takes in what is left of a SKU; says whether that is news.
    pub(crate) fn put(&mut self, sku: &str, units: i64) -> News {
        let key = sku_key(sku);
        let skus = &mut self.0[number_of(&key)];
        match skus.get_mut(&*key) {
            Some(known) if *known == units => return News::Known,
            Some(known) => *known = units,
            None => {
                skus.insert(key.into(), units);
            }
        }
        News::New
    }

    /// The shelf a SKU is on, and its number.
    pub(crate) fn shelf(&self, sku: &str) -> (usize, &Shelf) {
        let number = number_of(&sku_key(sku));
        (number, &self.0[number])
    }
}

/// Whether something was not known before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum News {
    Known,
    New,
}

/// The shelf of a SKU, by the FNV-1a hash, which is the same in every version of this program.
fn number_of(sku: &str) -> usize {
    let hash = sku
        .bytes()
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    hash as usize % SHELVES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shelves_come_back_as_they_were() {
        let mut one = Availability::default();
        assert_eq!((one.put("A", 3), one.put("A", 3)), (News::New, News::Known));
        one.put("B", 0);
        let (number, shelf) = one.shelf("A");
        assert_eq!((number, shelf.get("a")), (number_of("a"), Some(&3)));
        let two = Availability::of([shelf.clone(), one.shelf("B").1.clone()]);
        assert_eq!((two.units("a"), two.units("B"), two.units("C")), (Some(3), Some(0), None));
    }
}
