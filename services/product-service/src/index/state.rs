//! State of the search index, and the incremental updates for a changed product.

use super::availability::{Availability, AvailabilityUpdate};
use super::bit_set::{BitSet, DocId};
use super::document::{ProductDocument, StockLevel, VariantDocument};
use super::facets::{Facet, FacetKind};
use super::indexed_product::{FieldTokens, IndexedProduct};
use super::inverted_index::{InvertedIndex, TermInsertion};
use super::query::Audience;
use super::sort_index::{SortIndexes, SortKey};
use super::variant_filter::VariantFilter;
use contracts::{
    product::ProductStatus,
    shared::{ProductId, Sku},
};
use std::cmp::Ordering;
use std::collections::HashMap;

/// State of the search index, guarded by one lock.
#[derive(Debug, Default)]
pub(crate) struct IndexState {
    pub(crate) entries: Vec<IndexedProduct>,
    /// Column of the lowest and highest price of a variant in minor units, by document id: price filters scan all of
    /// them.
    pub(crate) prices: Vec<(i64, i64)>,
    by_id: HashMap<ProductId, DocId>,
    /// Current and former slugs.
    by_slug: HashMap<Box<str>, DocId>,
    /// Document and variant number by SKU.
    by_sku: HashMap<Sku, (DocId, u32)>,
    pub(crate) availability: Availability,
    pub(crate) sort_indexes: SortIndexes,
    facets: [Facet; 3],
    pub(crate) inverted_index: InvertedIndex,
    /// Number of products whose text is in the inverted index: all below this document id.
    text_indexed: usize,
    drafts: BitSet,
    active: BitSet,
    archived: BitSet,
    all: BitSet,
    /// Products with a variant in stock.
    pub(crate) in_stock: BitSet,
    /// Products with a reduced variant.
    pub(crate) reduced: BitSet,
    /// Products whose conditions different variants may fulfil.
    pub(crate) several_variants: BitSet,
    /// Generation of the contents, raised whenever a cached result may be out of date.
    pub(crate) generation: u64,
}

impl IndexState {
    /// State built from stored documents. Their text is indexed afterwards, by [`IndexState::index_text`].
    pub(crate) fn new(documents: Vec<ProductDocument>, availability: Availability) -> Self {
        let mut state = Self { availability, ..Self::default() };
        for document in documents {
            if !state.by_id.contains_key(&document.id) {
                state.add(document);
            }
        }
        state.sort_indexes.rebuild(&state.entries);
        state
    }

    /// Text indexing of up to `products` products that are not in the inverted index yet.
    pub(crate) fn index_text(&mut self, products: usize) {
        let until = self.entries.len().min(self.text_indexed.saturating_add(products));
        for at in self.text_indexed..until {
            self.index_text_of(u32::try_from(at).unwrap_or(u32::MAX));
        }
        self.text_indexed = until;
        if self.text_indexing() == TextIndexing::Complete {
            self.inverted_index.sort();
        }
    }

    /// Progress of the text indexing.
    pub(crate) fn text_indexing(&self) -> TextIndexing {
        if self.text_indexed == self.entries.len() {
            TextIndexing::Complete
        } else {
            TextIndexing::Pending
        }
    }

    pub(crate) fn facet(&self, kind: FacetKind) -> &Facet {
        &self.facets[kind as usize]
    }

    pub(crate) fn entry(&self, id: ProductId) -> Option<&IndexedProduct> {
        self.by_id.get(&id).map(|doc| &self.entries[*doc as usize])
    }

    pub(crate) fn by_slug(&self, slug: &str) -> Option<&IndexedProduct> {
        self.by_slug.get(slug).map(|doc| &self.entries[*doc as usize])
    }

    pub(crate) fn by_sku(&self, sku: &Sku) -> Option<(&IndexedProduct, SkuHolder<'_>)> {
        let (doc, number) = self.by_sku.get(sku)?;
        let entry = &self.entries[*doc as usize];
        let ProductDocument { variants, withdrawn, .. } = &entry.document;
        let holder = match (*number as usize).checked_sub(variants.len()) {
            None => SkuHolder::Offered(&variants[*number as usize]),
            Some(number) => SkuHolder::Withdrawn(withdrawn.get(number)?),
        };
        Some((entry, holder))
    }

