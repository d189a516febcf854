//! Listings to try the index with.

use crate::domain::words;
use crate::index::{ListedVariant, Listing};
use contracts::{product::ProductStatus, shared::ProductId};
use kernel::{Currency, Money, Timestamp, UnitPrice, Uuid};

pub(super) fn eur(amount: i64) -> UnitPrice {
    UnitPrice::from_money(Money::new(amount, Currency::EUR)).unwrap()
}

pub(super) fn instant(second: i64) -> Timestamp {
    Timestamp::from_second(1_767_225_600 + second).unwrap()
}

pub(super) fn id(number: u128) -> ProductId {
    // Scattered, so that identity and age are different orders.
    ProductId(Uuid::new_v5(&Uuid::nil(), &number.to_le_bytes()))
}

/// The active product of this number, at this price, made at the second of its number.
pub(super) fn listing(number: u32, name: &str, amount: i64) -> Listing {
    let made = instant(i64::from(number));
    Listing {
        id: id(u128::from(number)),
        version: 1,
        slug: format!("{}-{number}", words::slug(name)),
        former_slugs: vec![],
        name: name.to_owned(),
        brand: None,
        categories: vec![],
        status: ProductStatus::Active,
        created_at: made,
        published_at: Some(made),
        price: eur(amount),
        price_varies: false,
        compare_at_price: None,
        reduction: None,
        image: None,
        colors: vec![],
        variants: vec![ListedVariant {
            sku: format!("SKU-{number}").into(),
            options: Box::default(),
            price: eur(amount),
            image: None,
            weight_grams: 0,
        }],
        tag_words: String::new(),
        description_words: String::new(),
    }
}
