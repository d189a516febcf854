//! The catalogue in the orders people ask for, each kept sorted, and places in them.

use super::entry::Entry;
use contracts::shared::ProductId;
use std::cmp::Ordering;

/// What an order goes by. Each falls back on the product's identity, so that every place is one of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    Price,
    Name,
    /// When it first went on sale.
    Age,
}

/// How a list is sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Sort {
    Relevance,
    Cheapest,
    Dearest,
    NameUp,
    NameDown,
    Newest,
}

/// A price as something to sort by: currencies apart, then ten-thousandths of the major unit.
pub(crate) type PriceKey = (&'static str, i64);

/// A place in a list: where somebody stopped. The product that stood there need not be there any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Price(String, i64, ProductId),
    Name(String, ProductId),
    Age(i64, ProductId),
}

impl By {
    pub(crate) fn compare(self, one: &Entry, two: &Entry) -> Ordering {
        let (ids, other) = (one.listing.id, two.listing.id);
        match self {
            Self::Price => (one.price_key, ids).cmp(&(two.price_key, other)),
            Self::Name => (&one.name_key, ids).cmp(&(&two.name_key, other)),
            Self::Age => (one.since, ids).cmp(&(two.since, other)),
        }
    }

    pub(crate) fn place_of(self, entry: &Entry) -> Place {
        let id = entry.listing.id;
        match self {
            Self::Price => Place::Price(entry.price_key.0.to_owned(), entry.price_key.1, id),
            Self::Name => Place::Name(entry.name_key.to_string(), id),
            Self::Age => Place::Age(entry.since, id),
        }
    }
}

impl Place {
    /// Where `entry` stands, seen from here.
    pub(crate) fn compare(&self, entry: &Entry) -> Ordering {
        let id = entry.listing.id;
        match self {
            Self::Price(currency, amount, at) => {
                (entry.price_key.0, entry.price_key.1, id).cmp(&(currency.as_str(), *amount, *at))
            }
            Self::Name(name, at) => (&*entry.name_key, id).cmp(&(name.as_str(), *at)),
            Self::Age(since, at) => (entry.since, id).cmp(&(*since, *at)),
        }
    }
}

/// The places of all entries by a key, then by identity.
fn sorted<'a, K: Ord>(entries: &'a [Entry], key: impl Fn(&'a Entry) -> K) -> Vec<u32> {
    let mut keyed: Vec<(K, ProductId, u32)> =
        (0..).zip(entries).map(|(place, entry)| (key(entry), entry.listing.id, place)).collect();
    keyed.sort_unstable();
    keyed.into_iter().map(|(_, _, place)| place).collect()
}

/// All three orders, ascending.
#[derive(Debug, Default)]
pub(crate) struct Orders {
    price: Vec<u32>,
    name: Vec<u32>,
    age: Vec<u32>,
}

impl Orders {
    pub(crate) const ALL: [By; 3] = [By::Price, By::Name, By::Age];

    pub(crate) fn by(&self, by: By) -> &[u32] {
        match by {
            By::Price => &self.price,
            By::Name => &self.name,
            By::Age => &self.age,
        }
    }

    fn by_mut(&mut self, by: By) -> &mut Vec<u32> {
        match by {
            By::Price => &mut self.price,
            By::Name => &mut self.name,
            By::Age => &mut self.age,
        }
    }

    /// Puts a product into one of the orders. Moving up to 100,000 numbers by one takes microseconds.
    pub(crate) fn insert(&mut self, by: By, place: u32, entries: &[Entry]) {
        let at = self.position(by, &entries[place as usize], entries);
        self.by_mut(by).insert(at, place);
    }

    /// Takes a product out; `entries` still has it as it was put in.
    pub(crate) fn remove(&mut self, by: By, place: u32, entries: &[Entry]) {
        let at = self.position(by, &entries[place as usize], entries);
        let order = self.by_mut(by);
        if order.get(at) == Some(&place) {
            order.remove(at);
        }
    }

    /// Sorts everything at once.
    pub(crate) fn rebuild(&mut self, entries: &[Entry]) {
        // Keys side by side sort several times faster than keys looked up in entries far apart.
        self.price = sorted(entries, |entry| entry.price_key);
        self.name = sorted(entries, |entry| &*entry.name_key);
        self.age = sorted(entries, |entry| entry.since);
    }

    fn position(&self, by: By, entry: &Entry, entries: &[Entry]) -> usize {
        self.by(by)
            .partition_point(|other| by.compare(&entries[*other as usize], entry) == Ordering::Less)
    }
}
