//! Kept JSON of listings: after any changes, an index that has rendered before shows what a new one shows.

use super::fixtures::{coloured, document, eur, instant, sku, variant_document};
use crate::index::{
    Audience, Availability, NewFilter, ProductDocument, SearchIndex, SearchQuery, StockFilter,
};
use kernel::PageLimit;
use proptest::{collection, prelude::*};
use std::collections::BTreeMap;
use storage::Commit;

#[derive(Clone, Copy, Debug)]
enum IndexChange {
    Stock { product: u32, units: i64 },
    Price { product: u32, amount: i64 },
    Name { product: u32, name: u32 },
}

fn change() -> impl Strategy<Value = IndexChange> {
    prop_oneof![
        (0u32..4, 0i64..8).prop_map(|(product, units)| IndexChange::Stock { product, units }),
        (0u32..4, 1i64..900).prop_map(|(product, amount)| IndexChange::Price { product, amount }),
        (0u32..4, 0u32..9).prop_map(|(product, name)| IndexChange::Name { product, name }),
    ]
}

/// Product with two variants, the second of which has the product's changing stock.
fn product(number: u32) -> ProductDocument {
    let variants =
        vec![variant_document(&format!("A-{number}"), 500), coloured(&stocked(number), "Red", 400)];
    ProductDocument { variants, colors: vec!["Red".to_owned()], ..document(number, "Thing", 1) }
}

fn stocked(number: u32) -> String {
    format!("B-{number}")
}

fn queries() -> Vec<SearchQuery> {
    let all = SearchQuery::all(Audience::Shoppers);
    let middle = instant(2).as_microsecond();
    vec![
        all.clone(),
        SearchQuery { stock: StockFilter::InStock, ..all.clone() },
        SearchQuery { color: Some("red".to_owned()), ..all.clone() },
        SearchQuery { new_since: middle, ..all.clone() },
        SearchQuery { new_since: middle, new: NewFilter::Only, ..all },
    ]
}

fn rendered(index: &SearchIndex) -> Vec<bytes::Bytes> {
    let limit = PageLimit::new(200).unwrap();
    queries().iter().map(|query| index.products(query, None, limit).unwrap().json).collect()
}

proptest! {
    #[test]
    fn kept_json_is_that_of_a_new_index(changes in collection::vec(change(), 1..20)) {
        let mut documents: BTreeMap<u32, ProductDocument> = (0..4).map(|it| (it, product(it))).collect();
        let mut units = BTreeMap::new();
        let index = SearchIndex::new(documents.values().cloned().collect(), Availability::default());
        for change in changes {
            let (IndexChange::Stock { product, .. } | IndexChange::Price { product, .. } | IndexChange::Name { product, .. }) = change;
            let document = documents.get_mut(&product).unwrap();
            document.version += 1;
            match change {
                IndexChange::Stock { units: now, .. } => {
                    units.insert(product, now);
                    index.put_available(&sku(&stocked(product)), now);
                }
                IndexChange::Price { amount, .. } => {
                    document.variants[1].price = eur(amount);
                    index.put(document.clone(), Commit::durable());
                }
                IndexChange::Name { name, .. } => {
                    document.name = format!("Thing \"{name}\"");
                    index.put(document.clone(), Commit::durable());
                }
            }
            let fresh = SearchIndex::new(documents.values().cloned().collect(), Availability::default());
            for (product, units) in &units {
                fresh.put_available(&sku(&stocked(*product)), *units);
            }
            prop_assert_eq!(rendered(&index), rendered(&fresh));
            // Once more, now from what both have kept.
            prop_assert_eq!(rendered(&index), rendered(&fresh));
        }
    }
}
