//! The goods of the invoices as products of the shop: one product a code, one variant for each price it sells at.
//!
//! The same code is often sold at several prices on the same day, to different customers. So a price is not something
//! to be changed between two orders, which would make orders wait for each other and charge some the wrong price: it
//! is an option of the product. The variant named like the code is the one at the price that was usual last, and the
//! dates on which the usual price changed are its price history; the others are named `85123A@2.95`.
//!
//! What the shop has already stays as it is called there: files of later months add variants and rename none.

use crate::{
    books::{Books, Good, Shelf},
    failure::ReplayFailure,
    pounds::Pounds,
};
use contracts::product::{
    IMPORT_PRODUCTS_MAX, ImportBatch, ImportOutcome, ImportReport, NewProduct, NewVariant,
    PastPrice, Product, ProductOption, ProductStatus,
};
use futures_util::{StreamExt, TryStreamExt, stream};
use kernel::codes;
use shop_client::{CallError, EdgeClient, ProgressMeter};
use std::collections::{HashMap, HashSet};

/// The option that tells the variants of a code apart.
const OPTION: &str = "Price";
/// The most bytes of products in one batch, well below what the shop takes in one request.
const BATCH_BYTES_MAX: usize = 600 * 1024;
/// The most earlier prices that come with a variant.
const HISTORY_MAX: usize = 100;

/// What every article is called in the shop.
#[derive(Debug)]
pub(crate) struct Skus {
    articles: Vec<String>,
    usual: HashMap<usize, String>,
}

impl Skus {
    /// The SKU of an article.
    pub(crate) fn article(&self, article: usize) -> &str {
        &self.articles[article]
    }

    /// The SKU of a code at its usual price.
    pub(crate) fn usual(&self, code: usize) -> &str {
        self.usual.get(&code).map_or("", String::as_str)
    }

    pub(crate) fn on(&self, place: Shelf) -> &str {
        match place {
            Shelf::Article(article) => self.article(article),
            Shelf::Usual(code) => self.usual(code),
        }
    }
}

/// Brings every code that is sold or counted into the shop.
pub(crate) async fn stock_catalogue(
    books: &Books,
    operator: &EdgeClient,
    parallel: usize,
    work: &ProgressMeter,
) -> Result<Skus, ReplayFailure> {
    let slugs = slugs(books);
    let known: HashMap<usize, Product> = stream::iter(&slugs)
        .map(|(code, slug)| async move {
            let product = product(operator, slug).await?;
            work.advance(1);
            Ok::<_, ReplayFailure>(product.map(|product| (*code, product)))
        })
        .buffer_unordered(parallel)
        .try_filter_map(|found| async move { Ok(found) })
        .try_collect()
        .await?;
    let mut skus =
        Skus { articles: vec![String::new(); books.goods.articles.len()], usual: HashMap::new() };
    let mut wanted = Vec::new();
    for (code, slug) in slugs {
        let prices = Prices::of(books, code, known.get(&code));
        for &article in &books.goods.codes[code].articles {
            skus.articles[article] = prices.sku(books.goods.articles[article].price);
        }
        skus.usual.insert(code, prices.sku(prices.usual));
        wanted.extend(prices.product(books, code, slug, known.get(&code)));
    }
    stream::iter(batches(wanted))
        .map(|batch| import(operator, batch))
        .buffer_unordered(parallel)
        .try_collect::<Vec<()>>()
        .await?;
    Ok(skus)
}

/// Codes that need a product, with its address.
fn slugs(books: &Books) -> Vec<(usize, String)> {
    let mut taken = HashSet::new();
    let codes = books.goods.codes.iter().enumerate();
    let needed = codes.filter(|(_, good)| !good.articles.is_empty() || good.is_corrected);
    let slug = |(code, good): (usize, &Good)| {
        let words = good.code.split(|letter: char| !letter.is_ascii_alphanumeric());
        let slug = words
            .filter(|word| !word.is_empty())
            .collect::<Vec<_>>()
            .join("-")
            .to_ascii_lowercase();
        // Two codes that differ in nothing an address can show.
        let bytes = || good.code.bytes().map(|byte| byte.to_string()).collect::<Vec<_>>().join("-");
        let slug = if slug.is_empty() || taken.contains(&slug) {
            format!("code-{}", bytes())
        } else {
            slug
        };
        taken.insert(slug.clone());
        (code, slug)
    };
    needed.map(slug).collect()
}

