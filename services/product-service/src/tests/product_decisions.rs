//! Decisions of the product aggregate: given events, when a command arrives, then events or a rejection.

use super::fixtures::{POLICY, day, eur, sku, variant};
use crate::domain::events::{Media, PricePoint, ProductOption};
use crate::domain::prior_price::Policy;
use crate::domain::{
    DeclaredStock, MissingVariants, Product, ProductChanges, ProductCommand, ProductDraft,
    ProductEvent, Rejection, Status, TargetStatus, VariantDraft, limits,
};
use journal::test_vectors::{check_values, check_variants};
use kernel::{Currency, Timestamp, UnitPrice};
use std::sync::Arc;

fn shirt() -> ProductDraft {
    ProductDraft {
        slug: "shirt".to_owned(),
        name: "Shirt".to_owned(),
        description: "<p>Linen</p>".to_owned(),
        brand: Some("Aster".to_owned()),
        categories: vec!["Clothing > Shirts".to_owned()],
        tags: vec!["linen".to_owned()],
        options: vec![ProductOption {
            name: "Size".to_owned(),
            values: vec!["S".to_owned(), "M".to_owned(), "L".to_owned()],
        }],
        variants: vec![variant("SH-S", "S", 4_000), variant("SH-M", "M", 4_200)],
        media: vec![],
        featured: None,
        status: TargetStatus::Active,
    }
}

fn folded(events: &[ProductEvent]) -> Option<Product> {
    events.iter().fold(None, Product::evolve)
}

fn created(draft: ProductDraft) -> Product {
    folded(&Product::decide(None, &ProductCommand::Create(draft), day(0)).unwrap()).unwrap()
}

fn after(product: &Product, command: &ProductCommand, now: Timestamp) -> Product {
    let events = Product::decide(Some(product), command, now).unwrap();
    events.iter().fold(Some(product.clone()), Product::evolve).unwrap()
}

fn rejection(draft: ProductDraft) -> Rejection {
    Product::decide(None, &ProductCommand::Create(draft), day(0)).unwrap_err()
}

/// Command of an import, which replaces the set of variants.
fn replacing(draft: ProductDraft) -> ProductCommand {
    ProductCommand::Upsert { draft, missing: MissingVariants::Withdrawn { except: vec![] } }
}

fn price(text: &str, amount: i64) -> ProductCommand {
    ProductCommand::SetPrice { sku: sku(text), price: eur(amount) }
}

#[test]
fn a_product_is_created_from_its_draft() {
    let product = created(shirt());
    assert_eq!((product.status(), product.published_at), (Status::Active, Some(day(0))));
    assert_eq!(product.variant(&sku("SH-M")).unwrap().price(), Some(eur(4_200)));
    assert_eq!(product.version, 3);
}

#[test]
fn repeating_a_creation_does_nothing_and_a_different_one_is_rejected() {
    let product = created(shirt());
    let decide = |draft| Product::decide(Some(&product), &ProductCommand::Create(draft), day(1));
    assert_eq!(decide(shirt()), Ok(vec![]));
    let other = ProductDraft { name: "Blouse".to_owned(), ..shirt() };
    assert_eq!(decide(other), Err(Rejection::CreatedDifferently));
}

#[test]
fn importing_again_changes_only_what_differs() {
    let product = created(shirt());
    let upsert = |draft| Product::decide(Some(&product), &replacing(draft), day(1)).unwrap();
    assert_eq!(upsert(shirt()), vec![]);
    let mut draft = shirt();
    draft.variants[1].price = eur(3_900);
    draft
        .variants
        .push(VariantDraft { stock: Some(DeclaredStock::Units(4)), ..variant("SH-L", "L", 4_400) });
    draft.tags.clear();
    let names: Vec<_> = upsert(draft).iter().map(ProductEvent::event_name).collect();
    assert_eq!(names, ["tags_changed", "price_changed", "variants_added"]);
}

#[test]
fn declared_stock_is_counted_again_only_when_it_changes() {
    let mut draft = shirt();
    draft.variants[0].stock = Some(DeclaredStock::Units(10));
    let product = created(draft.clone());
    let upsert = |draft: &ProductDraft| {
        Product::decide(Some(&product), &replacing(draft.clone()), day(1)).unwrap()
    };
    assert_eq!(upsert(&draft), vec![]);
    draft.variants[0].stock = Some(DeclaredStock::Units(12));
    assert_eq!(
        upsert(&draft),
        vec![ProductEvent::StockDeclared { sku: sku("SH-S"), units: DeclaredStock::Units(12) }]
    );
}

