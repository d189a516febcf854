//! Rendered listings: pages of products as JSON, put together from parts that are kept, because a page of twenty products is
//! asked for far more often than any of them changes.

use super::bit_set::DocId;
use super::document::summary;
use super::search_result::SearchResult;
use super::state::IndexState;
use super::variant_filter::VariantFilter;
use bytes::Bytes;
use contracts::product::PriceRange;
#[cfg(test)]
use contracts::product::ProductPage;
use kernel::Cursor;
use lru::LruCache;
use parking_lot::Mutex;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use std::num::NonZeroUsize;
use std::sync::Arc;

/// Summaries that are kept: about three megabytes.
const SUMMARIES_MAX: NonZeroUsize = NonZeroUsize::new(4_096).unwrap();

/// LRU cache of rendered summaries by product. A summary is that of a listing without conditions on variants.
pub(crate) struct SummaryCache(Mutex<LruCache<DocId, RenderedSummary>>);

/// Summary of a product as JSON.
#[derive(Clone)]
struct RenderedSummary {
    /// Revision of the product that it shows.
    revision: u64,
    is_new: bool,
    json: JsonText,
}

/// JSON text that is written as it is.
#[derive(Clone, Debug)]
pub(crate) struct JsonText(Arc<RawValue>);

/// Page of a listing as JSON, with what a record of it needs.
#[derive(Debug)]
pub(crate) struct RenderedPage {
    pub(crate) json: Bytes,
    pub(crate) total: u64,
}

/// [`contracts::product::ProductPage`] of rendered parts: the same fields in the same order.
#[derive(Serialize)]
struct PageParts<'a> {
    items: &'a [JsonText],
    facets: &'a JsonText,
    price_range: Option<PriceRange>,
    total: u64,
    total_unfiltered: u64,
    did_you_mean: Option<&'a str>,
    next_cursor: Option<Cursor>,
}

impl JsonText {
    /// JSON of a value whose maps have texts for keys.
    pub(crate) fn of(value: &impl Serialize) -> Self {
        let text = serde_json::value::to_raw_value(value).expect("its keys are texts");
        Self(text.into())
    }
}

impl Serialize for JsonText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl Default for SummaryCache {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(SUMMARIES_MAX)))
    }
}

impl std::fmt::Debug for SummaryCache {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "SummaryCache({})", self.0.lock().len())
    }
}

impl SummaryCache {
    /// Page of these products, which are part of a result.
    pub(crate) fn page(
        &self,
        state: &IndexState,
        result: &SearchResult,
        docs: &[DocId],
        filter: &VariantFilter<'_>,
        new_since: i64,
        next_cursor: Option<Cursor>,
    ) -> RenderedPage {
        let items: Vec<JsonText> =
            docs.iter().map(|doc| self.summary(state, *doc, filter, new_since)).collect();
        let total = result.total as u64;
        let parts = PageParts {
            items: &items,
            facets: result.rendered_facets(),
            price_range: result.price_range,
            total,
            total_unfiltered: result.total_unfiltered as u64,
            did_you_mean: result.did_you_mean.as_deref(),
            next_cursor,
        };
        let json = kernel::json::to_vec(&parts).expect("its keys are texts");
        RenderedPage { json: json.into(), total }
    }

    fn summary(
        &self,
        state: &IndexState,
        doc: DocId,
        filter: &VariantFilter<'_>,
        new_since: i64,
    ) -> JsonText {
        let entry = &state.entries[doc as usize];
        let render = || {
            let level = state.stock_level_under(entry, filter);
            JsonText::of(&summary(entry, filter, level, new_since))
        };
        if filter.chooses() && entry.has_several_variants() {
            return render();
        }
        let (revision, is_new) = (entry.revision, entry.since >= new_since);
        if let Some(kept) = self.0.lock().get(&doc)
            && kept.revision == revision
            && kept.is_new == is_new
        {
            return kept.json.clone();
        }
        let json = render();
        self.0.lock().put(doc, RenderedSummary { revision, is_new, json: json.clone() });
        json
    }
}

#[cfg(test)]
impl RenderedPage {
    /// The page as a value. Its fields must be those of the contract, in its order.
    pub(crate) fn parsed(&self) -> ProductPage {
        let page: ProductPage = serde_json::from_slice(&self.json).unwrap();
        assert_eq!(serde_json::to_vec(&page).unwrap(), self.json);
        page
    }
}
