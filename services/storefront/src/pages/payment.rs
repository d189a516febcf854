//! Test bank page (`/payments/{id}/action`): where a shopper confirms or declines a payment of the test processor.

use crate::{
    app_state::AppState,
    cart_cookie::CartCookie,
    components::layout::{self, Indexing, PageMeta},
    form_fields::FormFields,
    messages::{Messages, interpolate},
    page_error::{PageError, PageResult},
    page_response::{PageResponse, see_other},
    request_context::RequestContext,
};
use axum::extract::{Path, State};
use contracts::{
    order::Order,
    payment::{
        ActionOutcome, INVOICE, OfferedMethod, PREPAYMENT, PaymentAction, PaymentMethod,
        PaymentState, PaymentSummary,
    },
    shared::{OrderId, PaymentId},
};
use maud::html;
use std::{sync::Arc, time::Duration};

/// Polling of the order after a payment action: number of attempts and delay between them.
const POLLS_MAX: u32 = 20;
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// Payment method whose cards the page offers.
pub(crate) const TEST: &str = "test";

/// Value of the field for a payment method until the shopper chooses.
pub(crate) fn default_choice(offered: &OfferedMethod) -> String {
    if offered.method == TEST { format!("{TEST}:success") } else { offered.method.clone() }
}

/// Payment method of a choice: `test:success`, or the name of a method without a token.
pub(crate) fn chosen_method(choice: &str) -> PaymentMethod {
    let (method, token) = choice.split_once(':').unwrap_or((choice, ""));
    PaymentMethod { method: method.to_owned(), token: token.to_owned() }
}

/// Payment methods that a form without a script can take, in the order of the shop.
pub(crate) fn methods_with_a_form(offered: &[OfferedMethod]) -> Vec<OfferedMethod> {
    let has_form = |offered: &&OfferedMethod| !offered.needs_token || offered.method == TEST;
    offered.iter().filter(has_form).cloned().collect()
}

/// Name of a payment method for shoppers.
pub(crate) fn method_name<'a>(messages: &Messages, method: &'a str) -> &'a str {
    match method {
        TEST => messages.checkout.card_success,
        PREPAYMENT => messages.checkout.prepayment,
        INVOICE => messages.checkout.invoice,
        other => other,
    }
}

/// Address where the shopper confirms the payment of an order. The shop's own page is told the order, which a payment
/// does not disclose to who knows its id.
pub(crate) fn action_address(order: &Order) -> Option<String> {
    let url = order.payment.action_url.as_deref()?;
    let is_own = url == own_address(order.payment.id);
    Some(if is_own { format!("{url}?order={}", order.id) } else { url.to_owned() })
}

fn own_address(payment: PaymentId) -> String {
    format!("/payments/{payment}/action")
}

/// `GET /payments/{id}/action`
pub(crate) async fn show(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    context: RequestContext,
) -> PageResult {
    let payment = payment(&state, &id).await?;
    let query = FormFields::parse(context.uri.query().unwrap_or_default().as_bytes());
    let order = order_id(&query);
    let messages = &context.locale.messages.order;
    let values = [
        ("shop", state.settings.name.as_str()),
        ("amount", &*context.locale.money(payment.amount)),
    ];
    let main = html! {
        main.wrap #main {
            div.nothing.bank {
                h1 { (messages.bank_title) }
                @if payment.state == PaymentState::RequiresAction {
                    p.nothing-head { (interpolate(messages.bank_request, &values)) }
                    form.ask-ways action=(own_address(payment.id)) method="post" data-once {
                        @if let Some(order) = order { input type="hidden" name="order" value=(order); }
                        button.button.large type="submit" name="outcome" value="confirm" { (messages.bank_confirm) }
                        button.button.large.quiet-button type="submit" name="outcome" value="refuse" { (messages.bank_decline) }
                    }
                } @else {
                    p.nothing-head { (messages.bank_nothing_to_confirm) }
                }
                p.quiet.small { (messages.bank_note) }
                @match order {
                    Some(order) => p { a href=(order_address(order)) { (messages.back) } },
                    None => p { a href="/orders" { (messages.find_title) } },
                }
            }
        }
    };
    let meta =
        PageMeta { title: messages.bank_title, indexing: Indexing::NoIndex, ..PageMeta::default() };
    Ok(PageResponse::private(&state, &context).html(layout::minimal_page(
        &state,
        &context,
        &meta,
        &html! {},
        &main,
    )))
}

/// `POST /payments/{id}/action`
pub(crate) async fn submit_action(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    context: RequestContext,
    fields: FormFields,
) -> PageResult {
    let payment = payment(&state, &id).await?;
    let outcome = match fields.text("outcome") {
        Some("confirm") => ActionOutcome::Approve,
        Some("refuse") => ActionOutcome::Decline,
        _ => return Err(PageError::NotFound),
    };
    let order = order_id(&fields);
    if payment.state == PaymentState::RequiresAction {
        state.payments.complete_action(payment.id, &PaymentAction { outcome }).await?;
        if let Some(order) = order {
            wait_for_order(&state, order).await;
        }
    }
    let address = order.map_or_else(|| own_address(payment.id), order_address);
    Ok(see_other(&context, &address, CartCookie::Unchanged))
}

/// Order that the link or the form names.
fn order_id(fields: &FormFields) -> Option<OrderId> {
    fields.text("order")?.parse().ok()
}

fn order_address(order: OrderId) -> String {
    format!("/orders/{order}")
}

/// Waits for the order to learn the outcome of its payment, so that its page does not ask for confirmation again.
async fn wait_for_order(state: &AppState, order: OrderId) {
    for _ in 0..POLLS_MAX {
        match state.orders.order(order).await {
            Ok(order) if order.payment.action_url.is_some() => {
                tokio::time::sleep(POLL_INTERVAL).await;
            }
            _ => return,
        }
    }
}

/// Payment with this id, if the test processor has or had it confirmed here: real banks have pages of their own.
async fn payment(state: &AppState, id: &str) -> Result<PaymentSummary, PageError> {
    let id: PaymentId = id.parse().map_err(|_| PageError::NotFound)?;
    let payment = state.payments.summary(id).await?;
    let is_own = payment.action_url.as_deref().is_none_or(|url| url == own_address(id));
    if state.settings.test_payments && is_own { Ok(payment) } else { Err(PageError::NotFound) }
}
