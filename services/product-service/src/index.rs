//! In-memory search index of the catalogue: listings, filters, facets, full-text search and look-up by slug or SKU,
//! up to date right after every change.
//!
//! One lock guards the index: writers hold it for microseconds, readers share it. Results are cached until the index
//! changes.

mod availability;
mod bit_set;
mod document;
mod facets;
mod indexed_product;
mod inverted_index;
mod pagination;
pub(crate) mod persistence;
mod pictures;
mod query;
mod rendered_page;
mod result_cache;
mod search_result;
mod sort_index;
mod spelling;
mod state;
mod variant_filter;

pub(crate) use availability::{Availability, AvailabilityBucket};
pub(crate) use document::{ProductDocument, StockLevel, VariantDocument, is_color};
pub(crate) use query::{Audience, NewFilter, ReductionFilter, SearchQuery, StockFilter};
pub(crate) use sort_index::Sort;

use crate::domain;
use contracts::{
    product::{Categories, Category, FacetValue, ProductStatus, Suggestions, VariantFacts},
    shared::{ProductId, Sku},
};
use document::summary;
use facets::{Facet, FacetEntry, FacetKind};
use kernel::{Cursor, CursorError, PageLimit};
use parking_lot::{Mutex, RwLock};
use query::ResolvedQuery;
use rendered_page::{RenderedPage, SummaryCache};
use result_cache::ResultCache;
use search_result::{BroaderResults, SearchResult};
use state::{IndexState, SkuHolder, TextIndexing};
use std::collections::HashMap;
use std::sync::Arc;
use storage::{Commit, durability};
use tokio::sync::Notify;
use variant_filter::VariantFilter;

/// Products whose text is indexed before the service starts.
const INITIAL_TEXT_BATCH: usize = 2_000;
/// Products whose text is indexed in one step afterwards: a few milliseconds of work.
const TEXT_BATCH: usize = 128;
/// Limits of the products and the categories that are suggested.
const SUGGESTED_PRODUCTS_MAX: usize = 6;
const SUGGESTED_CATEGORIES_MAX: usize = 3;

/// In-memory search index. A read that shows something unflushed adds it to the durability scope of the running
/// request.
#[derive(Debug, Default)]
pub(crate) struct SearchIndex {
    state: RwLock<IndexState>,
    cache: Mutex<ResultCache>,
    summaries: SummaryCache,
    text_indexed: Notify,
    unflushed: UnflushedCommits,
}

/// Commits that are visible in the index but may not be durable yet.
#[derive(Debug, Default)]
struct UnflushedCommits(Mutex<Vec<Commit>>);

impl UnflushedCommits {
    fn add(&self, commit: Commit) {
        self.0.lock().push(commit);
    }

    /// Dependency of the running request on all of these commits: they reach the index in another order than the
    /// journal, so no single one stands for the others.
    fn depend_on_all(&self) {
        let mut commits = self.0.lock();
        commits.retain(|commit| !commit.is_durable());
        commits.iter().for_each(durability::depend_on);
    }
}

/// Reference to a product, with what a caller needs to decide on access and caching.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ProductRef {
    pub(crate) id: ProductId,
    pub(crate) version: u64,
    /// Revision of what the index shows of it; see [`indexed_product::IndexedProduct::revision`].
    pub(crate) revision: u64,
    pub(crate) status: ProductStatus,
}

/// Name that another product already has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NameConflict {
    Slug(String),
    Sku(Sku),
}

impl SearchIndex {
    /// Index of the stored documents. The text of a large catalogue is indexed later, see
    /// [`SearchIndex::index_text`].
    pub(crate) fn new(documents: Vec<ProductDocument>, availability: Availability) -> Self {
        let mut state = IndexState::new(documents, availability);
        state.index_text(INITIAL_TEXT_BATCH);
        Self { state: RwLock::new(state), ..Self::default() }
    }

    /// Background indexing of the text of all products, in small steps that leave room for requests.
    pub(crate) async fn index_text(&self) {
        loop {
            {
                let mut state = self.state.write();
                state.index_text(TEXT_BATCH);
                if state.text_indexing() == TextIndexing::Complete {
                    break;
                }
            }
            tokio::task::yield_now().await;
        }
        self.text_indexed.notify_waiters();
    }

    /// Wait for the end of the background indexing, after which searches find everything.
    pub(crate) async fn wait_until_searchable(&self) {
        let mut indexed = std::pin::pin!(self.text_indexed.notified());
        indexed.as_mut().enable();
        if self.state.read().text_indexing() == TextIndexing::Pending {
            indexed.await;
        }
    }

