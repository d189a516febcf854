//! Listings, facets, searches and suggestions of the search index, compared with a naive model.

use super::fixtures::{document, eur, id, sku};
use crate::domain::text;
use crate::index::{
    Audience, Availability, ProductDocument, ReductionFilter, SearchIndex, SearchQuery, Sort,
    StockFilter,
};
use contracts::product::{FacetValue, ProductPage, ProductStatus};
use kernel::PageLimit;
use proptest::{collection, prelude::*};
use std::collections::BTreeMap;
use storage::{Commit, Watermark, durability};

const BRANDS: &[&str] = &["Aster", "Birk", "Cask & Co"];
const COLORS: &[&str] = &["Clay", "Moss", "Ink"];
const CATEGORIES: &[&str] = &["Kitchen > Mugs", "Kitchen > Bowls", "Garden", "Garden > Pots"];

#[derive(Clone, Debug)]
struct ModelProduct {
    brand: Option<usize>,
    color: Option<usize>,
    category: usize,
    amount: i64,
    units: i64,
    status: ProductStatus,
}

fn model_product() -> impl Strategy<Value = ModelProduct> {
    let status = prop_oneof![
        4 => Just(ProductStatus::Active),
        1 => Just(ProductStatus::Draft),
        1 => Just(ProductStatus::Archived),
    ];
    let brand = proptest::option::of(0..BRANDS.len());
    let color = proptest::option::of(0..COLORS.len());
    (brand, color, 0..CATEGORIES.len(), 0i64..10, 0i64..3, status).prop_map(
        |(brand, color, category, amount, units, status)| ModelProduct {
            brand,
            color,
            category,
            amount,
            units,
            status,
        },
    )
}

fn model_document(number: u32, model: &ModelProduct) -> ProductDocument {
    ProductDocument {
        brand: model.brand.map(|brand| BRANDS[brand].to_owned()),
        colors: model.color.iter().map(|color| COLORS[*color].to_owned()).collect(),
        categories: vec![CATEGORIES[model.category].to_owned()],
        status: model.status,
        ..document(number, "Thing", model.amount)
    }
}

/// Query of the model; values are indexes into the tables above.
#[derive(Clone, Debug)]
struct ModelQuery {
    brands: Option<Vec<usize>>,
    color: Option<usize>,
    category: Option<usize>,
    price: Option<(i64, i64)>,
    in_stock: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum FilterPart {
    Brand,
    Color,
    Category,
    Price,
    Stock,
}

impl ModelQuery {
    fn to_query(&self) -> SearchQuery {
        let brands = self.brands.as_ref().map(|brands| {
            brands.iter().map(|brand| BRANDS[*brand].to_uppercase()).collect::<Vec<_>>().join(",")
        });
        SearchQuery {
            brand: brands,
            color: self.color.map(|color| COLORS[color].to_lowercase()),
            category: self.category.map(|category| text::path_address(CATEGORIES[category])),
            price_min: self.price.map(|(min, _)| min),
            price_max: self.price.map(|(_, max)| max),
            stock: if self.in_stock { StockFilter::InStock } else { StockFilter::Any },
            sort: Some(Sort::Newest),
            ..SearchQuery::all(Audience::Shoppers)
        }
    }

