//! Query handlers: listings, suggestions, single products, price histories, categories and look-ups by SKU.

use super::query_params::{self, ListRequest};
use super::{AppState, audience};
use crate::application::Reader;
use crate::index::{NewFilter, ProductRef, ReductionFilter, SearchQuery, StockFilter};
use contracts::{
    product::{Categories, PriceHistory, Product, ProductPage, ProductQuery, Suggestions, Variant},
    shared::Sku,
};
use http::HeaderMap;
use kernel::Problem;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use transport::Edge;
use web::{ApiResult, Caller, Json, Path, Query, RenderedJson, State, Versioned};

pub(super) async fn list(
    State(app): State<AppState>,
    caller: Caller,
    Query(query): Query<ProductQuery>,
    headers: HeaderMap,
) -> ApiResult<RenderedJson<ProductPage>> {
    let ListRequest { query, cursor, limit } =
        query_params::parse(query, audience(&caller), app.catalogue.new_since())?;
    if query.text.is_some() {
        app.catalogue.index.wait_until_searchable().await;
    }
    let page = app.catalogue.index.products(&query, cursor.as_ref(), limit);
    let page = page.map_err(query_params::invalid_cursor)?;
    // Further pages belong to the activity of the first one.
    if caller.edge == Edge::Shop && cursor.is_none() && !is_prefetch(&headers) {
        record_listing(&app, &query, page.total);
    }
    Ok(RenderedJson::new(page.json))
}

/// Query parameters of the suggestions.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SuggestionQuery {
    /// Text typed so far.
    #[serde(default)]
    q: String,
}

pub(super) async fn suggest(
    State(app): State<AppState>,
    caller: Caller,
    Query(query): Query<SuggestionQuery>,
) -> ApiResult<Json<Suggestions>> {
    query_params::check_length("q", Some(&query.q))?;
    app.catalogue.index.wait_until_searchable().await;
    Ok(Json(app.catalogue.index.suggestions(audience(&caller), &query.q)))
}

pub(super) async fn show(
    State(app): State<AppState>,
    caller: Caller,
    Path(product): Path<String>,
    headers: HeaderMap,
) -> ApiResult<Versioned<RenderedJson<Product>>> {
    let product = find(&app, &caller, &product)?;
    let reader = if caller.edge == Edge::Operator { Reader::Operator } else { Reader::Shopper };
    let shown = app.catalogue.show_rendered(product, reader).await?;
    if caller.edge == Edge::Shop && !is_prefetch(&headers) {
        let details = json!({"slug": shown.slug, "name": shown.name});
        app.activities.record("product.viewed", format!("product:{}", product.id), details);
    }
    Ok(Versioned { version: product.version, answer: RenderedJson::new(shown.json.clone()) })
}

pub(super) async fn price_history(
    State(app): State<AppState>,
    caller: Caller,
    Path(product): Path<String>,
) -> ApiResult<Json<PriceHistory>> {
    let product = find(&app, &caller, &product)?;
    Ok(Json(app.catalogue.price_history(product.id).await?))
}

pub(super) async fn categories(
    State(app): State<AppState>,
    caller: Caller,
) -> ApiResult<Json<Categories>> {
    Ok(Json(app.catalogue.index.categories(audience(&caller))))
}

/// Product by id or slug, if `caller` may see it.
pub(super) fn find(app: &AppState, caller: &Caller, product: &str) -> Result<ProductRef, Problem> {
    let visible = app.catalogue.find(product, audience(caller));
    visible.ok_or_else(|| {
        let shortened: String = product.chars().take(100).collect();
        Problem::not_found("product", format!("{shortened:?}"))
    })
}

/// Variant of a product that is on sale.
pub(super) fn variant_of(product: Product, sku: &Sku) -> Result<Variant, Problem> {
    let variant = product.variants.into_iter().find(|variant| variant.sku == *sku);
    variant.ok_or_else(|| Problem::not_found("variant", sku))
}

/// Whether the browser only prefetches the page, or a page reads it by itself: neither is a view by a person.
fn is_prefetch(headers: &HeaderMap) -> bool {
    let purpose = headers.get("sec-purpose").and_then(|value| value.to_str().ok());
    purpose.is_some_and(|purpose| purpose.contains("prefetch"))
}

/// Activity record of a listing or a search, with the conditions that were set.
fn record_listing(app: &AppState, query: &SearchQuery, total: u64) {
    let mut details = Map::new();
    let mut add = |name: &str, value: Value| {
        if !value.is_null() {
            details.insert(name.to_owned(), value);
        }
    };
    add("q", json!(query.text));
    add("category", json!(query.category));
    add("brand", json!(query.brand));
    add("color", json!(query.color));
    add("price_min", json!(query.price_min));
    add("price_max", json!(query.price_max));
    if query.stock == StockFilter::InStock {
        add("in_stock", json!(true));
    }
    if query.reduced == ReductionFilter::Only {
        add("reduced", json!(true));
    }
    if query.new == NewFilter::Only {
        add("new", json!(true));
    }
    add("found", json!(total));
    let searched = query.text.as_deref().is_some_and(|text| !text.trim().is_empty());
    let action = if searched { "product.searched" } else { "product.listed" };
    app.activities.record(action, "products".to_owned(), Value::Object(details));
}
