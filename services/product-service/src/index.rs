//! The catalogue in memory: lists, filters, facets, searches and addresses, right after every change.
//!
//! One lock guards it. Writers hold it for microseconds; readers share it. Answers are kept until the index changes.

mod availability;
mod bits;
mod cache;
mod entry;
mod facets;
mod found;
mod listing;
mod orders;
mod page;
mod query;
mod spelling;
mod state;
pub(crate) mod stored;
mod text;

pub(crate) use availability::{Availability, Shelf};
pub(crate) use listing::{Left, ListedVariant, Listing};
pub(crate) use orders::Sort;
pub(crate) use query::{Audience, Reduced, Stock, Wish};

use crate::domain;
use cache::Cache;
use contracts::{
    product::{
        Categories, Category, FacetValue, ProductPage, ProductStatus, Suggestions, VariantFacts,
    },
    shared::ProductId,
};
use facets::{Facet, FacetEntry, FacetKind};
use found::{Found, Wider};
use kernel::{Cursor, CursorError, PageLimit};
use parking_lot::{Mutex, RwLock};
use query::Query;
use state::{Searchable, State};
use std::collections::HashMap;
use std::sync::Arc;
use storage::{Commit, durability};
use tokio::sync::Notify;

/// How many products' words are read before the start is over.
const PRODUCTS_READ_AT_THE_START: usize = 2_000;
/// How many products' words are read in one step: a few milliseconds.
const PRODUCTS_READ_TOGETHER: usize = 128;
/// The most products and categories that are suggested.
const SUGGESTED_PRODUCTS_MAX: usize = 6;
const SUGGESTED_CATEGORIES_MAX: usize = 3;

/// The catalogue in memory. What it shows that is not flushed yet touches the running request's scope.
#[derive(Debug, Default)]
pub(crate) struct Index {
    state: RwLock<State>,
    cache: Mutex<Cache>,
    words_read: Notify,
    unflushed: Unflushed,
}

/// The appends that are in the index and may not be flushed yet.
#[derive(Debug, Default)]
struct Unflushed(Mutex<Vec<Commit>>);

impl Unflushed {
    fn add(&self, commit: Commit) {
        self.0.lock().push(commit);
    }

    /// Makes the running request wait for them at the boundary, all of them: they come in in another order than they
    /// were appended.
    fn touch(&self) {
        let mut commits = self.0.lock();
        commits.retain(|commit| !commit.is_durable());
        commits.iter().for_each(durability::depend_on);
    }
}

/// A product as the index knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) id: ProductId,
    pub(crate) version: u64,
    pub(crate) status: ProductStatus,
}

/// Who has a SKU or a slug already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    Slug(String),
    Sku(String),
}

impl Index {
    /// An index of what was stored. Of a large catalogue the words are still to be read, see [`Index::read_words`].
    pub(crate) fn of(listings: Vec<Listing>, availability: Availability) -> Self {
        let mut state = State::of(listings, availability);
        state.read_words(PRODUCTS_READ_AT_THE_START);
        Self { state: RwLock::new(state), ..Self::default() }
    }

    /// Reads the words of all products, in small steps beside everything else that goes on.
    pub(crate) async fn read_words(&self) {
        loop {
            {
                let mut state = self.state.write();
                state.read_words(PRODUCTS_READ_TOGETHER);
                if state.searchable() == Searchable::Now {
                    break;
                }
            }
            tokio::task::yield_now().await;
        }
        self.words_read.notify_waiters();
    }

    /// Waits until searches find everything, which they do a moment after the start.
    pub(crate) async fn searchable(&self) {
        let mut read = std::pin::pin!(self.words_read.notified());
        read.as_mut().enable();
        if self.state.read().searchable() == Searchable::Later {
            read.await;
        }
    }

    /// Takes in a product as it stands after an append.
    pub(crate) fn put(&self, listing: Listing, commit: Commit) {
        let mut state = self.state.write();
        self.unflushed.add(commit);
        state.put(listing);
    }

