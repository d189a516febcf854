//! Fake product service: a product of each kind, in several colours.

use super::{NOW, built, problem_response};
use async_trait::async_trait;
use axum::{
    Json, Router,
    extract::{Path, Query},
    http::HeaderMap,
    response::{IntoResponse, Response},
    routing::get,
};
use contracts::{
    product::{
        Catalogue, Categories, Category, FacetValue, Media, PastPrice, PriceHistory, PriceRange,
        Product, ProductOption, ProductPage, ProductQuery, ProductStatus, ProductSummary,
        Reduction, Suggestions, Variant, VariantFacts, VariantPriceHistory,
    },
    shared::{Image, ProductId, Sku},
};
use kernel::{Currency, Cursor, Ids, Problem, Timestamp, UnitPrice, Uuid};
use rpc::CallError;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// Slug, name, brand, category, price, colours, and peculiarity.
type Row =
    (&'static str, &'static str, &'static str, &'static str, &'static str, &'static str, Special);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Special {
    Plain,
    New,
    Reduced,
    Few,
    SoldOut,
    NoPicture,
}
use Special::{Few, New, NoPicture, Plain, Reduced, SoldOut};

const ROWS: &[Row] = &[
    (
        "mug",
        "Stoneware mug, 350 ml",
        "Halden",
        "Kitchen > Tableware",
        "18",
        "chalk clay spruce ink moss oat",
        New,
    ),
    (
        "dome-lamp",
        "Dome table lamp",
        "Lumen & Sons",
        "Lighting > Table lamps",
        "71.20",
        "brick ochre spruce coal",
        Reduced,
    ),
    (
        "kettle",
        "Enamel kettle, 1.6 l",
        "Halden",
        "Kitchen > Cookware",
        "54",
        "spruce chalk sea",
        Plain,
    ),
    (
        "vase",
        "Teardrop vase, 24 cm",
        "Kiln & Co",
        "Living > Decoration",
        "32",
        "mist chalk blush",
        Few,
    ),
    (
        "stool",
        "Three-leg stool, solid oak",
        "Nordby",
        "Furniture > Seats",
        "149",
        "oat coal",
        Plain,
    ),
    (
        "casserole",
        "Cast-iron casserole, 4 l",
        "Halden",
        "Kitchen > Cookware",
        "129",
        "sea brick moss",
        Plain,
    ),
    (
        "throw",
        "Woven throw of lambswool",
        "Fell & Loom",
        "Textiles > Blankets",
        "94",
        "clay mist oat moss",
        Plain,
    ),
    ("planter", "Terracotta planter", "Kiln & Co", "Garden > Pots", "27.50", "clay chalk", Plain),
    ("speaker", "Shelf speaker", "Tonal", "Living > Sound", "249", "coal oat", SoldOut),
    (
        "wall-clock",
        "Station wall clock, 30 cm",
        "Nordby",
        "Living > Decoration",
        "64",
        "moss coal brick",
        Plain,
    ),
    (
        "watering-can",
        "Long-neck watering can",
        "Kiln & Co",
        "Garden > Tools",
        "38",
        "blush spruce chalk",
        New,
    ),
    ("backpack", "Roll-top backpack", "Folio", "Travel > Bags", "115", "ochre ink moss", Reduced),
    ("bowl", "Serving bowl", "Halden", "Kitchen > Tableware", "24", "chalk mist clay", Plain),
    (
        "teapot",
        "Teapot with bamboo handle, two strainers and a saucer that doubles as a lid",
        "Kiln & Co",
        "Kitchen > Tableware",
        "58",
        "ink chalk",
        NoPicture,
    ),
    (
        "pendant-lamp",
        "Pendant lamp",
        "Lumen & Sons",
        "Lighting > Pendant lamps",
        "119",
        "coal brick mist",
        Plain,
    ),
    (
        "floor-lamp",
        "Floor lamp with linen shade",
        "Lumen & Sons",
        "Lighting > Floor lamps",
        "189",
        "oat coal",
        Plain,
    ),
    (
        "lantern",
        "Storm lantern",
        "Lumen & Sons",
        "Lighting > Table lamps",
        "45",
        "spruce coal",
        Plain,
    ),
    ("chair", "Spindle chair", "Nordby", "Furniture > Seats", "219", "coal oat sea", Plain),
    ("bench", "Hallway bench", "Nordby", "Furniture > Seats", "329", "oat", Plain),
    (
        "cushion",
        "Cushion, 50 × 50",
        "Fell & Loom",
        "Textiles > Blankets",
        "39",
        "ochre blush ink",
        Plain,
    ),
    ("rug", "Flat-weave rug", "Fell & Loom", "Textiles > Rugs", "269", "mist brick", Plain),
    ("towel", "Waffle towel", "Fell & Loom", "Textiles > Bath", "29", "chalk sea blush", Plain),
    ("bird-house", "Bird house", "Nordby", "Garden > Tools", "34", "brick moss", Plain),
    (
        "notebook",
        "Linen notebook, 192 pages",
        "Folio",
        "Travel > Paper",
        "16.50",
        "ink brick moss ochre chalk mist coal",
        Plain,
    ),
    ("mirror", "Round mirror", "Nordby", "Living > Decoration", "88", "oat coal", Plain),
    ("basket", "Willow basket", "Kiln & Co", "Living > Storage", "48", "oat", Plain),
    ("umbrella", "Wind-proof umbrella", "Folio", "Travel > Bags", "42", "ink moss", Reduced),
    ("apron", "Canvas apron", "Fell & Loom", "Kitchen > Textiles", "36", "coal clay", Plain),
];

