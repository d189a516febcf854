//! Cart page (`/cart`): the lines of the shopper's cart and their totals.

mod update;

pub(crate) use update::{add, update};

use crate::{
    app_state::AppState,
    components::{
        icon::Icon,
        image::{self, ImageLoading, ImageSlot},
        layout::{self, Indexing, LayoutData, PageMeta},
        quantity_stepper::{QuantityStepper, quantity_stepper},
        totals,
    },
    locale::Locale,
    messages::interpolate,
    page_error::PageResult,
    page_response::PageResponse,
    request_context::RequestContext,
};
use axum::{extract::State, response::Response};
use contracts::cart::{Cart, CartLine, CartStatus, Notice};
use http::StatusCode;
use maud::{Markup, html};
use std::{collections::BTreeMap, sync::Arc};

/// `GET /cart`
pub(crate) async fn show(
    State(state): State<Arc<AppState>>,
    context: RequestContext,
) -> PageResult {
    let (catalogue, delivery, cart) = tokio::join!(
        state.cached_catalogue.catalogue(),
        state.cached_catalogue.delivery(),
        state.current_cart(&context)
    );
    let layout = LayoutData { catalogue, delivery, cart: cart? };
    Ok(render(&state, &context, &layout, None))
}

/// Cart page, with a message if the last change was rejected.
fn render(
    state: &AppState,
    context: &RequestContext,
    layout: &LayoutData,
    rejection: Option<&str>,
) -> Response {
    let messages = &context.locale.messages.cart;
    let meta =
        PageMeta { title: messages.title, indexing: Indexing::NoIndex, ..PageMeta::default() };
    let main = html! {
        main.wrap #main {
            div.cart data-part="cart" {
                @match layout.cart.as_ref().filter(|cart| !cart.lines.is_empty()) {
                    Some(cart) => (filled_cart(context.locale, layout, cart, rejection))
                    None => (empty_cart(context.locale, rejection))
                }
            }
        }
    };
    let status =
        if rejection.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    PageResponse::private(state, context)
        .status(status)
        .html(layout::page(state, context, layout, &meta, &main))
}

fn empty_cart(locale: Locale, rejection: Option<&str>) -> Markup {
    let messages = &locale.messages.cart;
    html! {
        div.nothing {
            h1 { (messages.title) }
            @if let Some(rejection) = rejection { p.notice.bad role="alert" { (Icon::Alert) span { (rejection) } } }
            p.nothing-head { (messages.empty) }
            p { a.button href="/new" { (messages.see_new) } }
        }
    }
}

fn filled_cart(
    locale: Locale,
    layout: &LayoutData,
    cart: &Cart,
    rejection: Option<&str>,
) -> Markup {
    let messages = &locale.messages.cart;
    html! {
        h1 { (messages.title) }
        (notices(locale, cart, rejection))
        div.cart-columns {
            section aria-labelledby="lines" {
                h2.vh #lines { (messages.items) }
                ul.lines role="list" { @for line in &cart.lines { (self::line(locale, line)) } }
                p.keep-shopping { a href="/products" { (Icon::Back) (messages.keep_shopping) } }
            }
            (summary(locale, layout, cart))
        }
    }
}

fn notices(locale: Locale, cart: &Cart, rejection: Option<&str>) -> Markup {
    let messages = &locale.messages.cart;
    html! {
        @if let Some(rejection) = rejection { p.notice.bad role="alert" { (Icon::Alert) span { (rejection) } } }
        @if cart.status == CartStatus::CheckingOut {
            p.notice.warn { (Icon::Clock) span { (messages.checking_out) " " a href="/cart" { (messages.check_again) } } }
        }
        @for notice in &cart.notices { p.notice.warn { (Icon::Bolt) span { (notice_text(locale, cart, notice)) } } }
    }
}

