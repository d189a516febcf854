//! Test bank page (`/payments/{id}/action`): where a shopper confirms or declines a payment of the test processor.

use crate::{
    app_state::AppState,
    cart_cookie::CartCookie,
    components::layout::{self, Indexing, PageMeta},
    form_fields::FormFields,
    messages::interpolate,
    page_error::{PageError, PageResult},
    page_response::{PageResponse, see_other},
    request_context::RequestContext,
};
use axum::extract::{Path, State};
use contracts::{
    payment::{ActionOutcome, Payment, PaymentAction, PaymentState},
    shared::{OrderId, PaymentId},
};
use maud::html;
use std::{sync::Arc, time::Duration};

/// Polling of the order after a payment action: number of attempts and delay between them.
const POLLS_MAX: u32 = 20;
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// `GET /payments/{id}/action`
pub(crate) async fn show(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    context: RequestContext,
) -> PageResult {
    let payment = payment(&state, &id).await?;
    let messages = &context.locale.messages.order;
    let requires_action = payment.state == PaymentState::RequiresAction;
    let values = [
        ("shop", state.settings.name.as_str()),
        ("amount", &*context.locale.money(payment.amount)),
    ];
    let main = html! {
        main.wrap #main {
            div.nothing.bank {
                h1 { (messages.bank_title) }
                @if requires_action {
                    p.nothing-head { (interpolate(messages.bank_request, &values)) }
                    form.ask-ways action={ "/payments/" (payment.id) "/action" } method="post" data-once {
                        button.button.large type="submit" name="outcome" value="confirm" { (messages.bank_confirm) }
                        button.button.large.quiet-button type="submit" name="outcome" value="refuse" { (messages.bank_decline) }
                    }
                } @else {
                    p.nothing-head { (messages.bank_nothing_to_confirm) }
                }
                p.quiet.small { (messages.bank_note) }
                p { a href={ "/orders/" (payment.order_id) } { (messages.back) } }
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
    if payment.state == PaymentState::RequiresAction {
        state.payments.act(payment.id, &PaymentAction { outcome }).await?;
        wait_for_order(&state, payment.order_id).await;
    }
    Ok(see_other(&context, &format!("/orders/{}", payment.order_id), CartCookie::Unchanged))
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

/// Payment with this id, if it is one of the test processor: real banks have pages of their own.
async fn payment(state: &AppState, id: &str) -> Result<Payment, PageError> {
    let id: PaymentId = id.parse().map_err(|_| PageError::NotFound)?;
    let payment = state.payment(id).await?;
    if state.settings.test_payments && payment.method == "test" {
        Ok(payment)
    } else {
        Err(PageError::NotFound)
    }
}
