//! Customers of all cells: each belongs to one, and orders there.

use super::{CUSTOMERS, CUSTOMERS_COME_FOR, Outcomes, PRODUCTS, sku, stock_leases::StockLeases};
use crate::{
    client::{ApiRequest, ApiResponse},
    rng::SimRng,
    simulation::Simulation,
};
use http::Method;
use serde_json::json;
use std::{sync::Arc, time::Duration};
use tokio::task::JoinSet;

/// How often a request is repeated.
const RETRIES: u32 = 40;
/// How often a customer tries again after another one was faster.
const ATTEMPTS: u32 = 5;
/// Payments that are declined, in a thousand.
const DECLINED_PERMILLE: u32 = 50;

/// What became of one customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Confirmed,
    SoldOut,
    Declined,
    Unanswered,
}

/// Criteria of the order that a customer wants.
#[derive(Clone, Debug)]
struct OrderCriteria {
    email: String,
    lines: Vec<(String, i64)>,
    token: &'static str,
}

/// Serves so many customers for each cell, and counts what became of them.
pub(super) async fn serve_all(seed: u64, leases: &Arc<StockLeases>) -> Outcomes {
    let mut rng = SimRng::stream(seed, "customers of cells");
    let mut customers = JoinSet::new();
    let milliseconds = u64::try_from(CUSTOMERS_COME_FOR.as_millis()).unwrap_or(u64::MAX);
    for number in 0..CUSTOMERS * leases.cells().len() {
        let comes_at = Duration::from_millis(rng.range(0, milliseconds));
        let criteria = criteria(number, &mut rng);
        let leases = Arc::clone(leases);
        customers.spawn(async move {
            tokio::time::sleep(comes_at).await;
            let cell = cell_of(&criteria.email, leases.cells().len());
            serve(&leases, cell, &criteria).await
        });
    }
    let mut outcomes = Outcomes::default();
    while let Some(outcome) = customers.join_next().await {
        match outcome {
            Ok(Outcome::Confirmed) => outcomes.confirmed += 1,
            Ok(Outcome::SoldOut) => outcomes.sold_out += 1,
            Ok(Outcome::Declined) => outcomes.declined += 1,
            Ok(Outcome::Unanswered) | Err(_) => outcomes.unanswered += 1,
        }
    }
    outcomes
}

/// Criteria of a customer: two SKUs, of which the first are wanted more than the others.
fn criteria(number: usize, rng: &mut SimRng) -> OrderCriteria {
    let first = rng.index(PRODUCTS).min(rng.index(PRODUCTS));
    let second = (first + 1 + rng.index(PRODUCTS - 1)) % PRODUCTS;
    let units = i64::from(1 + u8::from(rng.chance(300)));
    let token = if rng.chance(DECLINED_PERMILLE) { "declined" } else { "success" };
    let lines = vec![(sku(first), units), (sku(second), 1)];
    OrderCriteria { email: format!("customer-{number}@example.com"), lines, token }
}

/// Cell of a customer: any spread will do that says the same each time (FNV-1a).
fn cell_of(email: &str, cells: usize) -> usize {
    let hash = email.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    usize::try_from((hash >> 32) % cells as u64).unwrap_or(0)
}

/// Orders for a customer. What the cell has too few of it gets from the others.
async fn serve(leases: &StockLeases, cell: usize, criteria: &OrderCriteria) -> Outcome {
    for attempt in 0..ATTEMPTS {
        match order(&leases.cells()[cell], criteria, attempt).await {
            ApiResponse::Received { status: 200..=299, .. } => return Outcome::Confirmed,
            refused if refused.code() == Some("out_of_stock") => {
                for (sku, units) in &criteria.lines {
                    if !leases.extend(cell, sku, *units).await {
                        return Outcome::SoldOut;
                    }
                }
            }
            ApiResponse::Received { .. } => return Outcome::Declined,
            ApiResponse::Indeterminate => return Outcome::Unanswered,
        }
    }
    // Others bought every block before this customer did.
    Outcome::SoldOut
}

/// Checks a new cart out.
async fn order(cell: &Simulation, criteria: &OrderCriteria, attempt: u32) -> ApiResponse {
    let lines: Vec<_> = criteria
        .lines
        .iter()
        .map(|(sku, quantity)| json!({ "sku": sku, "quantity": quantity }))
        .collect();
    let key = format!("{}-{attempt}", criteria.email);
    let cart = ApiRequest::shopper(Method::POST, "/api/v1/carts".to_owned());
    let cart = cart.key(&format!("cart-{key}")).body(json!({ "lines": lines }));
    let cart = cell.client.send(cart.retries_max(RETRIES)).await;
    let Some(id) = cart.success().and_then(|cart| cart["id"].as_str()) else { return cart };
    let body = json!({
        "email": criteria.email,
        "shipping_address": {
            "name": "Ada Example", "line1": "Lange Strasse 1", "city": "Berlin", "postal_code": "10115", "country": "DE",
        },
        "payment": { "method": "test", "token": criteria.token },
    });
    let checkout = ApiRequest::shopper(Method::POST, format!("/api/v1/carts/{id}/checkout"));
    let checkout = checkout.key(&format!("order-{key}")).body(body);
    cell.client.send(checkout.retries_max(RETRIES)).await
}
