//! Cart updates: forms that add a line, change its quantity or remove it.

use super::{lines, problems, render};
use crate::{
    app_state::AppState,
    cart_cookie::CartCookie,
    components::{
        layout::{self, LayoutData},
        quantity_stepper,
    },
    form_fields::FormFields,
    messages::interpolate,
    page_error::{PageError, PageResult},
    page_response::{PageResponse, see_other},
    pages::product::{self, VariantSelection},
    request_context::{RequestContext, ResponseScope},
};
use axum::{extract::State, response::Response};
use contracts::{
    cart::{Cart, NewCart},
    codes,
    shared::{CartId, Quantity, Sku},
};
use kernel::Currency;
use maud::html;
use std::sync::Arc;
use transport::CallError;

/// `POST /cart/add`
pub(crate) async fn add(
    State(state): State<Arc<AppState>>,
    context: RequestContext,
    fields: FormFields,
) -> PageResult {
    let slug = fields.text("product").ok_or(PageError::NotFound)?;
    let product = state.prefetch_products().product(slug).await?;
    let selection = VariantSelection::read(&product, &fields);
    let Some(variant) = selection.buyable() else {
        // The product page itself says that this variant cannot be bought.
        return Ok(see_other(&context, &selection.requested_address(), CartCookie::Unchanged));
    };
    let Some(quantity) = quantity_stepper::requested_quantity(&fields).filter(|it| *it > 0) else {
        let reason = quantity_stepper::quantity_range(context.locale);
        let layout = LayoutData::load(&state, &context).await;
        return Ok(
            product::render(&state, &context, &layout, &product, &fields, Some(&reason)).await
        );
    };
    let line = Quantity { sku: variant.sku.clone(), quantity };
    match add_units(&state, context.cart, line, variant.price.currency()).await {
        Ok(cart) if context.scope == ResponseScope::Fragment => {
            Ok(added_fragment(&state, &context, &cart))
        }
        Ok(cart) => Ok(see_other(&context, "/cart", CartCookie::Set(cart.id))),
        Err(error) => {
            let reason = rejection_message(&context, &error).ok_or(error)?;
            let layout = LayoutData::load(&state, &context).await;
            Ok(product::render(&state, &context, &layout, &product, &fields, Some(&reason)).await)
        }
    }
}

/// `POST /cart/change`
pub(crate) async fn update(
    State(state): State<Arc<AppState>>,
    context: RequestContext,
    fields: FormFields,
) -> PageResult {
    let sku = fields.text("sku").and_then(|sku| Sku::parse(sku).ok());
    let (Some(id), Some(sku)) = (context.cart, sku) else {
        return Ok(see_other(&context, "/cart", CartCookie::Unchanged));
    };
    let from = lines::first_line(&fields);
    let wanted = match (fields.has("remove"), fields.text("set").and_then(|it| it.parse().ok())) {
        (true, _) => Some(0),
        (false, Some(quantity)) => Some(quantity),
        (false, None) => quantity_stepper::requested_quantity(&fields),
    };
    let Some(quantity) = wanted else {
        let reason = quantity_stepper::quantity_range(context.locale);
        let layout = LayoutData::load(&state, &context).await;
        return Ok(render(&state, &context, &layout, &[reason], from).await);
    };
    let result = if quantity <= 0 {
        state.carts.remove_line(id, &sku).await
    } else {
        state.carts.change_line(id, &sku, quantity).await
    };
    match result {
        Ok(cart) => Ok(see_other(&context, &lines::address(from), CartCookie::Set(cart.id))),
        Err(error) => {
            // Removed in another window: the current cart shows that best.
            if error.problem(&kernel::codes::NOT_FOUND).is_some()
                || error.problem(&codes::ALREADY_ORDERED).is_some()
            {
                return Ok(see_other(&context, "/cart", CartCookie::Unchanged));
            }
            let reason = rejection_message(&context, &error).ok_or(error)?;
            let layout = LayoutData::load(&state, &context).await;
            Ok(render(&state, &context, &layout, &[reason], from).await)
        }
    }
}

/// Adds a line to the shopper's cart, or to a new cart in the currency of the line if there is none or it was ordered.
pub(crate) async fn add_units(
    state: &AppState,
    cart: Option<CartId>,
    line: Quantity,
    currency: Currency,
) -> Result<Cart, CallError> {
    if let Some(id) = cart {
        match state.carts.add_line(id, &line).await {
            Err(error)
                if error.problem(&kernel::codes::NOT_FOUND).is_some()
                    || error.problem(&codes::ALREADY_ORDERED).is_some() => {}
            result => return result,
        }
    }
    state.carts.create(&NewCart { lines: vec![line], currency: Some(currency) }).await
}

/// Message for a rejection that the shopper can do something about.
pub(crate) fn rejection_message(context: &RequestContext, error: &CallError) -> Option<String> {
    let messages = &context.locale.messages.cart;
    let CallError::Problem(problem) = error else { return None };
    let texts = [
        (codes::QUANTITY_LIMIT, messages.quantity_limit),
        (codes::LINE_LIMIT, messages.line_limit),
        (codes::AMOUNT_LIMIT, messages.amount_limit),
        (codes::CHANGE_LIMIT, messages.change_limit),
        (codes::NOT_SOLD_IN_CURRENCY, messages.other_currency),
        (codes::CHECKING_OUT, messages.checking_out),
        (codes::OUT_OF_STOCK, context.locale.messages.product.sold_out),
        (codes::UNKNOWN_SKU, context.locale.messages.product.sold_out),
    ];
    let text =
        texts.iter().find(|(code, _)| *code == problem.code).map(|(_, text)| (*text).to_owned());
    text.or_else(|| (problem.status == 422).then(|| problem.title.clone()))
}

/// Fragment that a script shows beside the cart icon, in place of a redirect to the cart.
fn added_fragment(state: &AppState, context: &RequestContext, cart: &Cart) -> Response {
    let locale = context.locale;
    let messages = &locale.messages.cart;
    let amount = locale.money(cart.totals.items);
    let problems = problems(cart);
    // The amount is that of what can be bought, which is not all of it then.
    let added = if problems.is_empty() { &messages.added } else { &messages.added_unavailable };
    let announcement = locale.plural(added, cart.item_count.unsigned_abs());
    let announcement = interpolate(&announcement, &[("amount", &amount)]);
    let sentences = problems.iter().map(|problem| problem.text(locale));
    let spoken =
        std::iter::once(announcement.clone()).chain(sentences).collect::<Vec<_>>().join(" ");
    let fragment = html! {
        (layout::cart_link(locale, Some(cart)))
        div data-part="toast" data-say=(spoken) {
            p { (announcement) }
            @for problem in &problems { p.toast-problem { (problem.text(locale)) } }
            div.toast-ways {
                a.button.quiet-button href="/cart" { (messages.view) }
                @if problems.is_empty() { a.button href="/checkout" { (messages.check_out) } }
            }
        }
    };
    PageResponse::private(state, context).cookie(CartCookie::Set(cart.id)).html(fragment)
}
