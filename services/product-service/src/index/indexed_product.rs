//! Indexed product: a product document with its sort keys, its variants as filters see them, facet values and terms.

use super::availability::Availability;
use super::document::{ProductDocument, StockLevel};
use super::facets::{FacetKind, FacetValueId};
use super::inverted_index::{DocumentTerms, TextField};
use super::sort_index::{FeaturedKey, PriceKey};
use super::variant_filter::VariantFilter;
use crate::domain::text;
use kernel::{Rounding, UnitPrice};

/// Length of the sort key of a name, in letters; names that agree that far are ordered by product id.
const NAME_KEY_LETTERS: usize = 64;

/// Product in the index, stored under its document id.
#[derive(Debug)]
pub(crate) struct IndexedProduct {
    pub(crate) document: ProductDocument,
    /// Price of the variant that a listing shows.
    pub(crate) price_key: PriceKey,
    pub(crate) name_key: Box<str>,
    pub(crate) featured_key: FeaturedKey,
    /// Start on the market, in microseconds.
    pub(crate) since: i64,
    /// The variants, in the order of the document.
    pub(crate) variants: Box<[IndexedVariant]>,
    /// Number of the variant that a listing without conditions shows.
    shown: usize,
    pub(crate) stock_level: StockLevel,
    /// Revision of what is shown of the product, raised with every change of its document and its stock: what was rendered
    /// at another one is out of date.
    pub(crate) revision: u64,
    pub(crate) values: Box<[(FacetKind, FacetValueId)]>,
    pub(crate) terms: DocumentTerms,
}

/// Variant as filters see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct IndexedVariant {
    /// Minor units, rounded.
    pub(crate) price: i64,
    /// Ten-thousandths of the major unit.
    exact_price: i64,
    pub(crate) color: Option<FacetValueId>,
    pub(crate) in_stock: bool,
    pub(crate) reduced: bool,
}

impl IndexedProduct {
    /// Entry for a document; colours, facet values, terms and stock are filled in by the index.
    pub(crate) fn new(document: ProductDocument) -> Self {
        let variants = document.variants.iter().map(|variant| IndexedVariant {
            price: variant.price.rounded().amount,
            exact_price: ten_thousandths(variant.price),
            color: None,
            in_stock: false,
            reduced: variant.reduction.is_some(),
        });
        let mut entry = Self {
            price_key: ("", 0),
            name_key: name_key(&document.name),
            featured_key: (document.featured.unwrap_or(u32::MAX), mixed(&document)),
            since: document.since.as_microsecond(),
            variants: variants.collect(),
            shown: 0,
            stock_level: StockLevel::default(),
            revision: 0,
            values: Box::default(),
            terms: Box::default(),
            document,
        };
        entry.choose_shown();
        entry
    }

    /// Update of the stock of all variants. Returns whether a filter can tell the difference.
    pub(crate) fn put_stock(&mut self, availability: &Availability) -> bool {
        let mut total = 0_i64;
        let mut flipped = false;
        for (variant, document) in self.variants.iter_mut().zip(&self.document.variants) {
            let units = availability.units(&document.sku).unwrap_or(0).max(0);
            total = total.saturating_add(units);
            flipped |= variant.in_stock != (units > 0);
            variant.in_stock = units > 0;
        }
        self.stock_level = StockLevel::of([total]);
        self.revision += 1;
        if flipped {
            self.choose_shown();
        }
        flipped
    }

    /// Choice of the variant that a listing without conditions shows, with the sort key of its price.
    fn choose_shown(&mut self) {
        self.shown = self.shown_under(&VariantFilter::default()).unwrap_or(0);
        let price = self.document.variants.get(self.shown).map(|it| it.price);
        self.price_key = price.map_or(("", 0), |it| (it.currency().code(), ten_thousandths(it)));
    }

    /// Number of the variant to show under a filter: the cheapest in stock of those that pass, or the cheapest; of equal
    /// ones the first.
    pub(crate) fn shown_under(&self, filter: &VariantFilter) -> Option<usize> {
        let passing = self.variants.iter().enumerate().filter(|(_, it)| filter.passes(it));
        let best = passing.min_by_key(|(_, it)| (!it.in_stock, it.exact_price));
        best.map(|(number, _)| number)
    }

    /// Sort key of the price that a listing shows under a filter.
    pub(crate) fn price_key_under(&self, filter: &VariantFilter) -> PriceKey {
        let shown = self.shown_under(filter).unwrap_or(self.shown);
        let price = self.variants.get(shown).map_or(self.price_key.1, |it| it.exact_price);
        (self.price_key.0, price)
    }

    /// Number of the variant that a listing without conditions shows.
    pub(crate) fn shown(&self) -> usize {
        self.shown
    }

    /// Lowest and highest price in minor units.
    pub(crate) fn price_bounds(&self) -> (i64, i64) {
        let prices = || self.variants.iter().map(|it| it.price);
        (prices().min().unwrap_or(0), prices().max().unwrap_or(0))
    }

    /// Whether a price reduction of a variant is announced to shoppers.
    pub(crate) fn is_reduced(&self) -> bool {
        self.variants.iter().any(|it| it.reduced)
    }

    /// Whether variants can differ in what filters look at.
    pub(crate) fn has_several_variants(&self) -> bool {
        self.variants.len() > 1
    }
}

/// Searchable text of a product by field, folded, the field with the highest boost first.
pub(crate) struct FieldTokens {
    fields: [(TextField, String); 5],
}

impl FieldTokens {
    /// Searchable text of a document.
    pub(crate) fn new(document: &ProductDocument) -> Self {
        let mut tags = document.tag_words.clone();
        for variant in &document.variants {
            let options = variant.options.iter().map(|(_, value)| &**value);
            for text in options.chain([variant.sku.as_str()]) {
                tags.push(' ');
                tags.push_str(&text::fold(text));
            }
        }
        let fields = [
            (TextField::Name, text::fold(&document.name)),
            (TextField::Brand, text::fold(document.brand.as_deref().unwrap_or_default())),
            (TextField::Category, text::fold(&document.categories.join(" "))),
            (TextField::Tag, tags),
            (TextField::Description, document.description_words.clone()),
        ];
        Self { fields }
    }

    /// Tokens with their fields.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (TextField, &str)> {
        self.fields.iter().flat_map(|(field, text)| text::tokens(text).map(|word| (*field, word)))
    }
}

/// Place of a product among those without a rank: a hash of its id, so that neighbours differ in kind and age, and that
/// stays the same.
fn mixed(document: &ProductDocument) -> u64 {
    let bytes = document.id.0.into_bytes();
    let hash = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let hash = bytes.into_iter().fold(0xcbf2_9ce4_8422_2325, hash);
    // The last bytes reach only the low bits; they decide as well.
    (hash ^ (hash >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

fn name_key(name: &str) -> Box<str> {
    let mut key = text::fold(name.trim());
    if let Some((end, _)) = key.char_indices().nth(NAME_KEY_LETTERS) {
        key.truncate(end);
    }
    key.into()
}

fn ten_thousandths(price: UnitPrice) -> i64 {
    let exact = price.to_decimal().rounded(4, Rounding::Down);
    exact.and_then(|exact| i64::try_from(exact).ok()).unwrap_or(i64::MAX)
}
