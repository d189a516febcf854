//! Fake cart service: 19 % tax included, delivery 4.90, free from 50.

use super::{NOW, built, problem_response};
use async_trait::async_trait;
use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, patch, post, put},
};
use contracts::{
    cart::{
        Cart, CartLine, CartMerge, CartQuoteRequest, CartStatus, Carts, Countries, Country,
        LineQuantity, NewCart, Notice, NoticeCode, PickupPlace, Quote, QuoteRequest, QuotedLine,
        QuotedShipping, ShippingMethod, ShippingMethods, WishList, WishListItem,
    },
    codes,
    product::{Catalogue, VariantFacts},
    shared::{AccountId, Address, CartId, CustomerActor, OrderId, Quantity, Sku, Totals},
};
use kernel::{Currency, Ids, Money, Problem};
use rpc::CallError;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};
use web::Caller;

pub(super) const MODULE: runtime::Module = runtime::Module {
    name: "shopping-cart-service",
    summary: "",
    calls: &["product-service"],
    follows: &[],
    instances: runtime::InstanceModel::OneActive,
    settings: None,
    events: None,
    plaintext: None,
    collections: &[],
    projected: &[],
    maintenance: runtime::Maintenance::none,
    build: |context| {
        Box::pin(async move {
            let catalogue = context.contract::<dyn Catalogue>()?;
            let carts = FakeCarts {
                catalogue,
                ids: context.ids.clone(),
                stored: Arc::default(),
                wishes: Arc::default(),
            };
            context.provide::<dyn Carts>(Arc::new(carts.clone()))?;
            Ok(built(&context, routes(carts)))
        })
    },
};

#[derive(Clone, Debug, Default)]
struct StoredCart {
    lines: Vec<Quantity>,
    order: Option<OrderId>,
    owner: Option<AccountId>,
}

#[derive(Clone, Debug)]
struct FakeCarts {
    catalogue: Arc<dyn Catalogue>,
    ids: Ids,
    stored: Arc<Mutex<BTreeMap<CartId, StoredCart>>>,
    wishes: Arc<Mutex<BTreeMap<AccountId, Vec<Sku>>>>,
}

fn routes(carts: FakeCarts) -> Router {
    Router::new()
        .route("/api/v1/carts", post(create))
        .route("/api/v1/account/cart", post(account_cart))
        .route("/api/v1/account/wish-list", get(wish_list))
        .route("/api/v1/account/wish-list/{sku}", put(add_wish).delete(remove_wish))
        .route("/api/v1/carts/{id}", get(show))
        .route("/api/v1/carts/{id}/lines", post(add))
        .route("/api/v1/carts/{id}/lines/{sku}", patch(change).delete(remove))
        .route("/api/v1/shipping-methods", get(methods))
        .route("/api/v1/countries", get(countries))
        .route("/api/v1/carts/{id}/quote", post(quote))
        .with_state(carts)
}

fn problem_of(in_stock: bool, left: Option<i64>, quantity: i64) -> Option<NoticeCode> {
    if !in_stock {
        return Some(NoticeCode::SoldOut);
    }
    left.filter(|left| *left < quantity).map(|_| NoticeCode::FewerLeft)
}

fn notices_of(lines: &[CartLine]) -> Vec<Notice> {
    let notice = |line: &CartLine| {
        let code = line.problem?;
        Some(Notice {
            code,
            sku: Some(line.sku.clone()),
            message: String::new(),
            previous_unit_price: None,
            unit_price: None,
            available: line.only_left.filter(|_| code == NoticeCode::FewerLeft),
        })
    };
    lines.iter().filter_map(notice).collect()
}

fn money(amount: i64) -> Money {
    Money::new(amount, Currency::EUR)
}

