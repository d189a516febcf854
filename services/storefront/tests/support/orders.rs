//! Fake order and payment services: the token of the test card decides on the outcome.

use super::{NOW, accounts::address_books, built, problem_response};
use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use contracts::{
    cart::{CartClient, CartStatus, Carts, Destination, Quote, QuoteRequest},
    codes,
    order::{
        AccountOrderQuery, Checkout, FulfilmentStatus, HistoryEntry, Order, OrderClaim,
        OrderClaimLink, OrderLine, OrderLookup, OrderPage, OrderPayment, OrderReference,
        OrderStatus, OrderSummary, PaymentStatus,
    },
    payment::{
        ActionOutcome, OfferedMethod, OfferedMethods, PREPAYMENT, PaymentAction, PaymentState,
        PaymentSummary,
    },
    shared::{AccountId, CartId, CustomerActor, OrderId, PaymentId, Quantity},
};
use kernel::{Cursor, Ids, Money, Problem};
use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock, Mutex},
};
use web::Caller;

pub(super) const MODULE: runtime::Module = runtime::Module {
    name: "order-service",
    summary: "",
    calls: &["shopping-cart-service"],
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
            let contract = context.contract::<dyn Carts>()?;
            let carts = CartClient::new(context.channel("shopping-cart-service")?);
            let orders = Orders { carts, contract, ids: context.ids.clone() };
            Ok(built(&context, routes(orders)))
        })
    },
};

pub(super) const PAYMENTS: runtime::Module = runtime::Module {
    name: "payment-service",
    summary: "",
    calls: &[],
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
            let routes = Router::new()
                .route("/api/v1/payments/{id}", get(payment))
                .route("/api/v1/payments/{id}/action", post(submit_action));
            Ok(built(&context, routes))
        })
    },
};

static ORDERS: LazyLock<Mutex<BTreeMap<OrderId, Order>>> = LazyLock::new(Mutex::default);
static CUSTOMERS: LazyLock<Mutex<BTreeMap<OrderId, AccountId>>> = LazyLock::new(Mutex::default);
static ORDERS_BY_KEY: LazyLock<Mutex<BTreeMap<String, OrderId>>> = LazyLock::new(Mutex::default);

#[derive(Clone)]
struct Orders {
    carts: CartClient,
    contract: Arc<dyn Carts>,
    ids: Ids,
}

fn routes(orders: Orders) -> Router {
    Router::new()
        .route("/api/v1/carts/{id}/checkout", post(checkout))
        .route("/api/v1/payment-methods", get(methods))
        .route("/api/v1/account/orders", get(account_orders))
        .route("/api/v1/account/orders/claims", post(request_claim))
        .route("/api/v1/account/orders/claims/check", post(check_claim))
        .route("/api/v1/account/orders/claims/redeem", post(redeem_claim))
        .route("/api/v1/orders/lookup", post(look_up))
        .route("/api/v1/orders/{id}", get(show))
        .route("/api/v1/orders/{id}/cancel", post(cancel))
        .with_state(orders)
        .merge(address_books())
}

const BANK: &str = "Example GmbH\nDE02 1203 0000 0000 2020 51";

async fn methods() -> Json<OfferedMethods> {
    let method = |method: &str, needs_token, bank_details: Option<&str>| OfferedMethod {
        method: method.to_owned(),
        needs_token,
        bank_details: bank_details.map(str::to_owned),
        days_to_pay: bank_details.map(|_| 7),
    };
    let items = vec![method("test", true, None), method(PREPAYMENT, false, Some(BANK))];
    Json(OfferedMethods { items })
}

