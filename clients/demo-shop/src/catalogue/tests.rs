//! Tests of the demonstration catalogue: enough products, and every case that a page must be able to show.

use std::collections::BTreeSet;

use super::*;

/// Kinds of goods that the storefront draws; its own tests have the same list.
const KINDS: &str = "mug bowl plate carafe teapot kettle casserole storage-jar bread-bin \
    pepper-mill chopping-board tray dome-lamp pendant-lamp floor-lamp lantern candle-holder \
    stool chair bench side-table throw cushion rug towel apron planter watering-can bird-house \
    vase speaker notebook wall-clock mirror backpack basket umbrella";
const COLOURS: &str = "chalk oat clay brick ochre moss spruce mist sea ink coal blush";

fn catalogue() -> Catalogue {
    Catalogue::read().unwrap()
}

fn variants(catalogue: &Catalogue) -> impl Iterator<Item = &Variant> {
    catalogue.products.iter().flat_map(|product| &product.variants)
}

/// The lowest price of the thirty days before the latest change, and the price since.
fn latest_change(variant: &Variant) -> Option<(i64, i64)> {
    let (latest, before) = variant.prices.split_last()?;
    let window_start = latest.days_ago + 30;
    let at_start = before.iter().rev().find(|change| change.days_ago >= window_start);
    let within = before.iter().filter(|change| change.days_ago < window_start);
    let lowest = within.chain(at_start).map(|change| change.price_cents).min()?;
    Some((lowest, latest.price_cents))
}

#[test]
fn there_is_enough_to_browse() {
    let catalogue = catalogue();
    assert_eq!(catalogue.departments.len(), 6);
    assert!(catalogue.products.len() >= 72, "{}", catalogue.products.len());
    for department in &catalogue.departments {
        let count = catalogue
            .products
            .iter()
            .filter(|product| product.department == department.slug)
            .count();
        assert!(count >= 10, "{}: {count}", department.slug);
    }
}

#[test]
fn skus_and_slugs_are_unique() {
    let catalogue = catalogue();
    let skus: BTreeSet<_> = variants(&catalogue).map(|variant| &variant.sku).collect();
    assert_eq!(skus.len(), variants(&catalogue).count());
    let slugs: BTreeSet<_> = catalogue.products.iter().map(|product| &product.slug).collect();
    assert_eq!(slugs.len(), catalogue.products.len());
    let categories: Vec<_> = catalogue
        .departments
        .iter()
        .flat_map(|department| {
            let below = department.categories.iter().map(|category| &category.slug);
            std::iter::once(&department.slug).chain(below)
        })
        .collect();
    assert_eq!(categories.iter().collect::<BTreeSet<_>>().len(), categories.len());
}

#[test]
fn skus_and_slugs_are_plain_ascii() {
    let catalogue = catalogue();
    let plain = |slug: &str, letters: fn(u8) -> bool| {
        let known = slug.bytes().all(|byte| letters(byte) || byte.is_ascii_digit() || byte == b'-');
        known && !slug.starts_with('-') && !slug.ends_with('-')
    };
    for product in &catalogue.products {
        assert!(plain(&product.slug, |byte| byte.is_ascii_lowercase()), "{}", product.slug);
    }
    for variant in variants(&catalogue) {
        assert!(plain(variant.sku.as_str(), |byte| byte.is_ascii_uppercase()), "{}", variant.sku);
    }
}

#[test]
fn every_product_is_in_a_category_of_its_department_and_no_category_is_empty() {
    let catalogue = catalogue();
    let mut used = BTreeSet::new();
    for product in &catalogue.products {
        let department = catalogue
            .departments
            .iter()
            .find(|department| department.slug == product.department)
            .unwrap();
        let category =
            department.categories.iter().find(|category| category.slug == product.category);
        used.insert(&category.expect(&product.slug).slug);
    }
    let all = catalogue.departments.iter().flat_map(|department| &department.categories);
    assert_eq!(all.map(|category| &category.slug).collect::<BTreeSet<_>>(), used);
}

