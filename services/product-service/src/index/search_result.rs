//! Search result before pagination: the matching products, their ranking, and the facet counts over them.

use super::bit_set::{BitSet, DocId};
use super::facets::{FacetKind, FacetValueId};
use super::indexed_product::IndexedProduct;
use super::query::{ReductionFilter, ResolvedQuery, StockFilter};
use super::rendered_page::JsonText;
use super::sort_index::{PriceKey, SortKey};
use super::spelling;
use super::state::IndexState;
use super::variant_filter::{self, VariantFilter};
use contracts::product::{FacetValue, PriceRange};
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

/// Values of one facet in a response, at most: the filtered ones and those with the most products.
pub(crate) const FACET_VALUES_MAX: usize = 100;

/// Result of a query, independent of page and sort order.
#[derive(Debug)]
pub(crate) struct SearchResult {
    pub(crate) generation: u64,
    pub(crate) matches: BitSet,
    pub(crate) total: usize,
    pub(crate) total_unfiltered: usize,
    pub(crate) facets: BTreeMap<String, Vec<FacetValue>>,
    pub(crate) price_range: Option<PriceRange>,
    /// Hits of the search text, best first, before the filters are applied; `None` without a search text.
    pub(crate) ranked: Option<Arc<[RankedHit]>>,
    pub(crate) did_you_mean: Option<String>,
    /// Number of products for each facet value.
    pub(crate) counts: [Vec<usize>; 3],
    rendered_facets: OnceLock<JsonText>,
}

/// Results of less restrictive queries of the same audience, reused to compute a result.
#[derive(Debug, Default)]
pub(crate) struct BroaderResults {
    /// Result without any condition.
    pub(crate) everything: Option<Arc<SearchResult>>,
    /// Result for the same search text without filters.
    pub(crate) same_words: Option<Arc<SearchResult>>,
}

/// Hit of a full-text search. The derived order is ascending by score, then by age, with the product id as
/// tie-breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RankedHit {
    pub(crate) score: u32,
    pub(crate) since: i64,
    pub(crate) id: contracts::shared::ProductId,
    pub(crate) doc: DocId,
}

impl SearchResult {
    /// Approximate memory use. Parts shared between results count for each of them, because the last one keeps them
    /// alive.
    pub(crate) fn bytes(&self) -> usize {
        let facets: usize = self.facets.values().map(Vec::len).sum();
        let counts: usize = self.counts.iter().map(Vec::len).sum();
        self.matches.bytes()
            // As values, and as JSON.
            + facets * 256
            + self.ranked.as_deref().map_or(0, size_of_val)
            + counts * size_of::<usize>()
            + 512
    }

    /// Matching hits, best first; empty without a search text.
    pub(crate) fn by_score(&self) -> impl Iterator<Item = &RankedHit> {
        let ranked = self.ranked.as_deref().unwrap_or_default();
        ranked.iter().filter(|it| self.matches.contains(it.doc))
    }

