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
    order::OrderLine,
    shared::{OrderId, Quantity},
};
use kernel::codes;
use maud::{Markup, html};
use std::sync::Arc;
use transport::CallError;

/// Lines that go into the cart; further ones are named as missing.
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
    let mut missing = Vec::new();
    for (index, line) in order.lines.iter().enumerate() {
        if index >= LINES_MAX {
            missing.push(line);
            continue;
        }
        match add(&state, cart.as_ref(), line).await {
            Ok(changed) => cart = Some(changed),
            Err(error) if is_refusal(&error) => missing.push(line),
            Err(error) => return Err(error.into()),
        }
    }
    let cookie = cart.as_ref().map_or(CartCookie::Unchanged, |cart| CartCookie::Set(cart.id));
    if missing.is_empty() {
        return Ok(see_other(&context, "/cart", cookie));
    }
    let text = context.locale.messages.order.not_again;
    let reason = |line: &&OrderLine| interpolate(text, &[("name", &line.quoted.name)]);
    let reasons: Vec<_> = missing.iter().map(reason).collect();
    Ok(cart::render_with_reasons(&state, &context, cart, &reasons).await)
}

/// Cart with the units of a line, a new one if there is none.
async fn add(state: &AppState, cart: Option<&Cart>, line: &OrderLine) -> Result<Cart, CallError> {
    let quoted = &line.quoted;
    let units = Quantity { sku: quoted.sku.clone(), quantity: quoted.quantity };
    cart::add_units(state, cart.map(|cart| cart.id), units, quoted.total.currency).await
}

/// Whether the shop refused a line, in contrast to a service that cannot be reached.
fn is_refusal(error: &CallError) -> bool {
    matches!(error, CallError::Problem(problem) if (400..500).contains(&problem.status) && problem.status != 429)
}

impl OrderView<'_> {
    /// Link to the receipt, and the button that puts the same goods into the cart once more.
    pub(super) fn again(&self) -> Markup {
        html! {
            @if self.order.payment.captured.is_positive() {
                p { a href={ "/orders/" (self.order.id) "/receipt" } { (self.context.locale.messages.order.receipt) } }
            }
            form.again action={ "/orders/" (self.order.id) "/again" } method="post" data-once {
                button.button.quiet-button #again type="submit" { (self.context.locale.messages.order.again) }
            }
        }
    }
}
