//! Lists, facets, searches and suggestions, against a plain reading of the same catalogue.

use super::listings::{eur, id, listing};
use crate::domain::words;
use crate::index::{Audience, Availability, Index, Listing, Reduced, Sort, Stock, Wish};
use contracts::product::{FacetValue, ProductPage, ProductStatus};
use kernel::PageLimit;
use proptest::{collection, prelude::*};
use std::collections::BTreeMap;
use storage::{Commit, Watermark, durability};

const BRANDS: &[&str] = &["Aster", "Birk", "Cask & Co"];
const COLORS: &[&str] = &["Clay", "Moss", "Ink"];
const CATEGORIES: &[&str] = &["Kitchen > Mugs", "Kitchen > Bowls", "Garden", "Garden > Pots"];

#[derive(Clone, Debug)]
struct Made {
    brand: Option<usize>,
    color: Option<usize>,
    category: usize,
    amount: i64,
    units: i64,
    status: ProductStatus,
}

fn made() -> impl Strategy<Value = Made> {
    let status = prop_oneof![
        4 => Just(ProductStatus::Active),
        1 => Just(ProductStatus::Draft),
        1 => Just(ProductStatus::Archived),
    ];
    let brand = proptest::option::of(0..BRANDS.len());
    let color = proptest::option::of(0..COLORS.len());
    (brand, color, 0..CATEGORIES.len(), 0i64..10, 0i64..3, status).prop_map(
        |(brand, color, category, amount, units, status)| Made {
            brand,
            color,
            category,
            amount,
            units,
            status,
        },
    )
}

fn listed(number: u32, made: &Made) -> Listing {
    Listing {
        brand: made.brand.map(|brand| BRANDS[brand].to_owned()),
        colors: made.color.iter().map(|color| COLORS[*color].to_owned()).collect(),
        categories: vec![CATEGORIES[made.category].to_owned()],
        status: made.status,
        ..listing(number, "Thing", made.amount)
    }
}

/// What is asked for, each by its place in the tables above.
#[derive(Clone, Debug)]
struct Asked {
    brands: Option<Vec<usize>>,
    color: Option<usize>,
    category: Option<usize>,
    price: Option<(i64, i64)>,
    in_stock: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Brand,
    Color,
    Category,
    Price,
    Stock,
}

impl Asked {
    fn wish(&self) -> Wish {
        let brands = self.brands.as_ref().map(|brands| {
            brands.iter().map(|brand| BRANDS[*brand].to_uppercase()).collect::<Vec<_>>().join(",")
        });
        Wish {
            brand: brands,
            color: self.color.map(|color| COLORS[color].to_lowercase()),
            category: self.category.map(|category| words::path_slug(CATEGORIES[category])),
            price_min: self.price.map(|(min, _)| min),
            price_max: self.price.map(|(_, max)| max),
            stock: if self.in_stock { Stock::InStock } else { Stock::Any },
            sort: Some(Sort::Newest),
            ..Wish::all(Audience::Shoppers)
        }
    }

    fn passes(&self, made: &Made, but: Option<Part>) -> bool {
        let within = |category: usize| {
            let (wanted, has) = (CATEGORIES[category], CATEGORIES[made.category]);
            has == wanted || has.starts_with(&format!("{wanted} > "))
        };
        made.status == ProductStatus::Active
            && (but == Some(Part::Brand)
                || self
                    .brands
                    .as_ref()
                    .is_none_or(|it| made.brand.is_some_and(|brand| it.contains(&brand))))
            && (but == Some(Part::Color)
                || self.color.is_none_or(|color| made.color == Some(color)))
            && (but == Some(Part::Category) || self.category.is_none_or(within))
            && (but == Some(Part::Price)
                || self.price.is_none_or(|(min, max)| (min..=max).contains(&made.amount)))
            && (but == Some(Part::Stock) || !self.in_stock || made.units > 0)
    }
}

