//! What a query finds, before it is cut into pages: the products, and the facets over them.

use super::bits::Bits;
use super::facets::{FacetKind, ValueId};
use super::orders::{By, PriceKey};
use super::query::{Query, Reduced, Stock};
use super::spelling;
use super::state::State;
use contracts::product::{FacetValue, PriceRange};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The most values of one facet that are told of; those with the most products, and those asked for.
pub(crate) const FACET_VALUES_MAX: usize = 100;

/// The answer to a query, the same for each page and each order.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) generation: u64,
    pub(crate) matches: Bits,
    pub(crate) total: usize,
    pub(crate) total_unfiltered: usize,
    pub(crate) facets: BTreeMap<String, Vec<FacetValue>>,
    pub(crate) price_range: Option<PriceRange>,
    /// All who have the words that were searched for, best first; those who match are among them.
    pub(crate) ranked: Option<Arc<[Ranked]>>,
    pub(crate) did_you_mean: Option<String>,
    /// For each facet value, how many products have it.
    pub(crate) counts: [Vec<usize>; 3],
}

/// Wider answers of the same audience that an answer is made from.
#[derive(Debug, Default)]
pub(crate) struct Wider {
    /// To the query for everything.
    pub(crate) everything: Option<Arc<Found>>,
    /// To the query for the same words without any filter.
    pub(crate) same_words: Option<Arc<Found>>,
}

/// A product that was searched for. Sorts the best last, then the oldest first, and never two alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ranked {
    pub(crate) worth: u32,
    pub(crate) since: i64,
    pub(crate) id: contracts::shared::ProductId,
    pub(crate) place: u32,
}

impl Found {
    /// What it keeps in memory, roughly. What answers share counts for each: the last of them keeps all of it.
    pub(crate) fn bytes(&self) -> usize {
        let facets: usize = self.facets.values().map(Vec::len).sum();
        let counts: usize = self.counts.iter().map(Vec::len).sum();
        self.matches.bytes()
            + facets * 128
            + self.ranked.as_deref().map_or(0, size_of_val)
            + counts * size_of::<usize>()
            + 512
    }

    /// Those who match, best first. Empty when no words were searched for.
    pub(crate) fn best_first(&self) -> impl Iterator<Item = &Ranked> {
        let ranked = self.ranked.as_deref().unwrap_or_default();
        ranked.iter().filter(|it| self.matches.contains(it.place))
    }

    /// Answers `query`. The answer to a query that is as wide as can be is made without a wider one.
    pub(crate) fn compute(state: &State, query: &Query, wider: &Wider) -> Self {
        let (base, ranked) = base(state, query, wider);
        let filters = filters(state, query);
        let matches = passing(&base, &filters, None);
        let without = |filter| {
            let filtered = filters.iter().any(|(other, _)| *other == filter);
            filtered.then(|| passing(&base, &filters, Some(filter)))
        };
        let counts = FacetKind::ALL.map(|kind| {
            let others = without(Filter::Value(kind));
            state.facet(kind).counts_in(others.as_ref().unwrap_or(&matches))
        });
        let everything = wider.everything.as_ref();
        let all_counts = everything.map_or(&counts, |it| &it.counts);
        let mut facets: BTreeMap<String, Vec<FacetValue>> = FacetKind::ALL
            .into_iter()
            .map(|kind| {
                let asked = query.values[kind as usize].as_deref().unwrap_or_default();
                let (here, everywhere) = (&counts[kind as usize], &all_counts[kind as usize]);
                (kind.word().to_owned(), told_values(state, kind, asked, here, everywhere))
            })
            .collect();
        let others = without(Filter::Stock);
        let in_stock = others.as_ref().unwrap_or(&matches).count_common(&state.in_stock);
        facets.insert("in_stock".to_owned(), vec![in_stock_value(in_stock)]);
        let others = without(Filter::Price);
        let price_range = price_range(state, others.as_ref().unwrap_or(&matches));
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
        }
    }
}

/// Whom the filters narrow down, and how good the words find them.
fn base(state: &State, query: &Query, wider: &Wider) -> (Bits, Option<Arc<[Ranked]>>) {
    if let Some(found) = &wider.same_words {
        return (found.matches.clone(), found.ranked.clone());
    }
    let visible = state.visible(query.audience);
    let Some(words) = &query.words else { return (visible.clone(), None) };
    let worth = state.vocabulary.search(words, visible, state.entries.len());
    let mut bits = Bits::with_room(state.entries.len());
    for (_, place) in &worth {
        bits.insert(*place);
    }
    (bits, Some(ranked(state, &worth)))
}