    /// Upsert of a product as it is after an append; `commit` is the handle of that append.
    pub(crate) fn put(&self, document: ProductDocument, commit: Commit) {
        let mut state = self.state.write();
        self.unflushed.add(commit);
        state.put(document);
    }

    /// Update of the units available of a SKU. Returns the number of its bucket and the bucket after the update.
    pub(crate) fn put_available(&self, sku: &Sku, units: i64) -> (usize, AvailabilityBucket) {
        let mut state = self.state.write();
        state.put_available(sku, units);
        let (number, skus) = state.availability.bucket(sku);
        (number, skus.clone())
    }

    /// Update of the units available of a SKU that has none recorded yet.
    pub(crate) fn put_first_available(&self, sku: &Sku, units: i64) {
        let mut state = self.state.write();
        if state.availability.units(sku).is_none() {
            state.put_available(sku, units);
        }
    }

    /// Look-up by id or by slug, current or former.
    pub(crate) fn find(&self, id_or_slug: &str) -> Option<ProductRef> {
        let state = self.state.read();
        self.unflushed.depend_on_all();
        let by_id = id_or_slug.parse().ok().and_then(|id| state.entry(id));
        let by_slug = by_id.or_else(|| state.by_slug(id_or_slug));
        // Addresses that people type or other programs rewrite: slugs are lower-case.
        let entry = by_slug.or_else(|| state.by_slug(&id_or_slug.to_lowercase()));
        entry.map(|entry| ProductRef {
            id: entry.document.id,
            version: entry.document.version,
            revision: entry.revision,
            status: entry.document.status,
        })
    }

    /// Status of a product.
    pub(crate) fn status(&self, id: ProductId) -> Option<ProductStatus> {
        self.state.read().entry(id).map(|entry| entry.document.status)
    }

    /// Product that sells this SKU. Withdrawn variants do not keep their SKUs from other products.
    pub(crate) fn owner_of_sku(&self, sku: &Sku) -> Option<ProductId> {
        let state = self.state.read();
        let (entry, _) = state.by_sku(sku).filter(|(_, holder)| holder.is_offered())?;
        Some(entry.document.id)
    }

    /// Units available of a SKU; `None` if it was never counted.
    pub(crate) fn available(&self, sku: &Sku) -> Option<i64> {
        self.state.read().availability.units(sku)
    }

    /// Product that has or had this slug.
    pub(crate) fn owner_of_slug(&self, slug: &str) -> Option<ProductId> {
        self.state.read().by_slug(slug).map(|entry| entry.document.id)
    }

