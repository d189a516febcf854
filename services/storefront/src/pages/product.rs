//! `/p/{slug}`: a product, its options, its price and where it comes from.

mod buy;
mod choice;

pub(crate) use choice::Choice;

use crate::{
    http::{Answer, Fields, Reply, Visit, moved},
    parts::{
        card, chart,
        icon::Icon,
        picture::{self, Fetched, picture},
        shell::{self, Frame, Head},
        stepper,
    },
    shelf::{Catalogue, LEVELS},
    shop::Shop,
};
use axum::{
    extract::{Path, State},
    response::Response,
};
use contracts::product::{Product, ProductQuery, ProductSummary, VariantPriceHistory};
use contracts::shared::Image;
use http::StatusCode;
use kernel::Timestamp;
use maud::{Markup, PreEscaped, html};
use std::sync::Arc;

/// Products that go well with one.
const COMPANIONS: usize = 4;

/// `/p/{slug}`
pub(crate) async fn show(
    State(shop): State<Arc<Shop>>,
    Path(slug): Path<String>,
    visit: Visit,
) -> Answer {
    let asked = Fields::parse(visit.uri.query().unwrap_or_default().as_bytes());
    let (frame, product) = tokio::join!(shop.frame(&visit), shop.products(&visit).product(&slug));
    let product = product?;
    if product.slug != slug {
        return Ok(moved(&format!("/p/{}", product.slug)));
    }
    Ok(render(&shop, &visit, &frame, &product, &asked, Notice::None).await)
}

/// What the shopper has to know about what was just tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Notice<'a> {
    None,
    Refused(&'a str),
}

/// The page of a product.
pub(crate) async fn render(
    shop: &Shop,
    visit: &Visit,
    frame: &Frame,
    product: &Product,
    asked: &Fields,
    notice: Notice<'_>,
) -> Response {
    let (history, companions) =
        tokio::join!(shop.surroundings().price_history(product.id), companions(shop, product));
    let history = history.map(|history| history.variants).unwrap_or_default();
    let choice = Choice::read(product, asked);
    let view = View {
        shop,
        visit,
        frame,
        choice: &choice,
        quantity: stepper::wanted(asked).max(1),
        history: &history,
        now: shop.ids.now(),
        notice,
    };
    let head = Head { title: &product.name, ..Head::default() };
    let page = shell::page(shop, visit, frame, &head, &view.main(&companions));
    let reply = match notice {
        Notice::None => Reply::page(shop, visit),
        Notice::Refused(_) => Reply::own(shop, visit).status(StatusCode::UNPROCESSABLE_ENTITY),
    };
    reply.send(page)
}

async fn companions(shop: &Shop, product: &Product) -> Vec<ProductSummary> {
    let Some(category) = product.categories.first() else { return Vec::new() };
    let department = category.split(LEVELS).next().unwrap_or(category);
    let query = ProductQuery {
        category: Some(department.to_owned()),
        in_stock: Some("true".to_owned()),
        limit: Some((COMPANIONS + 1).to_string()),
        ..ProductQuery::default()
    };
    let mut found =
        shop.surroundings().products(&query).await.map(|page| page.items).unwrap_or_default();
    found.retain(|it| it.id != product.id);
    found.truncate(COMPANIONS);
    found
}

/// Everything the page shows.
struct View<'a> {
    shop: &'a Shop,
    visit: &'a Visit,
    frame: &'a Frame,
    choice: &'a Choice<'a>,
    quantity: i64,
    history: &'a [VariantPriceHistory],
    now: Timestamp,
    notice: Notice<'a>,
}

