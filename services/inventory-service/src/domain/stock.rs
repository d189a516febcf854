//! Stock of one SKU.

use super::{Location, MovementLink, StockPolicy, UNITS_MAX};

/// Stock of one SKU at one location.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LocationStock {
    pub(crate) location: Location,
    pub(crate) on_hand: i64,
    pub(crate) held: i64,
}

impl LocationStock {
    /// Available to sell from this location, never negative: a shortage here does not reduce other locations.
    pub(crate) fn available(&self) -> i64 {
        (self.on_hand - self.held).max(0)
    }

    /// Shortage: units held but not on hand.
    pub(crate) fn shortage(&self) -> i64 {
        (self.held - self.on_hand).max(0)
    }
}

/// Stock of one SKU, by location.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SkuStock {
    /// Sorted by location name.
    pub(crate) locations: Vec<LocationStock>,
    /// Version of the SKU's own stream.
    pub(crate) version: u64,
    pub(crate) policy: StockPolicy,
    /// The last event that moved units of it, in the chain of its movements.
    pub(crate) last_movement: MovementLink,
}

impl SkuStock {
    pub(crate) fn on_hand(&self) -> i64 {
        self.locations.iter().map(|lot| lot.on_hand).sum()
    }

    pub(crate) fn held(&self) -> i64 {
        self.locations.iter().map(|lot| lot.held).sum()
    }

    /// Units available to sell: of an untracked SKU, as many as one line can have.
    pub(crate) fn available(&self) -> i64 {
        match self.policy {
            StockPolicy::Tracked => self.locations.iter().map(LocationStock::available).sum(),
            StockPolicy::Untracked => UNITS_MAX,
        }
    }

    pub(crate) fn shortage(&self) -> i64 {
        self.locations.iter().map(LocationStock::shortage).sum()
    }

    /// Stock at one location; `None` where there never was any.
    pub(crate) fn at_location(&self, location: &Location) -> Option<&LocationStock> {
        self.locations.iter().find(|lot| lot.location == *location)
    }

    pub(crate) fn move_units(&mut self, location: &Location, on_hand: i64, held: i64) {
        let found = self.locations.binary_search_by(|lot| lot.location.cmp(location));
        let index = found.unwrap_or_else(|index| {
            let location = location.clone();
            self.locations.insert(index, LocationStock { location, on_hand: 0, held: 0 });
            index
        });
        let stock = &mut self.locations[index];
        stock.on_hand += on_hand;
        stock.held += held;
    }

    /// Sources `quantity` units: from one location if one has enough, otherwise from as few as possible. `None` when not
    /// enough are available.
    pub(crate) fn source(&self, quantity: i64) -> Option<Vec<(Location, i64)>> {
        if self.policy == StockPolicy::Untracked {
            return Some(vec![(Location::default(), quantity)]);
        }
        if let Some(lot) = self.locations.iter().find(|lot| lot.available() >= quantity) {
            return Some(vec![(lot.location.clone(), quantity)]);
        }
        let mut fullest_first: Vec<&LocationStock> = self.locations.iter().collect();
        fullest_first.sort_by_key(|lot| std::cmp::Reverse(lot.available()));
        let mut missing = quantity;
        let mut parts = Vec::new();
        for lot in fullest_first {
            let part = lot.available().min(missing);
            if part > 0 {
                parts.push((lot.location.clone(), part));
                missing -= part;
            }
        }
        (missing == 0).then_some(parts)
    }
}
