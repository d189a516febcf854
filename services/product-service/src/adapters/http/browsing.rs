//! Looking at the catalogue.

use super::wish::{self, Asked};
use super::{Doors, audience};
use crate::index::{Known, Reduced, Stock, Wish};
use axum::extract::State;
use contracts::product::{
    Categories, PriceHistory, Product, ProductPage, ProductQuery, Suggestions, VariantFactsList,
    VariantLookup,
};
use http::HeaderMap;
use kernel::Problem;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use transport::Edge;
use web::{ApiResult, Caller, Json, Path, Query, Versioned};

/// The most SKUs that are looked up at once.
const LOOKED_UP_SKUS_MAX: usize = 1_000;

pub(super) async fn list(
    State(doors): State<Doors>,
    caller: Caller,
    Query(query): Query<ProductQuery>,
) -> ApiResult<Json<ProductPage>> {
    let Asked { wish, cursor, limit } = wish::asked(query, audience(&caller))?;
    if wish.text.is_some() {
        doors.catalogue.index.searchable().await;
    }
    let page = doors.catalogue.index.products(&wish, cursor.as_ref(), limit);
    let page = page.map_err(wish::wrong_cursor)?;
    if caller.edge == Edge::Shop {
        // A further page is the same look at the list, continued.
        if cursor.is_none() {
            note_list(&doors, &wish, page.total);
        }
    }
    Ok(Json(page))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SuggestionQuery {
    /// What was typed so far.
    #[serde(default)]
    q: String,
}

pub(super) async fn suggest(
    State(doors): State<Doors>,
    caller: Caller,
    Query(query): Query<SuggestionQuery>,
) -> ApiResult<Json<Suggestions>> {
    wish::short("q", Some(&query.q))?;
    doors.catalogue.index.searchable().await;
    Ok(Json(doors.catalogue.index.suggestions(audience(&caller), &query.q)))
}

pub(super) async fn show(
    State(doors): State<Doors>,
    caller: Caller,
    Path(product): Path<String>,
    headers: HeaderMap,
) -> ApiResult<Versioned<Json<Product>>> {
    let known = known(&doors, &caller, &product)?;
    let product = doors.catalogue.show(known).await?;
    if caller.edge == Edge::Shop && !is_prefetch(&headers) {
        let details = json!({"slug": product.slug, "name": product.name});
        doors.activities.note("product.viewed", format!("product:{}", product.id), details);
    }
    Ok(Versioned { version: product.version, answer: Json(product) })
}

pub(super) async fn price_history(
    State(doors): State<Doors>,
    caller: Caller,
    Path(product): Path<String>,
) -> ApiResult<Json<PriceHistory>> {
    let known = known(&doors, &caller, &product)?;
    Ok(Json(doors.catalogue.price_history(known.id).await?))
}

pub(super) async fn categories(
    State(doors): State<Doors>,
    caller: Caller,
) -> ApiResult<Json<Categories>> {
    Ok(Json(doors.catalogue.index.categories(audience(&caller))))
}

pub(super) async fn look_up(
    State(doors): State<Doors>,
    Json(lookup): Json<VariantLookup>,
) -> ApiResult<Json<VariantFactsList>> {
    if lookup.skus.len() > LOOKED_UP_SKUS_MAX {
        let message =
            format!("has {} entries; at most {LOOKED_UP_SKUS_MAX} are taken", lookup.skus.len());
        return Err(Problem::field("skus", message).into());
    }
    Ok(Json(VariantFactsList { variants: doors.catalogue.index.variants(&lookup.skus) }))
}

/// The product that `caller` means and may see.
pub(super) fn known(doors: &Doors, caller: &Caller, product: &str) -> Result<Known, Problem> {
    let found = doors.catalogue.find(product, audience(caller));
    found.ok_or_else(|| {
        let shown: String = product.chars().take(100).collect();
        Problem::not_found("product", format!("{shown:?}"))
    })
}

/// A browser that looks ahead is not a person who looks.
fn is_prefetch(headers: &HeaderMap) -> bool {
    let purpose = headers.get("sec-purpose").and_then(|value| value.to_str().ok());
    purpose.is_some_and(|purpose| purpose.contains("prefetch"))
}

fn note_list(doors: &Doors, wish: &Wish, total: u64) {
    let mut details = Map::new();
    let mut tell = |name: &str, value: Value| {
        if !value.is_null() {
            details.insert(name.to_owned(), value);
        }
    };
    tell("q", json!(wish.text));
    tell("category", json!(wish.category));
    tell("brand", json!(wish.brand));
    tell("color", json!(wish.color));
    tell("price_min", json!(wish.price_min));
    tell("price_max", json!(wish.price_max));
    if wish.stock == Stock::InStock {
        tell("in_stock", json!(true));
    }
    if wish.reduced == Reduced::Only {
        tell("reduced", json!(true));
    }
    tell("found", json!(total));
    let searched = wish.text.as_deref().is_some_and(|text| !text.trim().is_empty());
    let action = if searched { "product.searched" } else { "product.listed" };
    doors.activities.note(action, "products".to_owned(), Value::Object(details));
}
