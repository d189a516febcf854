//! Orders of the customer, newest first (`GET /account`).

use super::{Section, claims, render, stranger};
use crate::{
    app_state::AppState, form_fields::FormFields, locale::Locale, messages::interpolate,
    page_error::PageResult, request_context::RequestContext,
};
use axum::extract::State;
use contracts::order::{
    AccountOrderQuery, FulfilmentStatus, OrderPage, OrderStatus, OrderSummary, PaymentStatus,
};
use form_urlencoded::Serializer;
use kernel::codes;
use maud::{Markup, html};
use std::sync::Arc;

/// Orders of a page.
const PAGE_ORDERS: &str = "20";

/// `GET /account`
pub(crate) async fn show(
    State(state): State<Arc<AppState>>,
    context: RequestContext,
) -> PageResult {
    let fields = FormFields::parse(context.uri.query().unwrap_or_default().as_bytes());
    if context.customer.is_none() {
        return Ok(stranger::render(&state, &context, &fields).await);
    }
    let cursor = fields.text("from").and_then(|text| serde_json::from_value(text.into()).ok());
    let is_first = cursor.is_none();
    let query = AccountOrderQuery { limit: Some(PAGE_ORDERS.to_owned()), cursor };
    let page = match state.orders.account_orders(&query).await {
        // A cursor that somebody changed.
        Err(error) if error.problem(&codes::INVALID_CURSOR).is_some() => {
            let first = AccountOrderQuery { cursor: None, ..query };
            state.orders.account_orders(&first).await?
        }
        page => page?,
    };
    let body = html! {
        (list(context.locale, &page, is_first))
        @if state.settings.order_claims { (claims::form(context.locale, &FormFields::default(), None)) }
    };
    Ok(render(&state, &context, Section::Orders, &body).await)
}

fn list(locale: Locale, page: &OrderPage, is_first: bool) -> Markup {
    let messages = &locale.messages.account;
    let older = page.next_cursor.as_ref().map(|cursor| {
        let mut query = Serializer::new(String::new());
        ["/account?", &query.append_pair("from", &cursor.to_string()).finish()].concat()
    });
    html! {
        @if page.items.is_empty() {
            p.quiet { (messages.no_orders) }
            p { a.button href="/new" { (locale.messages.cart.see_new) } }
        } @else {
            ul.order-list role="list" { @for order in &page.items { (row(locale, order)) } }
        }
        p.pages {
            @if !is_first { a href="/account" { (messages.newest) } }
            @if let Some(older) = older { a href=(older) rel="next" { (messages.older) } }
        }
    }
}

fn row(locale: Locale, order: &OrderSummary) -> Markup {
    let messages = &locale.messages.account;
    let (class, state) = state(locale, order);
    html! {
        li {
            div {
                a href={ "/orders/" (order.id) } { strong { (interpolate(messages.order, &[("number", &order.number)])) } }
                p.quiet.small { (locale.date(order.placed_at)) " · " (locale.plural(&messages.items, order.item_count.unsigned_abs())) }
            }
            span.order-state class=(class) { (state) }
            span.number { (locale.money(order.total)) }
        }
    }
}

/// State of an order for its customer, and its class: colour means that there is something to do.
fn state(locale: Locale, order: &OrderSummary) -> (&'static str, &'static str) {
    let messages = &locale.messages.account;
    match (order.status, order.fulfilment_status, order.payment_status) {
        (OrderStatus::Cancelled, ..) => ("done", messages.state_cancelled),
        (_, _, PaymentStatus::Refunded) => ("done", messages.state_refunded),
        (_, FulfilmentStatus::Fulfilled, _) => ("done", messages.state_shipped),
        (OrderStatus::Pending, ..) => ("to-do", messages.state_to_pay),
        (OrderStatus::Confirmed | OrderStatus::Completed, ..) => ("done", messages.state_preparing),
    }
}
