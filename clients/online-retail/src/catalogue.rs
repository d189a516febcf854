//! Catalogue of the invoices: one product for each stock code, with one variant for each price it sells at.
//!
//! The same code is often sold at several prices on the same day, to different customers. Changing the price between two
//! orders would make orders wait for each other and charge some the wrong price, so the price is an option of the product
//! instead. The SKU of the variant at the latest usual price is the code itself, and its price history has the dates on
//! which the usual price changed; the SKUs of the others are like `85123A@2.95`.
//!
//! Products and SKUs that the shop has already stay: files of later months add variants and rename none.

use crate::{
    books::{Books, StockCode, StockKey},
    error::ReplayError,
    pounds::Pounds,
};
use contracts::{
    product::{
        IMPORT_PRODUCTS_MAX, ImportBatch, ImportOutcome, ImportReport, NewProduct, NewVariant,
        PastPrice, Product, ProductOption, ProductStatus,
    },
    shared::Sku,
};
use futures_util::{StreamExt, TryStreamExt, stream};
use kernel::codes;
use shop_client::{CallError, EdgeClient, ProgressMeter};
use std::collections::{HashMap, HashSet};

/// The option that tells the variants of a code apart.
const OPTION: &str = "Price";
/// The most bytes of products in one batch, well below the size limit of a request.
const BATCH_BYTES_MAX: usize = 600 * 1024;
/// The most earlier prices of a variant.
const HISTORY_MAX: usize = 100;

/// SKUs of the shop, by variant and by stock code.
#[derive(Debug)]
pub(crate) struct Skus {
    variants: HashMap<usize, Sku>,
    usual: HashMap<usize, Sku>,
}

impl Skus {
    /// The SKU of a variant.
    pub(crate) fn variant(&self, variant: usize) -> &Sku {
        &self.variants[&variant]
    }

    /// The SKU of a stock code, which is sold or corrected, at its usual price.
    pub(crate) fn usual(&self, code: usize) -> &Sku {
        &self.usual[&code]
    }

    pub(crate) fn sku(&self, key: StockKey) -> &Sku {
        match key {
            StockKey::Variant(variant) => self.variant(variant),
            StockKey::Usual(code) => self.usual(code),
        }
    }
}

/// Imports a product for every stock code that is sold or corrected, and returns the SKUs.
pub(crate) async fn import_catalogue(
    books: &Books,
    operator: &EdgeClient,
    parallel: usize,
    meter: &ProgressMeter,
) -> Result<Skus, ReplayError> {
    let slugs = slugs(books);
    let known: HashMap<usize, Product> = stream::iter(&slugs)
        .map(|(code, slug)| async move {
            let product = fetch_product(operator, slug).await?;
            meter.advance(1);
            Ok::<_, ReplayError>(product.map(|product| (*code, product)))
        })
        .buffer_unordered(parallel)
        .try_filter_map(|product| async move { Ok(product) })
        .try_collect()
        .await?;
    let mut skus = Skus { variants: HashMap::new(), usual: HashMap::new() };
    let mut wanted = Vec::new();
    for (code, slug) in slugs {
        let prices = Prices::of(books, code, known.get(&code))?;
        for &variant in &books.goods.codes[code].variants {
            skus.variants.insert(variant, prices.sku(books.goods.variants[variant].price)?);
        }
        skus.usual.insert(code, prices.code.clone());
        wanted.extend(prices.product(books, code, slug, known.get(&code))?);
    }
    stream::iter(batches(wanted))
        .map(|batch| import_batch(operator, batch))
        .buffer_unordered(parallel)
        .try_collect::<Vec<()>>()
        .await?;
    Ok(skus)
}