pub(super) const MODULE: runtime::Module = runtime::Module {
    name: "product-service",
    summary: "",
    calls: &[],
    follows: &[],
    instances: runtime::InstanceModel::OneActive,
    settings: None,
    events: None,
    plaintext: None,
    collections: &[],
    projected: &[],
    maintenance: runtime::Maintenance::none,
    build: |context| {
        Box::pin(async move {
            context.provide::<dyn Catalogue>(Arc::new(FakeCatalogue))?;
            Ok(built(&context, routes()))
        })
    },
};

/// Number of views of each product.
pub(crate) static VIEWS: Mutex<BTreeMap<String, usize>> = Mutex::new(BTreeMap::new());
/// Number of lists of each category that count as a shopper's.
pub(crate) static LISTS: Mutex<BTreeMap<String, usize>> = Mutex::new(BTreeMap::new());

/// Counts a request of a shopper.
fn record(counts: &Mutex<BTreeMap<String, usize>>, headers: &HeaderMap, what: String) {
    if !headers.contains_key("sec-purpose") {
        *counts.lock().unwrap().entry(what).or_default() += 1;
    }
}

fn routes() -> Router {
    Router::new()
        .route("/api/v1/products", get(list))
        .route("/api/v1/categories", get(categories))
        .route("/api/v1/products/suggestions", get(suggestions))
        .route("/api/v1/products/{id}", get(product))
        .route("/api/v1/products/{id}/price-history", get(price_history))
}

fn euros(text: &str) -> UnitPrice {
    UnitPrice::parse_major(text, Currency::EUR).unwrap()
}

fn id_of(slug: &str) -> ProductId {
    Ids::derived(Uuid::NAMESPACE_URL, slug)
}

fn words(text: &str) -> Vec<String> {
    let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
    text.split(' ').map(capital).collect()
}

fn reduction(row: &Row) -> Option<Reduction> {
    let prior_price = match row.0 {
        "dome-lamp" => euros("89"),
        "backpack" => euros("139"),
        _ => euros("49"),
    };
    let percent = match row.0 {
        "dome-lamp" => 20,
        "backpack" => 17,
        _ => 14,
    };
    (row.6 == Reduced).then(|| Reduction {
        prior_price,
        percent,
        since: "2025-11-14T08:00:00Z".parse().unwrap(),
    })
}

fn picture(row: &Row, colour: &str, view: &str) -> Image {
    let url = format!("/pictures/{}/{}/{view}.svg", row.0, colour.to_lowercase());
    Image { url, alt: format!("{}, {}", row.1, colour.to_lowercase()), width: 400, height: 500 }
}