    fn passes(&self, model: &ModelProduct, ignored: Option<FilterPart>) -> bool {
        let within = |category: usize| {
            let (wanted, has) = (CATEGORIES[category], CATEGORIES[model.category]);
            has == wanted || has.starts_with(&format!("{wanted} > "))
        };
        model.status == ProductStatus::Active
            && (ignored == Some(FilterPart::Brand)
                || self
                    .brands
                    .as_ref()
                    .is_none_or(|it| model.brand.is_some_and(|brand| it.contains(&brand))))
            && (ignored == Some(FilterPart::Color)
                || self.color.is_none_or(|color| model.color == Some(color)))
            && (ignored == Some(FilterPart::Category) || self.category.is_none_or(within))
            && (ignored == Some(FilterPart::Price)
                || self.price.is_none_or(|(min, max)| (min..=max).contains(&model.amount)))
            && (ignored == Some(FilterPart::Stock) || !self.in_stock || model.units > 0)
    }
}

fn model_query() -> impl Strategy<Value = ModelQuery> {
    let brands = proptest::option::of(collection::vec(0..BRANDS.len(), 1..3));
    let price = proptest::option::of((0i64..10, 0i64..10));
    (
        brands,
        proptest::option::of(0..COLORS.len()),
        proptest::option::of(0..CATEGORIES.len()),
        price,
        any::<bool>(),
    )
        .prop_map(|(brands, color, category, price, in_stock)| ModelQuery {
            brands,
            color,
            category,
            price,
            in_stock,
        })
}

fn counts(values: &[FacetValue]) -> BTreeMap<String, u64> {
    values.iter().map(|value| (value.label.clone(), value.count)).collect()
}

fn page(index: &SearchIndex, query: &SearchQuery) -> ProductPage {
    index.products(query, None, PageLimit::new(200).unwrap()).unwrap().parsed()
}

proptest! {
    #[test]
    fn listings_and_facets_agree_with_a_naive_model(
        first in collection::vec(model_product(), 1..90),
        then in collection::vec((0u32..90, model_product()), 0..40),
        asked in model_query(),
    ) {
        let count = u32::try_from(first.len()).unwrap();
        let mut products: BTreeMap<u32, ModelProduct> = (0..).zip(first).collect();
        let documents = products.iter().map(|(number, model)| model_document(*number, model)).collect();
        let index = SearchIndex::new(documents, Availability::default());
        for (number, model) in &products {
            index.put_available(&sku(&format!("sku-{number}")), model.units);
        }
        let query = asked.to_query();
        page(&index, &query);
        for (version, (number, model)) in (2..).zip(then) {
            let number = number % count;
            index.put(ProductDocument { version, ..model_document(number, &model) }, Commit::durable());
            index.put_available(&sku(&format!("SKU-{number}")), model.units);
            products.insert(number, model);
        }
        let page = page(&index, &query);
        let (asked, products) = (&asked, &products);
        let passing = |ignored| products.iter().filter(move |(_, model)| asked.passes(model, ignored));
        let mut expected: Vec<_> = passing(None).map(|(number, _)| id(u128::from(*number))).collect();
        expected.reverse();
        let got: Vec<_> = page.items.iter().map(|item| item.id).collect();
        prop_assert_eq!(got, expected);
        prop_assert_eq!(page.total, passing(None).count() as u64);
        let on_sale = products.values().filter(|model| model.status == ProductStatus::Active);
        prop_assert_eq!(page.total_unfiltered, on_sale.clone().count() as u64);

        let mut brands: BTreeMap<String, u64> = BTreeMap::new();
        for brand in on_sale.clone().filter_map(|model| model.brand) {
            brands.entry(BRANDS[brand].to_owned()).or_default();
        }
        for brand in passing(Some(FilterPart::Brand)).filter_map(|(_, model)| model.brand) {
            *brands.get_mut(BRANDS[brand]).unwrap() += 1;
        }
        prop_assert_eq!(counts(&page.facets["brand"]), brands);

        let mut categories: BTreeMap<String, u64> = BTreeMap::new();
        let chain = |model: &ModelProduct| {
            let path = CATEGORIES[model.category];
            let top = path.split(" > ").next().unwrap();
            let both = if top == path { vec![path] } else { vec![top, path] };
            both.into_iter().map(str::to_owned).collect::<Vec<_>>()
        };
        on_sale.clone().flat_map(chain).for_each(|path| { categories.entry(path).or_default(); });
        for path in passing(Some(FilterPart::Category)).flat_map(|(_, model)| chain(model)) {
            *categories.get_mut(&path).unwrap() += 1;
        }
        prop_assert_eq!(counts(&page.facets["category"]), categories);

        let in_stock = passing(Some(FilterPart::Stock)).filter(|(_, model)| model.units > 0).count();
        prop_assert_eq!(page.facets["in_stock"][0].count, in_stock as u64);
        let colors = passing(Some(FilterPart::Color)).filter(|(_, model)| model.color == Some(0)).count();
        let clay = page.facets["color"].iter().find(|it| it.value == "Clay").map_or(0, |it| it.count);
        prop_assert_eq!(clay, colors as u64);
        let amounts: Vec<i64> = passing(Some(FilterPart::Price)).map(|(_, model)| model.amount).collect();
        let range = page.price_range.map(|it| (it.min, it.max));
        let expected = amounts.iter().min().zip(amounts.iter().max());
        prop_assert_eq!(range, expected.map(|(min, max)| (eur(*min), eur(*max))));
    }
}

fn sample_index() -> SearchIndex {
    let mut lantern = document(1, "Storm lantern", 4_500);
    lantern.brand = Some("Håkan".to_owned());
    lantern.categories = vec!["Garden > Lanterns".to_owned()];
    lantern.description_words = "a mug of light".to_owned();
    let mut mug = document(2, "Crème mug", 1_200);
    mug.categories = vec!["Kitchen > Mugs".to_owned()];
    mug.tag_words = "stoneware".to_owned();
    let mut bowl = document(3, "Bowl", 1_800);
    bowl.brand = Some("Mugler".to_owned());
    bowl.categories = vec!["Kitchen > Bowls".to_owned()];
    let mut hidden = document(4, "Mug of the future", 1);
    hidden.status = ProductStatus::Draft;
    SearchIndex::new(vec![lantern, mug, bowl, hidden], Availability::default())
}

fn search(index: &SearchIndex, text: &str) -> ProductPage {
    page(
        index,
        &SearchQuery { text: Some(text.to_owned()), ..SearchQuery::all(Audience::Shoppers) },
    )
}

fn names(page: &ProductPage) -> Vec<&str> {
    page.items.iter().map(|item| item.name.as_str()).collect()
}

#[test]
fn names_come_before_brands_before_categories_before_tags_before_descriptions() {
    let index = sample_index();
    assert_eq!(names(&search(&index, "mug")), ["Crème mug", "Bowl", "Storm lantern"]);
    assert_eq!(names(&search(&index, "CREME Mu")), ["Crème mug"], "the last word is a prefix");
    assert_eq!(names(&search(&index, "mu creme")), [""; 0], "earlier words are matched exactly");
    assert_eq!(names(&search(&index, "stoneware")), ["Crème mug"]);
    assert_eq!(names(&search(&index, "hakan lantern")), ["Storm lantern"]);
    assert_eq!(names(&search(&index, "sku 3")), ["Bowl"], "a SKU is found by its tokens");
    assert_eq!(names(&search(&index, "  ")).len(), 3, "a blank search text is ignored");
    assert_eq!(names(&search(&index, "!?")).len(), 0);
    let operators = SearchQuery {
        text: Some("future".to_owned()),
        ..SearchQuery::all(Audience::Operators(None))
    };
    assert_eq!(page(&index, &operators).total, 1);
}

#[test]
fn a_misspelt_search_suggests_words_that_find_something() {
    let index = sample_index();
    let did_you_mean = |text| search(&index, text).did_you_mean;
    assert_eq!(did_you_mean("lantren").as_deref(), Some("lantern"));
    assert_eq!(did_you_mean("strom lantern").as_deref(), Some("storm lantern"));
    assert_eq!(did_you_mean("futrue"), None, "what shoppers cannot see is not suggested to them");
    assert_eq!(did_you_mean("lantern bowll"), None, "no product has both");
    assert_eq!(did_you_mean("lantern"), None);
    assert_eq!(did_you_mean("xyzzyq"), None);
}

#[test]
fn suggestions_are_products_and_categories_that_match_the_prefix() {
    let index = sample_index();
    let suggestions = index.suggestions(Audience::Shoppers, "mug");
    assert_eq!((suggestions.products.len(), suggestions.total), (3, 3));
    let categories: Vec<_> = suggestions.categories.iter().map(|it| it.value.as_str()).collect();
    assert_eq!(categories, ["kitchen/mugs"]);
    assert_eq!(index.suggestions(Audience::Shoppers, "").total, 0);
}

#[test]
fn the_category_tree_includes_the_counts_of_subcategories() {
    let tree = sample_index().categories(Audience::Shoppers);
    let tops: Vec<_> = tree.items.iter().map(|it| (it.slug.as_str(), it.count)).collect();
    assert_eq!(tops, [("garden", 1), ("kitchen", 2)]);
    let below: Vec<_> = tree.items[1].children.iter().map(|it| it.path.as_str()).collect();
    assert_eq!(below, ["Kitchen > Bowls", "Kitchen > Mugs"]);
}

#[test]
fn the_number_of_units_is_shown_only_when_stock_is_low() {
    let index = sample_index();
    let stock = |units| {
        index.put_available(&sku("sku-2"), units);
        let item = search(&index, "creme").items.remove(0);
        (item.in_stock, item.only_left)
    };
    assert_eq!(stock(0), (false, None));
    assert_eq!(stock(3), (true, Some(3)));
    assert_eq!(stock(6), (true, None));
    assert_eq!(stock(-1), (false, None));
}

#[test]
fn the_facts_of_a_sku_follow_its_product() {
    let index = sample_index();
    let skus = ["SKU-3", "NO", "sku-4"].map(sku);
    let facts = index.variants(&skus);
    let for_sale: Vec<_> = facts.iter().map(|it| (it.sku.as_str(), it.for_sale)).collect();
    assert_eq!(for_sale, [("SKU-3", true), ("SKU-4", false)]);
}

#[test]
fn the_reduced_filter_finds_reduced_products() {
    let index = sample_index();
    let mut bowl = document(3, "Bowl", 900);
    bowl.version = 2;
    bowl.variants[0].reduction = Some(Box::new(contracts::product::Reduction {
        prior_price: eur(1_800),
        percent: 50,
        since: super::fixtures::instant(0),
    }));
    index.put(bowl, Commit::durable());
    let query =
        SearchQuery { reduced: ReductionFilter::Only, ..SearchQuery::all(Audience::Shoppers) };
    assert_eq!(names(&page(&index, &query)), ["Bowl"]);
}

#[tokio::test]
async fn a_large_catalogue_is_searchable_after_its_text_is_indexed() {
    let documents = (0..5_000).map(|number| document(number, "Mug", 1)).collect();
    let index = SearchIndex::new(documents, Availability::default());
    assert_eq!(
        page(&index, &SearchQuery::all(Audience::Shoppers)).total,
        5_000,
        "listings do not need the text index"
    );
    // A product that is indexed already, one that is not, and a new one.
    for (number, version, name) in [(1, 2, "Lamp"), (4_999, 2, "Lamp"), (5_000, 1, "Lamp")] {
        index.put(ProductDocument { version, ..document(number, name, 1) }, Commit::durable());
    }
    let (found, ()) = tokio::join!(
        async {
            index.wait_until_searchable().await;
            search(&index, "lamp").total
        },
        index.index_text(),
    );
    assert_eq!((found, search(&index, "mug").total), (3, 4_998));
    index.put(document(5_001, "Zebra lamp", 1), Commit::durable());
    assert_eq!(search(&index, "zeb").total, 1);
    assert_eq!(search(&index, "la").total, 4);
}

#[tokio::test]
async fn a_reader_depends_on_the_furthest_append_even_if_another_arrived_later() {
    let (index, watermark) = (sample_index(), Watermark::at(4));
    for (number, position) in [(10, 6), (11, 5)] {
        index.put(document(number, "Plate", 1), Commit::at(&watermark, position));
    }
    let (total, dependencies) =
        durability::scope(async { page(&index, &SearchQuery::all(Audience::Shoppers)).total })
            .await;
    assert_eq!(total, 5);
    watermark.advance(5);
    let mut waiting = std::pin::pin!(dependencies.wait());
    assert!(
        std::future::poll_fn(|context| match waiting.as_mut().poll(context) {
            std::task::Poll::Ready(_) => std::task::Poll::Ready(false),
            std::task::Poll::Pending => std::task::Poll::Ready(true),
        })
        .await
    );
    watermark.advance(6);
    waiting.await.unwrap();
}
