//! What may be asked of a product, and what comes of it.

use crate::domain::events::{Media, PricePoint, ProductOption, VariantFacts};
use crate::domain::prior_price::{NewGoods, Perishable, Policy};
use crate::domain::{
    Changes, Command, Draft, Product, ProductEvent, Rejection, Status, StatusWish, VariantDraft,
    limits,
};
use kernel::{Currency, Money, Timestamp, UnitPrice};
use std::sync::Arc;

const POLICY: Policy = Policy {
    days: 30,
    progressive: false,
    new_goods: NewGoods::SinceLaunch,
    perishable: Perishable::General,
};

fn eur(amount: i64) -> UnitPrice {
    UnitPrice::from_money(Money::new(amount, Currency::EUR)).unwrap()
}

fn day(number: i64) -> Timestamp {
    Timestamp::from_second(1_767_225_600 + number * 86_400).unwrap()
}

fn variant(sku: &str, size: &str, amount: i64) -> VariantDraft {
    VariantDraft {
        sku: sku.to_owned(),
        price: eur(amount),
        earlier: vec![],
        stock: None,
        facts: VariantFacts {
            options: vec![("Size".to_owned(), size.to_owned())],
            ..VariantFacts::default()
        },
    }
}

fn shirt() -> Draft {
    Draft {
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
        status: StatusWish::Active,
    }
}

fn folded(events: &[ProductEvent]) -> Option<Product> {
    events.iter().fold(None, Product::evolve)
}

fn made(draft: Draft) -> Product {
    folded(&Product::decide(None, &Command::Create(draft), day(0)).unwrap()).unwrap()
}

fn after(product: &Product, command: &Command, now: Timestamp) -> Product {
    let events = Product::decide(Some(product), command, now).unwrap();
    events.iter().fold(Some(product.clone()), Product::evolve).unwrap()
}

fn refusal(draft: Draft) -> Rejection {
    Product::decide(None, &Command::Create(draft), day(0)).unwrap_err()
}

fn price(sku: &str, amount: i64) -> Command {
    Command::SetPrice { sku: sku.to_owned(), price: eur(amount) }
}

#[test]
fn a_product_is_made_as_it_was_wished_for() {
    let product = made(shirt());
    assert_eq!((product.status(), product.published_at), (Status::Active, Some(day(0))));
    assert_eq!(product.variant("SH-M").unwrap().price(), Some(eur(4_200)));
    assert_eq!(product.version, 3);
}

#[test]
fn making_it_again_is_silent_and_making_it_otherwise_is_refused() {
    let product = made(shirt());
    let decide = |draft| Product::decide(Some(&product), &Command::Create(draft), day(1));
    assert_eq!(decide(shirt()), Ok(vec![]));
    let other = Draft { name: "Blouse".to_owned(), ..shirt() };
    assert_eq!(decide(other), Err(Rejection::MadeOtherwise));
}

#[test]
fn importing_the_same_again_changes_nothing_and_importing_a_difference_changes_just_that() {
    let product = made(shirt());
    let upsert = |draft| Product::decide(Some(&product), &Command::Upsert(draft), day(1)).unwrap();
    assert_eq!(upsert(shirt()), vec![]);
    let mut draft = shirt();
    draft.variants[1].price = eur(3_900);
    draft.variants.push(VariantDraft { stock: Some(4), ..variant("SH-L", "L", 4_400) });
    draft.tags.clear();
    let words: Vec<_> = upsert(draft).iter().map(ProductEvent::word).collect();
    assert_eq!(words, ["tags_changed", "price_changed", "variants_added"]);
}

#[test]
fn declared_stock_counts_again_only_when_the_declaration_changes() {
    let mut draft = shirt();
    draft.variants[0].stock = Some(10);
    let product = made(draft.clone());
    let upsert = |draft: &Draft| {
        Product::decide(Some(&product), &Command::Upsert(draft.clone()), day(1)).unwrap()
    };
    assert_eq!(upsert(&draft), vec![]);
    draft.variants[0].stock = Some(12);
    assert_eq!(
        upsert(&draft),
        vec![ProductEvent::StockDeclared { sku: "SH-S".to_owned(), units: 12 }]
    );
}

