//! A product in the index, with what it is sorted, filtered and found by.

use super::facets::FacetKind;
use super::listing::{Left, Listing};
use super::orders::PriceKey;
use super::text::{Field, TermList};
use crate::domain::words;
use kernel::{Rounding, UnitPrice};

/// Letters of a name that count for sorting; longer ones that begin alike fall back on the identity.
const NAME_KEY_LETTERS: usize = 64;

#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) listing: Listing,
    pub(crate) price_key: PriceKey,
    pub(crate) name_key: Box<str>,
    /// Microseconds of its first day on sale, or of its making before that.
    pub(crate) since: i64,
    pub(crate) left: Left,
    pub(crate) values: Box<[(FacetKind, u32)]>,
    pub(crate) terms: TermList,
}

impl Entry {
    /// An entry of this listing; facet values, terms and stock come from the index.
    pub(crate) fn new(listing: Listing) -> Self {
        Self {
            price_key: (listing.price.currency().code(), ten_thousandths(listing.price)),
            name_key: name_key(&listing.name),
            since: listing.published_at.unwrap_or(listing.created_at).as_microsecond(),
            left: Left::default(),
            values: Box::default(),
            terms: Box::default(),
            listing,
        }
    }

    /// Whether shoppers are told of a reduction.
    pub(crate) fn is_reduced(&self) -> bool {
        self.listing.reduction.is_some()
    }
}

/// Everything a product can be found by, folded, the most telling field first.
pub(crate) struct Words {
    fields: [(Field, String); 5],
}

impl Words {
    pub(crate) fn of(listing: &Listing) -> Self {
        let mut tags = listing.tag_words.clone();
        for variant in &listing.variants {
            for text in variant.options.iter().map(|(_, value)| value).chain([&variant.sku]) {
                tags.push(' ');
                tags.push_str(&words::fold(text));
            }
        }
        let fields = [
            (Field::Name, words::fold(&listing.name)),
            (Field::Brand, words::fold(listing.brand.as_deref().unwrap_or_default())),
            (Field::Category, words::fold(&listing.categories.join(" "))),
            (Field::Tag, tags),
            (Field::Description, listing.description_words.clone()),
        ];
        Self { fields }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Field, &str)> {
        self.fields.iter().flat_map(|(field, text)| words::words(text).map(|word| (*field, word)))
    }
}

fn name_key(name: &str) -> Box<str> {
    let mut key = words::fold(name.trim());
    if let Some((end, _)) = key.char_indices().nth(NAME_KEY_LETTERS) {
        key.truncate(end);
    }
    key.into()
}

fn ten_thousandths(price: UnitPrice) -> i64 {
    let exact = price.to_decimal().rounded(4, Rounding::Down);
    exact.and_then(|exact| i64::try_from(exact).ok()).unwrap_or(i64::MAX)
}
