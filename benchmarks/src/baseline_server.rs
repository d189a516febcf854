//! Baseline server: the shop's own HTTP stack with constant answers and nothing behind it.

use axum::{
    Json, Router,
    http::StatusCode,
    routing::{get, patch, post},
};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use web::ServeOptions;

/// First argument that makes this program the baseline server instead of the load generator.
pub(crate) const ARGUMENT: &str = "constant-answers";

/// Serves until it is killed, and prints its addresses to standard output.
pub(crate) fn serve() -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(|error| error.to_string())?.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(|error| error.to_string())?;
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        println!("shop      http://{address}");
        println!("operator  http://{address}");
        web::serve(listener, routes(), ServeOptions::default(), std::future::pending()).await;
        Ok(())
    })
}

/// Routes of all scenarios, each with an answer about as long as the shop's.
fn routes() -> Router {
    let id = "01930000-0000-7000-8000-000000000000";
    let money = json!({"amount": 1999, "currency": "EUR"});
    let totals =
        json!({"items": money, "discount": money, "shipping": money, "tax": money, "total": money});
    let line = json!({"sku": "BENCH-1", "name": "Benchmark article", "quantity": 1, "unit_price": money, "total": money});
    let document =
        json!({"id": id, "status": "open", "lines": [line, line], "totals": totals, "version": 3});
    let summary = json!({"id": id, "slug": "benchmark", "name": "Benchmark article", "brand": "Halden", "price": money, "in_stock": true});
    let page = json!({"items": vec![summary; 20], "facets": {}, "total": 100});
    // Each parses its body as JSON, as any real handler would.
    let take = |response: Value, status| {
        post(move |Json(_): Json<Value>| {
            let response = response.clone();
            async move { (status, Json(response)) }
        })
    };
    let change = |response: Value| {
        patch(move |Json(_): Json<Value>| {
            let response = response.clone();
            async move { Json(response) }
        })
    };
    let show = |response: Value| {
        get(move || {
            let response = response.clone();
            async move { Json(response) }
        })
    };
    Router::new()
        .route("/api/v1/carts", take(document.clone(), StatusCode::CREATED))
        .route("/api/v1/carts/{id}/lines", take(document.clone(), StatusCode::OK))
        .route("/api/v1/carts/{id}/lines/{sku}", change(document.clone()))
        .route("/api/v1/carts/{id}/checkout", take(document.clone(), StatusCode::CREATED))
        .route("/api/v1/orders", take(document.clone(), StatusCode::CREATED))
        .route("/api/v1/products", show(page))
        .route("/api/v1/products/{id}", show(document))
}
