//! Product card: a product in a listing.

use super::{
    colour_swatch,
    image::{self, ImageLoading, ImageSlot},
    price::{self, PriceKind},
};
use crate::locale::Locale;
use contracts::product::ProductSummary;
use form_urlencoded::Serializer;
use maud::{Markup, html};

/// Maximum number of colour swatches.
const SWATCHES_MAX: usize = 4;

/// Grid of product cards. `first` is the position of the first card on its page.
pub(crate) fn grid(locale: Locale, products: &[ProductSummary], first: usize) -> Markup {
    let new_products = products.iter().filter(|product| product.is_new).count();
    // Where most products are new, the badge distinguishes none.
    let new_badge =
        if new_products * 2 > products.len() { NewBadge::Hidden } else { NewBadge::Shown };
    html! {
        @for (position, product) in products.iter().enumerate() {
            (card(locale, product, new_badge, ImageLoading::at_position(first + position)))
        }
    }
}

/// Address of a product, with the variant that a listing shows if that is not the default.
pub(crate) fn address(product: &ProductSummary) -> String {
    let Some(sku) = &product.sku else { return format!("/p/{}", product.slug) };
    let query = Serializer::new(String::new()).append_pair("sku", sku.as_str()).finish();
    format!("/p/{}?{query}", product.slug)
}

/// Whether the cards of a grid show the badge for new products.
#[derive(Clone, Copy, PartialEq, Eq)]
enum NewBadge {
    Shown,
    Hidden,
}

fn card(
    locale: Locale,
    product: &ProductSummary,
    new_badge: NewBadge,
    loading: ImageLoading,
) -> Markup {
    let messages = locale.messages;
    let kind = if product.price_varies { PriceKind::StartingFrom } else { PriceKind::Exact };
    html! {
        li.card .out[!product.in_stock] {
            div.tile { (image::decorative_image(messages, product.image.as_ref(), ImageSlot::Card, loading)) }
            p.by { (product.brand.as_deref().unwrap_or_default()) }
            h3 { a href=(address(product)) lang=[locale.lang_of(&product.name)] { (locale.translate(&product.name)) } }
            p.price { (price::price(locale, product.price, product.reduction.as_ref(), kind)) }
            (swatches(locale, &product.colors))
            (badge(locale, product, new_badge))
        }
    }
}

fn swatches(locale: Locale, colours: &[String]) -> Markup {
    let count = colours.len();
    html! {
        @if count > 1 {
            p.dots {
                (colour_swatch::row(&colours[..count.min(SWATCHES_MAX)]))
                span.vh { (locale.plural(&locale.messages.product.colours, count as u64)) }
                @if count > SWATCHES_MAX { bdi dir="ltr" aria-hidden="true" { "+" (count - SWATCHES_MAX) } }
            }
        }
    }
}

/// Badge with the most important fact about a product, if there is one.
fn badge(locale: Locale, product: &ProductSummary, new_badge: NewBadge) -> Markup {
    let messages = &locale.messages.product;
    html! {
        @if !product.in_stock {
            span.badge { (messages.sold_out) }
        } @else if let Some(reduction) = &product.reduction {
            span.badge.sale { (price::discount_percent(locale, reduction)) }
        } @else if let Some(left) = product.only_left {
            span.badge { (messages.only_left.replace("{n}", &left.to_string())) }
        } @else if new_badge == NewBadge::Shown && product.is_new {
            span.badge { (messages.new) }
        }
    }
}