fn summary(row: &Row) -> ProductSummary {
    let colours = words(row.5);
    let published: Timestamp =
        if row.6 == New { "2025-11-10T00:00:00Z" } else { "2025-02-01T00:00:00Z" }.parse().unwrap();
    ProductSummary {
        id: id_of(row.0),
        slug: row.0.to_owned(),
        name: row.1.to_owned(),
        brand: Some(row.2.to_owned()),
        categories: vec![row.3.to_owned()],
        price: euros(row.4),
        price_varies: row.0 == "rug",
        compare_at_price: None,
        reduction: reduction(row),
        image: (row.6 != NoPicture).then(|| picture(row, &colours[0], "object")),
        colors: colours,
        in_stock: row.6 != SoldOut,
        only_left: (row.6 == Few).then_some(3),
        sku: None,
        is_new: row.6 == New,
        status: ProductStatus::Active,
        published_at: Some(published),
    }
}

fn sku(slug: &str, colour: &str, plug: &str) -> Sku {
    let dash = if plug.is_empty() { "" } else { "-" };
    Sku::parse(&format!("{slug}-{colour}{dash}{plug}").to_uppercase()).unwrap()
}

fn full(row: &Row) -> Product {
    let summary = summary(row);
    let plugs: &[&str] = if row.3.starts_with("Lighting") { &["EU", "UK", "US"] } else { &[""] };
    let mut variants = Vec::new();
    for (place, colour) in summary.colors.iter().enumerate() {
        for plug in plugs {
            let mut options = BTreeMap::from([("Colour".to_owned(), colour.clone())]);
            if !plug.is_empty() {
                options.insert("Plug".to_owned(), (*plug).to_owned());
            }
            variants.push(Variant {
                sku: sku(row.0, colour, plug),
                options,
                price: summary.price,
                compare_at_price: None,
                reduction: summary.reduction,
                in_stock: summary.in_stock && place < 3,
                only_left: if row.6 == Few || row.0 == "dome-lamp" && place == 0 {
                    Some(4)
                } else {
                    None
                },
                weight_grams: 1250,
                barcode: None,
            });
        }
    }
    let mut options =
        vec![ProductOption { name: "Colour".to_owned(), values: summary.colors.clone() }];
    if plugs.len() > 1 {
        options.push(ProductOption {
            name: "Plug".to_owned(),
            values: plugs.iter().map(|it| (*it).to_owned()).collect(),
        });
    }
    let media = |colour: &String| {
        let skus: Vec<Sku> = variants
            .iter()
            .filter(|it| it.options["Colour"] == *colour)
            .map(|it| it.sku.clone())
            .collect();
        ["object", "crop", "drawing"]
            .map(|view| Media::new(picture(row, colour, view), skus.clone()))
    };
    Product {
        id: summary.id,
        slug: summary.slug.clone(),
        name: summary.name.clone(),
        description: "<p>A spun-steel dome, enamelled by hand, on a solid brass stem. The dimmer sits in the foot, the cord is two metres of woven linen.</p><p>Takes any E27 bulb up to 40 W.</p>".to_owned(),
        brand: summary.brand.clone(),
        categories: summary.categories.clone(),
        tags: Vec::new(),
        options,
        media: if row.6 == NoPicture { Vec::new() } else { summary.colors.iter().flat_map(media).collect() },
        variants,
        withdrawn: Vec::new(),
        featured: None,
        status: ProductStatus::Active,
        version: 1,
        created_at: NOW.parse().unwrap(),
        published_at: summary.published_at,
    }
}

fn path_of(category: &str) -> String {
    category.to_lowercase().replace(" > ", "/").replace(' ', "-")
}

