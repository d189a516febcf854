//! Keyset pagination of search results, stable while products are added, removed and changed.
//!
//! A page begins after a sort position, not after a number of rows: a product that keeps its position appears on exactly
//! one page.

use super::bit_set::DocId;
use super::indexed_product::IndexedProduct;
use super::search_result::{RankedHit, SearchResult};
use super::sort_index::{KeysetPosition, PriceKey, Sort, SortKey};
use super::state::IndexState;
use super::variant_filter::VariantFilter;
use contracts::shared::ProductId;
use kernel::{Cursor, CursorError};
use std::cmp::Ordering;

/// One page of document ids, with the cursor of the next page.
#[derive(Debug)]
pub(crate) struct ResultPage {
    pub(crate) docs: Vec<DocId>,
    pub(crate) next: Option<Cursor>,
}

impl Sort {
    /// Sort key and direction.
    fn key_and_direction(self) -> (SortKey, Direction) {
        match self {
            Self::Featured | Self::Relevance => (SortKey::Featured, Direction::Ascending),
            Self::Newest => (SortKey::Age, Direction::Descending),
            Self::PriceAscending => (SortKey::Price, Direction::Ascending),
            Self::PriceDescending => (SortKey::Price, Direction::Descending),
            Self::NameAscending => (SortKey::Name, Direction::Ascending),
            Self::NameDescending => (SortKey::Name, Direction::Descending),
        }
    }

    /// Name that ties a cursor to the sort order it was made for.
    fn cursor_name(self) -> &'static str {
        match self {
            Self::Featured => "products/featured",
            Self::Relevance => "products/relevance",
            Self::PriceAscending => "products/price",
            Self::PriceDescending => "products/-price",
            Self::NameAscending => "products/name",
            Self::NameDescending => "products/-name",
            Self::Newest => "products/newest",
        }
    }
}

/// Sort direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    Ascending,
    Descending,
}

impl Direction {
    /// How a later element compares to an earlier one.
    fn later(self) -> Ordering {
        match self {
            Self::Ascending => Ordering::Greater,
            Self::Descending => Ordering::Less,
        }
    }
}

/// One page of `result`: by score for a full-text search, otherwise by a sort key.
pub(crate) fn paginate(
    state: &IndexState,
    result: &SearchResult,
    filter: &VariantFilter<'_>,
    sort: Option<Sort>,
    cursor: Option<&Cursor>,
    limit: usize,
) -> Result<ResultPage, CursorError> {
    match (&result.ranked, sort) {
        (Some(ranked), None | Some(Sort::Relevance)) => {
            page_by_score(result, ranked, cursor, limit)
        }
        (_, sort) => {
            let sort = sort.unwrap_or(Sort::Featured);
            page_by_sort_key(state, result, filter, sort, cursor, limit)
        }
    }
}

fn page_by_score(
    result: &SearchResult,
    ranked: &[RankedHit],
    cursor: Option<&Cursor>,
    limit: usize,
) -> Result<ResultPage, CursorError> {
    let list = Sort::Relevance.cursor_name();
    let from = match cursor {
        None => 0,
        Some(cursor) => {
            let after: (u32, i64, ProductId) = cursor.decode(list)?;
            ranked.partition_point(|it| (it.score, it.since, it.id) >= after)
        }
    };
    let mut rest = ranked[from..].iter().filter(|it| result.matches.contains(it.doc));
    let shown: Vec<&RankedHit> = rest.by_ref().take(limit).collect();
    let next = shown.last().filter(|_| rest.next().is_some());
    let next = next.map(|it| Cursor::encode(list, &(it.score, it.since, it.id)));
    Ok(ResultPage { docs: shown.iter().map(|it| it.doc).collect(), next })
}

fn page_by_sort_key(
    state: &IndexState,
    result: &SearchResult,
    filter: &VariantFilter<'_>,
    sort: Sort,
    cursor: Option<&Cursor>,
    limit: usize,
) -> Result<ResultPage, CursorError> {
    let (key, direction) = sort.key_and_direction();
    let after = cursor.map(|cursor| decode(key, sort.cursor_name(), cursor)).transpose()?;
    // One more than requested tells whether another page follows.
    let wanted = limit + 1;
    let scanned = wanted.saturating_mul(state.entries.len()) / result.total.max(1);
    let by_shown_price = key == SortKey::Price && filter.chooses();
    let mut docs = if by_shown_price {
        select_by_shown_price(state, result, filter, direction, after.as_ref(), wanted)
    } else if scanned < result.total.saturating_mul(SELECTION_COST) {
        scan_sorted(state, result, (key, direction), after.as_ref(), wanted)
    } else {
        select_top(state, result, (key, direction), after.as_ref(), wanted)
    };
    let more = docs.len() > limit;
    docs.truncate(limit);
    let last = docs.last().filter(|_| more);
    let position = |doc: &DocId| {
        let entry = &state.entries[*doc as usize];
        if by_shown_price {
            let (currency, amount) = entry.price_key_under(filter);
            return KeysetPosition::Price(currency.to_owned(), amount, entry.document.id);
        }
        key.keyset_position(entry)
    };
    let next = last.map(|doc| encode(sort.cursor_name(), &position(doc)));
    Ok(ResultPage { docs, next })
}

