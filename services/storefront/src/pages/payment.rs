//! `/payments/{id}/action`: stands in for the bank that asks its customer to confirm, with the test processor.

use crate::{
    http::{Answer, CartMemory, Fields, Reply, Trouble, Visit, see_other},
    parts::shell::{self, Head, Indexed},
    shop::Shop,
    words::fill,
};
use axum::extract::{Path, State};
use contracts::{
    payment::{ActionOutcome, Payment, PaymentAction, PaymentState},
    shared::{OrderId, PaymentId},
};
use maud::html;
use std::{sync::Arc, time::Duration};

/// How often and how long the order is waited for.
const WAITS_MAX: u32 = 20;
const WAIT: Duration = Duration::from_millis(100);

/// `/payments/{id}/action`
pub(crate) async fn show(
    State(shop): State<Arc<Shop>>,
    Path(id): Path<String>,
    visit: Visit,
) -> Answer {
    let payment = payment(&shop, &id).await?;
    let words = &visit.locale.words.order;
    let asks = payment.state == PaymentState::RequiresAction;
    let values =
        [("shop", shop.settings.name.as_str()), ("amount", &*visit.locale.money(payment.amount))];
    let main = html! {
        main.wrap #main {
            div.nothing.bank {
                h1 { (words.bank_title) }
                @if asks {
                    p.nothing-head { (fill(words.bank_ask, &values)) }
                    form.ask-ways action={ "/payments/" (payment.id) "/action" } method="post" data-once {
                        button.button.large type="submit" name="outcome" value="confirm" { (words.bank_confirm) }
                        button.button.large.quiet-button type="submit" name="outcome" value="refuse" { (words.bank_refuse) }
                    }
                } @else {
                    p.nothing-head { (words.bank_done) }
                }
                p.quiet.small { (words.bank_note) }
                p { a href={ "/orders/" (payment.order_id) } { (words.back) } }
            }
        }
    };
    let head = Head { title: words.bank_title, indexed: Indexed::No, ..Head::default() };
    Ok(Reply::own(&shop, &visit).send(shell::narrow(&shop, &visit, &head, &html! {}, &main)))
}

/// `POST /payments/{id}/action`
pub(crate) async fn act(
    State(shop): State<Arc<Shop>>,
    Path(id): Path<String>,
    visit: Visit,
    fields: Fields,
) -> Answer {
    let payment = payment(&shop, &id).await?;
    let outcome = match fields.text("outcome") {
        Some("confirm") => ActionOutcome::Approve,
        Some("refuse") => ActionOutcome::Decline,
        _ => return Err(Trouble::Gone),
    };
    if payment.state == PaymentState::RequiresAction {
        shop.payments.act(payment.id, &PaymentAction { outcome }).await?;
        has_heard(&shop, payment.order_id).await;
    }
    Ok(see_other(&visit, &format!("/orders/{}", payment.order_id), CartMemory::Untouched))
}

/// Waits a moment until the order has heard what became of its payment, so that its page does not ask again.
async fn has_heard(shop: &Shop, order: OrderId) {
    for _ in 0..WAITS_MAX {
        match shop.orders.order(order).await {
            Ok(order) if order.payment.action_url.is_some() => tokio::time::sleep(WAIT).await,
            _ => return,
        }
    }
}

/// The payment, if it is one of the test processor: real banks have pages of their own.
async fn payment(shop: &Shop, id: &str) -> Result<Payment, Trouble> {
    let id: PaymentId = id.parse().map_err(|_| Trouble::Gone)?;
    let payment = shop.payment(id).await?;
    if shop.settings.test_payments && payment.method == "test" {
        Ok(payment)
    } else {
        Err(Trouble::Gone)
    }
}
