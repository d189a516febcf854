//! Paging stays right while the catalogue changes under it.

use super::listings::{id, listing};
use crate::index::{Audience, Availability, Index, Sort, Wish};
use contracts::product::ProductStatus;
use kernel::{Cursor, PageLimit};
use proptest::{collection, prelude::*};
use std::collections::{BTreeMap, BTreeSet};
use storage::Commit;

const NAMES: &[&str] = &["Blue mug", "blue mug", "Mug", "Lamp of mugs", "Émugé", "Mugwort tea"];

#[derive(Clone, Debug)]
enum Change {
    Reprice(u32, i64),
    Rename(u32, usize),
    Archive(u32),
    Arrive(usize, i64),
}

fn change(products: u32) -> impl Strategy<Value = Change> {
    prop_oneof![
        (0..products, 0i64..20).prop_map(|(number, amount)| Change::Reprice(number, amount)),
        (0..products, 0..NAMES.len()).prop_map(|(number, name)| Change::Rename(number, name)),
        (0..products).prop_map(Change::Archive),
        (0..NAMES.len(), 0i64..20).prop_map(|(name, amount)| Change::Arrive(name, amount)),
    ]
}

fn sorts() -> impl Strategy<Value = (Option<Sort>, Option<&'static str>)> {
    let sort = prop_oneof![
        Just(None),
        Just(Some(Sort::Relevance)),
        Just(Some(Sort::Cheapest)),
        Just(Some(Sort::Dearest)),
        Just(Some(Sort::NameUp)),
        Just(Some(Sort::NameDown)),
        Just(Some(Sort::Newest)),
    ];
    (sort, prop_oneof![Just(None), Just(Some("mug")), Just(Some("blue m"))])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn who_keeps_his_place_is_met_exactly_once(
        products in collection::vec((0..NAMES.len(), 0i64..20), 1..60),
        changes in collection::vec(change(60), 0..30),
        limit in 1usize..9,
        (sort, text) in sorts(),
    ) {
        let count = u32::try_from(products.len()).unwrap();
        let listings: Vec<_> = (0..)
            .zip(&products)
            .map(|(number, (name, amount))| listing(number, NAMES[*name], *amount))
            .collect();
        let mut known: BTreeMap<u32, _> = (0..).zip(listings.clone()).collect();
        let index = Index::of(listings, Availability::default());
        let wish = Wish {
            text: text.map(str::to_owned),
            sort,
            ..Wish::all(Audience::Shoppers)
        };
        let page = |cursor: Option<&Cursor>, limit| {
            index.products(&wish, cursor, PageLimit::new(limit).unwrap()).unwrap()
        };
        let everything = page(None, 200);
        let before: Vec<_> = everything.items.iter().map(|it| it.id).collect();
        prop_assert_eq!(before.len() as u64, everything.total);

        let mut touched = BTreeSet::new();
        let mut changes = changes.into_iter();
        let mut met = Vec::new();
        let mut cursor = None;
        loop {
            let part = page(cursor.as_ref(), limit);
            prop_assert!(part.items.len() <= limit);
            met.extend(part.items.iter().map(|it| it.id));
            match part.next_cursor {
                Some(next) => cursor = Some(next),
                None => break,
            }
            for change in changes.by_ref().take(2) {
                let number = match change {
                    Change::Reprice(number, _) | Change::Rename(number, _) | Change::Archive(number) => number % count,
                    Change::Arrive(..) => u32::try_from(known.len()).unwrap(),
                };
                let mut now = known.get(&number).cloned().unwrap_or_else(|| listing(number, "Mug", 0));
                now.version += 1;
                match change {
                    Change::Reprice(_, amount) => now.price = super::listings::eur(amount),
                    Change::Rename(_, name) => now.name = NAMES[name].to_owned(),
                    Change::Archive(_) => now.status = ProductStatus::Archived,
                    Change::Arrive(name, amount) => now = listing(number, NAMES[name], amount),
                }
                touched.insert(id(u128::from(number)));
                index.put(now.clone(), Commit::durable());
                known.insert(number, now);
            }
        }
        let untouched = |ids: &[_]| -> Vec<_> {
            ids.iter().copied().filter(|id| !touched.contains(id)).collect()
        };
        prop_assert_eq!(untouched(&met), untouched(&before), "in order, each once");
    }
}

#[test]
fn a_cursor_of_another_order_is_refused() {
    let listings = (0..5).map(|number| listing(number, "Mug", 1)).collect();
    let index = Index::of(listings, Availability::default());
    let sorted = |sort| Wish { sort: Some(sort), ..Wish::all(Audience::Shoppers) };
    let one = PageLimit::new(1).unwrap();
    let page = index.products(&sorted(Sort::Cheapest), None, one).unwrap();
    let cursor = page.next_cursor.unwrap();
    assert!(index.products(&sorted(Sort::Cheapest), Some(&cursor), one).is_ok());
    assert!(index.products(&sorted(Sort::Dearest), Some(&cursor), one).is_err());
    let nonsense = Cursor::from("nonsense".to_owned());
    assert!(index.products(&sorted(Sort::Newest), Some(&nonsense), one).is_err());
}

#[test]
fn a_cursor_of_the_longest_name_is_taken_back() {
    let listings = (0..3).map(|number| listing(number, &"é漢".repeat(120), 1)).collect();
    let index = Index::of(listings, Availability::default());
    let wish = Wish { sort: Some(Sort::NameUp), ..Wish::all(Audience::Shoppers) };
    let one = PageLimit::new(1).unwrap();
    let first = index.products(&wish, None, one).unwrap();
    let second = index.products(&wish, first.next_cursor.as_ref(), one).unwrap();
    assert_ne!(first.items[0].id, second.items[0].id);
}
