//! What there is of one SKU.

use super::Location;

/// What lies in one location.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shelf {
    pub(crate) location: Location,
    pub(crate) on_hand: i64,
    pub(crate) held: i64,
}

impl Shelf {
    /// What can be sold from here. A count may have found less than is held; that never eats another's stock.
    pub(crate) fn available(&self) -> i64 {
        (self.on_hand - self.held).max(0)
    }

    /// Units that are set aside but not there.
    pub(crate) fn shortage(&self) -> i64 {
        (self.held - self.on_hand).max(0)
    }
}

/// What there is of one SKU, by location.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stock {
    /// In the order of their names.
    pub(crate) shelves: Vec<Shelf>,
    /// How many events happened to the SKU itself.
    pub(crate) version: u64,
}

impl Stock {
    pub(crate) fn on_hand(&self) -> i64 {
        self.shelves.iter().map(|shelf| shelf.on_hand).sum()
    }

    pub(crate) fn held(&self) -> i64 {
        self.shelves.iter().map(|shelf| shelf.held).sum()
    }

    pub(crate) fn available(&self) -> i64 {
        self.shelves.iter().map(Shelf::available).sum()
    }

    pub(crate) fn shortage(&self) -> i64 {
        self.shelves.iter().map(Shelf::shortage).sum()
    }

    /// What lies in this location; nothing where nothing ever lay.
    pub(crate) fn shelf(&self, location: &Location) -> Option<&Shelf> {
        self.shelves.iter().find(|shelf| shelf.location == *location)
    }

    pub(crate) fn move_units(&mut self, location: &Location, on_hand: i64, held: i64) {
        let place = self.shelves.binary_search_by(|shelf| shelf.location.cmp(location));
        let index = place.unwrap_or_else(|index| {
            let location = location.clone();
            self.shelves.insert(index, Shelf { location, on_hand: 0, held: 0 });
            index
        });
        let lying = &mut self.shelves[index];
        lying.on_hand += on_hand;
        lying.held += held;
    }

    /// Where to take `quantity` units from: one location if one has enough, otherwise as few as possible. `None`
    /// when there is not enough.
    pub(crate) fn source(&self, quantity: i64) -> Option<Vec<(Location, i64)>> {
        if let Some(shelf) = self.shelves.iter().find(|shelf| shelf.available() >= quantity) {
            return Some(vec![(shelf.location.clone(), quantity)]);
        }
        let mut fullest_first: Vec<&Shelf> = self.shelves.iter().collect();
        fullest_first.sort_by_key(|shelf| std::cmp::Reverse(shelf.available()));
        let mut missing = quantity;
        let mut parts = Vec::new();
        for shelf in fullest_first {
            let part = shelf.available().min(missing);
            if part > 0 {
                parts.push((shelf.location.clone(), part));
                missing -= part;
            }
        }
        (missing == 0).then_some(parts)
    }
}
