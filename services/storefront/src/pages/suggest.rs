//! `/suggest?q=`: what the search box offers while somebody types.

use crate::{
    http::{Answer, Fields, Reply, Visit},
    locale::Locale,
    parts::{
        money::{self, Varies},
        picture::{Fetched, beside_its_name},
    },
    shelf::Category,
    shop::Shop,
    words::fill,
};
use axum::extract::State;
use contracts::product::ProductSummary;
use form_urlencoded::Serializer;
use maud::{Markup, html};
use std::sync::Arc;

/// Fewer letters than this find everything.
const LETTERS_MIN: usize = 2;
const LETTERS_MAX: usize = 100;

/// `/suggest?q=`
pub(crate) async fn show(State(shop): State<Arc<Shop>>, visit: Visit) -> Answer {
    let fields = Fields::parse(visit.uri.query().unwrap_or_default().as_bytes());
    let asked: String = fields.text("q").unwrap_or_default().chars().take(LETTERS_MAX).collect();
    let locale = visit.locale;
    let reply = Reply::page(&shop, &visit).kind("text/html; charset=utf-8");
    if asked.chars().count() < LETTERS_MIN {
        return Ok(reply.send(html! {}));
    }
    let found = shop.products(&visit).suggestions(&asked).await?;
    let all = Serializer::new(String::new()).append_pair("q", &asked).finish();
    let categories = found.categories.iter().map(Category::of);
    Ok(reply.send(html! {
        @for (place, product) in found.products.iter().enumerate() { (offer(locale, place, product)) }
        @for (place, category) in categories.enumerate() {
            a.offer role="option" tabindex="-1" id={ "offer-c" (place) } href=(category.address()) {
                span.offer-name { (category.name()) }
                span.quiet { (locale.words.list.count_all.of(category.count, &locale.count(category.count))) }
            }
        }
        @if found.total > 0 {
            a.offer.offer-all role="option" tabindex="-1" #offer-all href={ "/products?" (all) } {
                (fill(locale.words.shell.see_all, &[("n", &locale.count(found.total))]))
            }
        }
    }))
}

fn offer(locale: Locale, place: usize, product: &ProductSummary) -> Markup {
    let varies = if product.price_varies { Varies::Upwards } else { Varies::Not };
    html! {
        a.offer role="option" tabindex="-1" id={ "offer-" (place) } href={ "/p/" (product.slug) } {
            span.tile { (beside_its_name(locale.words, product.image.as_ref(), Fetched::Soon)) }
            span.offer-name { (product.name) }
            span.price { (money::price(locale, product.price, product.reduction.as_ref(), varies)) }
        }
    }
}