async fn checkout(
    State(orders): State<Orders>,
    Path(cart_id): Path<CartId>,
    headers: HeaderMap,
    Json(request): Json<Checkout>,
) -> Response {
    let key = headers["idempotency-key"].to_str().unwrap().to_owned();
    let known = ORDERS_BY_KEY.lock().unwrap().get(&key).copied();
    if let Some(id) = known {
        return (StatusCode::CREATED, Json(ORDERS.lock().unwrap()[&id].clone())).into_response();
    }
    let cart = orders.carts.cart(cart_id).await.unwrap();
    if cart.status == CartStatus::Ordered {
        return problem_response(Problem::new(409, codes::ALREADY_ORDERED, "ordered"));
    }
    if request.shipping_address.line1.contains("Nowhere") {
        return problem_response(Problem::field(
            "shipping_address.line1",
            "there is no such street",
        ));
    }
    match request.payment.token.as_str() {
        "decline" => {
            return problem_response(Problem::new(402, codes::PAYMENT_DECLINED, "declined"));
        }
        "insufficient_funds" => {
            let problem = Problem::new(409, codes::OUT_OF_STOCK, "gone")
                .subject(cart.lines[0].sku.to_string());
            return problem_response(problem.fact("available", 0));
        }
        "unknown_outcome" => {
            return problem_response(Problem::new(409, codes::OUTCOME_UNKNOWN, "unknown"));
        }
        _ => {}
    }
    let lines =
        cart.lines.iter().map(|line| Quantity { sku: line.sku.clone(), quantity: line.quantity });
    let quote = QuoteRequest {
        account: None,
        lines: lines.collect(),
        currency: None,
        destination: Destination {
            country: request.shipping_address.country.clone(),
            ..Destination::default()
        },
        shipping_method: request.shipping_method.clone(),
    };
    let quote = orders.contract.quote(quote).await.unwrap();
    if request.expected_total.is_some_and(|expected| expected != quote.totals.total) {
        let problem =
            Problem::new(422, codes::PRICE_CHANGED, "changed").fact("total", quote.totals.total);
        return problem_response(problem);
    }
    let id: OrderId = orders.ids.next();
    orders.contract.ordered(cart_id, id).await.unwrap();
    let order = placed(id, cart_id, request, quote);
    ORDERS_BY_KEY.lock().unwrap().insert(key, id);
    if let Some(CustomerActor(account)) = Caller::current().actor_as() {
        CUSTOMERS.lock().unwrap().insert(id, account);
    }
    ORDERS.lock().unwrap().insert(id, order.clone());
    (StatusCode::CREATED, Json(order)).into_response()
}

/// Order placed by a checkout.
fn placed(id: OrderId, cart_id: CartId, request: Checkout, quote: Quote) -> Order {
    let is_prepaid = request.payment.method == PREPAYMENT;
    let is_asked = request.payment.token == "requires_action";
    let is_pending = is_asked || is_prepaid;
    let payment: PaymentId = Ids::derived(id.into(), "payment");
    Order {
        customer_erased: false,
        language: request.language,
        id,
        number: "1000482".to_owned(),
        status: if is_pending { OrderStatus::Pending } else { OrderStatus::Confirmed },
        payment_status: if is_pending { PaymentStatus::Waiting } else { PaymentStatus::Paid },
        fulfilment_status: FulfilmentStatus::Unfulfilled,
        email: request.email,
        currency: quote.currency,
        lines: quote
            .lines
            .into_iter()
            .map(|quoted| OrderLine { quoted, refunded_quantity: 0 })
            .collect(),
        shipping: quote.shipping,
        totals: quote.totals,
        billing_address: request
            .billing_address
            .unwrap_or_else(|| request.shipping_address.clone()),
        shipping_address: request.shipping_address,
        payment: OrderPayment {
            authorised: Money::zero(quote.currency),
            id: payment,
            method: request.payment.method,
            captured: if is_pending { Money::zero(quote.currency) } else { quote.totals.total },
            refunded: Money::zero(quote.currency),
            action_url: is_asked.then(|| format!("/payments/{payment}/action")),
            bank_details: is_prepaid.then(|| BANK.to_owned()),
            pay_by: is_prepaid.then(|| "2025-11-28T12:00:00Z".parse().unwrap()),
        },
        refunds: Vec::new(),
        cart_id: Some(cart_id),
        cancel_reason: None,
        placed_at: NOW.parse().unwrap(),
        history: vec![HistoryEntry {
            at: NOW.parse().unwrap(),
            event: "confirmed".to_owned(),
            text: "confirmed".to_owned(),
            reason: None,
        }],
        version: 1,
    }
}

/// Orders of the customer, two on a page: the cursor is the number of those before.
async fn account_orders(Query(query): Query<AccountOrderQuery>) -> Response {
    let CustomerActor(account) = match Caller::current().require_actor() {
        Ok(actor) => actor,
        Err(problem) => return problem_response(problem),
    };
    let before: usize = match query.cursor.map(|cursor| cursor.decode("orders")).transpose() {
        Ok(before) => before.unwrap_or(0),
        Err(_) => return problem_response(Problem::of(kernel::codes::INVALID_CURSOR, "cursor")),
    };
    let (orders, customers) = (ORDERS.lock().unwrap(), CUSTOMERS.lock().unwrap());
    let own: Vec<_> =
        orders.values().rev().filter(|order| customers.get(&order.id) == Some(&account)).collect();
    let items = own.iter().skip(before).take(2).map(|order| OrderSummary {
        id: order.id,
        number: order.number.clone(),
        status: order.status,
        payment_status: order.payment_status,
        fulfilment_status: order.fulfilment_status,
        email: order.email.clone(),
        name: order.shipping_address.name.clone(),
        total: order.totals.total,
        item_count: order.lines.iter().map(|line| line.quoted.quantity).sum(),
        attempt: false,
        placed_at: order.placed_at,
    });
    let next = (own.len() > before + 2).then(|| Cursor::encode("orders", &(before + 2)));
    Json(OrderPage { items: items.collect(), next_cursor: next }).into_response()
}