#[test]
fn the_price_history_answers_for_every_instant() {
    let mut draft = shirt();
    draft.variants[0].earlier = vec![PricePoint { from: day(-90), price: eur(5_000) }];
    let product = created(draft);
    let product = after(&product, &price("SH-S", 3_000), day(10));
    let product = after(&product, &price("SH-S", 3_000), day(11));
    let shirt = product.variant(&sku("SH-S")).unwrap();
    let at = |number| shirt.price_at(day(number));
    assert_eq!(at(-91), None);
    assert_eq!(at(-90), Some(eur(5_000)));
    assert_eq!((at(0), at(9), at(10)), (Some(eur(4_000)), Some(eur(4_000)), Some(eur(3_000))));
    assert_eq!(shirt.prices.len(), 3, "setting the same price again changes nothing");
}

#[test]
fn prices_stay_in_order_when_the_clock_is_set_back() {
    let product = after(&created(shirt()), &price("SH-S", 3_000), day(10));
    let product = after(&product, &price("SH-S", 2_000), day(5));
    let prices = &product.variant(&sku("SH-S")).unwrap().prices;
    assert!(prices.windows(2).all(|pair| pair[0].from <= pair[1].from));
    assert_eq!(product.variant(&sku("SH-S")).unwrap().price_at(day(10)), Some(eur(2_000)));
}

#[test]
fn a_reduction_is_announced_from_the_lowest_price_of_the_last_thirty_days_on_sale() {
    let reduced = |product: &Product| {
        product
            .reduction(product.variant(&sku("SH-S")).unwrap(), POLICY)
            .map(|it| (it.prior_price, it.percent))
    };
    let product = created(shirt());
    assert_eq!(reduced(&product), None);
    let product = after(&product, &price("SH-S", 3_000), day(40));
    assert_eq!(reduced(&product), Some((eur(4_000), 25)));
    let raised = after(&product, &price("SH-S", 3_500), day(45));
    assert_eq!(reduced(&raised), None, "a price above that of a week before is no reduction");
    let archived = after(&product, &ProductCommand::Archive, day(45));
    assert_eq!(reduced(&archived), None);
    let back = after(&archived, &ProductCommand::Publish, day(50));
    assert_eq!(reduced(&back), Some((eur(4_000), 25)), "a break does not start a new reduction");
}

#[test]
fn a_progressive_reduction_keeps_the_first_prior_price_if_the_policy_allows_it() {
    let product = after(&created(shirt()), &price("SH-S", 3_000), day(40));
    let product = after(&product, &price("SH-S", 2_000), day(50));
    let percent = |progressive| {
        let policy = Policy { progressive, ..POLICY };
        product.reduction(product.variant(&sku("SH-S")).unwrap(), policy).map(|it| it.percent)
    };
    assert_eq!((percent(true), percent(false)), (Some(50), Some(33)));
}

#[test]
fn prices_of_a_draft_are_no_prior_prices() {
    let product = created(ProductDraft { status: TargetStatus::Unchanged, ..shirt() });
    let product = after(&product, &price("SH-S", 2_000), day(40));
    let product = after(&product, &ProductCommand::Publish, day(41));
    assert_eq!(product.reduction(product.variant(&sku("SH-S")).unwrap(), POLICY), None);
}

#[test]
fn a_former_slug_still_leads_to_the_product() {
    let moved = |product: &Product, slug: &str| {
        after(
            product,
            &ProductCommand::Change(ProductChanges {
                slug: Some(slug.to_owned()),
                ..ProductChanges::default()
            }),
            day(1),
        )
    };
    let product = moved(&moved(&created(shirt()), "linen-shirt"), "shirt-of-linen");
    assert_eq!(product.former_slugs, ["shirt", "linen-shirt"]);
    let product = moved(&product, "shirt");
    assert_eq!((product.slug.as_str(), product.former_slugs.len()), ("shirt", 2));
}

