//! What somebody looks for, in the index's own terms.

use super::facets::{FacetKind, ValueId};
use super::orders::Sort;
use super::state::State;
use super::text::SEARCH_WORDS_MAX;
use crate::domain::words;
use contracts::product::ProductStatus;

/// Who looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Audience {
    /// Sees what is on sale.
    Shoppers,
    /// Sees everything, or only what has one status.
    Operators(Option<ProductStatus>),
}

/// What to look for, as the caller wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wish {
    pub(crate) audience: Audience,
    pub(crate) text: Option<String>,
    pub(crate) category: Option<String>,
    pub(crate) brand: Option<String>,
    pub(crate) color: Option<String>,
    /// Minor units, inclusive.
    pub(crate) price_min: Option<i64>,
    pub(crate) price_max: Option<i64>,
    pub(crate) stock: Stock,
    pub(crate) reduced: Reduced,
    pub(crate) sort: Option<Sort>,
}

impl Wish {
    /// Everything there is.
    pub(crate) fn all(audience: Audience) -> Self {
        Self {
            audience,
            text: None,
            category: None,
            brand: None,
            color: None,
            price_min: None,
            price_max: None,
            stock: Stock::Any,
            reduced: Reduced::Any,
            sort: None,
        }
    }
}

/// Whether sold-out products are wanted too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Stock {
    Any,
    InStock,
}

/// Whether products at their usual price are wanted too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Reduced {
    Any,
    Only,
}

/// The same with facet values and words looked up: equal queries have equal answers until the index changes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Query {
    pub(crate) audience: Audience,
    /// Folded words; `Some` and empty is a search that can find nothing.
    pub(crate) words: Option<Vec<String>>,
    /// For each facet, in the order of [`FacetKind::ALL`], the values of which one is wanted.
    pub(crate) values: [Option<Vec<ValueId>>; 3],
    pub(crate) price: Option<(i64, i64)>,
    pub(crate) stock: Stock,
    pub(crate) reduced: Reduced,
}

impl Query {
    pub(crate) fn all(audience: Audience) -> Self {
        Self {
            audience,
            words: None,
            values: [None, None, None],
            price: None,
            stock: Stock::Any,
            reduced: Reduced::Any,
        }
    }

    pub(crate) fn of(wish: &Wish, state: &State) -> Self {
        let asked = |kind: FacetKind, filter: &Option<String>| {
            let filter = filter.as_deref().map(str::trim).filter(|filter| !filter.is_empty());
            filter.map(|filter| state.facet(kind).asked(filter))
        };
        let words = wish.text.as_deref().filter(|text| !text.trim().is_empty()).map(search_words);
        let bounds = wish.price_min.is_some() || wish.price_max.is_some();
        let price = (wish.price_min.unwrap_or(0), wish.price_max.unwrap_or(i64::MAX));
        Self {
            audience: wish.audience,
            words,
            values: [
                asked(FacetKind::Category, &wish.category),
                asked(FacetKind::Brand, &wish.brand),
                asked(FacetKind::Color, &wish.color),
            ],
            price: bounds.then_some(price),
            stock: wish.stock,
            reduced: wish.reduced,
        }
    }
}

/// The folded words of a search, as many as count.
fn search_words(text: &str) -> Vec<String> {
    words::words(&words::fold(text)).take(SEARCH_WORDS_MAX).map(str::to_owned).collect()
}
