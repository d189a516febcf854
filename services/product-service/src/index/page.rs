//! Cutting what was found into pages that stay right while products come, go and change.
//!
//! A page begins after a place, not after a count. Who keeps his place is met exactly once.

use super::entry::Entry;
use super::found::{Found, Ranked};
use super::orders::{By, Place, Sort};
use super::state::State;
use contracts::shared::ProductId;
use kernel::{Cursor, CursorError};
use std::cmp::Ordering;

/// One page: the places of its products, and where the next one begins.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) places: Vec<u32>,
    pub(crate) next: Option<Cursor>,
}

impl Sort {
    /// The order to walk and which way; relevance without a search is newest first.
    fn order(self) -> (By, Way) {
        match self {
            Self::Relevance | Self::Newest => (By::Age, Way::Down),
            Self::Cheapest => (By::Price, Way::Up),
            Self::Dearest => (By::Price, Way::Down),
            Self::NameUp => (By::Name, Way::Up),
            Self::NameDown => (By::Name, Way::Down),
        }
    }

    /// Cursors of one list are refused by another.
    fn list(self) -> &'static str {
        match self {
            Self::Relevance => "products/relevance",
            Self::Cheapest => "products/price",
            Self::Dearest => "products/-price",
            Self::NameUp => "products/name",
            Self::NameDown => "products/-name",
            Self::Newest => "products/newest",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Up,
    Down,
}

impl Way {
    /// How something that comes later compares to something before it.
    fn later(self) -> Ordering {
        match self {
            Self::Up => Ordering::Greater,
            Self::Down => Ordering::Less,
        }
    }
}

pub(crate) fn page(
    state: &State,
    found: &Found,
    sort: Option<Sort>,
    cursor: Option<&Cursor>,
    limit: usize,
) -> Result<Page, CursorError> {
    match (&found.ranked, sort) {
        (Some(ranked), None | Some(Sort::Relevance)) => best_first(found, ranked, cursor, limit),
        (_, sort) => in_order(state, found, sort.unwrap_or(Sort::Newest), cursor, limit),
    }
}

fn best_first(
    found: &Found,
    ranked: &[Ranked],
    cursor: Option<&Cursor>,
    limit: usize,
) -> Result<Page, CursorError> {
    let list = Sort::Relevance.list();
    let from = match cursor {
        None => 0,
        Some(cursor) => {
            let after: (u32, i64, ProductId) = cursor.decode(list)?;
            ranked.partition_point(|it| (it.worth, it.since, it.id) >= after)
        }
    };
    let mut rest = ranked[from..].iter().filter(|it| found.matches.contains(it.place));
    let shown: Vec<&Ranked> = rest.by_ref().take(limit).collect();
    let next = shown.last().filter(|_| rest.next().is_some());
    let next = next.map(|it| Cursor::encode(list, &(it.worth, it.since, it.id)));
    Ok(Page { places: shown.iter().map(|it| it.place).collect(), next })
}

fn in_order(
    state: &State,
    found: &Found,
    sort: Sort,
    cursor: Option<&Cursor>,
    limit: usize,
) -> Result<Page, CursorError> {
    let (by, way) = sort.order();
    let after = cursor.map(|cursor| decode(by, sort.list(), cursor)).transpose()?;
    // One more than asked for tells whether anything follows.
    let wanted = limit + 1;
    let walked = wanted.saturating_mul(state.entries.len()) / found.total.max(1);
    let mut places = if walked < found.total.saturating_mul(GATHERING_COST) {
        walk(state, found, (by, way), after.as_ref(), wanted)
    } else {
        gather(state, found, (by, way), after.as_ref(), wanted)
    };
    let more = places.len() > limit;
    places.truncate(limit);
    let last = places.last().filter(|_| more);
    let next = last.map(|place| encode(sort.list(), &by.place_of(&state.entries[*place as usize])));
    Ok(Page { places, next })
}

/// Picking one match out and comparing it costs about this many times as much as passing over one in order.
const GATHERING_COST: usize = 8;

/// Walks the whole order from the place on, and keeps who matches: quick when many match.
fn walk(
    state: &State,
    found: &Found,
    (by, way): (By, Way),
    after: Option<&Place>,
    wanted: usize,
) -> Vec<u32> {
    let order = state.orders.by(by);
    let entry = |place: &u32| &state.entries[*place as usize];
    let matching = |place: &u32| found.matches.contains(*place);
    match way {
        Way::Up => {
            let from = after.map_or(0, |after| {
                order.partition_point(|place| after.compare(entry(place)) != Ordering::Greater)
            });
            order[from..].iter().copied().filter(matching).take(wanted).collect()
        }
        Way::Down => {
            let until = after.map_or(order.len(), |after| {
                order.partition_point(|place| after.compare(entry(place)) == Ordering::Less)
            });
            order[..until].iter().rev().copied().filter(matching).take(wanted).collect()
        }
    }
}

/// Picks out who matches and sorts the first of them: quick when few match.
fn gather(
    state: &State,
    found: &Found,
    (by, way): (By, Way),
    after: Option<&Place>,
    wanted: usize,
) -> Vec<u32> {
    let entry = |place: &u32| -> &Entry { &state.entries[*place as usize] };
    let later = |place: &u32| after.is_none_or(|after| after.compare(entry(place)) == way.later());
    let mut places: Vec<u32> = found.matches.iter().filter(later).collect();
    let compare = |one: &u32, two: &u32| {
        let ascending = by.compare(entry(one), entry(two));
        if way == Way::Up { ascending } else { ascending.reverse() }
    };
    if places.len() > wanted {
        places.select_nth_unstable_by(wanted, compare);
        places.truncate(wanted);
    }
    places.sort_unstable_by(compare);
    places
}

fn encode(list: &str, place: &Place) -> Cursor {
    match place {
        Place::Price(currency, amount, id) => Cursor::encode(list, &(currency, amount, id)),
        Place::Name(name, id) => Cursor::encode(list, &(name, id)),
        Place::Age(since, id) => Cursor::encode(list, &(since, id)),
    }
}

fn decode(by: By, list: &str, cursor: &Cursor) -> Result<Place, CursorError> {
    Ok(match by {
        By::Price => {
            let (currency, amount, id) = cursor.decode(list)?;
            Place::Price(currency, amount, id)
        }
        By::Name => {
            let (name, id) = cursor.decode(list)?;
            Place::Name(name, id)
        }
        By::Age => {
            let (since, id) = cursor.decode(list)?;
            Place::Age(since, id)
        }
    })
}