    /// Takes in how much is left of a SKU. Returns the number of its shelf and the shelf as it is now.
    pub(crate) fn put_available(&self, sku: &str, units: i64) -> (usize, Shelf) {
        let mut state = self.state.write();
        state.put_available(sku, units);
        let (number, skus) = state.availability.shelf(sku);
        (number, skus.clone())
    }

    /// Takes in how much is left of a SKU of which nobody said anything yet.
    pub(crate) fn put_first_available(&self, sku: &str, units: i64) {
        let mut state = self.state.write();
        if state.availability.units(sku).is_none() {
            state.put_available(sku, units);
        }
    }

    /// The product with this id or slug, of today or of before.
    pub(crate) fn find(&self, id_or_slug: &str) -> Option<Known> {
        let state = self.state.read();
        self.unflushed.touch();
        let by_id = id_or_slug.parse().ok().and_then(|id| state.entry(id));
        by_id.or_else(|| state.by_slug(id_or_slug)).map(|entry| Known {
            id: entry.listing.id,
            version: entry.listing.version,
            status: entry.listing.status,
        })
    }

    /// The status of a product.
    pub(crate) fn status(&self, id: ProductId) -> Option<ProductStatus> {
        self.state.read().entry(id).map(|entry| entry.listing.status)
    }

    /// Which product has this SKU.
    pub(crate) fn owner_of_sku(&self, sku: &str) -> Option<ProductId> {
        self.state.read().by_sku(sku).map(|(entry, _)| entry.listing.id)
    }

    /// Which product has or had this slug.
    pub(crate) fn owner_of_slug(&self, slug: &str) -> Option<ProductId> {
        self.state.read().by_slug(slug).map(|entry| entry.listing.id)
    }