    /// Products that an audience can see.
    pub(crate) fn visible(&self, audience: Audience) -> &BitSet {
        match audience {
            Audience::Shoppers | Audience::Operators(Some(ProductStatus::Active)) => &self.active,
            Audience::Operators(Some(ProductStatus::Draft)) => &self.drafts,
            Audience::Operators(Some(ProductStatus::Archived)) => &self.archived,
            Audience::Operators(None) => &self.all,
        }
    }

    /// Upsert of a product document. A document older than the indexed one is ignored.
    pub(crate) fn put(&mut self, document: ProductDocument) {
        match self.by_id.get(&document.id) {
            Some(doc) if self.entries[*doc as usize].document.version >= document.version => {
                return;
            }
            Some(doc) => self.replace(*doc, document),
            None => {
                let doc = self.add(document);
                for by in SortIndexes::ALL {
                    self.sort_indexes.insert(by, doc, &self.entries);
                }
                if doc as usize == self.text_indexed {
                    self.text_indexed += 1;
                    self.index_text_of(doc);
                }
            }
        }
        self.generation += 1;
    }

    /// Update of the units available of a SKU.
    pub(crate) fn put_available(&mut self, sku: &Sku, units: i64) {
        if self.availability.put(sku, units) == AvailabilityUpdate::Unchanged {
            return;
        }
        let Some((doc, _)) = self.by_sku.get(sku).copied() else { return };
        let at = doc as usize;
        let before = self.entries[at].price_key;
        if !self.entries[at].put_stock(&self.availability) {
            return;
        }
        let after = std::mem::replace(&mut self.entries[at].price_key, before);
        if after != before {
            // The entry is removed as it was inserted.
            self.sort_indexes.remove(SortKey::Price, doc, &self.entries);
            self.entries[at].price_key = after;
            self.sort_indexes.insert(SortKey::Price, doc, &self.entries);
        }
        let in_stock = self.entries[at].stock_level.in_stock();
        self.in_stock.set(doc, in_stock.into());
        self.generation += 1;
    }

    /// Insertion of a new product, except into the sort indexes and the inverted index.
    fn add(&mut self, document: ProductDocument) -> DocId {
        let doc = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        self.by_id.insert(document.id, doc);
        self.all.insert(doc);
        let mut entry = IndexedProduct::new(document);
        entry.put_stock(&self.availability);
        self.prices.push(entry.price_bounds());
        self.entries.push(entry);
        self.insert_lookups(doc);
        doc
    }

    /// Replacement of a product document, with only those sort indexes updated whose key changed.
    fn replace(&mut self, doc: DocId, document: ProductDocument) {
        self.remove_lookups(doc);
        let at = doc as usize;
        let mut entry = IndexedProduct::new(document);
        entry.put_stock(&self.availability);
        entry.revision += self.entries[at].revision;
        self.prices[at] = entry.price_bounds();
        entry.terms = std::mem::take(&mut self.entries[at].terms);
        let moved: Vec<SortKey> = SortIndexes::ALL
            .into_iter()
            .filter(|by| by.compare(&entry, &self.entries[at]) != Ordering::Equal)
            .collect();
        for by in &moved {
            self.sort_indexes.remove(*by, doc, &self.entries);
        }
        self.entries[at] = entry;
        for by in moved {
            self.sort_indexes.insert(by, doc, &self.entries);
        }
        self.insert_lookups(doc);
        if at < self.text_indexed {
            self.index_text_of(doc);
        }
    }

    /// Update of the terms of one product in the inverted index.
    fn index_text_of(&mut self, doc: DocId) {
        let document = &mut self.entries[doc as usize].document;
        let tokens = FieldTokens::new(document);
        // Needed for indexing only: dropped to save memory.
        document.tag_words = String::new();
        document.description_words = String::new();
        let insertion = match self.text_indexing() {
            TextIndexing::Complete => TermInsertion::Sorted,
            TextIndexing::Pending => TermInsertion::Deferred,
        };
        let terms = self.inverted_index.intern_terms(tokens.iter(), insertion);
        let old = std::mem::take(&mut self.entries[doc as usize].terms);
        if terms != old {
            self.inverted_index.remove(doc, &old);
            self.inverted_index.add(doc, &terms);
        }
        self.entries[doc as usize].terms = terms;
    }

