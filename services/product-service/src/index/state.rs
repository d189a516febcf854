//! Everything the index holds, and how a change of a product changes it.

use super::availability::{Availability, News};
use super::bits::Bits;
use super::entry::{Entry, Words};
use super::facets::{Facet, FacetKind};
use super::listing::{Left, ListedVariant, Listing};
use super::orders::{By, Orders};
use super::query::Audience;
use super::text::{Sorting, Vocabulary};
use crate::domain::words;
use contracts::{product::ProductStatus, shared::ProductId};
use std::cmp::Ordering;
use std::collections::HashMap;

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) entries: Vec<Entry>,
    /// Each entry's price in minor units. Filters look at all of them, so they lie side by side.
    pub(crate) prices: Vec<i64>,
    by_id: HashMap<ProductId, u32>,
    /// Slugs of today and of before.
    by_slug: HashMap<Box<str>, u32>,
    by_sku: HashMap<Box<str>, (u32, u32)>,
    pub(crate) availability: Availability,
    pub(crate) orders: Orders,
    facets: [Facet; 3],
    pub(crate) vocabulary: Vocabulary,
    /// The products below this place are in the vocabulary; the others are on their way there.
    read: usize,
    drafts: Bits,
    active: Bits,
    archived: Bits,
    everything: Bits,
    pub(crate) in_stock: Bits,
    pub(crate) reduced: Bits,
    /// Grows whenever an answer may have become another one.
    pub(crate) generation: u64,
}

impl State {
    /// An index of these listings and these units. Their words are read afterwards, by [`State::read_words`].
    pub(crate) fn of(listings: Vec<Listing>, availability: Availability) -> Self {
        let mut state = Self { availability, ..Self::default() };
        for listing in listings {
            if !state.by_id.contains_key(&listing.id) {
                state.add(listing);
            }
        }
        state.orders.rebuild(&state.entries);
        state
    }

    /// Reads the words of up to `products` products that are not in the vocabulary yet.
    pub(crate) fn read_words(&mut self, products: usize) {
        let until = self.entries.len().min(self.read.saturating_add(products));
        for at in self.read..until {
            self.learn(u32::try_from(at).unwrap_or(u32::MAX));
        }
        self.read = until;
        if self.searchable() == Searchable::Now {
            self.vocabulary.sort();
        }
    }

    /// Whether every product's words have been read.
    pub(crate) fn searchable(&self) -> Searchable {
        if self.read == self.entries.len() { Searchable::Now } else { Searchable::Later }
    }

    pub(crate) fn facet(&self, kind: FacetKind) -> &Facet {
        &self.facets[kind as usize]
    }

    pub(crate) fn entry(&self, id: ProductId) -> Option<&Entry> {
        self.by_id.get(&id).map(|place| &self.entries[*place as usize])
    }

    pub(crate) fn by_slug(&self, slug: &str) -> Option<&Entry> {
        self.by_slug.get(slug).map(|place| &self.entries[*place as usize])
    }

    pub(crate) fn by_sku(&self, sku: &str) -> Option<(&Entry, &ListedVariant)> {
        let (place, variant) = self.by_sku.get(&*words::sku_key(sku))?;
        let entry = &self.entries[*place as usize];
        entry.listing.variants.get(*variant as usize).map(|variant| (entry, variant))
    }

    /// The products this audience sees.
    pub(crate) fn visible(&self, audience: Audience) -> &Bits {
        match audience {
            Audience::Shoppers | Audience::Operators(Some(ProductStatus::Active)) => &self.active,
            Audience::Operators(Some(ProductStatus::Draft)) => &self.drafts,
            Audience::Operators(Some(ProductStatus::Archived)) => &self.archived,
            Audience::Operators(None) => &self.everything,
        }
    }

    /// Takes in a product as it stands now. An older state than the one known is passed over.
    pub(crate) fn put(&mut self, listing: Listing) {
        match self.by_id.get(&listing.id) {
            Some(place) if self.entries[*place as usize].listing.version >= listing.version => {
                return;
            }
            Some(place) => self.replace(*place, listing),
            None => {
                let place = self.add(listing);
                for by in Orders::ALL {
                    self.orders.insert(by, place, &self.entries);
                }
                if place as usize == self.read {
                    self.read += 1;
                    self.learn(place);
                }
            }
        }
        self.generation += 1;
    }