#[test]
fn prices_are_kept_for_ever_and_known_for_every_instant() {
    let mut draft = shirt();
    draft.variants[0].earlier = vec![PricePoint { from: day(-90), price: eur(5_000) }];
    let product = made(draft);
    let product = after(&product, &price("SH-S", 3_000), day(10));
    let product = after(&product, &price("SH-S", 3_000), day(11));
    let shirt = product.variant("SH-S").unwrap();
    let at = |number| shirt.price_at(day(number));
    assert_eq!(at(-91), None);
    assert_eq!(at(-90), Some(eur(5_000)));
    assert_eq!((at(0), at(9), at(10)), (Some(eur(4_000)), Some(eur(4_000)), Some(eur(3_000))));
    assert_eq!(shirt.prices.len(), 3, "setting the same price again is nothing");
}

#[test]
fn a_clock_set_back_never_puts_a_price_before_an_earlier_one() {
    let product = after(&made(shirt()), &price("SH-S", 3_000), day(10));
    let product = after(&product, &price("SH-S", 2_000), day(5));
    let prices = &product.variant("SH-S").unwrap().prices;
    assert!(prices.windows(2).all(|pair| pair[0].from <= pair[1].from));
    assert_eq!(product.variant("SH-S").unwrap().price_at(day(10)), Some(eur(2_000)));
}

#[test]
fn a_reduction_is_announced_against_the_lowest_price_of_thirty_days_on_sale() {
    let reduced = |product: &Product| {
        product
            .reduction(product.variant("SH-S").unwrap(), POLICY)
            .map(|it| (it.prior_price, it.percent))
    };
    let product = made(shirt());
    assert_eq!(reduced(&product), None);
    let product = after(&product, &price("SH-S", 3_000), day(40));
    assert_eq!(reduced(&product), Some((eur(4_000), 25)));
    let raised = after(&product, &price("SH-S", 3_500), day(45));
    assert_eq!(reduced(&raised), None, "dearer than a week before is no reduction");
    let archived = after(&product, &Command::Archive, day(45));
    assert_eq!(reduced(&archived), None);
    let back = after(&archived, &Command::Publish, day(50));
    assert_eq!(reduced(&back), Some((eur(4_000), 25)), "a break does not begin a reduction anew");
}

#[test]
fn uninterrupted_steps_keep_the_first_prior_price_where_the_country_allows_it() {
    let product = after(&made(shirt()), &price("SH-S", 3_000), day(40));
    let product = after(&product, &price("SH-S", 2_000), day(50));
    let percent = |progressive| {
        let policy = Policy { progressive, ..POLICY };
        product.reduction(product.variant("SH-S").unwrap(), policy).map(|it| it.percent)
    };
    assert_eq!((percent(true), percent(false)), (Some(50), Some(33)));
}

#[test]
fn prices_of_a_draft_were_never_asked() {
    let product = made(Draft { status: StatusWish::AsItIs, ..shirt() });
    let product = after(&product, &price("SH-S", 2_000), day(40));
    let product = after(&product, &Command::Publish, day(41));
    assert_eq!(product.reduction(product.variant("SH-S").unwrap(), POLICY), None);
}

#[test]
fn an_old_slug_leads_on() {
    let moved = |product: &Product, slug: &str| {
        after(
            product,
            &Command::Change(Changes { slug: Some(slug.to_owned()), ..Changes::default() }),
            day(1),
        )
    };
    let product = moved(&moved(&made(shirt()), "linen-shirt"), "shirt-of-linen");
    assert_eq!(product.former_slugs, ["shirt", "linen-shirt"]);
    let product = moved(&product, "shirt");
    assert_eq!((product.slug.as_str(), product.former_slugs.len()), ("shirt", 2));
}

#[test]
fn an_archived_product_stays_as_it_is_until_it_is_published() {
    let product = after(&made(shirt()), &Command::Archive, day(1));
    let decide = |command: &Command| Product::decide(Some(&product), command, day(2));
    assert_eq!(decide(&Command::Archive), Ok(vec![]));
    assert_eq!(decide(&price("SH-S", 1)), Err(Rejection::Archived));
    let renamed = Changes { name: Some("Blouse".to_owned()), ..Changes::default() };
    assert_eq!(decide(&Command::Change(renamed.clone())), Err(Rejection::Archived));
    let published = Changes { status: StatusWish::Active, ..renamed };
    let words: Vec<_> =
        decide(&Command::Change(published)).unwrap().iter().map(ProductEvent::word).collect();
    assert_eq!(words, ["published", "details_changed"]);
}

