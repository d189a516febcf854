//! Fake shop with the import endpoint: in memory, and as strict as the contract.

use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    http::StatusCode,
    response::IntoResponse,
    routing::{get, post},
};
use contracts::{
    cart::ShopTerms,
    codes,
    product::{
        IMPORT_PRODUCTS_MAX, ImportBatch, ImportOutcome, ImportReport, NewProduct, NewVariant,
        RefusedPicture, RefusedVariant,
    },
    shared::Sku,
};
use kernel::{Currency, Ids, ManualClock, Problem, SeededRandomness};
use parking_lot::Mutex;
use shop_client::{EdgeClient, RetryPolicy};
use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};
use tokio::{net::TcpListener, task::JoinSet};

/// The largest request body that it accepts.
const BODY_BYTES_MAX: usize = 1 << 20;
const NAME_CHARACTERS_MAX: usize = 255;
const DESCRIPTION_BYTES_MAX: usize = 64 * 1024;

/// Name of a product for which the shop rejects a whole batch.
pub(crate) const POISON: &str = "Poison";

type Products = Arc<Mutex<BTreeMap<String, NewProduct>>>;

pub(crate) struct FakeShop {
    pub(crate) edge: EdgeClient,
    products: Products,
    currency: Arc<Mutex<String>>,
    _server: JoinSet<()>,
}

impl FakeShop {
    pub(crate) async fn start() -> Self {
        let products = Products::default();
        let import = Router::new().route("/api/v1/products/import", post(import_batch));
        let currency = Arc::new(Mutex::new("EUR".to_owned()));
        let own = currency.clone();
        let terms = get(move || std::future::ready(shop_terms(&own.lock())));
        let import = import.route("/api/v1/shop", terms);
        let router =
            import.layer(axum::extract::DefaultBodyLimit::disable()).with_state(products.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, router).await.unwrap() });
        let clock = ManualClock::at("2026-01-01T00:00:00Z".parse().unwrap());
        let ids = Ids::new(Arc::new(clock), Arc::new(SeededRandomness::new(1)));
        let edge = EdgeClient::new(&address, RetryPolicy::default(), ids).unwrap();
        Self { edge, products, currency, _server: server }
    }

    pub(crate) fn product(&self, slug: &str) -> NewProduct {
        self.products.lock()[slug].clone()
    }

    /// Changes the shop's currency; an empty one is not told.
    pub(crate) fn sell_in(&self, currency: &str) {
        currency.clone_into(&mut self.currency.lock());
    }

    /// Every product, by slug.
    pub(crate) fn products(&self) -> Vec<NewProduct> {
        self.products.lock().values().cloned().collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.products.lock().len()
    }
}

fn shop_terms(currency: &str) -> impl IntoResponse + use<> {
    let Ok(currency) = Currency::parse(currency) else {
        let problem = Problem::new(404, kernel::codes::NOT_FOUND, "nothing is at this address");
        return Err((StatusCode::NOT_FOUND, Json(problem)));
    };
    Ok(Json(ShopTerms { currency, country: "DE".to_owned(), prices_include_tax: true }))
}

async fn import_batch(State(products): State<Products>, body: Bytes) -> impl IntoResponse {
    let reject = |status: u16, problem: Problem| {
        let status = StatusCode::from_u16(status).unwrap();
        (status, Json(serde_json::to_value(problem).unwrap()))
    };
    if body.len() > BODY_BYTES_MAX {
        return reject(
            413,
            Problem::new(413, kernel::codes::BODY_TOO_LARGE, "the body is too large"),
        );
    }
    let batch: ImportBatch = match serde_json::from_slice(&body) {
        Ok(batch) => batch,
        Err(error) => return reject(422, Problem::field("body", error.to_string())),
    };
    if batch.products.iter().any(|product| product.name == POISON) {
        return reject(422, Problem::field("products", "have one that cannot be read"));
    }
    if batch.products.len() > IMPORT_PRODUCTS_MAX {
        return reject(422, Problem::field("products", "are too many"));
    }
    let batch_mode = (batch.dry_run, batch.keep_variants);
    let mut products = products.lock();
    let accept_one = |product: NewProduct| accept(&mut products, product, batch_mode);
    let outcomes = batch.products.into_iter().map(accept_one).collect();
    (StatusCode::OK, Json(serde_json::to_value(ImportReport { outcomes }).unwrap()))
}

