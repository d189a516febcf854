//! Conditions on variants, compared with a naive model: one and the same variant fulfils all of them, and the listing
//! shows it.

use super::fixtures::{coloured, document, eur, id, sku, variant_document};
use crate::index::{
    Audience, Availability, ProductDocument, ReductionFilter, SearchIndex, SearchQuery, Sort,
    StockFilter,
};
use contracts::product::{ProductPage, ProductSummary, Reduction};
use kernel::PageLimit;
use proptest::{collection, prelude::*};
use std::collections::{BTreeMap, BTreeSet};
use storage::Commit;

const COLORS: &[&str] = &["Red", "Blue", "Red+"];

#[derive(Clone, Debug)]
struct ModelVariant {
    sku: String,
    color: usize,
    amount: i64,
    units: i64,
    reduced: bool,
}

#[derive(Clone, Debug)]
struct ConditionQuery {
    colors: Option<BTreeSet<usize>>,
    price: Option<(i64, i64)>,
    in_stock: bool,
    reduced: bool,
    sort: Sort,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Color,
    Price,
    Stock,
}

fn model_product() -> impl Strategy<Value = Vec<ModelVariant>> {
    let variant = (0..COLORS.len(), 1i64..6, 0i64..3, prop::bool::weighted(0.3)).prop_map(
        |(color, amount, units, reduced)| ModelVariant {
            sku: String::new(),
            color,
            amount,
            units,
            reduced,
        },
    );
    collection::vec(variant, 1..5)
}

fn condition_query() -> impl Strategy<Value = ConditionQuery> {
    let colors = proptest::option::of(collection::btree_set(0..COLORS.len(), 1..3));
    let price = proptest::option::of((0i64..6, 0i64..6));
    let sort =
        prop_oneof![Just(Sort::PriceAscending), Just(Sort::PriceDescending), Just(Sort::Newest)];
    (colors, price, any::<bool>(), any::<bool>(), sort).prop_map(
        |(colors, price, in_stock, reduced, sort)| ConditionQuery {
            colors,
            price,
            in_stock,
            reduced,
            sort,
        },
    )
}

impl ConditionQuery {
    fn to_query(&self) -> SearchQuery {
        let colors = self.colors.as_ref().map(|colors| {
            colors.iter().map(|color| COLORS[*color].to_owned()).collect::<Vec<_>>().join(",")
        });
        SearchQuery {
            color: colors,
            price_min: self.price.map(|(min, _)| min),
            price_max: self.price.map(|(_, max)| max),
            stock: if self.in_stock { StockFilter::InStock } else { StockFilter::Any },
            reduced: if self.reduced { ReductionFilter::Only } else { ReductionFilter::Any },
            sort: Some(self.sort),
            ..SearchQuery::all(Audience::Shoppers)
        }
    }

    fn passes(&self, variant: &ModelVariant, ignored: Option<Part>) -> bool {
        let price = |(min, max): (i64, i64)| (min..=max).contains(&variant.amount);
        let is_color = |colors: &BTreeSet<usize>| colors.contains(&variant.color);
        (ignored == Some(Part::Color) || self.colors.as_ref().is_none_or(is_color))
            && (ignored == Some(Part::Price) || self.price.is_none_or(price))
            && (ignored == Some(Part::Stock) || !self.in_stock || variant.units > 0)
            && (!self.reduced || variant.reduced)
    }

    /// Variant that a listing shows of a product.
    fn shown<'a>(
        &self,
        product: &'a [ModelVariant],
        ignored: Option<Part>,
    ) -> Option<&'a ModelVariant> {
        let passing = product.iter().filter(|variant| self.passes(variant, ignored));
        passing.min_by_key(|variant| (variant.units == 0, variant.amount))
    }
}

fn model_document(number: u32, product: &[ModelVariant]) -> ProductDocument {
    let variants = product.iter().map(|variant| {
        let reduction =
            Reduction { prior_price: eur(99), percent: 1, since: super::fixtures::instant(0) };
        let mut document = coloured(&variant.sku, COLORS[variant.color], variant.amount);
        document.reduction = variant.reduced.then(|| Box::new(reduction));
        document
    });
    let colors: BTreeSet<usize> = product.iter().map(|variant| variant.color).collect();
    ProductDocument {
        variants: variants.collect(),
        colors: colors.into_iter().map(|color| COLORS[color].to_owned()).collect(),
        ..document(number, "Thing", 1)
    }
}

