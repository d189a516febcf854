//! Sort indexes: the documents of the catalogue in each order that listings offer, kept sorted, and keyset positions
//! in them.

use super::bit_set::DocId;
use super::indexed_product::IndexedProduct;
use contracts::shared::ProductId;
use std::cmp::Ordering;

/// Sort key. The product id is the tie-breaker, so that the order is total.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SortKey {
    Price,
    Name,
    /// Start on the market.
    Age,
    /// The operator's ranks, then a mix.
    Featured,
}

/// Sort order of a listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Sort {
    Featured,
    /// By score; featured without a search text.
    Relevance,
    PriceAscending,
    PriceDescending,
    NameAscending,
    NameDescending,
    Newest,
}

/// Sort key of a price: the currency code, then ten-thousandths of the major unit.
pub(crate) type PriceKey = (&'static str, i64);

/// Sort key of featured products: the operator's rank, then the place in the mix.
pub(crate) type FeaturedKey = (u32, u64);

/// Keyset position: the sort key and id of the last product of a page. That product may have changed or gone since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KeysetPosition {
    Price(String, i64, ProductId),
    Name(String, ProductId),
    Age(i64, ProductId),
    Featured(FeaturedKey, ProductId),
}

impl SortKey {
    /// Order of two products by this key.
    pub(crate) fn compare(self, one: &IndexedProduct, two: &IndexedProduct) -> Ordering {
        let (ids, other) = (one.document.id, two.document.id);
        match self {
            Self::Price => (one.price_key, ids).cmp(&(two.price_key, other)),
            Self::Name => (&one.name_key, ids).cmp(&(&two.name_key, other)),
            Self::Age => (one.since, ids).cmp(&(two.since, other)),
            Self::Featured => (one.featured_key, ids).cmp(&(two.featured_key, other)),
        }
    }

    /// Keyset position right at `entry`.
    pub(crate) fn keyset_position(self, entry: &IndexedProduct) -> KeysetPosition {
        let id = entry.document.id;
        match self {
            Self::Price => {
                KeysetPosition::Price(entry.price_key.0.to_owned(), entry.price_key.1, id)
            }
            Self::Name => KeysetPosition::Name(entry.name_key.to_string(), id),
            Self::Age => KeysetPosition::Age(entry.since, id),
            Self::Featured => KeysetPosition::Featured(entry.featured_key, id),
        }
    }
}

impl KeysetPosition {
    /// Order of `entry` relative to this position.
    pub(crate) fn compare(&self, entry: &IndexedProduct) -> Ordering {
        let id = entry.document.id;
        match self {
            Self::Price(currency, amount, at) => {
                (entry.price_key.0, entry.price_key.1, id).cmp(&(currency.as_str(), *amount, *at))
            }
            Self::Name(name, at) => (&*entry.name_key, id).cmp(&(name.as_str(), *at)),
            Self::Age(since, at) => (entry.since, id).cmp(&(*since, *at)),
            Self::Featured(key, at) => (entry.featured_key, id).cmp(&(*key, *at)),
        }
    }
}

/// Ids of all documents, sorted by a key and then by product id.
fn sorted<'a, K: Ord>(
    entries: &'a [IndexedProduct],
    key: impl Fn(&'a IndexedProduct) -> K,
) -> Vec<DocId> {
    let mut keyed: Vec<(K, ProductId, DocId)> =
        (0..).zip(entries).map(|(doc, entry)| (key(entry), entry.document.id, doc)).collect();
    keyed.sort_unstable();
    keyed.into_iter().map(|(_, _, doc)| doc).collect()
}

/// One ascending sort index for each sort key.
#[derive(Debug, Default)]
pub(crate) struct SortIndexes {
    price: Vec<DocId>,
    name: Vec<DocId>,
    age: Vec<DocId>,
    featured: Vec<DocId>,
}

impl SortIndexes {
    pub(crate) const ALL: [SortKey; 4] =
        [SortKey::Price, SortKey::Name, SortKey::Age, SortKey::Featured];

    /// Document ids in ascending order of a key.
    pub(crate) fn by(&self, by: SortKey) -> &[DocId] {
        match by {
            SortKey::Price => &self.price,
            SortKey::Name => &self.name,
            SortKey::Age => &self.age,
            SortKey::Featured => &self.featured,
        }
    }

    fn by_mut(&mut self, by: SortKey) -> &mut Vec<DocId> {
        match by {
            SortKey::Price => &mut self.price,
            SortKey::Name => &mut self.name,
            SortKey::Age => &mut self.age,
            SortKey::Featured => &mut self.featured,
        }
    }

    /// Insertion of a document into one index. Moving up to 100,000 numbers by one takes microseconds.
    pub(crate) fn insert(&mut self, by: SortKey, doc: DocId, entries: &[IndexedProduct]) {
        let at = self.position(by, &entries[doc as usize], entries);
        self.by_mut(by).insert(at, doc);
    }

    /// Removal of a document from one index; `entries` must still have it as it was inserted.
    pub(crate) fn remove(&mut self, by: SortKey, doc: DocId, entries: &[IndexedProduct]) {
        let at = self.position(by, &entries[doc as usize], entries);
        let order = self.by_mut(by);
        if order.get(at) == Some(&doc) {
            order.remove(at);
        }
    }

    /// Bulk build of all indexes.
    pub(crate) fn rebuild(&mut self, entries: &[IndexedProduct]) {
        // Keys side by side sort several times faster than keys looked up in entries far apart.
        self.price = sorted(entries, |entry| entry.price_key);
        self.name = sorted(entries, |entry| &*entry.name_key);
        self.age = sorted(entries, |entry| entry.since);
        self.featured = sorted(entries, |entry| entry.featured_key);
    }

    fn position(&self, by: SortKey, entry: &IndexedProduct, entries: &[IndexedProduct]) -> usize {
        self.by(by)
            .partition_point(|other| by.compare(&entries[*other as usize], entry) == Ordering::Less)
    }
}
