//! Decisions about the set of variants: withdrawn, restored, renamed, with their options and their price history.

use super::fixtures::{POLICY, day, eur, sku, variant};
use crate::domain::events::{Media, ProductOption};
use crate::domain::{
    FieldChange, MissingVariants, OptionRename, Product, ProductChanges, ProductCommand,
    ProductDraft, ProductEvent, Rejection, TargetStatus, VariantChanges, VariantDraft, limits,
};
use kernel::Timestamp;
use proptest::{collection, prelude::*};

fn shirt(variants: Vec<VariantDraft>) -> ProductDraft {
    let mut values: Vec<String> = Vec::new();
    for (_, value) in variants.iter().flat_map(|variant| &variant.facts.options) {
        if !values.contains(value) {
            values.push(value.clone());
        }
    }
    ProductDraft {
        slug: "shirt".to_owned(),
        name: "Shirt".to_owned(),
        description: String::new(),
        brand: None,
        categories: vec![],
        tags: vec![],
        options: vec![ProductOption { name: "Size".to_owned(), values }],
        variants,
        media: vec![],
        featured: None,
        status: TargetStatus::Active,
    }
}

fn replacing(draft: ProductDraft) -> ProductCommand {
    ProductCommand::Upsert { draft, missing: MissingVariants::Withdrawn { except: vec![] } }
}

fn after(product: Option<&Product>, command: &ProductCommand, now: Timestamp) -> Product {
    let events = Product::decide(product, command, now).unwrap();
    for event in &events {
        let stored = serde_json::to_string(event).unwrap();
        assert_eq!(serde_json::from_str::<ProductEvent>(&stored).unwrap(), *event, "{stored}");
    }
    events.iter().fold(product.cloned(), Product::evolve).unwrap()
}

fn sizes(product: &Product) -> Vec<String> {
    let mut sizes: Vec<String> = product.variants.iter().map(|it| it.sku.to_string()).collect();
    sizes.sort_unstable();
    sizes
}

fn two() -> Product {
    let draft = shirt(vec![variant("S", "S", 40), variant("M", "M", 40)]);
    after(None, &replacing(draft), day(0))
}

#[test]
fn a_break_in_the_sale_of_a_variant_is_no_time_of_a_prior_price() {
    let price = |amount| ProductCommand::SetPrice { sku: sku("M"), price: eur(amount) };
    let reduced = |product: &Product| {
        let variant = product.variant(&sku("M")).unwrap();
        product.reduction(variant, POLICY).map(|it| it.prior_price)
    };
    let cheap = after(Some(&two()), &price(30), day(20));
    let gone = after(Some(&cheap), &ProductCommand::WithdrawVariant { sku: sku("M") }, day(21));
    let prices = &gone.withdrawn[0].prices;
    assert_eq!(prices.len(), 2, "the history is kept");
    let back = after(Some(&gone), &ProductCommand::AddVariant(variant("M", "M", 35)), day(60));
    assert_eq!(reduced(&back), None, "35 is more than the 30 that was last charged");
    let lower = after(Some(&back), &price(20), day(61));
    assert_eq!(reduced(&lower), Some(eur(35)), "in the 30 days before, only 35 was charged");
}

#[test]
fn swapped_skus_are_changed_variants() {
    let swapped = shirt(vec![variant("S", "M", 40), variant("M", "S", 40)]);
    let events = Product::decide(Some(&two()), &replacing(swapped), day(1)).unwrap();
    let names: Vec<_> = events.iter().map(ProductEvent::event_name).collect();
    assert_eq!(names, ["options_changed", "variant_changed", "variant_changed"]);
}

#[test]
fn pictures_follow_a_corrected_sku() {
    let mut draft = shirt(vec![variant("S", "S", 40), variant("M", "M", 40)]);
    let media = Media {
        url: "/m.png".to_owned(),
        alt: String::new(),
        width: 0,
        height: 0,
        skus: vec![sku("M")],
    };
    draft.media = vec![media];
    let product = after(None, &replacing(draft), day(0));
    let changes = VariantChanges { sku: Some(sku("MEDIUM")), ..VariantChanges::default() };
    let command = ProductCommand::ChangeVariant { sku: sku("m"), changes };
    let renamed = after(Some(&product), &command, day(1));
    assert_eq!(renamed.media[0].skus, [sku("MEDIUM")]);
    assert_eq!(sizes(&renamed), ["MEDIUM", "S"]);
    let gone =
        after(Some(&renamed), &ProductCommand::WithdrawVariant { sku: sku("MEDIUM") }, day(2));
    assert_eq!(gone.media[0].skus, [sku("MEDIUM")], "it may come back");
}