#[test]
fn an_archived_product_cannot_be_changed_until_it_is_published() {
    let product = after(&created(shirt()), &ProductCommand::Archive, day(1));
    let decide = |command: &ProductCommand| Product::decide(Some(&product), command, day(2));
    assert_eq!(decide(&ProductCommand::Archive), Ok(vec![]));
    assert_eq!(decide(&price("SH-S", 1)), Err(Rejection::Archived));
    let renamed = ProductChanges { name: Some("Blouse".to_owned()), ..ProductChanges::default() };
    assert_eq!(decide(&ProductCommand::Change(renamed.clone())), Err(Rejection::Archived));
    let published = ProductChanges { status: TargetStatus::Active, ..renamed };
    let names: Vec<_> = decide(&ProductCommand::Change(published))
        .unwrap()
        .iter()
        .map(ProductEvent::event_name)
        .collect();
    assert_eq!(names, ["published", "details_changed"]);
}

#[test]
fn an_unknown_product_or_variant_cannot_be_changed() {
    assert_eq!(
        Product::decide(None, &ProductCommand::Publish, day(0)),
        Err(Rejection::UnknownProduct)
    );
    let unknown = Product::decide(Some(&created(shirt())), &price("NO", 1), day(0));
    assert_eq!(unknown, Err(Rejection::UnknownVariant { sku: sku("NO") }));
}