fn asked() -> impl Strategy<Value = Asked> {
    let brands = proptest::option::of(collection::vec(0..BRANDS.len(), 1..3));
    let price = proptest::option::of((0i64..10, 0i64..10));
    (
        brands,
        proptest::option::of(0..COLORS.len()),
        proptest::option::of(0..CATEGORIES.len()),
        price,
        any::<bool>(),
    )
        .prop_map(|(brands, color, category, price, in_stock)| Asked {
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

fn page(index: &Index, wish: &Wish) -> ProductPage {
    index.products(wish, None, PageLimit::new(200).unwrap()).unwrap()
}

proptest! {
    #[test]
    fn lists_and_facets_are_what_a_plain_count_says(
        first in collection::vec(made(), 1..90),
        then in collection::vec((0u32..90, made()), 0..40),
        asked in asked(),
    ) {
        let count = u32::try_from(first.len()).unwrap();
        let mut products: BTreeMap<u32, Made> = (0..).zip(first).collect();
        let listings = products.iter().map(|(number, made)| listed(*number, made)).collect();
        let index = Index::of(listings, Availability::default());
        for (number, made) in &products {
            index.put_available(&format!("sku-{number}"), made.units);
        }
        let wish = asked.wish();
        page(&index, &wish);
        for (version, (number, made)) in (2..).zip(then) {
            let number = number % count;
            index.put(Listing { version, ..listed(number, &made) }, Commit::durable());
            index.put_available(&format!("SKU-{number}"), made.units);
            products.insert(number, made);
        }
        let page = page(&index, &wish);
        let (asked, products) = (&asked, &products);
        let passing = |but| products.iter().filter(move |(_, made)| asked.passes(made, but));
        let mut expected: Vec<_> = passing(None).map(|(number, _)| id(u128::from(*number))).collect();
        expected.reverse();
        let got: Vec<_> = page.items.iter().map(|item| item.id).collect();
        prop_assert_eq!(got, expected);
        prop_assert_eq!(page.total, passing(None).count() as u64);
        let on_sale = products.values().filter(|made| made.status == ProductStatus::Active);
        prop_assert_eq!(page.total_unfiltered, on_sale.clone().count() as u64);

        let mut brands: BTreeMap<String, u64> = BTreeMap::new();
        for brand in on_sale.clone().filter_map(|made| made.brand) {
            brands.entry(BRANDS[brand].to_owned()).or_default();
        }
        for brand in passing(Some(Part::Brand)).filter_map(|(_, made)| made.brand) {
            *brands.get_mut(BRANDS[brand]).unwrap() += 1;
        }
        prop_assert_eq!(counts(&page.facets["brand"]), brands);

        let mut categories: BTreeMap<String, u64> = BTreeMap::new();
        let chain = |made: &Made| {
            let path = CATEGORIES[made.category];
            let top = path.split(" > ").next().unwrap();
            let both = if top == path { vec![path] } else { vec![top, path] };
            both.into_iter().map(str::to_owned).collect::<Vec<_>>()
        };
        on_sale.clone().flat_map(chain).for_each(|path| { categories.entry(path).or_default(); });
        for path in passing(Some(Part::Category)).flat_map(|(_, made)| chain(made)) {
            *categories.get_mut(&path).unwrap() += 1;
        }
        prop_assert_eq!(counts(&page.facets["category"]), categories);

        let in_stock = passing(Some(Part::Stock)).filter(|(_, made)| made.units > 0).count();
        prop_assert_eq!(page.facets["in_stock"][0].count, in_stock as u64);
        let colors = passing(Some(Part::Color)).filter(|(_, made)| made.color == Some(0)).count();
        let clay = page.facets["color"].iter().find(|it| it.value == "Clay").map_or(0, |it| it.count);
        prop_assert_eq!(clay, colors as u64);
        let amounts: Vec<i64> = passing(Some(Part::Price)).map(|(_, made)| made.amount).collect();
        let range = page.price_range.map(|it| (it.min, it.max));
        let expected = amounts.iter().min().zip(amounts.iter().max());
        prop_assert_eq!(range, expected.map(|(min, max)| (eur(*min), eur(*max))));
    }
}

fn shop() -> Index {
    let mut lantern = listing(1, "Storm lantern", 4_500);
    lantern.brand = Some("Håkan".to_owned());
    lantern.categories = vec!["Garden > Lanterns".to_owned()];
    lantern.description_words = "a mug of light".to_owned();
    let mut mug = listing(2, "Crème mug", 1_200);
    mug.categories = vec!["Kitchen > Mugs".to_owned()];
    mug.tag_words = "stoneware".to_owned();
    let mut bowl = listing(3, "Bowl", 1_800);
    bowl.brand = Some("Mugler".to_owned());
    bowl.categories = vec!["Kitchen > Bowls".to_owned()];
    let mut hidden = listing(4, "Mug of the future", 1);
    hidden.status = ProductStatus::Draft;
    Index::of(vec![lantern, mug, bowl, hidden], Availability::default())
}

fn search(index: &Index, text: &str) -> ProductPage {
    page(index, &Wish { text: Some(text.to_owned()), ..Wish::all(Audience::Shoppers) })
}

fn names(page: &ProductPage) -> Vec<&str> {
    page.items.iter().map(|item| item.name.as_str()).collect()
}

#[test]
fn names_come_before_brands_before_categories_before_tags_before_descriptions() {
    let index = shop();
    assert_eq!(names(&search(&index, "mug")), ["Crème mug", "Bowl", "Storm lantern"]);
    assert_eq!(names(&search(&index, "CREME Mu")), ["Crème mug"], "the last word is a beginning");
    assert_eq!(names(&search(&index, "mu creme")), [""; 0], "an earlier word is whole");
    assert_eq!(names(&search(&index, "stoneware")), ["Crème mug"]);
    assert_eq!(names(&search(&index, "hakan lantern")), ["Storm lantern"]);
    assert_eq!(names(&search(&index, "sku 3")), ["Bowl"], "a SKU is found by its words");
    assert_eq!(names(&search(&index, "  ")).len(), 3, "a blank search is none");
    assert_eq!(names(&search(&index, "!?")).len(), 0);
    let operators =
        Wish { text: Some("future".to_owned()), ..Wish::all(Audience::Operators(None)) };
    assert_eq!(page(&index, &operators).total, 1);
}

#[test]
fn a_slip_of_the_finger_gets_a_suggestion_that_finds_something() {
    let index = shop();
    let meant = |text| search(&index, text).did_you_mean;
    assert_eq!(meant("lantren").as_deref(), Some("lantern"));
    assert_eq!(meant("strom lantern").as_deref(), Some("storm lantern"));
    assert_eq!(meant("futrue"), None, "what shoppers cannot see is not suggested to them");
    assert_eq!(meant("lantern bowll"), None, "no product has both");
    assert_eq!(meant("lantern"), None);
    assert_eq!(meant("xyzzyq"), None);
}

#[test]
fn suggestions_are_products_and_categories_that_begin_so() {
    let index = shop();
    let offered = index.suggestions(Audience::Shoppers, "mug");
    assert_eq!((offered.products.len(), offered.total), (3, 3));
    let categories: Vec<_> = offered.categories.iter().map(|it| it.value.as_str()).collect();
    assert_eq!(categories, ["kitchen/mugs"]);
    assert_eq!(index.suggestions(Audience::Shoppers, "").total, 0);
}

#[test]
fn the_tree_of_categories_counts_what_is_below() {
    let tree = shop().categories(Audience::Shoppers);
    let tops: Vec<_> = tree.items.iter().map(|it| (it.slug.as_str(), it.count)).collect();
    assert_eq!(tops, [("garden", 1), ("kitchen", 2)]);
    let below: Vec<_> = tree.items[1].children.iter().map(|it| it.path.as_str()).collect();
    assert_eq!(below, ["Kitchen > Bowls", "Kitchen > Mugs"]);
}

#[test]
fn only_a_small_rest_is_told() {
    let index = shop();
    let told = |units| {
        index.put_available("sku-2", units);
        let item = search(&index, "creme").items.remove(0);
        (item.in_stock, item.only_left)
    };
    assert_eq!(told(0), (false, None));
    assert_eq!(told(3), (true, Some(3)));
    assert_eq!(told(6), (true, None));
    assert_eq!(told(-1), (false, None));
}

#[test]
fn what_is_known_of_a_sku_follows_its_product() {
    let index = shop();
    let asked = ["SKU-3".to_owned(), "NO".to_owned(), "sku-4".to_owned()];
    let facts = index.variants(&asked);
    let told: Vec<_> = facts.iter().map(|it| (it.sku.as_str(), it.for_sale)).collect();
    assert_eq!(told, [("SKU-3", true), ("SKU-4", false)]);
}

#[test]
fn a_reduced_product_is_found_among_the_reduced() {
    let index = shop();
    let mut bowl = listing(3, "Bowl", 900);
    bowl.version = 2;
    bowl.reduction = Some(contracts::product::Reduction {
        prior_price: eur(1_800),
        percent: 50,
        since: super::listings::instant(0),
    });
    index.put(bowl, Commit::durable());
    let wish = Wish { reduced: Reduced::Only, ..Wish::all(Audience::Shoppers) };
    assert_eq!(names(&page(&index, &wish)), ["Bowl"]);
}

#[tokio::test]
async fn a_large_catalogue_is_searched_as_soon_as_its_words_are_read() {
    let listings = (0..5_000).map(|number| listing(number, "Mug", 1)).collect();
    let index = Index::of(listings, Availability::default());
    assert_eq!(page(&index, &Wish::all(Audience::Shoppers)).total, 5_000, "lists need no words");
    // Changes of what is read already, of what is still to be read, and of what was not there.
    for (number, version, name) in [(1, 2, "Lamp"), (4_999, 2, "Lamp"), (5_000, 1, "Lamp")] {
        index.put(Listing { version, ..listing(number, name, 1) }, Commit::durable());
    }
    let (searched, ()) = tokio::join!(
        async {
            index.searchable().await;
            search(&index, "lamp").total
        },
        index.read_words(),
    );
    assert_eq!((searched, search(&index, "mug").total), (3, 4_998));
    index.put(listing(5_001, "Zebra lamp", 1), Commit::durable());
    assert_eq!(search(&index, "zeb").total, 1);
    assert_eq!(search(&index, "la").total, 4);
}

#[tokio::test]
async fn a_reader_waits_for_the_furthest_append_whichever_came_in_last() {
    let (index, tail) = (shop(), Watermark::at(4));
    for (number, position) in [(10, 6), (11, 5)] {
        index.put(listing(number, "Plate", 1), Commit::at(&tail, position));
    }
    let (total, touched) =
        durability::scope(async { page(&index, &Wish::all(Audience::Shoppers)).total }).await;
    assert_eq!(total, 5);
    tail.advance(5);
    let mut waiting = std::pin::pin!(touched.wait());
    assert!(
        std::future::poll_fn(|context| match waiting.as_mut().poll(context) {
            std::task::Poll::Ready(_) => std::task::Poll::Ready(false),
            std::task::Poll::Pending => std::task::Poll::Ready(true),
        })
        .await
    );
    tail.advance(6);
    waiting.await.unwrap();
}