async fn list(Query(query): Query<ProductQuery>, headers: HeaderMap) -> Response {
    record(&LISTS, &headers, query.category.clone().unwrap_or_default());
    let request = |text: &Option<String>| {
        text.as_deref().map(|it| it.split(',').map(str::to_owned).collect::<Vec<_>>())
    };
    let (category, brand, colour) =
        (request(&query.category), request(&query.brand), request(&query.color));
    let cents = |text: &Option<String>| text.as_deref().map(|it| it.parse::<i64>().unwrap());
    let (low, high) = (cents(&query.price_min), cents(&query.price_max));
    let q = query.q.as_deref().unwrap_or_default().to_lowercase();
    let fits = |it: &ProductSummary, without: &str| {
        let path = path_of(&it.categories[0]);
        let in_category = |wanted: &String| path.starts_with(path_of(wanted).as_str());
        it.name.to_lowercase().contains(&q)
            && (without == "category"
                || category.as_ref().is_none_or(|all| all.iter().any(in_category)))
            && (without == "brand"
                || brand.as_ref().is_none_or(|all| all.contains(it.brand.as_ref().unwrap())))
            && (without == "color"
                || colour
                    .as_ref()
                    .is_none_or(|all| all.iter().any(|word| it.colors.contains(word))))
            && low.is_none_or(|low| it.price.rounded().amount >= low)
            && high.is_none_or(|high| it.price.rounded().amount <= high)
            && (without == "in_stock" || query.in_stock.is_none() || it.in_stock)
            && (query.reduced.is_none() || it.reduction.is_some())
            && (query.new.is_none() || it.is_new)
    };
    let all: Vec<ProductSummary> = ROWS.iter().map(summary).collect();
    let mut found: Vec<ProductSummary> = all.iter().filter(|it| fits(it, "")).cloned().collect();
    sort(&mut found, query.sort.as_deref());
    let count = |facet: &str, labels: &dyn Fn(&ProductSummary) -> Vec<(String, String)>| {
        let mut counts: BTreeMap<(String, String), u64> = BTreeMap::new();
        for it in &all {
            for label in labels(it) {
                *counts.entry(label).or_default() += u64::from(fits(it, facet));
            }
        }
        let value = |((value, label), count)| FacetValue { value, label, count };
        (facet.to_owned(), counts.into_iter().map(value).collect::<Vec<_>>())
    };
    let plain = |text: &String| (text.clone(), text.clone());
    let levels = |it: &ProductSummary| {
        let whole = &it.categories[0];
        let top = whole.split(" > ").next().unwrap().to_owned();
        vec![(path_of(&top), top), (path_of(whole), whole.clone())]
    };
    let facets = BTreeMap::from([
        count("category", &levels),
        count("brand", &|it| it.brand.iter().map(plain).collect()),
        count("color", &|it| it.colors.iter().map(plain).collect()),
        count("in_stock", &|it| {
            if it.in_stock { vec![("true".to_owned(), "In stock".to_owned())] } else { vec![] }
        }),
    ]);
    let (from, limit) =
        match query.cursor.map(Cursor::from).map(|cursor| cursor.decode::<usize>("products")) {
            Some(Err(_)) => {
                return problem_response(Problem::new(
                    400,
                    kernel::codes::INVALID_CURSOR,
                    "begin again without a cursor",
                ));
            }
            Some(Ok(from)) => (from, query.limit),
            None => (0, query.limit),
        };
    let limit: usize = limit.map_or(20, |it| it.parse().unwrap());
    Json(page(found, facets, from, limit)).into_response()
}

fn sort(found: &mut [ProductSummary], by: Option<&str>) {
    match by {
        Some("price") => found.sort_by_key(|it| it.price.rounded().amount),
        Some("-price") => found.sort_by_key(|it| -it.price.rounded().amount),
        Some("name") => found.sort_by(|one, two| one.name.cmp(&two.name)),
        Some("newest") => found.sort_by_key(|it| std::cmp::Reverse(it.published_at)),
        _ => {}
    }
}

fn page(
    found: Vec<ProductSummary>,
    facets: BTreeMap<String, Vec<FacetValue>>,
    from: usize,
    limit: usize,
) -> ProductPage {
    let prices = found.iter().map(|it| it.price);
    let by_amount = |it: &UnitPrice| it.rounded().amount;
    let range = prices.clone().min_by_key(by_amount).zip(prices.max_by_key(by_amount));
    let total = found.len();
    let items: Vec<_> = found.into_iter().skip(from).take(limit).collect();
    let next = from + items.len();
    ProductPage {
        items,
        facets,
        price_range: range.map(|(min, max)| PriceRange { min, max }),
        total: total as u64,
        total_unfiltered: ROWS.len() as u64,
        did_you_mean: (total == 0).then(|| "lamp".to_owned()),
        next_cursor: (next < total).then(|| Cursor::encode("products", &next)),
    }
}

