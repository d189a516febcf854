//! Conditions on variants: all of them have to be fulfilled by one and the same variant of a product.

use super::bit_set::BitSet;
use super::facets::{FacetKind, FacetValueId};
use super::indexed_product::IndexedVariant;
use super::query::{ReductionFilter, ResolvedQuery, StockFilter};
use super::search_result::FilterKind;
use super::state::IndexState;

/// Conditions on one variant.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct VariantFilter<'a> {
    colors: Option<&'a [FacetValueId]>,
    /// Minor units, inclusive.
    price: Option<(i64, i64)>,
    in_stock: bool,
    reduced: bool,
}

impl<'a> VariantFilter<'a> {
    /// Conditions of a query on variants.
    pub(crate) fn of(query: &'a ResolvedQuery) -> Self {
        Self {
            colors: query.values[FacetKind::Color as usize].as_deref(),
            price: query.price,
            in_stock: query.stock == StockFilter::InStock,
            reduced: query.reduced == ReductionFilter::Only,
        }
    }

    /// The same conditions except those of one kind.
    pub(crate) fn without(self, ignored: FilterKind) -> Self {
        match ignored {
            FilterKind::Value(FacetKind::Color) => Self { colors: None, ..self },
            FilterKind::Price => Self { price: None, ..self },
            FilterKind::Stock => Self { in_stock: false, ..self },
            FilterKind::Reduced => Self { reduced: false, ..self },
            FilterKind::Value(FacetKind::Category | FacetKind::Brand) | FilterKind::New => self,
        }
    }

    /// Whether a variant fulfils all conditions.
    pub(crate) fn passes(&self, variant: &IndexedVariant) -> bool {
        self.colors.is_none_or(|ids| variant.color.is_some_and(|color| ids.contains(&color)))
            && self.price.is_none_or(|(min, max)| (min..=max).contains(&variant.price))
            && (!self.in_stock || variant.in_stock)
            && (!self.reduced || variant.reduced)
    }

    /// Whether there is any condition.
    pub(crate) fn is_any(&self) -> bool {
        self.colors.is_some() || self.price.is_some() || self.in_stock || self.reduced
    }

    /// Whether another variant can be shown than without conditions: one in stock is preferred anyway.
    pub(crate) fn chooses(&self) -> bool {
        self.colors.is_some() || self.price.is_some() || self.reduced
    }

    /// Whether a product can fulfil each condition by another variant, so that its variants have to be looked at.
    fn needs_variants(&self) -> bool {
        let conditions = [self.colors.is_some(), self.in_stock, self.reduced];
        self.price.is_some() || conditions.into_iter().filter(|it| *it).count() > 1
    }

    /// Removal of the products that fulfil each condition, but with different variants.
    pub(crate) fn narrow(&self, state: &IndexState, docs: &mut BitSet) {
        if !self.needs_variants() {
            return;
        }
        docs.retain_among(&state.several_variants, |doc| {
            state.entries[doc as usize].variants.iter().any(|variant| self.passes(variant))
        });
    }
}

/// Number of products in `docs` for each colour that a variant has which passes the filter.
pub(crate) fn color_counts(
    state: &IndexState,
    docs: &BitSet,
    filter: &VariantFilter<'_>,
) -> Vec<usize> {
    let facet = state.facet(FacetKind::Color);
    if !filter.is_any() {
        return facet.counts_in(docs);
    }
    let mut single = docs.clone();
    single.subtract(&state.several_variants);
    let mut counts = facet.counts_in(&single);
    let mut colors: Vec<FacetValueId> = Vec::new();
    for doc in docs.iter_common(&state.several_variants) {
        let variants = &state.entries[doc as usize].variants;
        colors.clear();
        colors.extend(variants.iter().filter(|it| filter.passes(it)).filter_map(|it| it.color));
        colors.sort_unstable();
        colors.dedup();
        for color in &colors {
            counts[*color as usize] += 1;
        }
    }
    counts
}

/// Number of products in `docs` that have a variant in stock which passes the filter.
pub(crate) fn in_stock_count(
    state: &IndexState,
    docs: &BitSet,
    filter: &VariantFilter<'_>,
) -> usize {
    let total = docs.intersection_count(&state.in_stock);
    if !filter.is_any() {
        return total;
    }
    let has_none = |doc: &u32| {
        let variants = &state.entries[*doc as usize].variants;
        state.in_stock.contains(*doc) && !variants.iter().any(|it| it.in_stock && filter.passes(it))
    };
    total - docs.iter_common(&state.several_variants).filter(has_none).count()
}