async fn product(operator: &EdgeClient, slug: &str) -> Result<Option<Product>, ReplayFailure> {
    match operator.get(format!("/api/v1/products/{}", contracts::path_segment(slug))).send().await {
        Ok(product) => Ok(Some(product)),
        Err(error) if error.problem(&codes::NOT_FOUND).is_some() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The prices of a code and what its variants are called.
struct Prices<'a> {
    code: &'a str,
    /// The price of the variant that is named like the code.
    usual: Pounds,
}

impl<'a> Prices<'a> {
    fn of(books: &'a Books, code: usize, known: Option<&Product>) -> Self {
        let good = &books.goods.codes[code];
        let named = known.and_then(|product| {
            product.variants.iter().find(|variant| variant.sku.eq_ignore_ascii_case(&good.code))
        });
        let price =
            named.and_then(|variant| Pounds::parse(&variant.price.to_decimal().to_string()));
        Self { code: &good.code, usual: price.unwrap_or_else(|| good.price()) }
    }

    fn sku(&self, price: Pounds) -> String {
        if price == self.usual {
            self.code.to_owned()
        } else {
            format!("{}@{}", self.code, price.plain())
        }
    }

    /// The product to import; nothing if the shop has all of it.
    fn product(
        &self,
        books: &Books,
        code: usize,
        slug: String,
        known: Option<&Product>,
    ) -> Option<NewProduct> {
        let good = &books.goods.codes[code];
        let articles = good.articles.iter().map(|article| books.goods.articles[*article].price);
        let mut prices: Vec<Pounds> = std::iter::once(self.usual).chain(articles).collect();
        prices.sort_unstable();
        prices.dedup();
        let mut values: Vec<String> = prices.iter().map(|price| price.plain()).collect();
        let has = |sku: &str| {
            known.is_some_and(|product| {
                product.variants.iter().any(|it| it.sku.eq_ignore_ascii_case(sku))
            })
        };
        prices.retain(|price| !has(&self.sku(*price)));
        if prices.is_empty() {
            return None;
        }
        for option in known.iter().flat_map(|product| &product.options) {
            let more = option
                .values
                .iter()
                .filter(|value| !values.contains(value))
                .cloned()
                .collect::<Vec<_>>();
            values.extend(more);
        }
        let history = good.usual_prices();
        let variants = prices.iter().filter_map(|price| self.variant(*price, &history)).collect();
        let kind = if good.has_stock() { "Gifts" } else { "Postage and fees" };
        let sold = !good.articles.is_empty();
        Some(NewProduct {
            slug: Some(slug),
            name: known.map_or_else(|| good.name.clone(), |product| product.name.clone()),
            description: known.map_or_else(String::new, |product| product.description.clone()),
            brand: known.and_then(|product| product.brand.clone()),
            categories: known
                .map_or_else(|| vec![kind.to_owned()], |product| product.categories.clone()),
            tags: known.map_or_else(Vec::new, |product| product.tags.clone()),
            options: vec![ProductOption { name: OPTION.to_owned(), values }],
            variants,
            media: known.map_or_else(Vec::new, |product| product.media.clone()),
            // What was only ever counted is known, but not for sale.
            status: if sold { ProductStatus::Active } else { ProductStatus::Draft },
        })
    }

    fn variant(
        &self,
        price: Pounds,
        history: &[(kernel::Timestamp, Pounds)],
    ) -> Option<NewVariant> {
        let is_usual = price == self.usual;
        let earlier = history.iter().filter(|_| is_usual).rev().take(HISTORY_MAX);
        let mut earlier: Vec<PastPrice> = earlier
            .filter_map(|(from, price)| Some(PastPrice { from: *from, price: price.unit_price()? }))
            .collect();
        earlier.reverse();
        Some(NewVariant {
            sku: self.sku(price),
            options: [(OPTION.to_owned(), price.plain())].into(),
            price: price.unit_price()?,
            price_history: earlier,
            compare_at_price: None,
            stock: None,
            weight_grams: 0,
            barcode: None,
        })
    }
}

fn batches(products: Vec<NewProduct>) -> Vec<Vec<NewProduct>> {
    let (mut batches, mut bytes) = (vec![Vec::new()], 0);
    for product in products {
        let size = serde_json::to_vec(&product).map_or(0, |text| text.len());
        let batch = batches.last().map_or(0, Vec::len);
        if batch > 0 && (batch == IMPORT_PRODUCTS_MAX || bytes + size > BATCH_BYTES_MAX) {
            batches.push(Vec::new());
            bytes = 0;
        }
        bytes += size;
        if let Some(batch) = batches.last_mut() {
            batch.push(product);
        }
    }
    batches.retain(|batch| !batch.is_empty());
    batches
}

async fn import(operator: &EdgeClient, products: Vec<NewProduct>) -> Result<(), ReplayFailure> {
    let batch = ImportBatch { products, dry_run: false };
    let report: Result<ImportReport, CallError> =
        operator.post("/api/v1/products/import").json(&batch).send().await;
    let outcomes = report?.outcomes;
    for (product, outcome) in batch.products.into_iter().zip(outcomes) {
        if let ImportOutcome::Rejected { field, message } = outcome {
            let what = format!("product {}: {field}: {message}", product.slug.unwrap_or_default());
            return Err(ReplayFailure::Refused { what });
        }
    }
    Ok(())
}