async fn categories() -> Json<Categories> {
    let mut tree: BTreeMap<&str, BTreeMap<&str, u64>> = BTreeMap::new();
    for row in ROWS {
        let (top, below) = row.3.split_once(" > ").unwrap();
        *tree.entry(top).or_default().entry(below).or_default() += 1;
    }
    let category = |path: String, name: &str, count, children| Category {
        slug: path_of(&path),
        name: name.to_owned(),
        path,
        count,
        children,
    };
    let items = tree.into_iter().map(|(top, below)| {
        let count = below.values().sum();
        let children = below
            .into_iter()
            .map(|(name, count)| category(format!("{top} > {name}"), name, count, Vec::new()));
        category(top.to_owned(), top, count, children.collect())
    });
    Json(Categories { items: items.collect() })
}

async fn product(Path(id): Path<String>, headers: HeaderMap) -> Response {
    let id = id.to_lowercase();
    let Some(row) = ROWS.iter().find(|row| row.0 == id || id_of(row.0).to_string() == id) else {
        return problem_response(Problem::not_found("product", id));
    };
    record(&VIEWS, &headers, id);
    Json(full(row)).into_response()
}

async fn price_history(Path(id): Path<ProductId>) -> Response {
    let row = ROWS.iter().find(|row| id_of(row.0) == id).unwrap();
    let past = |from: &str, price| PastPrice { from: from.parse().unwrap(), price };
    let history = full(row).variants.into_iter().map(|variant| {
        let mut prices = vec![past("2025-01-01T00:00:00Z", variant.price)];
        if let Some(reduction) = variant.reduction {
            prices = vec![
                past("2025-01-01T00:00:00Z", euros("95")),
                past("2025-09-20T00:00:00Z", reduction.prior_price),
                past("2025-11-14T08:00:00Z", variant.price),
            ];
        }
        VariantPriceHistory { sku: variant.sku, prices, reduction: variant.reduction }
    });
    Json(PriceHistory { variants: history.collect() }).into_response()
}

#[derive(serde::Deserialize)]
struct SuggestionQuery {
    q: String,
}

async fn suggestions(Query(request): Query<SuggestionQuery>) -> Json<Suggestions> {
    let q = request.q.to_lowercase();
    let all: Vec<_> =
        ROWS.iter().map(summary).filter(|it| it.name.to_lowercase().contains(&q)).collect();
    let lighting =
        FacetValue { value: "lighting".to_owned(), label: "Lighting".to_owned(), count: 4 };
    Json(Suggestions {
        total: all.len() as u64,
        products: all.into_iter().take(6).collect(),
        categories: vec![lighting],
    })
}

#[derive(Debug)]
struct FakeCatalogue;

#[async_trait]
impl Catalogue for FakeCatalogue {
    async fn variants(&self, skus: Vec<Sku>) -> Result<Vec<VariantFacts>, CallError> {
        let products = ROWS.iter().map(full);
        let facts = products.flat_map(|product| {
            let variants = product.variants.iter().filter(|it| skus.contains(&it.sku));
            variants.map(|variant| facts(&product, variant)).collect::<Vec<_>>()
        });
        Ok(facts.collect())
    }
}

fn facts(product: &Product, variant: &Variant) -> VariantFacts {
    let media = product.media.iter().find(|it| it.skus.contains(&variant.sku));
    VariantFacts {
        sku: variant.sku.clone(),
        product_id: product.id,
        slug: product.slug.clone(),
        name: product.name.clone(),
        options: variant.options.clone(),
        price: variant.price,
        image: media.map(|media| media.image.clone()),
        for_sale: true,
        in_stock: variant.in_stock,
        only_left: variant.only_left,
        weight_grams: variant.weight_grams,
    }
}
