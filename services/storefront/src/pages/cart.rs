//! `/cart`: what the shopper has chosen, and what it comes to with everything.

mod change;

pub(crate) use change::{add, change};

use crate::{
    http::{Answer, Reply, Visit},
    locale::Locale,
    parts::{
        icon::Icon,
        picture::{self, Fetched},
        shell::{self, Frame, Head, Indexed},
        stepper::{Stepper, stepper},
        sums,
    },
    shop::Shop,
    words::fill,
};
use axum::{extract::State, response::Response};
use contracts::cart::{Cart, CartLine, CartStatus, Notice};
use http::StatusCode;
use maud::{Markup, html};
use std::{collections::BTreeMap, sync::Arc};

/// `/cart`
pub(crate) async fn show(State(shop): State<Arc<Shop>>, visit: Visit) -> Answer {
    let (catalogue, delivery, cart) =
        tokio::join!(shop.catalogue(), shop.delivery(), shop.own_cart(&visit));
    let frame = Frame { catalogue, delivery, cart: cart? };
    Ok(render(&shop, &visit, &frame, None))
}

/// The page of a cart, with a word about what could not be done.
fn render(shop: &Shop, visit: &Visit, frame: &Frame, refused: Option<&str>) -> Response {
    let words = &visit.locale.words.cart;
    let head = Head { title: words.title, indexed: Indexed::No, ..Head::default() };
    let main = html! {
        main.wrap #main {
            div.cart data-part="cart" {
                @match frame.cart.as_ref().filter(|cart| !cart.lines.is_empty()) {
                    Some(cart) => (full(visit.locale, frame, cart, refused))
                    None => (empty(visit.locale, refused))
                }
            }
        }
    };
    let status = if refused.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Reply::own(shop, visit).status(status).send(shell::page(shop, visit, frame, &head, &main))
}

fn empty(locale: Locale, refused: Option<&str>) -> Markup {
    let words = &locale.words.cart;
    html! {
        div.nothing {
            h1 { (words.title) }
            @if let Some(refused) = refused { p.notice.bad role="alert" { (Icon::Cross) span { (refused) } } }
            p.nothing-head { (words.empty) }
            p { a.button href="/new" { (words.see_new) } }
        }
    }
}

fn full(locale: Locale, frame: &Frame, cart: &Cart, refused: Option<&str>) -> Markup {
    let words = &locale.words.cart;
    html! {
        h1 { (words.title) }
        (notices(locale, cart, refused))
        div.cart-columns {
            section aria-labelledby="lines" {
                h2.vh #lines { (words.items) }
                ul.lines role="list" { @for line in &cart.lines { (self::line(locale, line)) } }
                p.keep-shopping { a href="/products" { (Icon::Back) (words.keep_shopping) } }
            }
            (summary(locale, frame, cart))
        }
    }
}

fn notices(locale: Locale, cart: &Cart, refused: Option<&str>) -> Markup {
    let words = &locale.words.cart;
    html! {
        @if let Some(refused) = refused { p.notice.bad role="alert" { (Icon::Cross) span { (refused) } } }
        @if cart.status == CartStatus::CheckingOut {
            p.notice.warn { (Icon::Wait) span { (words.checking_out) " " a href="/cart" { (words.look_again) } } }
        }
        @for notice in &cart.notices { p.notice.warn { (Icon::Few) span { (told(locale, cart, notice)) } } }
    }
}

/// What changed without the shopper's doing, in the shopper's language where the notice is one we know.
fn told(locale: Locale, cart: &Cart, notice: &Notice) -> String {
    let words = &locale.words.cart;
    let line = cart.lines.iter().find(|line| notice.sku.as_ref() == Some(&line.sku));
    let name = line.map_or("", |line| line.name.as_str());
    match (notice.code.as_str(), line) {
        ("sold_out", Some(_)) => fill(words.went_sold_out, &[("name", name)]),
        ("not_for_sale", Some(_)) => fill(words.went_off_sale, &[("name", name)]),
        ("fewer_left", Some(CartLine { only_left: Some(left), .. })) => {
            fill(words.went_fewer, &[("name", name), ("n", &left.to_string())])
        }
        _ => notice.message.clone(),
    }
}

/// The values of a line's options: `Brick, EU`.
pub(crate) fn options(options: &BTreeMap<String, String>) -> String {
    options.values().map(String::as_str).collect::<Vec<_>>().join(", ")
}

fn line(locale: Locale, line: &CartLine) -> Markup {
    let words = locale.words;
    let id = format!("q-{}", crate::slug::slug(&line.sku));
    html! {
        li.line {
            div.tile { (picture::beside_its_name(words, line.image.as_ref(), Fetched::Soon)) }
            div.line-text {
                h3 { a href={ "/p/" (line.slug) } { (line.name) } }
                @if !line.options.is_empty() { p.quiet { (options(&line.options)) } }
                @if !line.in_stock {
                    p.stock.none { (words.goods.sold_out) }
                } @else if let Some(left) = line.only_left {
                    p.stock.low { (words.goods.last.replace("{n}", &left.to_string())) }
                }
            }
            p.line-price {
                strong { (locale.money(line.total)) }
                @if line.quantity > 1 { span.quiet { (words.cart.each.replace("{price}", &locale.price(line.unit_price))) } }
            }
            form.line-form action="/cart/change" method="post" data-swap {
                button.vh type="submit" tabindex="-1" aria-hidden="true" {}
                input type="hidden" name="sku" value=(line.sku);
                (stepper(&Stepper {
                    id: &id, quantity: line.quantity,
                    label: &fill(words.cart.quantity_of, &[("name", &line.name)]),
                    one_less: words.goods.one_less, one_more: words.goods.one_more, steps_to: None,
                }))
                noscript { button.text-button type="submit" { (words.cart.set_quantity) } }
                button.text-button type="submit" name="remove" value="1"
                    aria-label=(fill(words.cart.remove_what, &[("name", &line.name)])) {
                    (words.cart.remove)
                }
            }
        }
    }
}

fn summary(locale: Locale, frame: &Frame, cart: &Cart) -> Markup {
    let words = &locale.words.cart;
    let free = frame.delivery.free_from().filter(|free| free.currency == cart.currency);
    let missing = free
        .and_then(|free| free.checked_sub(cart.totals.items).ok())
        .filter(|it| it.is_positive());
    let open = cart.status != CartStatus::CheckingOut;
    html! {
        aside.summary aria-labelledby="summary" {
            h2 #summary { (words.summary) }
            (sums::sums(locale, &cart.totals))
            @if let Some(missing) = missing && cart.totals.shipping.is_positive() {
                p.quiet.small { (fill(words.until_free, &[("amount", &locale.money(missing))])) }
            }
            @if open { a.button.large href="/checkout" { (words.check_out) } }
        }
    }
}

/// The page of a cart that the checkout just emptied, because everything in it was gone.
pub(crate) async fn emptied(shop: &Shop, visit: &Visit, cart: Cart, why: &str) -> Response {
    let (catalogue, delivery) = tokio::join!(shop.catalogue(), shop.delivery());
    let frame = Frame { catalogue, delivery, cart: Some(cart) };
    render(shop, visit, &frame, Some(why))
}
