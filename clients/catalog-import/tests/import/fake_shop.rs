//! Fake shop with the import endpoint: in memory, and as strict as the contract.

use axum::{
    Json, Router, body::Bytes, extract::State, http::StatusCode, response::IntoResponse,
    routing::post,
};
use contracts::{
    product::{IMPORT_PRODUCTS_MAX, ImportBatch, ImportOutcome, ImportReport, NewProduct},
    shared::Sku,
};
use kernel::{Ids, ManualClock, Problem, SeededRandomness, codes};
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

type Products = Arc<Mutex<BTreeMap<String, NewProduct>>>;

pub(crate) struct FakeShop {
    pub(crate) edge: EdgeClient,
    products: Products,
    _server: JoinSet<()>,
}

impl FakeShop {
    pub(crate) async fn start() -> Self {
        let products = Products::default();
        let import = Router::new().route("/api/v1/products/import", post(import_batch));
        let router =
            import.layer(axum::extract::DefaultBodyLimit::disable()).with_state(products.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, router).await.unwrap() });
        let clock = ManualClock::at("2026-01-01T00:00:00Z".parse().unwrap());
        let ids = Ids::new(Arc::new(clock), Arc::new(SeededRandomness::new(1)));
        let edge = EdgeClient::new(&address, RetryPolicy::default(), ids).unwrap();
        Self { edge, products, _server: server }
    }

    pub(crate) fn product(&self, slug: &str) -> NewProduct {
        self.products.lock()[slug].clone()
    }

    pub(crate) fn len(&self) -> usize {
        self.products.lock().len()
    }
}

async fn import_batch(State(products): State<Products>, body: Bytes) -> impl IntoResponse {
    let reject = |status: u16, problem: Problem| {
        let status = StatusCode::from_u16(status).unwrap();
        (status, Json(serde_json::to_value(problem).unwrap()))
    };
    if body.len() > BODY_BYTES_MAX {
        return reject(413, Problem::new(413, codes::BODY_TOO_LARGE, "the body is too large"));
    }
    let batch: ImportBatch = match serde_json::from_slice(&body) {
        Ok(batch) => batch,
        Err(error) => return reject(422, Problem::field("body", error.to_string())),
    };
    if batch.products.len() > IMPORT_PRODUCTS_MAX {
        return reject(422, Problem::field("products", "are too many"));
    }
    let mut products = products.lock();
    let accept_one = |product: NewProduct| accept(&mut products, product, batch.dry_run);
    let outcomes = batch.products.into_iter().map(accept_one).collect();
    (StatusCode::OK, Json(serde_json::to_value(ImportReport { outcomes }).unwrap()))
}

fn accept(
    products: &mut BTreeMap<String, NewProduct>,
    product: NewProduct,
    dry_run: bool,
) -> ImportOutcome {
    if let Err((field, message)) = validate(products, &product) {
        return ImportOutcome::Rejected { field: field.to_owned(), message };
    }
    let slug =
        product.slug.clone().unwrap_or_else(|| product.name.to_lowercase().replace(' ', "-"));
    let outcome = match products.get(&slug) {
        None => ImportOutcome::Created { refused: vec![] },
        Some(known) if *known == product => ImportOutcome::Unchanged { refused: vec![] },
        Some(_) => ImportOutcome::Updated {
            added: vec![],
            withdrawn: vec![],
            renamed: vec![],
            refused: vec![],
        },
    };
    if !dry_run {
        products.insert(slug, product);
    }
    outcome
}

fn validate(
    products: &BTreeMap<String, NewProduct>,
    product: &NewProduct,
) -> Result<(), (&'static str, String)> {
    let reject = |field, message: &str| Err((field, message.to_owned()));
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
    let taken =
        products.iter().filter(|(known, _)| *known != slug).flat_map(|(_, it)| &it.variants);
    let taken: HashSet<&Sku> = taken.map(|variant| &variant.sku).collect();
    for variant in &product.variants {
        if variant.options.keys().collect::<HashSet<_>>() != options {
            return reject("options", "are not those of the product");
        }
        if !choices.insert(variant.options.values().collect::<Vec<_>>()) {
            return reject("options", "are chosen twice");
        }
        if Sku::parse(variant.sku.as_str()).is_err() || taken.contains(&variant.sku) {
            return reject("sku", "is taken or none");
        }
    }
    for media in &product.media {
        let url = &media.image.url;
        let here = url.starts_with('/') && !url.starts_with("//");
        if !(url.starts_with("https://") || here) || url.chars().any(char::is_whitespace) {
            return reject("media", "is no address of a picture");
        }
    }
    Ok(())
}