    /// Stock level of each of these SKUs.
    pub(crate) fn stock_levels<'a>(&self, skus: impl Iterator<Item = &'a Sku>) -> Vec<StockLevel> {
        let state = self.state.read();
        skus.map(|sku| StockLevel::of(state.availability.units(sku))).collect()
    }

    /// Facts about these SKUs, in the order asked for; unknown SKUs are left out.
    pub(crate) fn variants(&self, skus: &[Sku]) -> Vec<VariantFacts> {
        let state = self.state.read();
        self.unflushed.depend_on_all();
        let facts = |sku: &Sku| {
            let (entry, variant) = state.by_sku(sku)?;
            Some(variant_facts(
                &entry.document,
                variant,
                StockLevel::of(state.availability.units(sku)),
            ))
        };
        skus.iter().filter_map(facts).collect()
    }

    /// One page of the products that match a query, with facets over all of them.
    pub(crate) fn products(
        &self,
        query: &SearchQuery,
        cursor: Option<&Cursor>,
        limit: PageLimit,
    ) -> Result<RenderedPage, CursorError> {
        let state = self.state.read();
        self.unflushed.depend_on_all();
        let resolved = ResolvedQuery::new(query, &state);
        let result = self.search(&state, &resolved);
        let filter = VariantFilter::of(&resolved);
        let page = pagination::paginate(&state, &result, &filter, query.sort, cursor, limit.get())?;
        let new_since = query.new_since;
        Ok(self.summaries.page(&state, &result, &page.docs, &filter, new_since, page.next))
    }

    /// Suggestions for a search box: the best products and the categories whose names begin with the text.
    pub(crate) fn suggestions(&self, audience: Audience, text: &str) -> Suggestions {
        let state = self.state.read();
        self.unflushed.depend_on_all();
        let query = SearchQuery { text: Some(text.to_owned()), ..SearchQuery::all(audience) };
        let query = ResolvedQuery::new(&query, &state);
        let Some(words) = query.words.clone().filter(|words| !words.is_empty()) else {
            return Suggestions { products: vec![], categories: vec![], total: 0 };
        };
        let result = self.search(&state, &query);
        let best = result
            .by_score()
            .take(SUGGESTED_PRODUCTS_MAX)
            .map(|it| &state.entries[it.doc as usize]);
        let filter = VariantFilter::default();
        let products = best.map(|entry| summary(entry, &filter, entry.stock_level, i64::MAX));
        let products = products.collect();
        let categories = self.matching_categories(&state, audience, &words);
        Suggestions { products, categories, total: result.total as u64 }
    }

    /// Categories whose path has each of these words as a word or a prefix of one, most products first.
    fn matching_categories(
        &self,
        state: &IndexState,
        audience: Audience,
        words: &[String],
    ) -> Vec<FacetValue> {
        let counts =
            &self.search(state, &ResolvedQuery::all(audience)).counts[FacetKind::Category as usize];
        let values = &state.facet(FacetKind::Category).values;
        let matches = |key: &str| {
            let has = |word: &String| domain::text::tokens(key).any(|it| it.starts_with(&**word));
            words.iter().all(has)
        };
        let mut matching: Vec<(usize, &FacetEntry)> = counts.iter().copied().zip(values).collect();
        matching.retain(|(count, entry)| *count > 0 && matches(&entry.key));
        matching
            .sort_by(|(one, first), (two, second)| two.cmp(one).then(first.key.cmp(&second.key)));
        let suggested = matching.into_iter().take(SUGGESTED_CATEGORIES_MAX);
        suggested
            .map(|(count, entry)| FacetValue {
                value: entry.key.clone(),
                label: entry.label.clone(),
                count: count as u64,
            })
            .collect()
    }

    /// Tree of the categories that have products.
    pub(crate) fn categories(&self, audience: Audience) -> Categories {
        let state = self.state.read();
        self.unflushed.depend_on_all();
        let facet = state.facet(FacetKind::Category);
        let counts = facet.counts_in(state.visible(audience));
        let mut children: HashMap<Option<u32>, Vec<u32>> = HashMap::new();
        for (id, entry) in (0..).zip(&facet.values) {
            if counts[id as usize] > 0 {
                children.entry(entry.parent).or_default().push(id);
            }
        }
        Categories { items: subtree(facet, &counts, &children, None) }
    }

    /// Result of a query, from the cache where it is still valid.
    fn search(&self, state: &IndexState, query: &ResolvedQuery) -> Arc<SearchResult> {
        if let Some(result) = self.cache.lock().get(query, state.generation) {
            return result;
        }
        let everything = ResolvedQuery::all(query.audience);
        let same_words = ResolvedQuery { words: query.words.clone(), ..everything.clone() };
        let broader =
            |broader: &ResolvedQuery| (query != broader).then(|| self.search(state, broader));
        let broader = BroaderResults {
            everything: broader(&everything),
            same_words: query.words.as_ref().and_then(|_| broader(&same_words)),
        };
        let result = Arc::new(SearchResult::compute(state, query, &broader));
        self.cache.lock().insert(query.clone(), Arc::clone(&result));
        result
    }
}

/// Categories directly below `parent`, each with its own subtree. The depth of the recursion is the number of levels
/// of a path, which is limited.
fn subtree(
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
                children: subtree(facet, counts, children, Some(*id)),
            }
        })
        .collect();
    categories.sort_unstable_by(|one, two| one.name.cmp(&two.name));
    categories
}

fn variant_facts(
    document: &ProductDocument,
    holder: SkuHolder<'_>,
    stock_level: StockLevel,
) -> VariantFacts {
    let variant = holder.variant();
    let options = variant.options.iter();
    VariantFacts {
        sku: variant.sku.clone(),
        product_id: document.id,
        slug: document.slug.clone(),
        name: document.name.clone(),
        options: options.map(|(name, value)| (name.to_string(), value.to_string())).collect(),
        price: variant.price,
        image: variant.image.as_deref().or(document.image.as_ref()).cloned(),
        for_sale: document.status == ProductStatus::Active && holder.is_offered(),
        in_stock: stock_level.in_stock(),
        only_left: stock_level.low_stock_units(),
        weight_grams: variant.weight_grams,
    }
}