fn accept(
    products: &mut BTreeMap<String, NewProduct>,
    mut product: NewProduct,
    (dry_run, keep_variants): (bool, bool),
) -> ImportOutcome {
    // A real shop's sanitiser writes some characters longer.
    product.description = product.description.replace("&amp;", "&amp;amp;");
    if let Err((field, message)) = validate(&product) {
        return rejected(field, message);
    }
    let refused_pictures = refused_pictures(&product);
    let is_taken = |index: usize| refused_pictures.iter().all(|it| it.index != index);
    let media = std::mem::take(&mut product.media).into_iter().enumerate();
    product.media = media.filter(|(index, _)| is_taken(*index)).map(|(_, it)| it).collect();
    let slug =
        product.slug.clone().unwrap_or_else(|| product.name.to_lowercase().replace(' ', "-"));
    let refused = refusals(products, &slug, &product);
    if refused.len() == product.variants.len() {
        let first = &refused[0];
        let (code, subject) = match first.code.as_str() {
            "sku_taken" => (Some(codes::SKU_TAKEN), Some(first.sku.to_string())),
            _ => (None, None),
        };
        let (field, message) = ("variants".to_owned(), first.message.clone());
        return ImportOutcome::Rejected { field, message, code, subject };
    }
    let known = products.get(&slug);
    let before = known.map(|it| it.variants.clone()).unwrap_or_default();
    let refused_options: Vec<_> =
        refused.iter().map(|it| product.variants[it.index].options.clone()).collect();
    product.variants.retain(|it| refused.iter().all(|refused| refused.sku != it.sku));
    let is_new = |it: &NewVariant| before.iter().all(|known| known.sku != it.sku);
    let added: Vec<Sku> = product.variants.iter().filter(|it| is_new(it)).map(sku_of).collect();
    let is_missing = |it: &&NewVariant| product.variants.iter().all(|new| new.sku != it.sku);
    let stays = |it: &NewVariant| keep_variants || refused_options.contains(&it.options);
    let (kept, gone): (Vec<&NewVariant>, Vec<&NewVariant>) =
        before.iter().filter(is_missing).partition(|it| stays(it));
    let withdrawn = gone.into_iter().map(sku_of).collect();
    product.variants.extend(kept.into_iter().cloned().collect::<Vec<_>>());
    let outcome = match known {
        None => ImportOutcome::Created { refused, refused_pictures },
        Some(known) if is_same(known, &product) => {
            return ImportOutcome::Unchanged { refused, refused_pictures };
        }
        Some(_) => {
            ImportOutcome::Updated { added, withdrawn, renamed: vec![], refused, refused_pictures }
        }
    };
    if !dry_run {
        products.insert(slug, product);
    }
    outcome
}

/// Whether two products are equal, but for the order of their variants, which the options follow.
fn is_same(one: &NewProduct, other: &NewProduct) -> bool {
    let sorted = |product: &NewProduct| {
        let mut product = NewProduct { options: vec![], ..product.clone() };
        product.variants.sort_by_key(|it| it.sku.key());
        product
    };
    sorted(one) == sorted(other)
}

fn sku_of(variant: &NewVariant) -> Sku {
    variant.sku.clone()
}

/// Variants of the product that the shop does not take.
fn refusals(
    products: &BTreeMap<String, NewProduct>,
    slug: &str,
    product: &NewProduct,
) -> Vec<RefusedVariant> {
    let others =
        products.iter().filter(|(known, _)| *known != slug).flat_map(|(_, it)| &it.variants);
    let taken: HashSet<&Sku> = others.map(|variant| &variant.sku).collect();
    let refusal = |(index, variant): (usize, &NewVariant)| {
        let is_bad = variant.barcode.as_deref().is_some_and(|it| it.starts_with("BAD"));
        let (code, field) = match (taken.contains(&variant.sku), is_bad) {
            (true, _) => (codes::SKU_TAKEN.to_string(), "sku"),
            (_, true) => ("invalid_field".to_owned(), "barcode"),
            _ => return None,
        };
        let (sku, field) = (variant.sku.clone(), field.to_owned());
        Some(RefusedVariant { index, sku, code, field, message: "is not taken".to_owned() })
    };
    product.variants.iter().enumerate().filter_map(refusal).collect()
}

/// Pictures that name a variant which the product does not have.
fn refused_pictures(product: &NewProduct) -> Vec<RefusedPicture> {
    let has = |sku: &Sku| product.variants.iter().any(|variant| variant.sku == *sku);
    let pictures = product.media.iter().enumerate();
    let refused = pictures.filter(|(_, picture)| !picture.skus.iter().all(has));
    refused
        .map(|(index, _)| RefusedPicture {
            index,
            field: "skus".to_owned(),
            message: "names an unknown variant".to_owned(),
        })
        .collect()
}

fn rejected(field: String, message: String) -> ImportOutcome {
    ImportOutcome::Rejected { field, message, code: None, subject: None }
}

fn validate(product: &NewProduct) -> Result<(), (String, String)> {
    let reject = |field: &str, message: &str| Err((field.to_owned(), message.to_owned()));
    let slug = product.slug.as_deref().unwrap_or("x");
    let plain = slug.chars().all(|letter| {
        letter == '-' || letter.is_alphanumeric() && letter.to_lowercase().eq([letter])
    });
    if !plain
        || slug.is_empty()
        || slug.starts_with('-')
        || slug.ends_with('-')
        || slug.contains("--")
    {
        return reject("slug", "is no address");
    }
    if product.name.trim().is_empty() || product.name.chars().count() > NAME_CHARACTERS_MAX {
        return reject("name", "is empty or too long");
    }
    if product.variants.is_empty() {
        return reject("variants", "are missing");
    }
    let texts = product.tags.iter().chain(&product.categories).chain([&product.name]);
    if texts
        .map(String::as_str)
        .chain(product.variants.iter().map(|it| it.sku.as_str()))
        .any(|text| text.chars().any(char::is_control))
    {
        return reject("text", "has control characters");
    }
    let options: HashSet<&String> = product.options.iter().map(|option| &option.name).collect();
    let mut choices = HashSet::new();
    if product.description.len() > DESCRIPTION_BYTES_MAX {
        return reject("description", "is too long");
    }
    for variant in &product.variants {
        if variant.options.keys().collect::<HashSet<_>>() != options {
            return reject("options", "are not those of the product");
        }
        if !choices.insert(variant.options.values().collect::<Vec<_>>()) {
            return reject("options", "are chosen twice");
        }
        if Sku::parse(variant.sku.as_str()).is_err() {
            return reject("sku", "is none");
        }
    }
    for media in &product.media {
        let url = &media.image.url;
        let here = url.starts_with('/') && !url.starts_with("//");
        let elsewhere =
            ["https://", "http://"].iter().any(|scheme| url.to_lowercase().starts_with(scheme));
        if !(elsewhere || here) || url.chars().any(char::is_whitespace) {
            return reject("media", "is no address of a picture");
        }
    }
    Ok(())
}