#[test]
fn every_picture_can_be_drawn() {
    let kinds: BTreeSet<_> = KINDS.split_whitespace().collect();
    let colours: BTreeSet<_> = COLOURS.split_whitespace().collect();
    let catalogue = catalogue();
    let mut drawn = BTreeSet::new();
    for variant in variants(&catalogue) {
        if let Some(picture) = &variant.picture {
            assert!(kinds.contains(&*picture.kind), "{}", picture.kind);
            assert!(colours.contains(&*picture.colour), "{}", picture.colour);
            drawn.insert(&*picture.kind);
        }
    }
    assert_eq!(drawn, kinds, "every kind is for sale");
    let without =
        catalogue.products.iter().filter(|product| product.variants[0].picture.is_none()).count();
    assert_eq!(without, 1, "one product shows what a missing picture looks like");
}

#[test]
fn variants_of_a_product_have_the_same_options_and_distinct_values() {
    for product in catalogue().products {
        let first = product.variants.first().expect("a product has variants");
        let mut choices = BTreeSet::new();
        for variant in &product.variants {
            assert_eq!(variant.colour.is_some(), first.colour.is_some(), "{}", variant.sku);
            assert_eq!(variant.size.is_some(), first.size.is_some(), "{}", variant.sku);
            assert!(choices.insert((&variant.colour, &variant.size)), "{}", variant.sku);
        }
    }
}

#[test]
fn price_histories_are_chronological_and_start_with_the_product() {
    for product in catalogue().products {
        for variant in &product.variants {
            assert_eq!(variant.prices[0].days_ago, product.created_days_ago, "{}", variant.sku);
            assert!(variant.prices.is_sorted_by(|a, b| a.days_ago > b.days_ago), "{}", variant.sku);
            assert!(variant.prices.iter().all(|change| change.price_cents > 0), "{}", variant.sku);
            assert!(variant.weight_g > 0, "{}", variant.sku);
        }
    }
}

#[test]
fn twelve_products_are_reduced_and_one_is_cheaper_without_being_a_reduction() {
    let catalogue = catalogue();
    let (mut reduced, mut claimed) = (0, Vec::new());
    for product in &catalogue.products {
        let variant = &product.variants[0];
        let Some((lowest, now)) = latest_change(variant) else { continue };
        let before = variant.prices[variant.prices.len() - 2].price_cents;
        if now < lowest {
            reduced += 1;
        } else if now < before {
            claimed.push(&*product.slug);
        }
    }
    assert_eq!(reduced, 12);
    assert_eq!(claimed, ["reading-floor-lamp"]);
}

#[test]
fn every_state_that_a_page_must_show_occurs() {
    let catalogue = catalogue();
    let with_status =
        |status| catalogue.products.iter().filter(|product| product.status == status).count();
    assert_eq!((with_status(Status::Draft), with_status(Status::Archived)), (1, 1));

    let stock = |range: std::ops::RangeInclusive<u32>| {
        variants(&catalogue).filter(|variant| range.contains(&variant.stock)).count()
    };
    assert_eq!(stock(1..=1), 1, "the last one");
    assert!(stock(2..=4) >= 12, "only a few left");
    assert!(stock(0..=0) >= 8, "sold out");

    let products = || catalogue.products.iter();
    let gone = |product: &Product| product.variants.iter().all(|variant| variant.stock == 0);
    assert!(products().any(|product| product.status == Status::Published && gone(product)));
    assert!(products().filter(|product| product.created_days_ago <= 30).count() >= 8, "new");
    assert!(products().any(|product| product.name.len() > 100), "a very long name");
    assert!(products().any(|product| product.variants.len() == 15), "three colours, five sizes");
    assert!(products().any(|product| product.variants.len() == 1), "nothing to choose");
}

#[test]
fn descriptions_are_calm_and_short() {
    for product in catalogue().products {
        let sentences = product.description.matches(". ").count() + 1;
        assert!((2..=4).contains(&sentences), "{}: {sentences} sentences", product.slug);
        assert!(product.description.ends_with('.'), "{}", product.slug);
        assert!(!product.description.contains(['!', '\n']), "{}", product.slug);
    }
}
