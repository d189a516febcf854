//! Arrival of a customer who has just signed in (`GET /account/arrival`): the cart of the guest goes into that of the customer.

use crate::{
    app_state::AppState,
    cart_cookie::CartCookie,
    form_fields::FormFields,
    page_error::PageResult,
    page_response::see_other,
    pages::{account::ACCOUNT, language::is_path},
    request_context::RequestContext,
};
use axum::extract::State;
use std::sync::Arc;

/// `GET /account/arrival`
pub(crate) async fn show(
    State(state): State<Arc<AppState>>,
    context: RequestContext,
) -> PageResult {
    let fields = FormFields::parse(context.uri.query().unwrap_or_default().as_bytes());
    let to = fields.text("to").filter(|path| is_path(path)).unwrap_or(ACCOUNT);
    // The page that follows is worth more than the cart, which is merged when it is looked at.
    let cart = state.account_cart(&context).await.ok().flatten();
    let cookie = match cart {
        Some(cart) if context.cart != Some(cart.id) => CartCookie::Set(cart.id),
        // The cookie may also name the order that is being paid for.
        _ => CartCookie::Unchanged,
    };
    Ok(see_other(&context, to, cookie))
}