impl View<'_> {
    fn main(&self, companions: &[ProductSummary]) -> Markup {
        let locale = self.visit.locale;
        let product = self.choice.product;
        html! {
            main.wrap #main {
                (shell::crumbs(locale, &way(product, &self.frame.catalogue), None))
                div.product {
                    (self.gallery())
                    section.buy aria-labelledby="name" {
                        (self.buy())
                        (self.details())
                    }
                }
                @if !companions.is_empty() {
                    section.strip aria-labelledby="also" {
                        h2 #also { (locale.words.goods.goes_well) }
                        ul.grid.four role="list" { (card::grid(locale, companions, self.now, usize::MAX / 2)) }
                    }
                }
            }
        }
    }

    fn gallery(&self) -> Markup {
        let words = self.visit.locale.words;
        let product = self.choice.product;
        let sku = self.choice.variant.map(|variant| variant.sku.as_str());
        let mine = |skus: &[String]| {
            skus.is_empty() || sku.is_some_and(|sku| skus.iter().any(|it| it == sku))
        };
        let mut images: Vec<_> =
            product.media.iter().filter(|it| mine(&it.skus)).map(|it| &it.image).collect();
        if images.is_empty() {
            images.extend(product.media.first().map(|media| &media.image));
        }
        let alt = |image: &Image| picture::told(image, &product.name);
        html! {
            section.gallery data-part="gallery" aria-label=(words.goods.pictures) {
                @if images.len() > 1 {
                    ul.stage role="list" tabindex="0" aria-label=(words.goods.pictures_scroll) {
                        @for (place, image) in images.iter().enumerate() {
                            li.tile { (picture(words, Some(image), &alt(image), if place == 0 { Fetched::First } else { Fetched::Late })) }
                        }
                    }
                } @else {
                    div.stage.single {
                        div.tile { (picture(words, images.first().copied(), &images.first().map(|it| alt(it)).unwrap_or_default(), Fetched::First)) }
                    }
                }
            }
        }
    }

    fn details(&self) -> Markup {
        let locale = self.visit.locale;
        let words = &locale.words.goods;
        let product = self.choice.product;
        html! {
            div.folds {
                @if !product.description.is_empty() {
                    (fold("details", words.details, &html! { (PreEscaped(&product.description)) }))
                }
                div data-part="facts" {
                    @if let Some(chart) = self.chart() { (fold("prices", words.price_90_days, &chart)) }
                    (fold("facts", words.facts, &self.facts()))
                }
            }
        }
    }

    fn chart(&self) -> Option<Markup> {
        let variant = self.choice.variant.or(self.choice.product.variants.first())?;
        let history = self.history.iter().find(|it| it.sku == variant.sku)?;
        chart::chart(self.visit.locale, &history.prices, self.now)
    }

    fn facts(&self) -> Markup {
        let locale = self.visit.locale;
        let words = &locale.words.goods;
        html! {
            dl.facts-list {
                @if let Some(brand) = &self.choice.product.brand { dt { (words.brand) } dd { (brand) } }
                @for (option, value) in self.choice.product.options.iter().zip(&self.choice.values) {
                    dt { (option.name) } dd { (value) }
                }
                @if let Some(variant) = self.choice.variant {
                    @if variant.weight_grams > 0 { dt { (words.weight) } dd { (weight(locale, variant.weight_grams)) } }
                    dt { (words.article_number) } dd { (variant.sku) }
                }
            }
        }
    }
}

/// `850 g`, `1.2 kg`.
fn weight(locale: crate::locale::Locale, grams: u32) -> String {
    if grams < 1000 {
        return format!("{grams} g");
    }
    let tenths = grams.div_ceil(100);
    let mark = locale.words.decimal_mark;
    format!("{}{mark}{} kg", locale.count(u64::from(tenths / 10)), tenths % 10)
}

fn fold(id: &str, title: &str, inside: &Markup) -> Markup {
    html! {
        details.fold id={ "fold-" (id) } open {
            summary { h2 { (title) } (Icon::Open) }
            div { (inside) }
        }
    }
}

/// The departments above a product.
fn way(product: &Product, catalogue: &Catalogue) -> Vec<(String, String)> {
    let category = product.categories.iter().find_map(|label| catalogue.named(label));
    category.map_or_else(Vec::new, |category| {
        let mut way = category.parents();
        way.push((category.address(), category.name().to_owned()));
        way
    })
}
