//! Order placement (`POST /checkout`): submits the checkout under an idempotency key and renders its outcome.

use super::{CheckoutForm, Feedback, checkout_form::AddressForm, open_cart, render, waiting_page};
use crate::{
    app_state::AppState,
    cart_cookie::CartCookie,
    form_fields::FormFields,
    locale::Locale,
    messages::interpolate,
    page_error::{PageError, PageResult},
    page_response::see_other,
    pages::{cart, payment},
    request_context::RequestContext,
};
use axum::{extract::State, response::Response};
use contracts::{
    cart::Cart,
    codes,
    order::{Checkout, Order, OrderStatus},
    payment::PaymentMethod,
    shared::Sku,
};
use form_urlencoded::Serializer;
use kernel::{Money, Problem, UnitPrice};
use std::{sync::Arc, time::Duration};
use transport::CallError;

/// Payment processor whose cards the page offers.
const PROCESSOR: &str = "test";
/// Retries while the same form is still being processed: their number and the delay between them.
const RETRIES_MAX: u32 = 20;
const RETRY_DELAY: Duration = Duration::from_millis(250);

/// `POST /checkout`
pub(crate) async fn place_order(
    State(state): State<Arc<AppState>>,
    context: RequestContext,
    fields: FormFields,
) -> PageResult {
    let form = CheckoutForm::read(&fields, &state.settings.country);
    let cart = match (open_cart(&state, &context).await?, context.cart) {
        (Ok(cart), _) => cart,
        // On a double click, the first request already holds the cart: the second gets the same order by the same key.
        (Err(_), Some(_)) if fields.has("key") && !fields.has("update") => {
            return resubmit(&state, &context, &fields, &form).await;
        }
        (Err(response), _) => return Ok(response),
    };
    if fields.has("update") {
        return Ok(render(&state, &context, &cart, &form, Feedback::default()).await);
    }
    let errors =
        form.validate(context.locale.messages, &state.cached_catalogue.delivery().await.countries);
    if !errors.is_empty() {
        return Ok(render(
            &state,
            &context,
            &cart,
            &form,
            Feedback { field_errors: errors, ..Feedback::default() },
        )
        .await);
    }
    let checkout = checkout_request(&form, &fields, &cart);
    match submit(&state, &cart, &fields, &checkout).await {
        Ok(order) => Ok(order_placed(&context, &order)),
        Err(error) => handle_rejection(&state, &context, cart, &form, &fields, error).await,
    }
}

/// Handles a form that is submitted again during or after its first submission.
async fn resubmit(
    state: &AppState,
    context: &RequestContext,
    fields: &FormFields,
    form: &CheckoutForm,
) -> PageResult {
    let Some(id) = context.cart else { return Err(PageError::NotFound) };
    let cart = state.carts.cart(id).await?;
    let checkout = checkout_request(form, fields, &cart);
    match submit(state, &cart, fields, &checkout).await {
        Ok(order) => Ok(order_placed(context, &order)),
        Err(error) => handle_rejection(state, context, cart, form, fields, error).await,
    }
}

fn checkout_request(form: &CheckoutForm, fields: &FormFields, cart: &Cart) -> Checkout {
    let expected = fields.text("expected").and_then(|it| it.parse().ok());
    let token = if form.card.is_empty() { "success" } else { &form.card };
    Checkout {
        email: form.email.clone(),
        shipping_address: form.shipping.to_address(),
        billing_address: form.billing.as_ref().map(AddressForm::to_address),
        shipping_method: (!form.method.is_empty()).then(|| form.method.clone()),
        payment: PaymentMethod { method: PROCESSOR.to_owned(), token: token.to_owned() },
        expected_total: expected.map(|amount| Money::new(amount, cart.currency)),
    }
}

/// Submits the checkout under the idempotency key of the form. A second request waits for the first and gets the same
/// response.
async fn submit(
    state: &AppState,
    cart: &Cart,
    fields: &FormFields,
    checkout: &Checkout,
) -> Result<Order, CallError> {
    let new_key = || kernel::Uuid::from(state.ids.next::<contracts::shared::OrderId>()).to_string();
    let mut key = fields.text("key").map_or_else(new_key, ToOwned::to_owned);
    let mut retries = 0;
    loop {
        let result = state.orders.checkout(cart.id, &key, checkout).await;
        let Err(error) = &result else { return result };
        if error.problem(&kernel::codes::IDEMPOTENCY_IN_FLIGHT).is_some() && retries < RETRIES_MAX {
            retries += 1;
            tokio::time::sleep(RETRY_DELAY).await;
        } else if error.problem(&kernel::codes::IDEMPOTENCY_KEY_REUSED).is_some()
            && retries < RETRIES_MAX
        {
            // The shopper went back and changed the form: a new request, safe because the cart is not ordered yet.
            retries = RETRIES_MAX;
            key = new_key();
        } else {
            return result;
        }
    }
}

fn order_placed(context: &RequestContext, order: &Order) -> Response {
    let pending = order.status == OrderStatus::Pending;
    let action = payment::action_address(order)
        .filter(|it| pending && it.starts_with('/') && !it.starts_with("//"));
    let location = action.unwrap_or_else(|| format!("/orders/{}", order.id));
    // A pending payment may still fail, and then the shopper needs the cart again.
    let cookie = if pending { CartCookie::Unchanged } else { CartCookie::Clear };
    see_other(context, &location, cookie)
}