    /// Result of `query`. The least restrictive query is computed without a broader result.
    pub(crate) fn compute(
        state: &IndexState,
        query: &ResolvedQuery,
        broader: &BroaderResults,
    ) -> Self {
        let (base, ranked) = candidates(state, query, broader);
        let filters = filters(state, query);
        let on_variants = VariantFilter::of(query);
        let matches = apply_filters(state, &base, &filters, on_variants, None);
        let without = |filter| {
            let filtered = filters.iter().any(|(other, _)| *other == filter);
            filtered.then(|| apply_filters(state, &base, &filters, on_variants, Some(filter)))
        };
        let counts = FacetKind::ALL.map(|kind| {
            let others = without(FilterKind::Value(kind));
            let docs = others.as_ref().unwrap_or(&matches);
            if kind == FacetKind::Color {
                let conditions = on_variants.without(FilterKind::Value(kind));
                return variant_filter::color_counts(state, docs, &conditions);
            }
            state.facet(kind).counts_in(docs)
        });
        let everything = broader.everything.as_ref();
        let all_counts = everything.map_or(&counts, |it| &it.counts);
        let mut facets: BTreeMap<String, Vec<FacetValue>> = FacetKind::ALL
            .into_iter()
            .map(|kind| {
                let selected = query.values[kind as usize].as_deref().unwrap_or_default();
                let (here, everywhere) = (&counts[kind as usize], &all_counts[kind as usize]);
                (kind.name().to_owned(), facet_values(state, kind, selected, here, everywhere))
            })
            .collect();
        let others = without(FilterKind::Stock);
        let in_stock = variant_filter::in_stock_count(
            state,
            others.as_ref().unwrap_or(&matches),
            &on_variants.without(FilterKind::Stock),
        );
        facets.insert("in_stock".to_owned(), vec![in_stock_value(in_stock)]);
        let others = without(FilterKind::Price);
        let price_range = price_range(
            state,
            others.as_ref().unwrap_or(&matches),
            &on_variants.without(FilterKind::Price),
        );
        let total = matches.count();
        Self {
            generation: state.generation,
            total,
            total_unfiltered: everything.map_or(total, |it| it.total),
            facets,
            price_range,
            ranked,
            did_you_mean: (total == 0).then(|| did_you_mean(state, query)).flatten(),
            matches,
            counts,
            rendered_facets: OnceLock::new(),
        }
    }

    /// The facets as JSON.
    pub(crate) fn rendered_facets(&self) -> &JsonText {
        self.rendered_facets.get_or_init(|| JsonText::of(&self.facets))
    }
}

/// Candidates that the filters are applied to, with the ranking by the search text.
fn candidates(
    state: &IndexState,
    query: &ResolvedQuery,
    broader: &BroaderResults,
) -> (BitSet, Option<Arc<[RankedHit]>>) {
    if let Some(result) = &broader.same_words {
        return (result.matches.clone(), result.ranked.clone());
    }
    let visible = state.visible(query.audience);
    let Some(words) = &query.words else { return (visible.clone(), None) };
    let scores = state.inverted_index.search(words, visible, state.entries.len());
    let mut bits = BitSet::with_capacity(state.entries.len());
    for (_, doc) in &scores {
        bits.insert(*doc);
    }
    (bits, Some(ranked(state, &scores)))
}

/// Kind of filter. The counts of a facet ignore the filter of the same kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FilterKind {
    Value(FacetKind),
    Price,
    Stock,
    Reduced,
    New,
}

fn filters(state: &IndexState, query: &ResolvedQuery) -> Vec<(FilterKind, BitSet)> {
    let capacity = state.entries.len();
    let mut filters = Vec::new();
    for kind in FacetKind::ALL {
        if let Some(ids) = &query.values[kind as usize] {
            filters.push((FilterKind::Value(kind), state.facet(kind).docs_with_any(ids, capacity)));
        }
    }
    if let Some((min, max)) = query.price {
        let bits = BitSet::from_predicate(&state.prices, |(lowest, highest)| {
            *lowest <= max && *highest >= min
        });
        filters.push((FilterKind::Price, bits));
    }
    if query.stock == StockFilter::InStock {
        filters.push((FilterKind::Stock, state.in_stock.clone()));
    }
    if query.reduced == ReductionFilter::Only {
        filters.push((FilterKind::Reduced, state.reduced.clone()));
    }
    if let Some(since) = query.since {
        let bits = BitSet::from_predicate(&state.entries, |entry| entry.since >= since);
        filters.push((FilterKind::New, bits));
    }
    filters
}

/// Candidates that pass all filters except those of kind `ignored`.
fn apply_filters(
    state: &IndexState,
    base: &BitSet,
    filters: &[(FilterKind, BitSet)],
    on_variants: VariantFilter<'_>,
    ignored: Option<FilterKind>,
) -> BitSet {
    let mut bits = base.clone();
    for (filter, passing) in filters {
        if Some(*filter) != ignored {
            bits.intersect_with(passing);
        }
    }
    ignored.map_or(on_variants, |kind| on_variants.without(kind)).narrow(state, &mut bits);
    bits
}