fn page(index: &SearchIndex, query: &SearchQuery) -> ProductPage {
    index.products(query, None, PageLimit::new(200).unwrap()).unwrap().parsed()
}

/// All pages of a listing, two products each.
fn pages(index: &SearchIndex, query: &SearchQuery) -> Vec<ProductSummary> {
    let (mut items, mut cursor) = (Vec::new(), None);
    loop {
        let page =
            index.products(query, cursor.as_ref(), PageLimit::new(2).unwrap()).unwrap().parsed();
        items.extend(page.items);
        match page.next_cursor {
            Some(next) => cursor = Some(next),
            None => return items,
        }
    }
}

proptest! {
    #[test]
    fn one_variant_fulfils_all_conditions_and_is_shown(
        mut products in collection::vec(model_product(), 1..12),
        sales in collection::vec((0usize..12, 0usize..5, 0i64..3), 0..12),
        asked in condition_query(),
    ) {
        for (number, product) in products.iter_mut().enumerate() {
            for (place, variant) in product.iter_mut().enumerate() {
                variant.sku = format!("{number}-{place}");
            }
        }
        let numbered = || (0u32..).zip(&products);
        let index = SearchIndex::new(
            numbered().map(|(number, product)| model_document(number, product)).collect(),
            Availability::default(),
        );
        for variant in products.iter().flatten() {
            index.put_available(&sku(&variant.sku), variant.units);
        }
        let query = asked.to_query();
        page(&index, &query);
        for (product, variant, units) in sales {
            if let Some(variant) = products.get_mut(product).and_then(|it| it.get_mut(variant)) {
                variant.units = units;
                index.put_available(&sku(&variant.sku), units);
            }
        }
        let page = page(&index, &query);
        let (products, asked) = (&products, &asked);
        let shown = |ignored| {
            products.iter().zip(0u128..).filter_map(move |(product, number)| {
                Some((id(number), product, asked.shown(product, ignored)?))
            })
        };
        let shown = |ignored| shown(ignored).collect::<Vec<_>>();
        let listed: BTreeMap<_, _> = page.items.iter().map(|item| (item.id, item)).collect();
        prop_assert_eq!(page.total, shown(None).len() as u64);
        prop_assert_eq!(listed.len(), shown(None).len());
        for (id, product, variant) in shown(None) {
            let item = listed[&id];
            prop_assert_eq!(item.price, eur(variant.amount));
            prop_assert_eq!(item.in_stock, product.iter().any(|it| asked.passes(it, None) && it.units > 0)
                || !(asked.colors.is_some() || asked.price.is_some() || asked.reduced) && product.iter().any(|it| it.units > 0));
            prop_assert_eq!(item.reduction.is_some(), variant.reduced);
            if let Some(sku) = &item.sku {
                prop_assert_eq!(sku.as_str(), variant.sku.as_str());
            }
        }

        let sorted: Vec<i64> = pages(&index, &query).iter().map(|it| it.price.rounded().amount).collect();
        prop_assert_eq!(sorted.len(), listed.len(), "pages and the listing agree");
        match asked.sort {
            Sort::PriceAscending => prop_assert!(sorted.is_sorted(), "{:?}", sorted),
            Sort::PriceDescending => prop_assert!(sorted.iter().rev().is_sorted(), "{:?}", sorted),
            _ => {}
        }

        for (color, name) in COLORS.iter().enumerate() {
            let has = |product: &&Vec<ModelVariant>| {
                product.iter().any(|it| it.color == color && asked.passes(it, Some(Part::Color)))
            };
            let expected = products.iter().filter(has).count() as u64;
            let count = page.facets["color"].iter().find(|it| it.value == *name).map_or(0, |it| it.count);
            prop_assert_eq!(count, expected, "{}", name);
        }
        let in_stock = products.iter().filter(|product| {
            product.iter().any(|it| it.units > 0 && asked.passes(it, Some(Part::Stock)))
        });
        prop_assert_eq!(page.facets["in_stock"][0].count, in_stock.count() as u64);
        let amounts: Vec<i64> = shown(Some(Part::Price)).iter().map(|(_, _, it)| it.amount).collect();
        let range = page.price_range.map(|it| (it.min, it.max));
        prop_assert_eq!(range, amounts.iter().min().zip(amounts.iter().max()).map(|(min, max)| (eur(*min), eur(*max))));
    }
}