/// Cost of selecting and comparing one match, relative to passing over one document in sort order.
const SELECTION_COST: usize = 8;

/// Scan of the sort index from the position on, keeping the matches: fast when many products match.
fn scan_sorted(
    state: &IndexState,
    result: &SearchResult,
    (key, direction): (SortKey, Direction),
    after: Option<&KeysetPosition>,
    wanted: usize,
) -> Vec<DocId> {
    let order = state.sort_indexes.by(key);
    let entry = |doc: &DocId| &state.entries[*doc as usize];
    let matches = |doc: &DocId| result.matches.contains(*doc);
    match direction {
        Direction::Ascending => {
            let from = after.map_or(0, |after| {
                order.partition_point(|doc| after.compare(entry(doc)) != Ordering::Greater)
            });
            order[from..].iter().copied().filter(matches).take(wanted).collect()
        }
        Direction::Descending => {
            let until = after.map_or(order.len(), |after| {
                order.partition_point(|doc| after.compare(entry(doc)) == Ordering::Less)
            });
            order[..until].iter().rev().copied().filter(matches).take(wanted).collect()
        }
    }
}

/// Top-k selection among the matches, then a sort: fast when few products match.
fn select_top(
    state: &IndexState,
    result: &SearchResult,
    (key, direction): (SortKey, Direction),
    after: Option<&KeysetPosition>,
    wanted: usize,
) -> Vec<DocId> {
    let entry = |doc: &DocId| -> &IndexedProduct { &state.entries[*doc as usize] };
    let later =
        |doc: &DocId| after.is_none_or(|after| after.compare(entry(doc)) == direction.later());
    let mut docs: Vec<DocId> = result.matches.iter().filter(later).collect();
    let compare = |one: &DocId, two: &DocId| {
        let ascending = key.compare(entry(one), entry(two));
        if direction == Direction::Ascending { ascending } else { ascending.reverse() }
    };
    if docs.len() > wanted {
        docs.select_nth_unstable_by(wanted, compare);
        docs.truncate(wanted);
    }
    docs.sort_unstable_by(compare);
    docs
}

/// Selection by the price that each product shows under conditions on variants, which no index is sorted by.
fn select_by_shown_price(
    state: &IndexState,
    result: &SearchResult,
    filter: &VariantFilter<'_>,
    direction: Direction,
    after: Option<&KeysetPosition>,
    wanted: usize,
) -> Vec<DocId> {
    let keyed = result.matches.iter().map(|doc| {
        let entry = &state.entries[doc as usize];
        (entry.price_key_under(filter), entry.document.id, doc)
    });
    let later = |((currency, amount), id, _): &(PriceKey, ProductId, DocId)| match after {
        Some(KeysetPosition::Price(at, than, last)) => {
            (*currency, *amount, *id).cmp(&(at.as_str(), *than, *last)) == direction.later()
        }
        _ => true,
    };
    let mut keyed: Vec<(PriceKey, ProductId, DocId)> = keyed.filter(later).collect();
    let compare = |one: &(PriceKey, ProductId, DocId), two: &(PriceKey, ProductId, DocId)| {
        if direction == Direction::Ascending { one.cmp(two) } else { two.cmp(one) }
    };
    if keyed.len() > wanted {
        keyed.select_nth_unstable_by(wanted, compare);
        keyed.truncate(wanted);
    }
    keyed.sort_unstable_by(compare);
    keyed.into_iter().map(|(_, _, doc)| doc).collect()
}

fn encode(list: &str, position: &KeysetPosition) -> Cursor {
    match position {
        KeysetPosition::Price(currency, amount, id) => {
            Cursor::encode(list, &(currency, amount, id))
        }
        KeysetPosition::Name(name, id) => Cursor::encode(list, &(name, id)),
        KeysetPosition::Age(since, id) => Cursor::encode(list, &(since, id)),
        KeysetPosition::Featured(key, id) => Cursor::encode(list, &(key, id)),
    }
}

fn decode(key: SortKey, list: &str, cursor: &Cursor) -> Result<KeysetPosition, CursorError> {
    Ok(match key {
        SortKey::Price => {
            let (currency, amount, id) = cursor.decode(list)?;
            KeysetPosition::Price(currency, amount, id)
        }
        SortKey::Name => {
            let (name, id) = cursor.decode(list)?;
            KeysetPosition::Name(name, id)
        }
        SortKey::Age => {
            let (since, id) = cursor.decode(list)?;
            KeysetPosition::Age(since, id)
        }
        SortKey::Featured => {
            let (key, id) = cursor.decode(list)?;
            KeysetPosition::Featured(key, id)
        }
    })
}