/// Facet values of a response: all that any visible product has, including those with no product under the filters.
fn facet_values(
    state: &IndexState,
    kind: FacetKind,
    selected: &[FacetValueId],
    here: &[usize],
    everywhere: &[usize],
) -> Vec<FacetValue> {
    let facet = state.facet(kind);
    let mut ids: Vec<usize> = (0..facet.values.len())
        .filter(|id| everywhere.get(*id).is_some_and(|count| *count > 0))
        .collect();
    let is_selected = |id: usize| selected.iter().any(|selected| *selected as usize == id);
    ids.sort_unstable_by(|one, two| {
        let rank =
            |id: usize| (!is_selected(id), usize::MAX - here[id], usize::MAX - everywhere[id]);
        rank(*one)
            .cmp(&rank(*two))
            .then_with(|| facet.values[*one].label.cmp(&facet.values[*two].label))
    });
    ids.truncate(FACET_VALUES_MAX);
    // The selected values have survived the truncation; now they are ordered by count like all others.
    ids.sort_by_key(|id| usize::MAX - here[*id]);
    ids.into_iter()
        .map(|id| {
            let entry = &facet.values[id];
            FacetValue {
                value: entry.key.clone(),
                label: entry.label.clone(),
                count: here[id] as u64,
            }
        })
        .collect()
}

fn in_stock_value(count: usize) -> FacetValue {
    FacetValue { value: "true".to_owned(), label: "In stock".to_owned(), count: count as u64 }
}

/// Lowest and highest price that a listing shows under conditions on variants, in the currency of the lowest.
fn price_range(
    state: &IndexState,
    docs: &BitSet,
    filter: &VariantFilter<'_>,
) -> Option<PriceRange> {
    let entry = |doc: DocId| -> &IndexedProduct { &state.entries[doc as usize] };
    let order = state.sort_indexes.by(SortKey::Price);
    let key = |doc: &DocId| -> PriceKey { entry(*doc).price_key };
    let mut lowest = *order.iter().find(|doc| docs.contains(**doc))?;
    let currency = key(&lowest).0;
    let end = order.partition_point(|doc| key(doc).0 <= currency);
    let mut highest = *order[..end].iter().rev().find(|doc| docs.contains(**doc))?;
    if filter.chooses() {
        let shown = |doc: &DocId| (entry(*doc).price_key_under(filter), *doc);
        let same_currency = || docs.iter().filter(|doc| key(doc).0 == currency);
        lowest = same_currency().min_by_key(shown)?;
        highest = same_currency().max_by_key(shown)?;
    }
    let price = |doc: DocId| {
        let entry = entry(doc);
        let chosen = if filter.chooses() { entry.shown_under(filter) } else { None };
        let shown = entry.document.variants.get(chosen.unwrap_or(entry.shown()));
        shown.map(|variant| variant.price)
    };
    Some(PriceRange { min: price(lowest)?, max: price(highest)? })
}

fn ranked(state: &IndexState, scores: &[(u32, DocId)]) -> Arc<[RankedHit]> {
    let ranked = scores.iter().map(|(score, doc)| {
        let entry = &state.entries[*doc as usize];
        RankedHit { score: *score, since: entry.since, id: entry.document.id, doc: *doc }
    });
    let mut ranked: Vec<RankedHit> = ranked.collect();
    ranked.sort_unstable_by(|one, two| two.cmp(one));
    ranked.into()
}

/// Spelling correction of a search that found nothing, if the corrected words find something.
fn did_you_mean(state: &IndexState, query: &ResolvedQuery) -> Option<String> {
    let words = query.words.as_ref()?;
    let visible = state.visible(query.audience);
    let corrected = spelling::corrected(&state.inverted_index, words, visible)?;
    // Words that are near misses one by one may still be in no product together.
    let finds = !state.inverted_index.search(&corrected, visible, state.entries.len()).is_empty();
    finds.then(|| corrected.join(" "))
}