/// Text of a notice in the shopper's language; as the cart service wrote it if its code is unknown.
fn notice_text(locale: Locale, cart: &Cart, notice: &Notice) -> String {
    let messages = &locale.messages.cart;
    let line = cart.lines.iter().find(|line| notice.sku.as_ref() == Some(&line.sku));
    let name = line.map_or("", |line| line.name.as_str());
    match (notice.code.as_str(), line) {
        ("sold_out", Some(_)) => interpolate(messages.notice_sold_out, &[("name", name)]),
        ("not_for_sale", Some(_)) => interpolate(messages.notice_not_for_sale, &[("name", name)]),
        ("fewer_left", Some(CartLine { only_left: Some(left), .. })) => {
            interpolate(messages.notice_fewer_left, &[("name", name), ("n", &left.to_string())])
        }
        _ => notice.message.clone(),
    }
}

/// Option values of a line: `Brick, EU`.
pub(crate) fn option_values(options: &BTreeMap<String, String>) -> String {
    options.values().map(String::as_str).collect::<Vec<_>>().join(", ")
}

fn line(locale: Locale, line: &CartLine) -> Markup {
    let messages = locale.messages;
    let id = format!("q-{}", crate::slug::slug(line.sku.as_str()));
    html! {
        li.line {
            div.tile { (image::decorative_image(messages, line.image.as_ref(), ImageSlot::Thumbnail, ImageLoading::Eager)) }
            div.line-text {
                h3 { a href={ "/p/" (line.slug) } { (line.name) } }
                @if !line.options.is_empty() { p.quiet { (option_values(&line.options)) } }
                @if !line.in_stock {
                    p.stock.none { (messages.product.sold_out) }
                } @else if let Some(left) = line.only_left {
                    p.stock.low { (messages.product.only_left.replace("{n}", &left.to_string())) }
                }
            }
            p.line-price {
                strong { (locale.money(line.total)) }
                @if line.quantity > 1 { span.quiet { (messages.cart.each.replace("{price}", &locale.price(line.unit_price))) } }
            }
            form.line-form action="/cart/change" method="post" data-swap {
                button.vh type="submit" tabindex="-1" aria-hidden="true" {}
                input type="hidden" name="sku" value=(line.sku);
                (quantity_stepper(&QuantityStepper {
                    id: &id, quantity: line.quantity,
                    label: &interpolate(messages.cart.quantity_of, &[("name", &line.name)]),
                    decrease_label: messages.product.decrease_quantity, increase_label: messages.product.increase_quantity, step_action: None,
                }))
                noscript { button.text-button type="submit" { (messages.cart.set_quantity) } }
                button.text-button type="submit" name="remove" value="1"
                    aria-label=(interpolate(messages.cart.remove_what, &[("name", &line.name)])) {
                    (messages.cart.remove)
                }
            }
        }
    }
}

fn summary(locale: Locale, layout: &LayoutData, cart: &Cart) -> Markup {
    let messages = &locale.messages.cart;
    let free_from = layout.delivery.free_from().filter(|free| free.currency == cart.currency);
    let until_free = free_from
        .and_then(|free| free.checked_sub(cart.totals.items).ok())
        .filter(|it| it.is_positive());
    let open = cart.status != CartStatus::CheckingOut;
    html! {
        aside.summary aria-labelledby="summary" {
            h2 #summary { (messages.summary) }
            (totals::totals(locale, &cart.totals))
            @if let Some(until_free) = until_free && cart.totals.shipping.is_positive() {
                p.quiet.small { (interpolate(messages.until_free, &[("amount", &locale.money(until_free))])) }
            }
            @if open { a.button.large href="/checkout" { (messages.check_out) } }
        }
    }
}

/// Cart page after the checkout removed the last line because it had sold out.
pub(crate) async fn render_emptied(
    state: &AppState,
    context: &RequestContext,
    cart: Cart,
    reason: &str,
) -> Response {
    let (catalogue, delivery) =
        tokio::join!(state.cached_catalogue.catalogue(), state.cached_catalogue.delivery());
    let layout = LayoutData { catalogue, delivery, cart: Some(cart) };
    render(state, context, &layout, Some(reason))
}
