//! Set-up of the shop before the workload begins: products, prices and stock.

use crate::{client::ApiRequest, simulation::Simulation};
use http::Method;
use serde_json::json;

/// Creates the products of the plan.
pub(crate) async fn create_products(sim: &Simulation) -> Result<(), String> {
    for product in &sim.plan.products {
        let sku = &product.sku;
        let price = json!({ "amount": product.cents, "currency": "EUR" });
        let body = json!({
            "slug": sku.to_lowercase(),
            "name": format!("Product {sku}"),
            "status": "active",
            "variants": [{ "sku": sku, "price": price, "stock": product.stock }],
        });
        let request = ApiRequest::operator(Method::POST, "/api/v1/products".to_owned());
        let request = request.key(&format!("product-{sku}")).body(body).retries_max(20);
        let response = sim.client.send(request).await;
        if response.success().is_none() {
            return Err(format!("the product {sku} was not created: {response:?}"));
        }
    }
    Ok(())
}
