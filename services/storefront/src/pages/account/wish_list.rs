//! Wish list of the customer (`/account/wish-list`).

use super::{Section, render, sign_in_address};
use crate::{
    app_state::AppState,
    cart_cookie::CartCookie,
    components::{
        icon::Icon,
        image::{ImageLoading, ImageSlot, decorative_image},
    },
    form_fields::FormFields,
    page_error::{PageError, PageResult},
    page_response::see_other,
    pages::cart::{self, option_values},
    request_context::RequestContext,
};
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use contracts::{
    cart::{WishList, WishListItem},
    codes::{CHECKING_OUT, UNKNOWN_SKU, WISH_LIST_LIMIT},
    shared::{Quantity, Sku},
};
use http::StatusCode;
use kernel::codes;
use maud::{Markup, html};
use std::sync::Arc;
use transport::CallError;

/// Path of the list.
pub(super) const WISH_LIST: &str = "/account/wish-list";

/// `GET /account/wish-list`
pub(crate) async fn show(
    State(state): State<Arc<AppState>>,
    context: RequestContext,
) -> PageResult {
    match state.carts.wish_list().await {
        Ok(list) => Ok(page(&state, &context, &list, None).await),
        Err(error) => refused(&state, &context, error).await,
    }
}

/// `POST /account/wish-list/add`
pub(crate) async fn add(
    State(state): State<Arc<AppState>>,
    context: RequestContext,
    fields: FormFields,
) -> PageResult {
    match state.carts.add_wish(&sku(&fields)?).await {
        Ok(_) => Ok(see_other(&context, WISH_LIST, CartCookie::Unchanged)),
        Err(error) => refused(&state, &context, error).await,
    }
}

/// `POST /account/wish-list/remove`
pub(crate) async fn remove(
    State(state): State<Arc<AppState>>,
    context: RequestContext,
    fields: FormFields,
) -> PageResult {
    match state.carts.remove_wish(&sku(&fields)?).await {
        Ok(_) => Ok(see_other(&context, WISH_LIST, CartCookie::Unchanged)),
        Err(error) => refused(&state, &context, error).await,
    }
}

/// `POST /account/wish-list/buy`: one unit into the cart; the article stays on the list.
pub(crate) async fn buy(
    State(state): State<Arc<AppState>>,
    context: RequestContext,
    fields: FormFields,
) -> PageResult {
    let sku = sku(&fields)?;
    let list = match state.carts.wish_list().await {
        Ok(list) => list,
        Err(error) => return refused(&state, &context, error).await,
    };
    let item = list.items.iter().find(|item| item.sku == sku).ok_or(PageError::NotFound)?;
    let cart = state.account_cart(&context).await?.map(|cart| cart.id);
    let Some(price) = item.unit_price else {
        let reason = context.locale.messages.product.sold_out;
        return Ok(page(&state, &context, &list, Some(reason)).await);
    };
    let unit = Quantity { sku, quantity: 1 };
    match cart::add_units(&state, cart, unit, price.currency()).await {
        Ok(cart) => Ok(see_other(&context, "/cart", CartCookie::Set(cart.id))),
        Err(error) => refused(&state, &context, error).await,
    }
}

/// Response to a refusal: the sign-in for a stranger, the list with a reason where the customer can do something about it.
async fn refused(state: &AppState, context: &RequestContext, error: CallError) -> PageResult {
    if error.problem(&codes::UNAUTHENTICATED).is_some() {
        let address = sign_in_address(WISH_LIST);
        return Ok(see_other(context, &address, CartCookie::Unchanged));
    }
    if error.problem(&CHECKING_OUT).is_some() {
        return Ok(see_other(context, "/cart", CartCookie::Unchanged));
    }
    let messages = context.locale.messages;
    let reason = if error.problem(&WISH_LIST_LIMIT).is_some() {
        messages.account.wish_list_full
    } else if error.problem(&UNKNOWN_SKU).is_some() {
        messages.product.sold_out
    } else {
        return Err(error.into());
    };
    let list = state.carts.wish_list().await?;
    Ok(page(state, context, &list, Some(reason)).await)
}

fn sku(fields: &FormFields) -> Result<Sku, PageError> {
    fields.text("sku").and_then(|sku| Sku::parse(sku).ok()).ok_or(PageError::NotFound)
}

async fn page(
    state: &AppState,
    context: &RequestContext,
    list: &WishList,
    reason: Option<&str>,
) -> Response {
    let messages = context.locale.messages;
    let body = html! {
        @if let Some(reason) = reason { p.notice.bad role="alert" { (Icon::Alert) span { (reason) } } }
        @if list.items.is_empty() {
            p.quiet { (messages.account.no_wishes) }
            p { a.button href="/new" { (messages.cart.see_new) } }
        } @else {
            ul.ordered.wishes role="list" {
                @for (position, item) in list.items.iter().enumerate() { (row(context, position, item)) }
            }
        }
    };
    let page = render(state, context, Section::WishList, &body).await;
    if reason.is_none() { page } else { (StatusCode::UNPROCESSABLE_ENTITY, page).into_response() }
}

fn row(context: &RequestContext, position: usize, item: &WishListItem) -> Markup {
    let locale = context.locale;
    let messages = locale.messages;
    let loading = ImageLoading::of_line(position);
    html! {
        li {
            div.tile { (decorative_image(messages, item.image.as_ref(), ImageSlot::Thumbnail, loading)) }
            div {
                @match &item.slug {
                    Some(slug) => a href={ "/p/" (slug) } { strong { (locale.shop_text(&item.name)) } },
                    None => strong { (item.name) },
                }
                @if !item.options.is_empty() { p.quiet.small { (option_values(locale, &item.options)) } }
                @if !item.in_stock { p.quiet.small { (messages.product.sold_out) } }
                form.wish-ways method="post" {
                    input type="hidden" name="sku" value=(item.sku);
                    @if item.in_stock {
                        button.button.quiet-button type="submit" formaction="/account/wish-list/buy" { (messages.product.add_to_cart) }
                    }
                    button.text-button type="submit" formaction="/account/wish-list/remove" aria-label={ (messages.cart.remove) ": " (item.name) } { (messages.cart.remove) }
                }
            }
            @if let Some(price) = item.unit_price { span.number { (locale.price(price)) } }
        }
    }
}
