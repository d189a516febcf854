//! Fake cart service: 19 % tax included, delivery 4.90, free from 50.

use super::{NOW, built, problem_response};
use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, patch, post},
};
use contracts::{
    cart::{
        Cart, CartLine, CartStatus, Countries, Country, ForOrder, LineQuantity, NewCart, Quote,
        QuoteRequest, QuotedLine, QuotedShipping, ShippingMethod, ShippingMethods,
    },
    product::ProductClient,
    shared::{CartId, OrderId, Quantity, Totals},
};
use kernel::{Currency, Ids, Money, Problem};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

pub(super) const MODULE: runtime::Module = runtime::Module {
    name: "shopping-cart-service",
    summary: "",
    calls: &["product-service"],
    follows: &[],
    settings: None,
    maintenance: runtime::Maintenance::none,
    build: |site| {
        Box::pin(async move {
            let products = ProductClient::new(site.channel("product-service")?);
            let stored = Arc::default();
            Ok(built(routes(Carts { products, ids: site.ids.clone(), stored })))
        })
    },
};

#[derive(Clone, Default)]
struct StoredCart {
    lines: Vec<Quantity>,
    order: Option<OrderId>,
}

#[derive(Clone)]
struct Carts {
    products: ProductClient,
    ids: Ids,
    stored: Arc<Mutex<BTreeMap<CartId, StoredCart>>>,
}

fn routes(carts: Carts) -> Router {
    Router::new()
        .route("/api/v1/carts", post(create))
        .route("/api/v1/carts/{id}", get(show))
        .route("/api/v1/carts/{id}/lines", post(add))
        .route("/api/v1/carts/{id}/lines/{sku}", patch(change).delete(remove))
        .route("/api/v1/shipping-methods", get(methods))
        .route("/api/v1/countries", get(countries))
        .route("/internal/v1/quotes", post(quote))
        .route("/internal/v1/carts/{id}/ordered", post(ordered))
        .with_state(carts)
}

fn money(amount: i64) -> Money {
    Money::new(amount, Currency::EUR)
}

impl Carts {
    async fn priced(&self, lines: &[Quantity], abroad: bool) -> (Vec<CartLine>, Totals) {
        let skus = lines.iter().map(|line| line.sku.clone()).collect();
        let facts = self.products.variants(skus).await.unwrap();
        let lines: Vec<CartLine> = lines
            .iter()
            .filter_map(|line| {
                let facts = facts.iter().find(|it| it.sku == line.sku)?.clone();
                Some(CartLine {
                    sku: facts.sku,
                    product_id: facts.product_id,
                    slug: facts.slug,
                    name: facts.name,
                    options: facts.options,
                    quantity: line.quantity,
                    unit_price: facts.price,
                    total: facts.price.extend(line.quantity).unwrap(),
                    image: facts.image,
                    in_stock: facts.in_stock,
                    only_left: facts.only_left,
                })
            })
            .collect();
        let items: i64 = lines.iter().map(|line| line.total.amount).sum();
        let shipping = if items == 0 || (items >= 5000 && !abroad) {
            0
        } else if abroad {
            1490
        } else {
            490
        };
        let total = items + shipping;
        let totals = Totals {
            items: money(items),
            discount: money(0),
            shipping: money(shipping),
            tax: money(total - total * 100 / 119),
            total: money(total),
            tax_included: true,
        };
        (lines, totals)
    }

    async fn cart_response(&self, id: CartId) -> Response {
        let Some(stored) = self.stored.lock().unwrap().get(&id).cloned() else {
            return problem_response(Problem::not_found("cart", id));
        };
        let (lines, totals) = self.priced(&stored.lines, false).await;
        Json(Cart {
            id,
            status: if stored.order.is_some() { CartStatus::Ordered } else { CartStatus::Open },
            currency: Currency::EUR,
            item_count: lines.iter().map(|line| line.quantity).sum(),
            lines,
            totals,
            notices: Vec::new(),
            order_id: stored.order,
            version: 1,
            expires_at: NOW.parse().unwrap(),
        })
        .into_response()
    }

