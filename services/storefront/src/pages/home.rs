//! `/`: one picture, one line, one button; then departments, what is new, what is reduced, and three facts.

use crate::{
    http::{Answer, Reply, Visit},
    parts::{
        card,
        icon::Icon,
        picture::{Fetched, beside_its_name, picture},
        shell::{self, Frame, Head},
    },
    shelf::{Category, Windows},
    shop::Shop,
    words::fill,
};
use axum::extract::State;
use contracts::product::{ProductQuery, ProductSummary};
use maud::{Markup, html};
use std::sync::Arc;

/// Products of a row.
const ROW: usize = 4;

/// `/`
pub(crate) async fn show(State(shop): State<Arc<Shop>>, visit: Visit) -> Answer {
    let query = |sort: &str, reduced: Option<&str>, limit: usize| ProductQuery {
        sort: Some(sort.to_owned()),
        reduced: reduced.map(ToOwned::to_owned),
        in_stock: Some("true".to_owned()),
        limit: Some(limit.to_string()),
        ..ProductQuery::default()
    };
    let (newest, reduced) = (query("newest", None, ROW + 1), query("relevance", Some("true"), ROW));
    let surroundings = shop.surroundings();
    let (frame, newest, reduced) = tokio::join!(
        shop.frame(&visit),
        surroundings.products(&newest),
        surroundings.products(&reduced)
    );
    let (newest, reduced) = (newest?.items, reduced.map(|page| page.items).unwrap_or_default());
    let windows = shop.windows(&frame.catalogue.departments()).await;
    let home = Home { shop: &shop, visit: &visit, frame: &frame, windows: &windows };
    let head = Head { title: &shop.settings.tagline, ..Head::default() };
    let main = home.main(&newest, &reduced);
    Ok(Reply::page(&shop, &visit).send(shell::page(&shop, &visit, &frame, &head, &main)))
}

struct Home<'a> {
    shop: &'a Shop,
    visit: &'a Visit,
    frame: &'a Frame,
    windows: &'a Windows,
}

impl Home<'_> {
    fn main(&self, newest: &[ProductSummary], reduced: &[ProductSummary]) -> Markup {
        let locale = self.visit.locale;
        let words = &locale.words.home;
        // The picture of the hero is not shown a second time right below it.
        let (hero, newest) =
            newest.split_first().map_or((None, newest), |(hero, others)| (Some(hero), others));
        html! {
            main #main {
                (self.hero(hero))
                div.wrap.home {
                    (self.departments())
                    (self.row("new-in", words.new_in, "/new", newest))
                    (self.row("reduced", words.reduced_now, "/products?reduced=true", reduced))
                    (self.facts())
                }
            }
        }
    }

    fn hero(&self, product: Option<&ProductSummary>) -> Markup {
        let words = self.visit.locale.words;
        html! {
            section.hero.wrap {
                div.hero-text {
                    h1 { (self.shop.settings.tagline) }
                    p { @if product.is_some() { (words.home.lead) } @else { (words.home.empty) } }
                    p { a.button.large href="/new" { (words.home.button) } }
                }
                @if let Some(product) = product {
                    a.hero-picture.tile href={ "/p/" (product.slug) } {
                        (picture(words, product.image.as_ref(), &product.name, Fetched::First))
                    }
                }
            }
        }
    }

    fn departments(&self) -> Markup {
        let words = self.visit.locale.words;
        let departments = self.frame.catalogue.departments();
        let window =
            |category: &Category| self.windows.get(&category.path).and_then(Option::as_ref);
        html! {
            @if departments.len() > 1 {
                section aria-labelledby="rooms" {
                    h2.vh #rooms { (words.shell.departments) }
                    ul.rooms role="list" {
                        @for department in departments {
                            li { a.room href=(department.address()) {
                                span.tile { (beside_its_name(words, window(department), Fetched::Late)) }
                                span { (department.name()) }
                            } }
                        }
                    }
                }
            }
        }
    }

    fn row(&self, id: &str, title: &str, all: &str, products: &[ProductSummary]) -> Markup {
        let locale = self.visit.locale;
        html! {
            @if !products.is_empty() {
                section.shelf aria-labelledby=(id) {
                    div.shelf-head { h2 id=(id) { (title) } a href=(all) { (locale.words.home.see_all) span.vh { ": " (title) } } }
                    ul.grid.four role="list" { (card::grid(locale, products, self.shop.ids.now(), ROW)) }
                }
            }
        }
    }

    /// What the shop promises, as far as it does.
    fn facts(&self) -> Markup {
        let locale = self.visit.locale;
        let words = locale.words;
        let settings = &self.shop.settings;
        let years = u64::from(settings.guarantee_years);
        html! {
            ul.facts role="list" {
                @if let Some(free) = self.frame.delivery.free_from() {
                    li { (Icon::Parcel) strong { (fill(words.shell.free_from, &[("amount", &locale.round_money(free))])) } }
                }
                @if settings.return_days > 0 {
                    li {
                        (Icon::Return)
                        strong { (words.goods.return_days.replace("{n}", &settings.return_days.to_string())) }
                        span.quiet { (words.goods.return_how) }
                    }
                }
                @if years > 0 {
                    li {
                        (Icon::Shield)
                        strong { (words.goods.guarantee.of(years, &years.to_string())) }
                        span.quiet { (words.goods.guarantee_how) }
                    }
                }
            }
        }
    }
}