impl FakeCarts {
    async fn priced(&self, lines: &[Quantity], abroad: bool) -> (Vec<CartLine>, Totals) {
        let skus = lines.iter().map(|line| line.sku.clone()).collect();
        let facts = self.catalogue.variants(skus).await.unwrap();
        let lines: Vec<CartLine> = lines
            .iter()
            .filter_map(|line| {
                let facts = facts.iter().find(|it| it.sku == line.sku)?.clone();
                Some(CartLine {
                    sku: facts.sku,
                    product_id: Some(facts.product_id),
                    slug: Some(facts.slug),
                    name: facts.name,
                    options: facts.options,
                    quantity: line.quantity,
                    unit_price: facts.price,
                    previous_unit_price: None,
                    problem: problem_of(facts.in_stock, facts.only_left, line.quantity),
                    total: facts.price.extend(line.quantity).unwrap(),
                    image: facts.image,
                    in_stock: facts.in_stock,
                    only_left: facts.only_left,
                })
            })
            .collect();
        let can_be_bought = |line: &&CartLine| line.problem != Some(NoticeCode::SoldOut);
        let items: i64 = lines.iter().filter(can_be_bought).map(|line| line.total.amount).sum();
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

    async fn quoted(&self, lines: &[Quantity], country: &str, method: Option<String>) -> Quote {
        let abroad = country != "DE" || method.as_deref() == Some("express");
        let (lines, totals) = self.priced(lines, abroad).await;
        let line = |line: CartLine| QuotedLine {
            sku: line.sku,
            product_id: line.product_id.unwrap(),
            name: line.name,
            options: line.options,
            quantity: line.quantity,
            unit_price: line.unit_price,
            total: line.total,
            tax: money(0),
            tax_rate: "0.19".to_owned(),
        };
        Quote {
            currency: Currency::EUR,
            lines: lines.into_iter().map(line).collect(),
            shipping: QuotedShipping {
                method: method.unwrap_or_else(|| "standard".to_owned()),
                label: "Standard delivery".to_owned(),
                price: totals.shipping,
                tax: money(0),
            },
            totals,
        }
    }

    async fn cart_response(&self, id: CartId) -> Response {
        let stored = self.stored.lock().unwrap().get(&id).cloned();
        let is_visible = |cart: &StoredCart| cart.owner.is_none() || cart.owner == customer();
        let Some(stored) = stored.filter(is_visible) else {
            return problem_response(Problem::not_found("cart", id));
        };
        let (lines, totals) = self.priced(&stored.lines, false).await;
        Json(Cart {
            id,
            status: if stored.order.is_some() { CartStatus::Ordered } else { CartStatus::Open },
            currency: Currency::EUR,
            item_count: lines.iter().map(|line| line.quantity).sum(),
            notices: notices_of(&lines),
            lines,
            totals,
            version: 1,
            expires_at: NOW.parse().unwrap(),
        })
        .into_response()
    }

    /// Answer to a change of a line's quantity: the cart, or a refusal once it was ordered.
    async fn set(&self, id: CartId, sku: &Sku, change: impl FnOnce(i64) -> i64) -> Response {
        if !self.set_quantity(id, sku, change) {
            return problem_response(Problem::new(409, codes::ALREADY_ORDERED, "ordered"));
        }
        self.cart_response(id).await
    }

    /// Sets the quantity of a line, and returns whether the cart can still be changed.
    fn set_quantity(&self, id: CartId, sku: &Sku, change: impl FnOnce(i64) -> i64) -> bool {
        let mut stored = self.stored.lock().unwrap();
        let Some(cart) = stored.get_mut(&id) else { return true };
        if cart.order.is_some() {
            return false;
        }
        match cart.lines.iter_mut().find(|line| line.sku == *sku) {
            Some(line) => line.quantity = change(line.quantity),
            None => cart.lines.push(Quantity { sku: sku.clone(), quantity: change(0) }),
        }
        cart.lines.retain(|line| line.quantity > 0);
        true
    }
}

/// Account of the customer who asks.
fn customer() -> Option<AccountId> {
    Caller::current().actor_as().map(|CustomerActor(account)| account)
}

/// The cart of the customer, with the lines of the guest's beside its own: what is merged how, the cart service decides.
async fn account_cart(State(carts): State<FakeCarts>, Json(merge): Json<CartMerge>) -> Response {
    let Some(account) = customer() else {
        return problem_response(Problem::of(kernel::codes::UNAUTHENTICATED, "sign in"));
    };
    let id = {
        let mut stored = carts.stored.lock().unwrap();
        let guest =
            merge.guest_cart.filter(|id| stored.get(id).is_some_and(|it| it.owner.is_none()));
        let lines = guest.and_then(|id| stored.remove(&id)).map(|cart| cart.lines);
        let is_present = |cart: &StoredCart| cart.owner == Some(account) && cart.order.is_none();
        let present = stored.iter().find(|(_, cart)| is_present(cart)).map(|(id, _)| *id);
        let id = present.unwrap_or_else(|| carts.ids.next());
        if let Some(lines) = lines {
            let own = stored.entry(id).or_default();
            own.owner = Some(account);
            own.lines.extend(lines);
        }
        id
    };
    carts.cart_response(id).await
}

/// Wish list of the customer after this change.
async fn changed_wishes(carts: &FakeCarts, change: impl FnOnce(&mut Vec<Sku>)) -> Response {
    let Some(account) = customer() else {
        return problem_response(Problem::of(kernel::codes::UNAUTHENTICATED, "sign in"));
    };
    let skus = {
        let mut wishes = carts.wishes.lock().unwrap();
        let list = wishes.entry(account).or_default();
        change(list);
        list.clone()
    };
    let facts = carts.catalogue.variants(skus).await.unwrap();
    let item = |facts: VariantFacts| WishListItem {
        sku: facts.sku,
        product_id: Some(facts.product_id),
        slug: Some(facts.slug),
        name: facts.name,
        options: facts.options,
        unit_price: Some(facts.price),
        image: facts.image,
        in_stock: facts.in_stock,
        added_at: NOW.parse().unwrap(),
    };
    Json(WishList { items: facts.into_iter().map(item).collect() }).into_response()
}

async fn wish_list(State(carts): State<FakeCarts>) -> Response {
    changed_wishes(&carts, |_| ()).await
}

async fn add_wish(State(carts): State<FakeCarts>, Path(sku): Path<Sku>) -> Response {
    changed_wishes(&carts, |list| list.push(sku)).await
}

async fn remove_wish(State(carts): State<FakeCarts>, Path(sku): Path<Sku>) -> Response {
    changed_wishes(&carts, |list| list.retain(|known| *known != sku)).await
}

async fn create(State(carts): State<FakeCarts>, Json(new): Json<NewCart>) -> Response {
    let owner = customer();
    let id: CartId = carts.ids.next();
    carts.stored.lock().unwrap().insert(id, StoredCart { lines: new.lines, order: None, owner });
    (StatusCode::CREATED, carts.cart_response(id).await).into_response()
}

async fn show(State(carts): State<FakeCarts>, Path(id): Path<CartId>) -> Response {
    carts.cart_response(id).await
}

async fn add(
    State(carts): State<FakeCarts>,
    Path(id): Path<CartId>,
    Json(line): Json<Quantity>,
) -> Response {
    if line.quantity > 100 {
        return problem_response(Problem::new(422, codes::QUANTITY_LIMIT, "at most 100"));
    }
    carts.set(id, &line.sku, |quantity| quantity + line.quantity).await
}

async fn change(
    State(carts): State<FakeCarts>,
    Path((id, sku)): Path<(CartId, Sku)>,
    Json(line): Json<LineQuantity>,
) -> Response {
    carts.set(id, &sku, |_| line.quantity).await
}

async fn remove(State(carts): State<FakeCarts>, Path((id, sku)): Path<(CartId, Sku)>) -> Response {
    carts.set(id, &sku, |_| 0).await
}

async fn methods() -> Json<ShippingMethods> {
    let method = |code: &str, label: &str, price, free: Option<i64>, days| ShippingMethod {
        code: code.to_owned(),
        label: label.to_owned(),
        price: money(price),
        free_from: free.map(money),
        days,
        pickup: None,
    };
    let place = PickupPlace {
        address: Address {
            name: "Workshop".to_owned(),
            line1: "Lindenweg 4".to_owned(),
            city: Some("Hamburg".to_owned()),
            postal_code: Some("22763".to_owned()),
            country: "DE".to_owned(),
            ..Address::default()
        },
        hours: vec!["Mon–Fri 10:00–18:00".to_owned()],
    };
    let items = vec![
        method("standard", "Standard delivery", 490, Some(5000), [2, 4]),
        method("express", "Express delivery", 1290, None, [1, 2]),
        ShippingMethod {
            pickup: Some(place),
            ..method("pickup", "Collect in person", 0, None, [1, 1])
        },
    ];
    Json(ShippingMethods { items })
}

async fn countries() -> Json<Countries> {
    let country = |(code, name): (&str, &str)| Country {
        code: code.to_owned(),
        name: name.to_owned(),
        ..Country::default()
    };
    let items = [
        ("AT", "Austria"),
        ("BR", "Brazil"),
        ("DE", "Germany"),
        ("GB", "United Kingdom"),
        ("IE", "Ireland"),
        ("JP", "Japan"),
        ("NL", "Netherlands"),
        ("US", "United States"),
    ];
    let items = items.into_iter().map(country).collect();
    Json(Countries { items })
}

async fn quote(
    State(carts): State<FakeCarts>,
    Path(id): Path<CartId>,
    Json(request): Json<CartQuoteRequest>,
) -> Response {
    let Some(stored) = carts.stored.lock().unwrap().get(&id).cloned() else {
        return problem_response(Problem::not_found("cart", id));
    };
    let CartQuoteRequest { destination, shipping_method } = request;
    Json(carts.quoted(&stored.lines, &destination.country, shipping_method).await).into_response()
}

#[async_trait]
impl Carts for FakeCarts {
    async fn quote(&self, request: QuoteRequest) -> Result<Quote, CallError> {
        let QuoteRequest { lines, destination, shipping_method, .. } = request;
        Ok(self.quoted(&lines, &destination.country, shipping_method).await)
    }

    async fn begin_checkout(
        &self,
        _: CartId,
        _: OrderId,
        _: QuoteRequest,
    ) -> Result<Quote, CallError> {
        unreachable!("the fake order service freezes no cart")
    }

    async fn ordered(&self, id: CartId, order_id: OrderId) -> Result<(), CallError> {
        self.stored.lock().unwrap().entry(id).or_default().order = Some(order_id);
        Ok(())
    }

    async fn reopen(&self, _: CartId, _: OrderId) -> Result<(), CallError> {
        unreachable!("the fake order service freezes no cart")
    }
}
