//! Order placement (`POST /checkout`): submits the checkout under an idempotency key and renders its outcome.

use super::{
    AddressForm, CheckoutForm, Feedback, USE_ADDRESS, USE_BILLING, address_book, open_cart,
    order_address, pickup_place, render, shipping_methods, waiting_page,
};
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
    cart::{Cart, NoticeCode},
    codes,
    order::{AddressToStore, Checkout, Order, OrderStatus},
    shared::{AddressId, CartId, Sku},
};
use form_urlencoded::Serializer;
use kernel::{Money, Problem, UnitPrice};
use std::{sync::Arc, time::Duration};
use transport::CallError;

/// Retries while the same form is still being processed: their number and the delay between them.
const RETRIES_MAX: u32 = 20;
const RETRY_DELAY: Duration = Duration::from_millis(250);

/// `POST /checkout`
pub(crate) async fn place_order(
    State(state): State<Arc<AppState>>,
    context: RequestContext,
    fields: FormFields,
) -> PageResult {
    let mut form = CheckoutForm::read(&fields, &state.settings.country);
    let cart = match (open_cart(&state, &context).await?, context.cart) {
        (Ok(cart), _) => cart,
        // On a double click, the first request already holds the cart: the second gets the same order by the same key.
        (Err(_), Some(_)) if fields.has("key") && !is_update(&fields) => {
            return resubmit(&state, &context, &fields, &mut form).await;
        }
        (Err(response), _) => return Ok(response),
    };
    if is_update(&fields) {
        fill_in(&state, &context, &fields, &mut form).await;
        return render(&state, &context, &cart, &form, Feedback::default()).await;
    }
    complete(&state, &cart, &mut form).await?;
    let countries = &state.cached_catalogue.delivery().await.countries;
    let field_errors = form.validate(context.locale.messages, countries);
    // What is known is said all together: the fields, and what the shop cannot deliver as it was ordered.
    let (cart, notices) = correct_cart(&state, &context, cart).await?;
    if cart.lines.is_empty() {
        return Ok(cart::render_with_reasons(&state, &context, Some(cart), &notices).await);
    }
    if !field_errors.is_empty() || !notices.is_empty() {
        return render(&state, &context, &cart, &form, Feedback { field_errors, notices }).await;
    }
    let checkout = checkout_request(&form, &fields, &cart, context.locale);
    match submit(&state, &cart, &fields, &checkout).await {
        Ok(order) => {
            keep_address(&state, &context, &form).await;
            Ok(order_placed(&context, &order))
        }
        Err(error) => handle_rejection(&state, &context, cart, &form, &fields, error).await,
    }
}

/// Whether the form is to be shown again, with what was chosen, and nothing is ordered.
fn is_update(fields: &FormFields) -> bool {
    ["update", USE_ADDRESS, USE_BILLING].into_iter().any(|name| fields.has(name))
}

/// Fills in the address of the customer whose button was pressed, if it is still there.
async fn fill_in(
    state: &AppState,
    context: &RequestContext,
    fields: &FormFields,
    form: &mut CheckoutForm,
) {
    let wanted = |name| fields.text(name).and_then(|id| id.parse::<AddressId>().ok());
    let (delivery, billing) = (wanted(USE_ADDRESS), wanted(USE_BILLING));
    if delivery.is_none() && billing.is_none() {
        return;
    }
    let book = address_book(state, context).await;
    let found = |id| Some(AddressForm::of(&book.find(id)?.address));
    if let Some(address) = delivery.and_then(found) {
        form.shipping = address;
    }
    if let Some(address) = billing.and_then(found) {
        form.billing = Some(address);
    }
}

/// Keeps the delivery address, if the customer wants that. The order is placed in any case.
async fn keep_address(state: &AppState, context: &RequestContext, form: &CheckoutForm) {
    if !form.save_address || context.customer.is_none() || form.pickup.is_some() {
        return;
    }
    let address = AddressToStore {
        address: form.shipping_address(),
        default_delivery: false,
        default_billing: false,
    };
    // Sent again, it is the address that is there already.
    let kept = state.orders.store_address(state.ids.next(), &address).await;
    if let Err(error) = kept {
        tracing::warn!(%error, "the address of an order could not be kept for its customer");
    }
}

/// Completes the form by what its choices stand for: the place of the shipping method, the payment method by default.
async fn complete(state: &AppState, cart: &Cart, form: &mut CheckoutForm) -> Result<(), PageError> {
    if !form.method.is_empty() {
        let methods = shipping_methods(state, cart, form).await;
        form.pickup = pickup_place(&methods, &form.method).cloned();
    }
    if form.payment.is_empty() {
        let offered = payment::methods_with_a_form(&state.orders.payment_methods().await?.items);
        form.payment = offered.first().map_or_else(String::new, payment::default_choice);
    }
    Ok(())
}

/// Handles a form that is submitted again during or after its first submission.
async fn resubmit(
    state: &AppState,
    context: &RequestContext,
    fields: &FormFields,
    form: &mut CheckoutForm,
) -> PageResult {
    let Some(id) = context.cart else { return Err(PageError::NotFound) };
    let cart = state.carts.cart(id).await?;
    complete(state, &cart, form).await?;
    let checkout = checkout_request(form, fields, &cart, context.locale);
    match submit(state, &cart, fields, &checkout).await {
        Ok(order) => {
            keep_address(state, context, form).await;
            Ok(order_placed(context, &order))
        }
        Err(error) => handle_rejection(state, context, cart, form, fields, error).await,
    }
}

