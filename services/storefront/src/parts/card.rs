//! A product in a list.

use super::{
    money::{self, Varies},
    picture::{self, Fetched},
    swatch,
};
use crate::locale::Locale;
use contracts::product::ProductSummary;
use kernel::Timestamp;
use maud::{Markup, html};

/// The most colours shown as dots.
const DOTS_MAX: usize = 4;
/// For so many days a product is new.
const NEW_DAYS: i64 = 30;

/// Cards of products, whose rows line up. `first` is the place of the first one on its page.
pub(crate) fn grid(
    locale: Locale,
    products: &[ProductSummary],
    now: Timestamp,
    first: usize,
) -> Markup {
    let news = products.iter().filter(|product| is_new(product, now)).count();
    // Where nearly everything is new, it is no news.
    let novelty = if news * 2 > products.len() { Novelty::Usual } else { Novelty::Rare };
    html! {
        @for (place, product) in products.iter().enumerate() {
            (card(locale, product, now, novelty, Fetched::at(first + place)))
        }
    }
}

/// Whether being new tells a product from those beside it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Novelty {
    Rare,
    Usual,
}

fn is_new(product: &ProductSummary, now: Timestamp) -> bool {
    let age = |since: Timestamp| now.as_second().saturating_sub(since.as_second()) / 86_400;
    product.published_at.is_some_and(|since| age(since) < NEW_DAYS)
}

fn card(
    locale: Locale,
    product: &ProductSummary,
    now: Timestamp,
    novelty: Novelty,
    fetched: Fetched,
) -> Markup {
    let words = locale.words;
    let varies = if product.price_varies { Varies::Upwards } else { Varies::Not };
    html! {
        li.card .out[!product.in_stock] {
            div.tile { (picture::beside_its_name(words, product.image.as_ref(), fetched)) }
            p.by { (product.brand.as_deref().unwrap_or_default()) }
            h3 { a href={ "/p/" (product.slug) } { (product.name) } }
            p.price { (money::price(locale, product.price, product.reduction.as_ref(), varies)) }
            (dots(locale, &product.colors))
            (badge(locale, product, now, novelty))
        }
    }
}

fn dots(locale: Locale, colours: &[String]) -> Markup {
    let count = colours.len();
    html! {
        @if count > 1 {
            p.dots {
                (swatch::row(&colours[..count.min(DOTS_MAX)]))
                span.vh { (locale.words.goods.colours.of(count as u64, &count.to_string())) }
                @if count > DOTS_MAX { bdi dir="ltr" aria-hidden="true" { "+" (count - DOTS_MAX) } }
            }
        }
    }
}

/// The one thing most worth knowing.
fn badge(locale: Locale, product: &ProductSummary, now: Timestamp, novelty: Novelty) -> Markup {
    let goods = &locale.words.goods;
    html! {
        @if !product.in_stock {
            span.badge { (goods.sold_out) }
        } @else if let Some(reduction) = &product.reduction {
            span.badge.sale { (money::percent(locale, reduction)) }
        } @else if let Some(left) = product.only_left {
            span.badge { (goods.last.replace("{n}", &left.to_string())) }
        } @else if novelty == Novelty::Rare && is_new(product, now) {
            span.badge { (goods.new) }
        }
    }
}
