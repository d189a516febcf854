//! Indexed product: a product document with its sort keys, facet values and terms.

use super::document::{ProductDocument, StockLevel};
use super::facets::FacetKind;
use super::inverted_index::{DocumentTerms, TextField};
use super::sort_index::PriceKey;
use crate::domain::text;
use kernel::{Rounding, UnitPrice};

/// Length of the sort key of a name, in letters; names that agree that far are ordered by product id.
const NAME_KEY_LETTERS: usize = 64;

/// Product in the index, stored under its document id.
#[derive(Debug)]
pub(crate) struct IndexedProduct {
    pub(crate) document: ProductDocument,
    pub(crate) price_key: PriceKey,
    pub(crate) name_key: Box<str>,
    /// Time of first publication, or of creation before that, in microseconds.
    pub(crate) since: i64,
    pub(crate) stock_level: StockLevel,
    pub(crate) values: Box<[(FacetKind, u32)]>,
    pub(crate) terms: DocumentTerms,
}

impl IndexedProduct {
    /// Entry for a document; facet values, terms and stock are filled in by the index.
    pub(crate) fn new(document: ProductDocument) -> Self {
        Self {
            price_key: (document.price.currency().code(), ten_thousandths(document.price)),
            name_key: name_key(&document.name),
            since: document.published_at.unwrap_or(document.created_at).as_microsecond(),
            stock_level: StockLevel::default(),
            values: Box::default(),
            terms: Box::default(),
            document,
        }
    }

    /// Whether a price reduction is announced to shoppers.
    pub(crate) fn is_reduced(&self) -> bool {
        self.document.reduction.is_some()
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