    /// How much is left of each of these SKUs.
    pub(crate) fn left<'a>(&self, skus: impl Iterator<Item = &'a str>) -> Vec<Left> {
        let state = self.state.read();
        skus.map(|sku| Left::of(state.availability.units(sku))).collect()
    }

    /// What is known of these SKUs; unknown ones are left out.
    pub(crate) fn variants(&self, skus: &[String]) -> Vec<VariantFacts> {
        let state = self.state.read();
        self.unflushed.touch();
        let facts = |sku: &String| {
            let (entry, variant) = state.by_sku(sku)?;
            Some(variant_facts(&entry.listing, variant, Left::of(state.availability.units(sku))))
        };
        skus.iter().filter_map(facts).collect()
    }

    /// One page of what is wished for.
    pub(crate) fn products(
        &self,
        wish: &Wish,
        cursor: Option<&Cursor>,
        limit: PageLimit,
    ) -> Result<ProductPage, CursorError> {
        let state = self.state.read();
        self.unflushed.touch();
        let found = self.found(&state, &Query::of(wish, &state));
        let page = page::page(&state, &found, wish.sort, cursor, limit.get())?;
        let items = page.places.iter().map(|place| {
            let entry = &state.entries[*place as usize];
            entry.listing.summary(entry.left)
        });
        Ok(ProductPage {
            items: items.collect(),
            facets: found.facets.clone(),
            price_range: found.price_range,
            total: found.total as u64,
            total_unfiltered: found.total_unfiltered as u64,
            did_you_mean: found.did_you_mean.clone(),
            next_cursor: page.next,
        })
    }

    /// What a search box may offer.
    pub(crate) fn suggestions(&self, audience: Audience, text: &str) -> Suggestions {
        let state = self.state.read();
        self.unflushed.touch();
        let wish = Wish { text: Some(text.to_owned()), ..Wish::all(audience) };
        let query = Query::of(&wish, &state);
        let Some(words) = query.words.clone().filter(|words| !words.is_empty()) else {
            return Suggestions { products: vec![], categories: vec![], total: 0 };
        };
        let found = self.found(&state, &query);
        let best = found
            .best_first()
            .take(SUGGESTED_PRODUCTS_MAX)
            .map(|it| &state.entries[it.place as usize]);
        let products = best.map(|entry| entry.listing.summary(entry.left)).collect();
        let categories = self.fitting_categories(&state, audience, &words);
        Suggestions { products, categories, total: found.total as u64 }
    }

    /// The categories with the most products whose path has all of these words, or words that begin so.
    fn fitting_categories(
        &self,
        state: &State,
        audience: Audience,
        words: &[String],
    ) -> Vec<FacetValue> {
        let counts = &self.found(state, &Query::all(audience)).counts[FacetKind::Category as usize];
        let values = &state.facet(FacetKind::Category).values;
        let fits = |key: &str| {
            let has = |word: &String| domain::words::words(key).any(|it| it.starts_with(&**word));
            words.iter().all(has)
        };
        let mut fitting: Vec<(usize, &FacetEntry)> = counts.iter().copied().zip(values).collect();
        fitting.retain(|(count, entry)| *count > 0 && fits(&entry.key));
        fitting
            .sort_by(|(one, first), (two, second)| two.cmp(one).then(first.key.cmp(&second.key)));
        let told = fitting.into_iter().take(SUGGESTED_CATEGORIES_MAX);
        told.map(|(count, entry)| FacetValue {
            value: entry.key.clone(),
            label: entry.label.clone(),
            count: count as u64,
        })
        .collect()
    }

    /// All categories that have products, as a tree.
    pub(crate) fn categories(&self, audience: Audience) -> Categories {
        let state = self.state.read();
        self.unflushed.touch();
        let facet = state.facet(FacetKind::Category);
        let counts = facet.counts_in(state.visible(audience));
        let mut children: HashMap<Option<u32>, Vec<u32>> = HashMap::new();
        for (id, entry) in (0..).zip(&facet.values) {
            if counts[id as usize] > 0 {
                children.entry(entry.parent).or_default().push(id);
            }
        }
        Categories { items: branch(facet, &counts, &children, None) }
    }

    fn found(&self, state: &State, query: &Query) -> Arc<Found> {
        if let Some(found) = self.cache.lock().find(query, state.generation) {
            return found;
        }
        let everything = Query::all(query.audience);
        let same_words = Query { words: query.words.clone(), ..everything.clone() };
        let wider = |wider: &Query| (query != wider).then(|| self.found(state, wider));
        let wider = Wider {
            everything: wider(&everything),
            same_words: query.words.as_ref().and_then(|_| wider(&same_words)),
        };
        let found = Arc::new(Found::compute(state, query, &wider));
        self.cache.lock().keep(query.clone(), Arc::clone(&found));
        found
    }
}

/// The categories directly below `parent`, with what is below them. Paths have few levels, so this ends soon.
fn branch(
    facet: &Facet,
    counts: &[usize],
    children: &HashMap<Option<u32>, Vec<u32>>,
    parent: Option<u32>,
) -> Vec<Category> {
    let ids = children.get(&parent).map(Vec::as_slice).unwrap_or_default();
    let mut categories: Vec<Category> = ids
        .iter()
        .map(|id| {
            let entry = &facet.values[*id as usize];
            Category {
                slug: entry.key.clone(),
                name: entry.label.rsplit(" > ").next().unwrap_or_default().to_owned(),
                path: entry.label.clone(),
                count: counts[*id as usize] as u64,
                children: branch(facet, counts, children, Some(*id)),
            }
        })
        .collect();
    categories.sort_unstable_by(|one, two| one.name.cmp(&two.name));
    categories
}

fn variant_facts(listing: &Listing, variant: &ListedVariant, left: Left) -> VariantFacts {
    let options = variant.options.iter();
    VariantFacts {
        sku: variant.sku.to_string(),
        product_id: listing.id,
        slug: listing.slug.clone(),
        name: listing.name.clone(),
        options: options.map(|(name, value)| (name.to_string(), value.to_string())).collect(),
        price: variant.price,
        image: variant.image.as_deref().or(listing.image.as_ref()).cloned(),
        for_sale: listing.status == ProductStatus::Active,
        in_stock: left.in_stock(),
        only_left: left.only(),
        weight_grams: variant.weight_grams,
    }
}