/// Renders the rejection of a checkout for the shopper.
async fn handle_rejection(
    state: &AppState,
    context: &RequestContext,
    cart: Cart,
    form: &CheckoutForm,
    fields: &FormFields,
    error: CallError,
) -> PageResult {
    let messages = &context.locale.messages.checkout;
    let CallError::Problem(problem) = &error else { return Ok(waiting_page(state, context)) };
    let to_cart = || Ok(see_other(context, "/cart", CartCookie::Unchanged));
    let code = &problem.code;
    let feedback = if *code == codes::PAYMENT_DECLINED {
        Feedback::notice(messages.declined)
    } else if *code == codes::PRICE_CHANGED {
        let now = state.carts.cart(cart.id).await?;
        let feedback = price_change_feedback(context.locale, fields, &now, problem);
        return Ok(render(state, context, &now, form, feedback).await);
    } else if *code == codes::OUT_OF_STOCK {
        return remove_sold_out(state, context, &cart, form, problem).await;
    } else if *code == codes::NOT_DELIVERABLE {
        // The form shows the same message once it requests a quote.
        Feedback::notice(messages.not_deliverable)
    } else if *code == codes::TEST_PAYMENTS_OFF {
        Feedback::notice(messages.test_payments_off)
    } else if *code == codes::ALREADY_ORDERED {
        let order = problem.subject.as_deref().map(|id| format!("/orders/{id}"));
        return Ok(see_other(context, order.as_deref().unwrap_or("/cart"), CartCookie::Unchanged));
    } else if *code == codes::CART_EMPTY
        || *code == kernel::codes::NOT_FOUND
        || *code == codes::CART_EXPIRED
    {
        return to_cart();
    } else if *code == kernel::codes::INVALID_FIELD {
        let errors = form.localise(
            &problem.errors,
            context.locale.messages,
            &state.cached_catalogue.delivery().await.countries,
        );
        Feedback {
            field_errors: errors,
            notices: if problem.errors.is_empty() {
                vec![problem.title.clone()]
            } else {
                Vec::new()
            },
        }
    } else if is_outcome_unknown(problem) {
        return Ok(waiting_page(state, context));
    } else if problem.status >= 500 || problem.status == 429 {
        return Err(error.into());
    } else {
        Feedback::notice(problem.title.clone())
    };
    Ok(render(state, context, &cart, form, feedback).await)
}

/// Whether the outcome of the payment is still unknown.
fn is_outcome_unknown(problem: &Problem) -> bool {
    let unknown = [
        codes::OUTCOME_UNKNOWN,
        codes::CHECKING_OUT,
        codes::ORDER_PENDING,
        kernel::codes::IDEMPOTENCY_IN_FLIGHT,
        kernel::codes::DEADLINE_EXCEEDED,
        kernel::codes::INTERNAL,
    ];
    unknown.contains(&problem.code)
}

/// Removes what has sold out from the cart and renders a notice about it.
async fn remove_sold_out(
    state: &AppState,
    context: &RequestContext,
    cart: &Cart,
    form: &CheckoutForm,
    problem: &Problem,
) -> PageResult {
    let messages = &context.locale.messages.checkout;
    let Some(sku) = problem.subject.as_deref().and_then(|sku| Sku::parse(sku).ok()) else {
        return Ok(render(state, context, cart, form, Feedback::notice(&problem.title)).await);
    };
    let line = cart.lines.iter().find(|line| line.sku == sku);
    let name = line.map_or(sku.as_str(), |line| &line.name);
    let available =
        problem.facts.get("available").and_then(serde_json::Value::as_i64).filter(|left| *left > 0);
    let (updated, text) = match available {
        Some(available) => {
            let values = [("name", name), ("n", &*available.to_string())];
            (
                state.carts.change_line(cart.id, &sku, available).await,
                interpolate(messages.fewer_meanwhile, &values),
            )
        }
        None => (
            state.carts.remove_line(cart.id, &sku).await,
            interpolate(messages.sold_out_meanwhile, &[("name", name)]),
        ),
    };
    let cart = match updated {
        Ok(cart) => cart,
        Err(error) if error.problem(&kernel::codes::NOT_FOUND).is_some() => {
            state.carts.cart(cart.id).await?
        }
        Err(error) => return Err(error.into()),
    };
    if cart.lines.is_empty() {
        return Ok(cart::render_emptied(state, context, cart, &text).await);
    }
    Ok(render(state, context, &cart, form, Feedback::notice(text)).await)
}

/// Unit prices that a form was rendered with, by SKU, so that a later change can be named.
pub(super) fn displayed_prices(cart: &Cart) -> String {
    let mut prices = Serializer::new(String::new());
    for line in &cart.lines {
        prices.append_pair(line.sku.as_str(), &line.unit_price.to_decimal().to_string());
    }
    prices.finish()
}

/// Feedback on the prices that changed since the form was rendered, and on the new total.
fn price_change_feedback(
    locale: Locale,
    fields: &FormFields,
    now: &Cart,
    problem: &Problem,
) -> Feedback {
    let messages = &locale.messages.checkout;
    let displayed = FormFields::parse(fields.text("seen").unwrap_or_default().as_bytes());
    let mut sentences = Vec::new();
    for line in &now.lines {
        let old = displayed
            .text(line.sku.as_str())
            .and_then(|it| UnitPrice::parse_major(it, now.currency).ok());
        if let Some(old) = old.filter(|old| *old != line.unit_price) {
            let values = [
                ("name", line.name.as_str()),
                ("old", &*locale.price(old)),
                ("new", &*locale.price(line.unit_price)),
            ];
            sentences.push(interpolate(messages.price_changed, &values));
        }
    }
    let total: Option<Money> = problem.facts.get("total").and_then(|total| {
        let amount = total.get("amount")?.as_i64()?;
        Some(Money::new(amount, now.currency))
    });
    let total = locale.money(total.unwrap_or(now.totals.total));
    sentences.push(interpolate(messages.new_total, &[("amount", &total)]));
    Feedback::notice(sentences.join(" "))
}