/// Field, and a change that makes a draft invalid in it.
type InvalidDraft = (&'static str, fn(&mut ProductDraft));

#[test]
fn every_rejection_names_its_field() {
    let with = |change: fn(&mut ProductDraft)| {
        let mut draft = shirt();
        change(&mut draft);
        rejection(draft).field().map(str::to_owned)
    };
    let cases: &[InvalidDraft] = &[
        ("slug", |it| it.slug = "Shirt".to_owned()),
        ("slug", |it| it.slug = "suggestions".to_owned()),
        ("slug", |it| it.slug = "0190c2a0-0000-7000-8000-000000000000".to_owned()),
        ("slug", |it| it.slug = "x".repeat(limits::SLUG_CHARACTERS_MAX + 1)),
        ("name", |it| it.name = "  ".to_owned()),
        ("name", |it| it.name = "é".repeat(limits::NAME_CHARACTERS_MAX + 1)),
        ("name", |it| it.name = "two\nlines".to_owned()),
        ("description", |it| it.description = "x".repeat(limits::DESCRIPTION_BYTES_MAX + 1)),
        ("brand", |it| it.brand = Some("x".repeat(limits::WORD_CHARACTERS_MAX + 1))),
        ("categories", |it| it.categories = vec!["A".to_owned(); limits::CATEGORIES_MAX + 1]),
        ("categories[0]", |it| it.categories = vec!["A > > B".to_owned()]),
        ("categories[1]", |it| it.categories = vec!["A>B".to_owned(), "a > b".to_owned()]),
        ("tags", |it| it.tags = vec!["t".to_owned(); limits::TAGS_MAX + 1]),
        ("options", |it| it.options = vec![it.options[0].clone(); limits::OPTIONS_MAX + 1]),
        ("options[1].name", |it| it.options.push(it.options[0].clone())),
        ("options[0].values[3]", |it| it.options[0].values.push("S".to_owned())),
        ("variants", |it| it.variants.clear()),
        ("variants", |it| it.variants = vec![variant("A", "S", 1); limits::VARIANTS_MAX + 1]),
        ("variants[1].sku", |it| it.variants[1].sku = sku("sh-S")),
        ("variants[0].sku", |it| it.variants[0].sku = serde_json::from_str("\" SH\"").unwrap()),
        ("variants[1].options", |it| it.variants[1] = variant("SH-M", "S", 1)),
        ("variants[1].options", |it| it.variants[1] = variant("SH-M", "XXL", 1)),
        ("variants[0].options", |it| it.variants[0].facts.options.clear()),
        ("variants[0].stock", |it| it.variants[0].stock = Some(DeclaredStock::Units(-1))),
        ("variants[0].weight_grams", |it| it.variants[0].facts.weight_grams = u32::MAX),
        ("variants[1].price", |it| {
            it.variants[1].price = UnitPrice::zero(Currency::USD);
        }),
        ("variants[0].compare_at_price", |it| {
            it.variants[0].facts.compare_at_price = Some(UnitPrice::zero(Currency::USD));
        }),
        ("variants[0].price_history", |it| {
            it.variants[0].earlier = vec![PricePoint { from: day(0), price: eur(1) }];
        }),
        ("media", |it| it.media = vec![picture("/a.svg", &[]); limits::MEDIA_MAX + 1]),
        ("media[0].image.url", |it| it.media = vec![picture("javascript:alert(1)", &[])]),
        ("media[0].image.url", |it| it.media = vec![picture("//elsewhere/a.svg", &[])]),
        ("media[0].skus", |it| it.media = vec![picture("/a.svg", &["NO"])]),
    ];
    for (field, change) in cases {
        assert_eq!(with(*change).as_deref(), Some(*field));
    }
}

fn picture(url: &str, skus: &[&str]) -> Media {
    Media {
        url: url.to_owned(),
        alt: String::new(),
        width: 0,
        height: 0,
        skus: skus.iter().map(|text| sku(text)).collect(),
    }
}

#[test]
fn removing_an_option_value_that_a_variant_uses_is_rejected() {
    let product = created(shirt());
    let options = vec![ProductOption { name: "Size".to_owned(), values: vec!["S".to_owned()] }];
    let changes = ProductChanges { options: Some(options), ..ProductChanges::default() };
    let rejected =
        Product::decide(Some(&product), &ProductCommand::Change(changes), day(1)).unwrap_err();
    assert_eq!(rejected.field(), Some("options"));
}

#[test]
fn changing_one_of_two_thousand_prices_copies_only_that_variant() {
    let mut draft = shirt();
    draft.options[0].values = (0..2_048).map(|number| number.to_string()).collect();
    draft.variants = (0..2_048)
        .map(|number| variant(&format!("SH-{number}"), &number.to_string(), 100))
        .collect();
    let before = created(draft);
    let now = after(&before, &price("SH-7", 90), day(1));
    let copied = before
        .variants
        .iter()
        .zip(&now.variants)
        .filter(|(old, new)| !Arc::ptr_eq(old, new))
        .count();
    assert_eq!(copied, 1);
    assert!(Arc::ptr_eq(&before.options, &now.options));
    let largest = Product::decide(None, &ProductCommand::Create(shirt()), day(0)).unwrap();
    assert!(largest.iter().all(|event| serde_json::to_vec(event).unwrap().len() < 1 << 20));
}

#[test]
fn stored_events_survive_a_round_trip() {
    let mut draft = shirt();
    draft.media = vec![picture("/a.svg", &["SH-S"])];
    draft.variants[0].earlier = vec![PricePoint { from: day(-1), price: eur(1) }];
    draft.variants[0].facts.compare_at_price = Some(eur(9));
    let product = created(draft.clone());
    let mut events = Product::decide(None, &ProductCommand::Create(draft), day(0)).unwrap();
    let changes = ProductChanges {
        slug: Some("other".to_owned()),
        name: Some("Other".to_owned()),
        brand: Some(String::new()),
        categories: Some(vec![]),
        variants: Some(vec![VariantDraft {
            stock: Some(DeclaredStock::Units(1)),
            ..variant("SH-S", "L", 3)
        }]),
        media: Some(vec![]),
        status: TargetStatus::Archived,
        ..ProductChanges::default()
    };
    events
        .extend(Product::decide(Some(&product), &ProductCommand::Change(changes), day(2)).unwrap());
    for event in &events {
        let stored = serde_json::to_string(event).unwrap();
        assert_eq!(serde_json::from_str::<ProductEvent>(&stored).unwrap(), *event, "{stored}");
    }
    assert_eq!(folded(&events).unwrap().version, events.len() as u64);
}

#[test]
fn the_stored_form_of_a_sku_is_its_text_as_it_was_first_written() {
    let mut draft = shirt();
    draft.media = vec![picture("/a.svg", &["sh-s"])];
    draft.variants[0].stock = Some(DeclaredStock::Units(3));
    let product = created(draft.clone());
    let mut events = Product::decide(None, &ProductCommand::Create(draft), day(0)).unwrap();
    events.extend(Product::decide(Some(&product), &price("sh-m", 4_100), day(1)).unwrap());
    let written: serde_json::Value = serde_json::to_value(&events).unwrap();
    assert_eq!(written[0]["created"]["media"][0]["skus"], serde_json::json!(["sh-s"]));
    assert_eq!(written[1]["variants_added"]["variants"][0]["sku"], "SH-S");
    assert_eq!(written[3]["price_changed"]["sku"], "SH-M");
    let read: Vec<ProductEvent> = serde_json::from_value(written).unwrap();
    assert_eq!(read, events);
}

#[test]
fn stored_events_keep_their_formats() {
    let vectors = include_str!("../../tests/stored_events.jsonl");
    let events = check_values::<ProductEvent>(vectors);
    check_variants(&events);
    let declared = events.iter().filter_map(|event| match event {
        ProductEvent::StockDeclared { units, .. } => Some(units),
        _ => None,
    });
    check_variants(declared);
}
