//! Fixtures: values, product documents for tests of the search index, drafts for tests of decisions.

use crate::domain::{
    VariantDraft,
    events::VariantFacts,
    prior_price::{NewProductRule, PerishableRule, Policy},
    text,
};
use crate::index::{ProductDocument, VariantDocument};
use contracts::{
    product::ProductStatus,
    shared::{ProductId, Sku},
};
use kernel::{Currency, Money, Timestamp, UnitPrice, Uuid};

pub(super) fn eur(amount: i64) -> UnitPrice {
    UnitPrice::from_money(Money::new(amount, Currency::EUR)).unwrap()
}

pub(super) fn instant(second: i64) -> Timestamp {
    Timestamp::from_second(1_767_225_600 + second).unwrap()
}

pub(super) fn day(number: i64) -> Timestamp {
    instant(number * 86_400)
}

pub(super) fn id(number: u128) -> ProductId {
    // Hashed, so that ids and ages are in different orders.
    ProductId(Uuid::new_v5(&Uuid::nil(), &number.to_le_bytes()))
}

pub(super) fn sku(text: &str) -> Sku {
    Sku::parse(text).unwrap()
}

/// Document of an active product at this price, created at the second given by its number.
pub(super) fn document(number: u32, name: &str, amount: i64) -> ProductDocument {
    let created_at = instant(i64::from(number));
    ProductDocument {
        id: id(u128::from(number)),
        version: 1,
        slug: format!("{}-{number}", text::slugify(name)),
        former_slugs: vec![],
        name: name.to_owned(),
        brand: None,
        categories: vec![],
        status: ProductStatus::Active,
        created_at,
        published_at: Some(created_at),
        since: created_at,
        featured: None,
        image: None,
        image_skus: vec![],
        colors: vec![],
        variants: vec![variant_document(&format!("SKU-{number}"), amount)],
        withdrawn: vec![],
        tag_words: String::new(),
        description_words: String::new(),
        pictures_pending: 0,
        pictures_stored: 0,
        pictures_failed: 0,
    }
}

/// Document of a variant at this price.
pub(super) fn variant_document(text: &str, amount: i64) -> VariantDocument {
    VariantDocument {
        sku: sku(text),
        options: Box::default(),
        price: eur(amount),
        compare_at_price: None,
        reduction: None,
        image: None,
        weight_grams: 0,
    }
}

/// Document of a variant in a colour.
pub(super) fn coloured(text: &str, color: &str, amount: i64) -> VariantDocument {
    VariantDocument {
        options: Box::new([("Colour".into(), color.into())]),
        ..variant_document(text, amount)
    }
}

pub(super) const POLICY: Policy = Policy {
    days: 30,
    progressive: false,
    new_goods: NewProductRule::SinceLaunch,
    perishable: PerishableRule::General,
};

/// Draft of a variant with this size and price.
pub(super) fn variant(text: &str, size: &str, amount: i64) -> VariantDraft {
    VariantDraft {
        sku: sku(text),
        price: eur(amount),
        earlier: vec![],
        stock: None,
        facts: VariantFacts {
            options: vec![("Size".to_owned(), size.to_owned())],
            ..VariantFacts::default()
        },
    }
}