    /// Insertion of a product into the look-ups by slug and SKU, the facets and the status sets.
    fn insert_lookups(&mut self, doc: DocId) {
        let at = doc as usize;
        let document = &self.entries[at].document;
        for slug in document.former_slugs.iter().chain([&document.slug]) {
            self.by_slug.insert(slug.as_str().into(), doc);
        }
        for (number, variant) in (0..).zip(&document.variants) {
            self.by_sku.insert(variant.sku.clone(), (doc, number));
        }
        // Another product may sell the SKU of a withdrawn variant by now.
        for (number, variant) in (0..).zip(&document.withdrawn) {
            let number: u32 = number;
            let offered = u32::try_from(document.variants.len()).unwrap_or(u32::MAX);
            self.by_sku.entry(variant.sku.clone()).or_insert((doc, offered + number));
        }
        let written = |kind| -> &[String] {
            match kind {
                FacetKind::Category => &document.categories,
                FacetKind::Brand => document.brand.as_slice(),
                FacetKind::Color => &document.colors,
            }
        };
        let mut values = Vec::new();
        for kind in FacetKind::ALL {
            for written in written(kind) {
                let ids = self.facets[kind as usize].intern(kind, written);
                values.extend(ids.into_iter().map(|id| (kind, id)));
            }
        }
        for (kind, id) in &values {
            self.facets[*kind as usize].values[*id as usize].docs.insert(doc);
        }
        let colors = &mut self.facets[FacetKind::Color as usize];
        let mut color_ids = Vec::with_capacity(document.variants.len());
        for variant in &document.variants {
            let ids = variant.color().map(|color| colors.intern(FacetKind::Color, color));
            color_ids.push(ids.and_then(|ids| ids.first().copied()));
        }
        let status = document.status;
        self.drafts.set(doc, (status == ProductStatus::Draft).into());
        self.active.set(doc, (status == ProductStatus::Active).into());
        self.archived.set(doc, (status == ProductStatus::Archived).into());
        let entry = &mut self.entries[at];
        for (variant, color) in entry.variants.iter_mut().zip(color_ids) {
            variant.color = color;
        }
        self.in_stock.set(doc, entry.stock_level.in_stock().into());
        self.reduced.set(doc, entry.is_reduced().into());
        self.several_variants.set(doc, entry.has_several_variants().into());
        entry.values = values.into();
    }

    /// Stock level of the variants that fulfil conditions.
    pub(crate) fn stock_level_under(
        &self,
        entry: &IndexedProduct,
        filter: &VariantFilter<'_>,
    ) -> StockLevel {
        if !filter.chooses() || !entry.has_several_variants() {
            return entry.stock_level;
        }
        let passing = entry.variants.iter().zip(&entry.document.variants);
        let passing = passing.filter(|(variant, _)| filter.passes(variant));
        StockLevel::of(passing.filter_map(|(_, it)| self.availability.units(&it.sku)))
    }

    /// Removal of a product from the look-ups by slug and SKU and from the facets.
    fn remove_lookups(&mut self, doc: DocId) {
        let entry = &self.entries[doc as usize];
        for slug in entry.document.former_slugs.iter().chain([&entry.document.slug]) {
            self.by_slug.remove(slug.as_str());
        }
        for variant in entry.document.variants.iter().chain(&entry.document.withdrawn) {
            if self.by_sku.get(&variant.sku).is_some_and(|(owner, _)| *owner == doc) {
                self.by_sku.remove(&variant.sku);
            }
        }
        for (kind, id) in &entry.values {
            self.facets[*kind as usize].values[*id as usize].docs.remove(doc);
        }
    }
}

/// Variant that has a SKU.
#[derive(Clone, Copy, Debug)]
pub(crate) enum SkuHolder<'a> {
    Offered(&'a VariantDocument),
    Withdrawn(&'a VariantDocument),
}

impl<'a> SkuHolder<'a> {
    pub(crate) fn is_offered(self) -> bool {
        matches!(self, Self::Offered(_))
    }

    pub(crate) fn variant(self) -> &'a VariantDocument {
        match self {
            Self::Offered(variant) | Self::Withdrawn(variant) => variant,
        }
    }
}

/// Progress of the background text indexing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TextIndexing {
    /// Searches find everything.
    Complete,
    /// The text of some products is not indexed yet.
    Pending,
}