    fn set(&self, id: CartId, sku: &str, change: impl FnOnce(i64) -> i64) {
        let mut stored = self.stored.lock().unwrap();
        let Some(cart) = stored.get_mut(&id) else { return };
        match cart.lines.iter_mut().find(|line| line.sku == sku) {
            Some(line) => line.quantity = change(line.quantity),
            None => cart.lines.push(Quantity { sku: sku.to_owned(), quantity: change(0) }),
        }
        cart.lines.retain(|line| line.quantity > 0);
    }
}

async fn create(State(carts): State<Carts>, Json(new): Json<NewCart>) -> Response {
    let id: CartId = carts.ids.next();
    carts.stored.lock().unwrap().insert(id, StoredCart { lines: new.lines, order: None });
    (StatusCode::CREATED, carts.cart_response(id).await).into_response()
}

async fn show(State(carts): State<Carts>, Path(id): Path<CartId>) -> Response {
    carts.cart_response(id).await
}

async fn add(
    State(carts): State<Carts>,
    Path(id): Path<CartId>,
    Json(line): Json<Quantity>,
) -> Response {
    if line.quantity > 100 {
        return problem_response(Problem::new(
            422,
            contracts::codes::QUANTITY_LIMIT,
            "at most 100",
        ));
    }
    carts.set(id, &line.sku, |quantity| quantity + line.quantity);
    carts.cart_response(id).await
}

async fn change(
    State(carts): State<Carts>,
    Path((id, sku)): Path<(CartId, String)>,
    Json(line): Json<LineQuantity>,
) -> Response {
    carts.set(id, &sku, |_| line.quantity);
    carts.cart_response(id).await
}

async fn remove(State(carts): State<Carts>, Path((id, sku)): Path<(CartId, String)>) -> Response {
    carts.set(id, &sku, |_| 0);
    carts.cart_response(id).await
}

async fn ordered(
    State(carts): State<Carts>,
    Path(id): Path<CartId>,
    Json(order): Json<ForOrder>,
) -> Json<()> {
    carts.stored.lock().unwrap().entry(id).or_default().order = Some(order.order_id);
    Json(())
}

async fn methods() -> Json<ShippingMethods> {
    let method = |code: &str, label: &str, price, free: Option<i64>, days| ShippingMethod {
        code: code.to_owned(),
        label: label.to_owned(),
        price: money(price),
        free_from: free.map(money),
        days,
    };
    let items = vec![
        method("standard", "Standard delivery", 490, Some(5000), [2, 4]),
        method("express", "Express delivery", 1290, None, [1, 2]),
    ];
    Json(ShippingMethods { items })
}

async fn countries() -> Json<Countries> {
    let country = |code: &str, name: &str, required: &[&str], pattern: Option<&str>| Country {
        code: code.to_owned(),
        name: name.to_owned(),
        required: required.iter().map(|it| (*it).to_owned()).collect(),
        postal_code_pattern: pattern.map(ToOwned::to_owned),
    };
    let items = vec![
        country("AT", "Austria", &["city", "postal_code"], Some("^[0-9]{4}$")),
        country("DE", "Germany", &["city", "postal_code"], Some("^[0-9]{5}$")),
        country("IE", "Ireland", &["city"], None),
        country("US", "United States", &["city", "region", "postal_code"], None),
    ];
    Json(Countries { items })
}

async fn quote(State(carts): State<Carts>, Json(request): Json<QuoteRequest>) -> Json<Quote> {
    let abroad = request.destination.country != "DE"
        || request.shipping_method.as_deref() == Some("express");
    let (lines, totals) = carts.priced(&request.lines, abroad).await;
    let line = |line: CartLine| QuotedLine {
        sku: line.sku,
        product_id: line.product_id,
        name: line.name,
        options: line.options,
        quantity: line.quantity,
        unit_price: line.unit_price,
        total: line.total,
        tax: money(0),
        tax_rate: "0.19".to_owned(),
    };
    Json(Quote {
        currency: Currency::EUR,
        lines: lines.into_iter().map(line).collect(),
        shipping: QuotedShipping {
            method: request.shipping_method.unwrap_or_else(|| "standard".to_owned()),
            label: "Standard delivery".to_owned(),
            price: totals.shipping,
            tax: money(0),
        },
        totals,
    })
}
