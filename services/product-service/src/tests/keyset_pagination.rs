//! Keyset pagination while the catalogue changes between pages.

use super::fixtures::{document, id};
use crate::index::{Audience, Availability, SearchIndex, SearchQuery, Sort};
use contracts::product::ProductStatus;
use kernel::{Cursor, PageLimit};
use proptest::{collection, prelude::*};
use std::collections::{BTreeMap, BTreeSet};
use storage::Commit;

const NAMES: &[&str] = &["Blue mug", "blue mug", "Mug", "Lamp of mugs", "Émugé", "Mugwort tea"];

#[derive(Clone, Debug)]
enum CatalogueChange {
    Reprice(u32, i64),
    Rename(u32, usize),
    Archive(u32),
    Arrive(usize, i64),
}

fn change(products: u32) -> impl Strategy<Value = CatalogueChange> {
    prop_oneof![
        (0..products, 0i64..20)
            .prop_map(|(number, amount)| CatalogueChange::Reprice(number, amount)),
        (0..products, 0..NAMES.len())
            .prop_map(|(number, name)| CatalogueChange::Rename(number, name)),
        (0..products).prop_map(CatalogueChange::Archive),
        (0..NAMES.len(), 0i64..20).prop_map(|(name, amount)| CatalogueChange::Arrive(name, amount)),
    ]
}

fn sorts() -> impl Strategy<Value = (Option<Sort>, Option<&'static str>)> {
    let sort = prop_oneof![
        Just(None),
        Just(Some(Sort::Relevance)),
        Just(Some(Sort::PriceAscending)),
        Just(Some(Sort::PriceDescending)),
        Just(Some(Sort::NameAscending)),
        Just(Some(Sort::NameDescending)),
        Just(Some(Sort::Newest)),
    ];
    (sort, prop_oneof![Just(None), Just(Some("mug")), Just(Some("blue m"))])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_product_that_keeps_its_position_appears_exactly_once(
        products in collection::vec((0..NAMES.len(), 0i64..20), 1..60),
        changes in collection::vec(change(60), 0..30),
        limit in 1usize..9,
        (sort, text) in sorts(),
    ) {
        let count = u32::try_from(products.len()).unwrap();
        let documents: Vec<_> = (0..)
            .zip(&products)
            .map(|(number, (name, amount))| document(number, NAMES[*name], *amount))
            .collect();
        let mut known: BTreeMap<u32, _> = (0..).zip(documents.clone()).collect();
        let index = SearchIndex::new(documents, Availability::default());
        let query = SearchQuery {
            text: text.map(str::to_owned),
            sort,
            ..SearchQuery::all(Audience::Shoppers)
        };
        let page = |cursor: Option<&Cursor>, limit| {
            index.products(&query, cursor, PageLimit::new(limit).unwrap()).unwrap().parsed()
        };
        let everything = page(None, 200);
        let before: Vec<_> = everything.items.iter().map(|it| it.id).collect();
        prop_assert_eq!(before.len() as u64, everything.total);

        let mut changed = BTreeSet::new();
        let mut changes = changes.into_iter();
        let mut seen = Vec::new();
        let mut cursor = None;
        loop {
            let part = page(cursor.as_ref(), limit);
            prop_assert!(part.items.len() <= limit);
            seen.extend(part.items.iter().map(|it| it.id));
            match part.next_cursor {
                Some(next) => cursor = Some(next),
                None => break,
            }
            for change in changes.by_ref().take(2) {
                let number = match change {
                    CatalogueChange::Reprice(number, _) | CatalogueChange::Rename(number, _) | CatalogueChange::Archive(number) => number % count,
                    CatalogueChange::Arrive(..) => u32::try_from(known.len()).unwrap(),
                };
                let mut now = known.get(&number).cloned().unwrap_or_else(|| document(number, "Mug", 0));
                now.version += 1;
                match change {
                    CatalogueChange::Reprice(_, amount) => now.variants[0].price = super::fixtures::eur(amount),
                    CatalogueChange::Rename(_, name) => now.name = NAMES[name].to_owned(),
                    CatalogueChange::Archive(_) => now.status = ProductStatus::Archived,
                    CatalogueChange::Arrive(name, amount) => now = document(number, NAMES[name], amount),
                }
                changed.insert(id(u128::from(number)));
                index.put(now.clone(), Commit::durable());
                known.insert(number, now);
            }
        }
        let unchanged = |ids: &[_]| -> Vec<_> {
            ids.iter().copied().filter(|id| !changed.contains(id)).collect()
        };
        prop_assert_eq!(unchanged(&seen), unchanged(&before), "in order, each exactly once");
    }
}

#[test]
fn a_cursor_of_another_sort_order_is_refused() {
    let documents = (0..5).map(|number| document(number, "Mug", 1)).collect();
    let index = SearchIndex::new(documents, Availability::default());
    let sorted = |sort| SearchQuery { sort: Some(sort), ..SearchQuery::all(Audience::Shoppers) };
    let one = PageLimit::new(1).unwrap();
    let page = index.products(&sorted(Sort::PriceAscending), None, one).unwrap().parsed();
    let cursor = page.next_cursor.unwrap();
    assert!(index.products(&sorted(Sort::PriceAscending), Some(&cursor), one).is_ok());
    assert!(index.products(&sorted(Sort::PriceDescending), Some(&cursor), one).is_err());
    let nonsense = Cursor::from("nonsense".to_owned());
    assert!(index.products(&sorted(Sort::Newest), Some(&nonsense), one).is_err());
}

#[test]
fn a_cursor_at_the_longest_name_is_accepted() {
    let documents = (0..3).map(|number| document(number, &"é漢".repeat(120), 1)).collect();
    let index = SearchIndex::new(documents, Availability::default());
    let query =
        SearchQuery { sort: Some(Sort::NameAscending), ..SearchQuery::all(Audience::Shoppers) };
    let one = PageLimit::new(1).unwrap();
    let first = index.products(&query, None, one).unwrap().parsed();
    let second = index.products(&query, first.next_cursor.as_ref(), one).unwrap().parsed();
    assert_ne!(first.items[0].id, second.items[0].id);
}
