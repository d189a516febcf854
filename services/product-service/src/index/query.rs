//! Search queries: as callers write them, and resolved against the index.

use super::facets::{FacetKind, FacetValueId};
use super::inverted_index::SEARCH_WORDS_MAX;
use super::sort_index::Sort;
use super::state::IndexState;
use crate::domain::text;
use contracts::product::ProductStatus;

/// Audience of a query, which decides on the products it can see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Audience {
    /// Sees products that are on sale.
    Shoppers,
    /// Sees all products, or only those of one status.
    Operators(Option<ProductStatus>),
}

/// Search query as the caller wrote it: text, filters and sort order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SearchQuery {
    pub(crate) audience: Audience,
    pub(crate) text: Option<String>,
    pub(crate) category: Option<String>,
    pub(crate) brand: Option<String>,
    pub(crate) color: Option<String>,
    /// Minor units, inclusive.
    pub(crate) price_min: Option<i64>,
    pub(crate) price_max: Option<i64>,
    pub(crate) stock: StockFilter,
    pub(crate) reduced: ReductionFilter,
    pub(crate) new: NewFilter,
    /// Start on the market from which a product counts as new, in microseconds.
    pub(crate) new_since: i64,
    pub(crate) sort: Option<Sort>,
}

impl SearchQuery {
    /// Query without any condition.
    pub(crate) fn all(audience: Audience) -> Self {
        Self {
            audience,
            text: None,
            category: None,
            brand: None,
            color: None,
            price_min: None,
            price_max: None,
            stock: StockFilter::Any,
            reduced: ReductionFilter::Any,
            new: NewFilter::Any,
            new_since: i64::MAX,
            sort: None,
        }
    }
}

/// Filter by stock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum StockFilter {
    Any,
    InStock,
}

/// Filter by price reduction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ReductionFilter {
    Any,
    Only,
}

/// Filter by age.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum NewFilter {
    Any,
    Only,
}

/// Search query with facet values and words resolved, which makes it a cache key: equal resolved queries have equal
/// results until the index changes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ResolvedQuery {
    pub(crate) audience: Audience,
    /// Folded words; `Some` of an empty list is a search that finds nothing.
    pub(crate) words: Option<Vec<String>>,
    /// For each facet, in the order of [`FacetKind::ALL`], the accepted values.
    pub(crate) values: [Option<Vec<FacetValueId>>; 3],
    pub(crate) price: Option<(i64, i64)>,
    pub(crate) stock: StockFilter,
    pub(crate) reduced: ReductionFilter,
    /// Earliest start on the market, if only new products are wanted.
    pub(crate) since: Option<i64>,
}

impl ResolvedQuery {
    /// Query without any condition.
    pub(crate) fn all(audience: Audience) -> Self {
        Self {
            audience,
            words: None,
            values: [None, None, None],
            price: None,
            stock: StockFilter::Any,
            reduced: ReductionFilter::Any,
            since: None,
        }
    }

    /// Resolution of `query` against the current facet values.
    pub(crate) fn new(query: &SearchQuery, state: &IndexState) -> Self {
        let resolve = |kind: FacetKind, filter: &Option<String>| {
            let filter = filter.as_deref().map(str::trim).filter(|filter| !filter.is_empty());
            filter.map(|filter| state.facet(kind).resolve_filter(filter))
        };
        let words = query.text.as_deref().filter(|text| !text.trim().is_empty()).map(search_words);
        let bounds = query.price_min.is_some() || query.price_max.is_some();
        let price = (query.price_min.unwrap_or(0), query.price_max.unwrap_or(i64::MAX));
        Self {
            audience: query.audience,
            words,
            values: [
                resolve(FacetKind::Category, &query.category),
                resolve(FacetKind::Brand, &query.brand),
                resolve(FacetKind::Color, &query.color),
            ],
            price: bounds.then_some(price),
            stock: query.stock,
            reduced: query.reduced,
            since: (query.new == NewFilter::Only).then_some(query.new_since),
        }
    }
}

/// Folded words of a search text, limited in number.
fn search_words(text: &str) -> Vec<String> {
    text::tokens(&text::fold(text)).take(SEARCH_WORDS_MAX).map(str::to_owned).collect()
}