/// One way to narrow a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Filter {
    Value(FacetKind),
    Price,
    Stock,
    Reduced,
}

fn filters(state: &State, query: &Query) -> Vec<(Filter, Bits)> {
    let room = state.entries.len();
    let mut filters = Vec::new();
    for kind in FacetKind::ALL {
        if let Some(ids) = &query.values[kind as usize] {
            filters.push((Filter::Value(kind), state.facet(kind).places_of(ids, room)));
        }
    }
    if let Some((min, max)) = query.price {
        let bits = Bits::of_those(&state.prices, |price| (min..=max).contains(price));
        filters.push((Filter::Price, bits));
    }
    if query.stock == Stock::InStock {
        filters.push((Filter::Stock, state.in_stock.clone()));
    }
    if query.reduced == Reduced::Only {
        filters.push((Filter::Reduced, state.reduced.clone()));
    }
    filters
}

/// Who passes all filters, or all but one.
fn passing(base: &Bits, filters: &[(Filter, Bits)], but: Option<Filter>) -> Bits {
    let mut bits = base.clone();
    for (filter, passing) in filters {
        if Some(*filter) != but {
            bits.intersect(passing);
        }
    }
    bits
}

/// The values to show: those that any visible product has, also where none is left under the other filters.
fn told_values(
    state: &State,
    kind: FacetKind,
    asked: &[ValueId],
    here: &[usize],
    everywhere: &[usize],
) -> Vec<FacetValue> {
    let facet = state.facet(kind);
    let mut ids: Vec<usize> = (0..facet.values.len())
        .filter(|id| everywhere.get(*id).is_some_and(|count| *count > 0))
        .collect();
    let is_asked = |id: usize| asked.iter().any(|asked| *asked as usize == id);
    ids.sort_unstable_by(|one, two| {
        let rank = |id: usize| (!is_asked(id), usize::MAX - here[id], usize::MAX - everywhere[id]);
        rank(*one)
            .cmp(&rank(*two))
            .then_with(|| facet.values[*one].label.cmp(&facet.values[*two].label))
    });
    ids.truncate(FACET_VALUES_MAX);
    // Those asked for are among the first now, and stand by their count like all others.
    ids.sort_by_key(|id| usize::MAX - here[*id]);
    ids.into_iter()
        .map(|id| {
            let entry = &facet.values[id];
            let by_key = kind == FacetKind::Category || entry.label.contains(',');
            let value = if by_key { entry.key.clone() } else { entry.label.clone() };
            FacetValue { value, label: entry.label.clone(), count: here[id] as u64 }
        })
        .collect()
}

fn in_stock_value(count: usize) -> FacetValue {
    FacetValue { value: "true".to_owned(), label: "In stock".to_owned(), count: count as u64 }
}

/// The cheapest and the dearest, in the currency of the cheapest.
fn price_range(state: &State, places: &Bits) -> Option<PriceRange> {
    let order = state.orders.by(By::Price);
    let key = |place: &u32| -> PriceKey { state.entries[*place as usize].price_key };
    let price = |place: u32| state.entries[place as usize].listing.price;
    let cheapest = *order.iter().find(|place| places.contains(**place))?;
    let currency = key(&cheapest).0;
    let end = order.partition_point(|place| key(place).0 <= currency);
    let dearest = *order[..end].iter().rev().find(|place| places.contains(**place))?;
    Some(PriceRange { min: price(cheapest), max: price(dearest) })
}

fn ranked(state: &State, worth: &[(u32, u32)]) -> Arc<[Ranked]> {
    let ranked = worth.iter().map(|(worth, place)| {
        let entry = &state.entries[*place as usize];
        Ranked { worth: *worth, since: entry.since, id: entry.listing.id, place: *place }
    });
    let mut ranked: Vec<Ranked> = ranked.collect();
    ranked.sort_unstable_by(|one, two| two.cmp(one));
    ranked.into()
}

fn did_you_mean(state: &State, query: &Query) -> Option<String> {
    let words = query.words.as_ref()?;
    let visible = state.visible(query.audience);
    let corrected = spelling::corrected(&state.vocabulary, words, visible)?;
    // Words that are near one by one may still be in no product together.
    let finds = !state.vocabulary.search(&corrected, visible, state.entries.len()).is_empty();
    finds.then(|| corrected.join(" "))
}