    /// Takes in how much is left of a SKU.
    pub(crate) fn put_available(&mut self, sku: &str, units: i64) {
        if self.availability.put(sku, units) == News::Known {
            return;
        }
        let Some((place, _)) = self.by_sku.get(&*words::sku_key(sku)).copied() else { return };
        let left = self.left(&self.entries[place as usize].listing);
        let entry = &mut self.entries[place as usize];
        if entry.left != left {
            let flipped = entry.left.in_stock() != left.in_stock();
            entry.left = left;
            if flipped {
                self.in_stock.put(place, left.in_stock().into());
                self.generation += 1;
            }
        }
    }

    /// Appends a product that is not known yet, everywhere but in the orders and the vocabulary.
    fn add(&mut self, listing: Listing) -> u32 {
        let place = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        self.by_id.insert(listing.id, place);
        self.everything.insert(place);
        self.prices.push(listing.price.rounded().amount);
        self.entries.push(Entry::new(listing));
        self.enter(place);
        place
    }

    fn replace(&mut self, place: u32, listing: Listing) {
        self.leave(place);
        let at = place as usize;
        self.prices[at] = listing.price.rounded().amount;
        let mut entry = Entry::new(listing);
        entry.terms = std::mem::take(&mut self.entries[at].terms);
        let moved: Vec<By> = Orders::ALL
            .into_iter()
            .filter(|by| by.compare(&entry, &self.entries[at]) != Ordering::Equal)
            .collect();
        for by in &moved {
            self.orders.remove(*by, place, &self.entries);
        }
        self.entries[at] = entry;
        for by in moved {
            self.orders.insert(by, place, &self.entries);
        }
        self.enter(place);
        if at < self.read {
            self.learn(place);
        }
    }

    /// Brings the words of a product in the vocabulary up to date.
    fn learn(&mut self, place: u32) {
        let listing = &mut self.entries[place as usize].listing;
        let words = Words::of(listing);
        // Indexed from here on, and of no other use.
        listing.tag_words = String::new();
        listing.description_words = String::new();
        let sorting = match self.searchable() {
            Searchable::Now => Sorting::Now,
            Searchable::Later => Sorting::AtTheEnd,
        };
        let terms = self.vocabulary.terms_of(words.iter(), sorting);
        let old = std::mem::take(&mut self.entries[place as usize].terms);
        if terms != old {
            self.vocabulary.remove(place, &old);
            self.vocabulary.add(place, &terms);
        }
        self.entries[place as usize].terms = terms;
    }

    /// Enters a product that stands at `place` under its addresses, SKUs, facet values and flags.
    fn enter(&mut self, place: u32) {
        let at = place as usize;
        let listing = &self.entries[at].listing;
        let left = self.left(listing);
        for slug in listing.former_slugs.iter().chain([&listing.slug]) {
            self.by_slug.insert(slug.as_str().into(), place);
        }
        for (number, variant) in (0..).zip(&listing.variants) {
            self.by_sku.insert(words::sku_key(&variant.sku).into(), (place, number));
        }
        let written = |kind| -> &[String] {
            match kind {
                FacetKind::Category => &listing.categories,
                FacetKind::Brand => listing.brand.as_slice(),
                FacetKind::Color => &listing.colors,
            }
        };
        let mut values = Vec::new();
        for kind in FacetKind::ALL {
            for written in written(kind) {
                let ids = self.facets[kind as usize].values_of(kind, written);
                values.extend(ids.into_iter().map(|id| (kind, id)));
            }
        }
        for (kind, id) in &values {
            self.facets[*kind as usize].values[*id as usize].places.insert(place);
        }
        let status = listing.status;
        self.drafts.put(place, (status == ProductStatus::Draft).into());
        self.active.put(place, (status == ProductStatus::Active).into());
        self.archived.put(place, (status == ProductStatus::Archived).into());
        self.in_stock.put(place, left.in_stock().into());
        let entry = &mut self.entries[at];
        self.reduced.put(place, entry.is_reduced().into());
        entry.values = values.into();
        entry.left = left;
    }

    fn leave(&mut self, place: u32) {
        let entry = &self.entries[place as usize];
        for slug in entry.listing.former_slugs.iter().chain([&entry.listing.slug]) {
            self.by_slug.remove(slug.as_str());
        }
        for variant in &entry.listing.variants {
            self.by_sku.remove(&*words::sku_key(&variant.sku));
        }
        for (kind, id) in &entry.values {
            self.facets[*kind as usize].values[*id as usize].places.remove(place);
        }
    }

    fn left(&self, listing: &Listing) -> Left {
        Left::of(
            listing.variants.iter().filter_map(|variant| self.availability.units(&variant.sku)),
        )
    }
}

/// Whether searches find everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Searchable {
    Now,
    /// Words are still being read.
    Later,
}