/// Stock codes that need a product, each with a slug of its own.
fn slugs(books: &Books) -> Vec<(usize, String)> {
    let mut taken = HashSet::new();
    let codes = books.goods.codes.iter().enumerate();
    let needed =
        codes.filter(|(_, stock_code)| !stock_code.variants.is_empty() || stock_code.is_corrected);
    let slug = |(code, stock_code): (usize, &StockCode)| {
        let words = stock_code.code.split(|letter: char| !letter.is_ascii_alphanumeric());
        let slug = words
            .filter(|word| !word.is_empty())
            .collect::<Vec<_>>()
            .join("-")
            .to_ascii_lowercase();
        // Two codes may differ only in characters that a slug cannot have.
        let bytes =
            || stock_code.code.bytes().map(|byte| byte.to_string()).collect::<Vec<_>>().join("-");
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

async fn fetch_product(operator: &EdgeClient, slug: &str) -> Result<Option<Product>, ReplayError> {
    match operator.get(format!("/api/v1/products/{}", contracts::path_segment(slug))).send().await {
        Ok(product) => Ok(Some(product)),
        Err(error) if error.problem(&codes::NOT_FOUND).is_some() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Prices of a stock code, and the SKUs of its variants.
struct Prices {
    code: Sku,
    /// Price of the variant whose SKU is the code itself.
    usual: Pounds,
}

impl Prices {
    fn of(books: &Books, code: usize, known: Option<&Product>) -> Result<Self, ReplayError> {
        let stock_code = &books.goods.codes[code];
        let code = parse_sku(&stock_code.code)?;
        let named = known.and_then(|product| product.variants.iter().find(|it| it.sku == code));
        let price =
            named.and_then(|variant| Pounds::parse(&variant.price.to_decimal().to_string()));
        Ok(Self { code, usual: price.unwrap_or_else(|| stock_code.price()) })
    }

    fn sku(&self, price: Pounds) -> Result<Sku, ReplayError> {
        if price == self.usual {
            return Ok(self.code.clone());
        }
        parse_sku(&format!("{}@{}", self.code, price.to_plain_string()))
    }

    /// The product to import; nothing if the shop has all of it.
    fn product(
        &self,
        books: &Books,
        code: usize,
        slug: String,
        known: Option<&Product>,
    ) -> Result<Option<NewProduct>, ReplayError> {
        let stock_code = &books.goods.codes[code];
        let variants =
            stock_code.variants.iter().map(|variant| books.goods.variants[*variant].price);
        let mut prices: Vec<Pounds> = std::iter::once(self.usual).chain(variants).collect();
        prices.sort_unstable();
        prices.dedup();
        let mut values: Vec<String> = prices.iter().map(|price| price.to_plain_string()).collect();
        let has = |sku: &Sku| {
            known.is_some_and(|product| product.variants.iter().any(|it| it.sku == *sku))
        };
        let history = stock_code.usual_prices();
        let mut variants = Vec::new();
        for price in prices {
            let sku = self.sku(price)?;
            if !has(&sku) {
                variants.push(self.variant(sku, price, &history));
            }
        }
        if variants.is_empty() {
            return Ok(None);
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
        let kind = if stock_code.has_stock() { "Gifts" } else { "Postage and fees" };
        let sold = !stock_code.variants.is_empty();
        Ok(Some(NewProduct {
            slug: Some(slug),
            name: known.map_or_else(|| stock_code.name.clone(), |product| product.name.clone()),
            description: known.map_or_else(String::new, |product| product.description.clone()),
            brand: known.and_then(|product| product.brand.clone()),
            categories: known
                .map_or_else(|| vec![kind.to_owned()], |product| product.categories.clone()),
            tags: known.map_or_else(Vec::new, |product| product.tags.clone()),
            options: vec![ProductOption { name: OPTION.to_owned(), values }],
            variants: variants.into_iter().flatten().collect(),
            media: known.map_or_else(Vec::new, |product| product.media.clone()),
            featured: None,
            // A code that was only ever corrected is not for sale.
            status: if sold { ProductStatus::Active } else { ProductStatus::Draft },
        }))
    }

    fn variant(
        &self,
        sku: Sku,
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
            sku,
            options: [(OPTION.to_owned(), price.to_plain_string())].into(),
            price: price.unit_price()?,
            price_history: earlier,
            compare_at_price: None,
            stock: None,
            untracked: false,
            weight_grams: 0,
            barcode: None,
        })
    }
}

fn parse_sku(text: &str) -> Result<Sku, ReplayError> {
    let refused =
        |invalid| ReplayError::Refused { what: format!("stock code {text:?}: it {invalid}") };
    Sku::parse(text).map_err(refused)
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

async fn import_batch(operator: &EdgeClient, products: Vec<NewProduct>) -> Result<(), ReplayError> {
    let batch = ImportBatch { products, dry_run: false, keep_variants: true };
    let report: Result<ImportReport, CallError> =
        operator.post("/api/v1/products/import").json(&batch).send().await;
    let outcomes = report?.outcomes;
    for (product, outcome) in batch.products.into_iter().zip(outcomes) {
        if let ImportOutcome::Rejected { field, message, .. } = outcome {
            let what = format!("product {}: {field}: {message}", product.slug.unwrap_or_default());
            return Err(ReplayError::Refused { what });
        }
    }
    Ok(())
}
