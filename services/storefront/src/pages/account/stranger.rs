//! Account page for somebody who is not signed in, and the page after the sign-out.

use super::{ACCOUNT, sign_in_address};
use crate::{
    app_state::AppState,
    cart_cookie::CartCookie,
    components::{
        icon::Icon,
        layout::{self, Indexing, LayoutData, PageMeta},
    },
    form_fields::FormFields,
    page_error::PageResult,
    page_response::PageResponse,
    request_context::RequestContext,
};
use axum::{extract::State, response::Response};
use maud::{Markup, html};
use std::sync::Arc;

/// Page with the ways to sign in and to make an account, and with the reason why a sign-in failed.
pub(super) async fn render(
    state: &AppState,
    context: &RequestContext,
    fields: &FormFields,
) -> Response {
    let messages = &context.locale.messages.account;
    let reason = match fields.text("sign_in") {
        Some("expired") => Some(messages.expired),
        Some("refused") => Some(messages.refused),
        Some("unavailable") => Some(messages.unavailable),
        _ => None,
    };
    let body = html! {
        h1 { (messages.title) }
        @if let Some(reason) = reason { p.notice.warn role="alert" { (Icon::Alert) span { (reason) } } }
        p { (messages.stranger_lead) }
        p.ways {
            a.button.large #sign-in href=(sign_in_address(ACCOUNT)) { (messages.sign_in) }
            @if state.settings.sign_up {
                a.button.large.quiet-button href="/auth/sign-up" { (messages.sign_up) }
            }
        }
        p { a.link-line href="/orders" { (messages.without) } }
    };
    page(state, context, messages.title, &body, CartCookie::Unchanged).await
}

/// `GET /account/signed-out`
pub(crate) async fn signed_out(
    State(state): State<Arc<AppState>>,
    context: RequestContext,
) -> PageResult {
    let messages = &context.locale.messages.account;
    let body = html! {
        h1 { (messages.signed_out) }
        p { (messages.signed_out_text) }
        p.ways {
            a.button href="/" { (context.locale.messages.error_pages.go_home) }
            a.button.quiet-button href=(sign_in_address(ACCOUNT)) { (messages.sign_in) }
        }
    };
    // The cookie names the cart of the account, which is not seen any more; a guest's is kept.
    let cart = state.current_cart(&context).await;
    let is_gone = context.cart.is_some() && context.customer.is_none() && matches!(cart, Ok(None));
    let cookie = if is_gone { CartCookie::Clear } else { CartCookie::Unchanged };
    Ok(page(&state, &context, messages.signed_out, &body, cookie).await)
}

async fn page(
    state: &AppState,
    context: &RequestContext,
    title: &str,
    body: &Markup,
    cookie: CartCookie,
) -> Response {
    let layout = LayoutData::load(state, context).await;
    let meta = PageMeta { title, indexing: Indexing::NoIndex, ..PageMeta::default() };
    let main = html! { main.wrap.prose #main { (body) } };
    let page = layout::page(state, context, &layout, &meta, &main);
    PageResponse::private(state, context).cookie(cookie).html(page)
}