fn checkout_request(
    form: &CheckoutForm,
    fields: &FormFields,
    cart: &Cart,
    locale: Locale,
) -> Checkout {
    let expected = fields.text("expected").and_then(|it| it.parse().ok());
    Checkout {
        email: form.email.clone(),
        shipping_address: form.shipping_address(),
        billing_address: form.billing.as_ref().map(AddressForm::to_address),
        shipping_method: (!form.method.is_empty()).then(|| form.method.clone()),
        payment: payment::chosen_method(&form.payment),
        expected_total: expected.map(|amount| Money::new(amount, cart.currency)),
        language: Some(locale.messages.tag.to_owned()),
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
    // The cart is named until the page of its order is shown: a pending payment may still fail, and the second of two
    // clicks, whose answer is the one a browser shows, may be sent with the cookie that came with the first answer.
    let cookie = context.cart.map_or(CartCookie::Clear, |cart| CartCookie::Paying(cart, order.id));
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
    let CallError::Problem(problem) = &error else {
        return Ok(waiting_page(state, context, fields));
    };
    let to_cart = || Ok(see_other(context, "/cart", CartCookie::Unchanged));
    let code = &problem.code;
    let feedback = if *code == codes::PAYMENT_DECLINED {
        Feedback::notice(messages.declined)
    } else if *code == codes::PRICE_CHANGED {
        let now = state.carts.cart(cart.id).await?;
        let feedback = price_change_feedback(context.locale, fields, &now, problem);
        return render(state, context, &now, form, feedback).await;
    } else if *code == codes::OUT_OF_STOCK {
        return remove_sold_out(state, context, &cart, form, problem).await;
    } else if *code == codes::NOT_DELIVERABLE {
        // The form shows the same message once it requests a quote.
        Feedback::notice(messages.not_deliverable)
    } else if *code == codes::TEST_PAYMENTS_OFF {
        Feedback::notice(messages.test_payments_off)
    } else if *code == codes::METHOD_NOT_OFFERED {
        Feedback::notice(messages.method_not_offered)
    } else if *code == codes::UNPAID_ORDERS_LIMIT {
        Feedback::notice(messages.unpaid_orders_limit)
    } else if *code == codes::UNPAID_SHARE_LIMIT {
        Feedback::notice(interpolate(
            messages.unpaid_share_limit,
            &[("name", &name_of(&cart, problem))],
        ))
    } else if *code == codes::ALREADY_ORDERED {
        return Ok(see_other(context, &order_address(context), CartCookie::Clear));
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
        return Ok(waiting_page(state, context, fields));
    } else if problem.status >= 500 || problem.status == 429 {
        return Err(error.into());
    } else {
        Feedback::notice(problem.title.clone())
    };
    render(state, context, &cart, form, feedback).await
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

/// Name of the line that a problem is about.
fn name_of(cart: &Cart, problem: &Problem) -> String {
    let sku = problem.subject.as_deref().unwrap_or_default();
    let line = cart.lines.iter().find(|line| line.sku.as_str() == sku);
    line.map_or(sku, |line| &line.name).to_owned()
}

/// Takes out of the cart what cannot be bought, and returns the cart with a notice for each change.
async fn correct_cart(
    state: &AppState,
    context: &RequestContext,
    mut cart: Cart,
) -> Result<(Cart, Vec<String>), PageError> {
    let mut notices = Vec::new();
    for problem in cart::problems(&cart) {
        notices.push(problem.correction(context.locale));
        let changed = set_quantity(state, cart.id, &problem.sku, problem.available).await?;
        cart = changed;
    }
    Ok((cart, notices))
}

/// Sets the quantity of a line; 0 removes it. A line that is gone already is no error.
async fn set_quantity(
    state: &AppState,
    cart: CartId,
    sku: &Sku,
    quantity: i64,
) -> Result<Cart, PageError> {
    let changed = if quantity > 0 {
        state.carts.change_line(cart, sku, quantity).await
    } else {
        state.carts.remove_line(cart, sku).await
    };
    match changed {
        Ok(cart) => Ok(cart),
        Err(error) if error.problem(&kernel::codes::NOT_FOUND).is_some() => {
            Ok(state.carts.cart(cart).await?)
        }
        Err(error) => Err(error.into()),
    }
}

/// Takes out of the cart what sold out between the page and the order, and renders a notice about it.
async fn remove_sold_out(
    state: &AppState,
    context: &RequestContext,
    cart: &Cart,
    form: &CheckoutForm,
    problem: &Problem,
) -> PageResult {
    let Some(sku) = problem.subject.as_deref().and_then(|sku| Sku::parse(sku).ok()) else {
        return render(state, context, cart, form, Feedback::notice(&problem.title)).await;
    };
    let available = problem.facts.get("available").and_then(serde_json::Value::as_i64);
    let sold_out = cart::LineProblem {
        available: available.unwrap_or(0).max(0),
        name: name_of(cart, problem),
        code: NoticeCode::FewerLeft,
        sku,
    };
    let mut notices = vec![sold_out.correction(context.locale)];
    let cart = set_quantity(state, cart.id, &sold_out.sku, sold_out.available).await?;
    // Others may have sold out in the same moment.
    let (cart, further) = correct_cart(state, context, cart).await?;
    notices.extend(further);
    if cart.lines.is_empty() {
        return Ok(cart::render_with_reasons(state, context, Some(cart), &notices).await);
    }
    render(state, context, &cart, form, Feedback { notices, ..Feedback::default() }).await
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