#[test]
fn what_does_not_exist_cannot_be_changed() {
    assert_eq!(Product::decide(None, &Command::Publish, day(0)), Err(Rejection::UnknownProduct));
    let unknown = Product::decide(Some(&made(shirt())), &price("NO", 1), day(0));
    assert_eq!(unknown, Err(Rejection::UnknownVariant { sku: "NO".to_owned() }));
}

/// A field, and what makes a draft be refused for it.
type Refused = (&'static str, fn(&mut Draft));

#[test]
fn every_refusal_names_its_field() {
    let with = |change: fn(&mut Draft)| {
        let mut draft = shirt();
        change(&mut draft);
        refusal(draft).field().map(str::to_owned)
    };
    let cases: &[Refused] = &[
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
        ("variants[1].sku", |it| it.variants[1].sku = "SH-S".to_owned()),
        ("variants[0].sku", |it| it.variants[0].sku = " SH".to_owned()),
        ("variants[1].options", |it| it.variants[1] = variant("SH-M", "S", 1)),
        ("variants[1].options", |it| it.variants[1] = variant("SH-M", "XXL", 1)),
        ("variants[0].options", |it| it.variants[0].facts.options.clear()),
        ("variants[0].stock", |it| it.variants[0].stock = Some(-1)),
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
        skus: skus.iter().map(|sku| (*sku).to_owned()).collect(),
    }
}

#[test]
fn a_change_that_leaves_an_older_variant_without_its_value_is_refused() {
    let product = made(shirt());
    let options = vec![ProductOption { name: "Size".to_owned(), values: vec!["S".to_owned()] }];
    let changes = Changes { options: Some(options), ..Changes::default() };
    let refused = Product::decide(Some(&product), &Command::Change(changes), day(1)).unwrap_err();
    assert_eq!(refused.field(), Some("options"));
}

#[test]
fn one_price_of_two_thousand_variants_changes_without_copying_the_others() {
    let mut draft = shirt();
    draft.options[0].values = (0..2_048).map(|number| number.to_string()).collect();
    draft.variants = (0..2_048)
        .map(|number| variant(&format!("SH-{number}"), &number.to_string(), 100))
        .collect();
    let before = made(draft);
    let now = after(&before, &price("SH-7", 90), day(1));
    let copied = before
        .variants
        .iter()
        .zip(&now.variants)
        .filter(|(old, new)| !Arc::ptr_eq(old, new))
        .count();
    assert_eq!(copied, 1);
    assert!(Arc::ptr_eq(&before.options, &now.options));
    let largest = Product::decide(None, &Command::Create(shirt()), day(0)).unwrap();
    assert!(largest.iter().all(|event| serde_json::to_vec(event).unwrap().len() < 1 << 20));
}

#[test]
fn stored_events_come_back_as_they_were() {
    let mut draft = shirt();
    draft.media = vec![picture("/a.svg", &["SH-S"])];
    draft.variants[0].earlier = vec![PricePoint { from: day(-1), price: eur(1) }];
    draft.variants[0].facts.compare_at_price = Some(eur(9));
    let product = made(draft.clone());
    let mut events = Product::decide(None, &Command::Create(draft), day(0)).unwrap();
    let changes = Changes {
        slug: Some("other".to_owned()),
        name: Some("Other".to_owned()),
        brand: Some(String::new()),
        categories: Some(vec![]),
        variants: Some(vec![VariantDraft { stock: Some(1), ..variant("SH-S", "L", 3) }]),
        media: Some(vec![]),
        status: StatusWish::Archived,
        ..Changes::default()
    };
    events.extend(Product::decide(Some(&product), &Command::Change(changes), day(2)).unwrap());
    for event in &events {
        let stored = serde_json::to_string(event).unwrap();
        assert_eq!(serde_json::from_str::<ProductEvent>(&stored).unwrap(), *event, "{stored}");
    }
    assert_eq!(folded(&events).unwrap().version, events.len() as u64);
}