async fn request_claim(Json(claim): Json<OrderClaim>) -> Response {
    match claim.email.as_str() {
        "often@example.com" => problem_response(Problem::of(kernel::codes::RATE_LIMITED, "often")),
        _ => StatusCode::NO_CONTENT.into_response(),
    }
}

async fn check_claim(Json(link): Json<OrderClaimLink>) -> Response {
    let orders = ORDERS.lock().unwrap();
    let is_it = |id: &&OrderId| kernel::Uuid::from(**id).simple().to_string() == link.token;
    match orders.keys().find(is_it) {
        Some(_) => StatusCode::NO_CONTENT.into_response(),
        None => problem_response(Problem::of(kernel::codes::NOT_FOUND, "no such link")),
    }
}

/// The link has the number of an order of the fake services for its secret.
async fn redeem_claim(Json(link): Json<OrderClaimLink>) -> Response {
    let CustomerActor(account) = match Caller::current().require_actor() {
        Ok(actor) => actor,
        Err(problem) => return problem_response(problem),
    };
    let orders = ORDERS.lock().unwrap();
    let Some(order) =
        orders.keys().find(|id| kernel::Uuid::from(**id).simple().to_string() == link.token)
    else {
        return problem_response(Problem::of(kernel::codes::NOT_FOUND, "no such link"));
    };
    CUSTOMERS.lock().unwrap().insert(*order, account);
    Json(OrderReference { id: *order }).into_response()
}

async fn show(Path(id): Path<OrderId>) -> Response {
    if let Some(owner) = CUSTOMERS.lock().unwrap().get(&id) {
        match Caller::current().require_actor() {
            Ok(CustomerActor(account)) if account == *owner => {}
            Ok(CustomerActor(_)) => return problem_response(Problem::not_found("order", id)),
            Err(problem) => return problem_response(problem),
        }
    }
    match ORDERS.lock().unwrap().get(&id) {
        Some(order) => Json(order.clone()).into_response(),
        None => problem_response(Problem::not_found("order", id)),
    }
}

/// Look-up that compares as little as it can: what counts as the same number and address, the order service decides.
async fn look_up(Json(lookup): Json<OrderLookup>) -> Response {
    let stored = ORDERS.lock().unwrap();
    let fits = |order: &&Order| lookup.number == order.number && lookup.email == order.email;
    match stored.values().find(fits) {
        Some(order) => Json(OrderReference { id: order.id }).into_response(),
        None => problem_response(Problem::new(404, kernel::codes::NOT_FOUND, "no such order")),
    }
}

async fn cancel(Path(id): Path<OrderId>) -> Response {
    let mut stored = ORDERS.lock().unwrap();
    let Some(order) = stored.get_mut(&id) else {
        return problem_response(Problem::not_found("order", id));
    };
    if order.status == OrderStatus::Cancelled {
        return problem_response(Problem::new(409, codes::ORDER_CANCELLED, "cancelled"));
    }
    order.status = OrderStatus::Cancelled;
    order.payment_status = PaymentStatus::Refunded;
    order.payment.refunded = order.totals.total;
    Json(order.clone()).into_response()
}

async fn payment(Path(id): Path<PaymentId>) -> Response {
    let stored = ORDERS.lock().unwrap();
    let Some(order) = stored.values().find(|order| order.payment.id == id) else {
        return problem_response(Problem::not_found("payment", id));
    };
    let is_pending = order.status == OrderStatus::Pending;
    Json(PaymentSummary {
        id,
        state: if is_pending { PaymentState::RequiresAction } else { PaymentState::Captured },
        amount: order.totals.total,
        action_url: order.payment.action_url.clone(),
    })
    .into_response()
}

async fn submit_action(
    Path(id): Path<PaymentId>,
    Json(action): Json<PaymentAction>,
) -> Json<PaymentSummary> {
    let mut stored = ORDERS.lock().unwrap();
    let order = stored.values_mut().find(|order| order.payment.id == id).unwrap();
    order.payment.action_url = None;
    let amount = order.totals.total;
    let (status, payment_status, state) = match action.outcome {
        ActionOutcome::Approve => {
            (OrderStatus::Confirmed, PaymentStatus::Paid, PaymentState::Captured)
        }
        ActionOutcome::Decline => {
            order.cancel_reason = Some(codes::PAYMENT_DECLINED.to_string());
            (OrderStatus::Cancelled, PaymentStatus::Voided, PaymentState::Failed)
        }
    };
    (order.status, order.payment_status) = (status, payment_status);
    Json(PaymentSummary { id, state, amount, action_url: None })
}
