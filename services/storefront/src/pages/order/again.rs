//! Re-order (`POST /orders/{id}/again`): what an order had goes into the cart, at today's prices.

use super::OrderView;
use crate::{
    app_state::AppState,
    cart_cookie::CartCookie,
    form_fields::FormFields,
    messages::interpolate,
    page_error::{PageError, PageResult},
    page_response::see_other,
    pages::{account, cart},
    request_context::RequestContext,
};
use axum::extract::{Path, State};
use contracts::{
    cart::Cart,
    codes::{CHECKING_OUT, UNKNOWN_SKU},
    order::OrderLine,
    shared::{OrderId, Quantity},
};
use kernel::codes;
use maud::{Markup, html};
use std::sync::Arc;
use transport::CallError;

/// Lines that go into the cart; that there are further ones is said.
const LINES_MAX: usize = 100;

/// `POST /orders/{id}/again`
pub(crate) async fn order_again(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    context: RequestContext,
    _: FormFields,
) -> PageResult {
    let id: OrderId = id.parse().map_err(|_| PageError::NotFound)?;
    let order = match state.orders.order(id).await {
        Err(error) if error.problem(&codes::UNAUTHENTICATED).is_some() => {
            let address = account::sign_in_address(&format!("/orders/{id}"));
            return Ok(see_other(&context, &address, CartCookie::Unchanged));
        }
        order => order?,
    };
    let mut cart = state.account_cart(&context).await?;
    let mut reasons = Vec::new();
    for line in order.lines.iter().take(LINES_MAX) {
        match add(&state, cart.as_ref(), line).await {
            Ok(changed) => cart = Some(changed),
            Err(error) if error.problem(&CHECKING_OUT).is_some() => {
                // The cart page says so, and leads to the order that is being paid for.
                return Ok(see_other(&context, "/cart", CartCookie::Unchanged));
            }
            Err(error) => reasons.push(reason(&context, line, error)?),
        }
    }
    if order.lines.len() > LINES_MAX {
        reasons.push(context.locale.messages.cart.line_limit.to_owned());
    }
    if reasons.is_empty() {
        let cookie = cart.map_or(CartCookie::Unchanged, |cart| CartCookie::Set(cart.id));
        return Ok(see_other(&context, "/cart", cookie));
    }
    Ok(cart::render_with_reasons(&state, &context, cart, &reasons).await)
}

/// Cart with the units of a line, a new one if there is none.
async fn add(state: &AppState, cart: Option<&Cart>, line: &OrderLine) -> Result<Cart, CallError> {
    let quoted = &line.quoted;
    let units = Quantity { sku: quoted.sku.clone(), quantity: quoted.quantity };
    cart::add_units(state, cart.map(|cart| cart.id), units, quoted.total.currency).await
}

/// Why a line is not in the cart, if the shopper can do something about it.
fn reason(
    context: &RequestContext,
    line: &OrderLine,
    error: CallError,
) -> Result<String, PageError> {
    let name = &line.quoted.name;
    if error.problem(&UNKNOWN_SKU).is_some() {
        return Ok(interpolate(context.locale.messages.order.not_again, &[("name", name)]));
    }
    let message = cart::rejection_message(context, &error).ok_or(error)?;
    Ok(format!("{name}: {message}"))
}

impl OrderView<'_> {
    /// Link to the receipt, and the button that puts the same goods into the cart once more.
    pub(super) fn again(&self) -> Markup {
        html! {
            @if self.order.payment.captured.is_positive() {
                p { a.link-line href={ "/orders/" (self.order.id) "/receipt" } { (self.context.locale.messages.order.receipt) } }
            }
            form.again action={ "/orders/" (self.order.id) "/again" } method="post" data-once {
                button.button.quiet-button #again type="submit" { (self.context.locale.messages.order.again) }
            }
        }
    }
}