#[test]
fn a_sold_out_red_one_is_not_in_stock_because_a_blue_one_is() {
    let mut bench = document(1, "Bench", 1);
    bench.variants = vec![coloured("RED", "Red", 50), coloured("BLUE", "Blue", 90)];
    bench.colors = vec!["Red".to_owned(), "Blue".to_owned()];
    let index = SearchIndex::new(vec![bench], Availability::default());
    index.put_available(&sku("BLUE"), 3);
    let query = |color: Option<&str>, stock| SearchQuery {
        color: color.map(str::to_owned),
        stock,
        ..SearchQuery::all(Audience::Shoppers)
    };
    assert_eq!(page(&index, &query(Some("red"), StockFilter::InStock)).total, 0);
    let all = page(&index, &query(None, StockFilter::Any)).items.remove(0);
    assert_eq!((all.price, all.price_varies, all.sku), (eur(90), false, None));
    let red = page(&index, &query(Some("red"), StockFilter::Any)).items.remove(0);
    assert_eq!((red.price, red.in_stock, red.sku), (eur(50), false, Some(sku("RED"))));
}

#[test]
fn featured_products_come_in_the_operators_order_and_then_mixed() {
    let ranked =
        |number: u32, rank| ProductDocument { featured: rank, ..document(number, "Thing", 1) };
    let documents =
        (0..40).map(|number| ranked(number, [Some(2), None, None, Some(1)][number as usize % 4]));
    let index = SearchIndex::new(documents.collect(), Availability::default());
    let featured = || {
        let items = page(&index, &SearchQuery::all(Audience::Shoppers)).items;
        items.iter().map(|item| item.slug.clone()).collect::<Vec<_>>()
    };
    let number = |slug: &String| slug.rsplit('-').next().unwrap().parse::<u32>().unwrap();
    let order: Vec<u32> = featured().iter().map(number).collect();
    assert!(order[..10].iter().all(|number| number % 4 == 3), "{order:?}");
    assert!(order[10..20].iter().all(|number| number % 4 == 0), "{order:?}");
    let rest = &order[20..];
    assert!(!rest.is_sorted() && !rest.iter().rev().is_sorted(), "a mix: {rest:?}");
    assert_eq!(featured().iter().map(number).collect::<Vec<_>>(), order, "the same every time");
    index.put(ProductDocument { version: 2, ..ranked(1, Some(0)) }, Commit::durable());
    assert_eq!(number(&featured()[0]), 1);
}

#[test]
fn withdrawn_variants_are_known_but_neither_found_nor_sold() {
    let mut mug = document(1, "Mug", 5);
    mug.withdrawn = vec![coloured("GONE", "Teal", 1)];
    let index = SearchIndex::new(vec![mug.clone()], Availability::default());
    index.put_available(&sku("GONE"), 9);
    let all = page(&index, &SearchQuery::all(Audience::Shoppers));
    assert_eq!((all.items[0].price, all.items[0].in_stock), (eur(5), false));
    assert_eq!(all.facets["color"].len(), 0);
    let facts = index.variants(&[sku("gone"), sku("SKU-1")]);
    let sold: Vec<_> = facts.iter().map(|facts| facts.for_sale).collect();
    assert_eq!(sold, [false, true]);
    assert_eq!(index.owner_of_sku(&sku("GONE")), None);
    let back = ProductDocument {
        version: 2,
        withdrawn: vec![],
        variants: vec![variant_document("SKU-1", 5), variant_document("GONE", 4)],
        ..mug
    };
    index.put(back, Commit::durable());
    assert!(index.variants(&[sku("GONE")])[0].for_sale);
    assert_eq!(index.owner_of_sku(&sku("GONE")), Some(id(1)));
}
