//! The shop before anybody comes: its catalogue and its stock.

use crate::{people::Asking, world::World};
use http::Method;
use serde_json::json;
use std::sync::Arc;

/// Puts the articles on sale.
pub(crate) async fn stock_the_shop(world: &Arc<World>) -> Result<(), String> {
    for article in &world.plan.articles {
        let price = json!({ "amount": article.cents, "currency": "EUR" });
        let product = json!({
            "slug": article.sku.to_lowercase(),
            "name": format!("Article {}", article.sku),
            "status": "active",
            "variants": [{ "sku": article.sku, "price": price, "stock": article.stock }],
        });
        let asking = Asking::operator(Method::POST, "/api/v1/products".to_owned()).body(product);
        let key = format!("article-{}", article.sku);
        let answer = world.ask(asking.key(&key).patience(20)).await;
        if answer.success().is_none() {
            return Err(format!("{} could not be put on sale: {answer:?}", article.sku));
        }
    }
    Ok(())
}

/// The product of a SKU.
pub(crate) async fn product_of(world: &Arc<World>, sku: &str) -> Option<String> {
    let path = format!("/api/v1/products/{}", sku.to_lowercase());
    let answer = world.ask(Asking::shopper(Method::GET, path).patience(6)).await;
    Some(answer.success()?["id"].as_str()?.to_owned())
}