#[test]
fn the_spelling_of_a_sku_can_be_corrected() {
    let changes = VariantChanges { sku: Some(sku("m")), ..VariantChanges::default() };
    let command = ProductCommand::ChangeVariant { sku: sku("M"), changes };
    let renamed = after(Some(&two()), &command, day(1));
    assert_eq!(sizes(&renamed), ["S", "m"]);
    assert_eq!(Product::decide(Some(&renamed), &command, day(2)), Ok(vec![]));
}

#[test]
fn rejected_changes_of_variants_name_their_reason() {
    let product = two();
    let decide = |command| Product::decide(Some(&product), &command, day(1));
    let change = |sku_before: &str, changes| {
        decide(ProductCommand::ChangeVariant { sku: sku(sku_before), changes })
    };
    let to = |text: &str| VariantChanges { sku: Some(sku(text)), ..VariantChanges::default() };
    assert_eq!(change("S", to("M")), Err(Rejection::SkuInUse { sku: sku("M") }));
    assert_eq!(change("X", to("Y")), Err(Rejection::UnknownVariant { sku: sku("X") }));
    let same = VariantChanges {
        options: Some(vec![("Size".to_owned(), "M".to_owned())]),
        ..VariantChanges::default()
    };
    assert_eq!(change("S", same).unwrap_err().field(), Some("options"), "that of M");
    let all = ProductChanges { withdraw: vec![sku("S"), sku("M")], ..ProductChanges::default() };
    assert_eq!(decide(ProductCommand::Change(all)), Err(Rejection::LastVariant { sku: sku("M") }));
    let unknown = ProductChanges { withdraw: vec![sku("X")], ..ProductChanges::default() };
    let rejected = decide(ProductCommand::Change(unknown)).unwrap_err();
    assert_eq!(rejected.field(), Some("withdraw[0]"));
    let rename = |to: &str| OptionRename {
        option: "Size".to_owned(),
        value: Some("S".to_owned()),
        to: to.to_owned(),
    };
    let long = "x".repeat(limits::VALUE_CHARACTERS_MAX + 1);
    for to in ["M", " ", &long] {
        let changes = ProductChanges { renames: vec![rename(to)], ..ProductChanges::default() };
        assert!(decide(ProductCommand::Change(changes)).unwrap_err().field().is_some(), "{to}");
    }
    let archived = after(Some(&product), &ProductCommand::Archive, day(1));
    let withdraw = ProductCommand::WithdrawVariant { sku: sku("S") };
    assert_eq!(Product::decide(Some(&archived), &withdraw, day(2)), Err(Rejection::Archived));
}

#[test]
fn a_rank_is_set_kept_by_imports_and_removed() {
    let draft = || shirt(vec![variant("S", "S", 40)]);
    let product = after(None, &replacing(ProductDraft { featured: Some(3), ..draft() }), day(0));
    assert_eq!(Product::decide(Some(&product), &replacing(draft()), day(1)), Ok(vec![]));
    let cleared = ProductChanges { featured: FieldChange::Cleared, ..ProductChanges::default() };
    let after = after(Some(&product), &ProductCommand::Change(cleared), day(1));
    assert_eq!((product.featured, after.featured), (Some(3), None));
}

proptest! {
    /// Whatever files follow each other: the variants on sale are those of the last one, no SKU is in the product twice,
    /// no price is forgotten, and the same file again changes nothing.
    #[test]
    fn the_last_file_decides_what_is_on_sale(
        files in collection::vec(collection::btree_map(0usize..5, (0usize..5, 1i64..4), 1..5), 1..8),
    ) {
        let mut product: Option<Product> = None;
        let mut prices = 0;
        for (number, file) in (0..).zip(files) {
            let mut sizes_seen = std::collections::BTreeSet::new();
            let variants: Vec<_> = file
                .iter()
                .filter(|(_, (size, _))| sizes_seen.insert(*size))
                .map(|(sku, (size, amount))| variant(&format!("SKU-{sku}"), &format!("size {size}"), *amount))
                .collect();
            let mut expected: Vec<_> = variants.iter().map(|it| it.sku.to_string()).collect();
            expected.sort_unstable();
            let command = replacing(shirt(variants));
            let next = after(product.as_ref(), &command, day(number));
            prop_assert_eq!(sizes(&next), expected);
            let skus: Vec<_> = next.variants.iter().chain(&next.withdrawn).map(|it| it.sku.clone()).collect();
            let different: std::collections::BTreeSet<_> = skus.iter().collect();
            prop_assert_eq!(different.len(), skus.len());
            let known = next.variants.iter().chain(&next.withdrawn).map(|it| it.prices.len()).sum::<usize>();
            prop_assert!(known >= prices);
            prices = known;
            prop_assert_eq!(Product::decide(Some(&next), &command, day(number)), Ok(vec![]));
            prop_assert!(next.variants.iter().all(|it| it.offered_at(day(number))));
            prop_assert!(next.withdrawn.iter().all(|it| !it.offered_at(day(number))));
            product = Some(next);
        }
    }
}
