//! Home page (`/`): hero, departments, new and reduced products, service promises.

use crate::{
    app_state::AppState,
    cached_catalogue::{Category, DepartmentImages},
    components::{
        icon::Icon,
        image::{ImageLoading, ImageSlot, decorative_image, product_image},
        layout::{self, LayoutData, PageMeta},
        product_card,
    },
    messages::interpolate,
    page_error::PageResult,
    page_response::PageResponse,
    request_context::RequestContext,
    structured_data,
};
use axum::extract::State;
use contracts::product::{ProductQuery, ProductSummary};
use maud::{Markup, html};
use std::{collections::HashSet, sync::Arc};

/// Number of products in a row.
const ROW_PRODUCTS: usize = 4;

/// `GET /`
pub(crate) async fn show(
    State(state): State<Arc<AppState>>,
    context: RequestContext,
) -> PageResult {
    let query = |limit: usize| ProductQuery {
        in_stock: Some("true".to_owned()),
        limit: Some(limit.to_string()),
        ..ProductQuery::default()
    };
    let yes = || Some("true".to_owned());
    // As many as are left after those that the page has above.
    let featured = query(1 + ROW_PRODUCTS);
    let newest =
        ProductQuery { sort: Some("newest".to_owned()), new: yes(), ..query(1 + ROW_PRODUCTS) };
    let reduced = ProductQuery { reduced: yes(), ..query(1 + 2 * ROW_PRODUCTS) };
    let products = state.prefetch_products();
    let (layout, featured, newest, reduced) = tokio::join!(
        LayoutData::load(&state, &context),
        products.products(&featured),
        products.products(&newest),
        products.products(&reduced)
    );
    let rows = HomeProducts::new(
        featured?.items,
        newest.map(|page| page.items).unwrap_or_default(),
        reduced.map(|page| page.items).unwrap_or_default(),
    );
    let department_images =
        state.cached_catalogue.department_images(&layout.catalogue.departments()).await;
    let view = HomeView {
        state: &state,
        context: &context,
        layout: &layout,
        department_images: &department_images,
    };
    let settings = &state.settings;
    let title = if settings.tagline.is_empty() { &settings.name } else { &settings.tagline };
    let meta = PageMeta {
        title: context.locale.translate(title),
        canonical: Some("/".to_owned()),
        image: rows.hero.as_ref().and_then(|product| product.image.as_ref()),
        structured_data: structured_data::shop(settings, &context),
        ..PageMeta::default()
    };
    let main = view.main(&rows);
    Ok(PageResponse::public(&state, &context)
        .html(layout::page(&state, &context, &layout, &meta, &main)))
}

/// Products of the page, none of them twice.
#[derive(Debug, PartialEq, Eq)]
struct HomeProducts {
    hero: Option<ProductSummary>,
    /// New products; featured ones where none is new.
    row: Vec<ProductSummary>,
    row_is_new: bool,
    reduced: Vec<ProductSummary>,
}

impl HomeProducts {
    fn new(
        featured: Vec<ProductSummary>,
        newest: Vec<ProductSummary>,
        reduced: Vec<ProductSummary>,
    ) -> Self {
        let mut shown = HashSet::new();
        let mut take = |products: Vec<ProductSummary>, count_max: usize| -> Vec<ProductSummary> {
            let unseen = products.into_iter().filter(|it| !shown.contains(&it.id));
            let taken: Vec<ProductSummary> = unseen.take(count_max).collect();
            shown.extend(taken.iter().map(|it| it.id));
            taken
        };
        let mut featured = featured.into_iter();
        let hero = take(featured.by_ref().take(1).collect(), 1).pop();
        let new = take(newest, ROW_PRODUCTS);
        let row_is_new = !new.is_empty();
        let row = if row_is_new { new } else { take(featured.collect(), ROW_PRODUCTS) };
        Self { hero, row, row_is_new, reduced: take(reduced, ROW_PRODUCTS) }
    }
}

struct HomeView<'a> {
    state: &'a AppState,
    context: &'a RequestContext,
    layout: &'a LayoutData,
    department_images: &'a DepartmentImages,
}

impl HomeView<'_> {
    fn main(&self, products: &HomeProducts) -> Markup {
        let locale = self.context.locale;
        let messages = &locale.messages.home;
        let featured = locale.messages.listing.featured;
        html! {
            main #main {
                (self.hero(products.hero.as_ref()))
                div.wrap.home {
                    (self.departments())
                    @if products.row_is_new {
                        (self.row("new-in", messages.new_in, "/new", &products.row))
                    } @else {
                        (self.row("featured", featured, "/products", &products.row))
                    }
                    (self.row("reduced", messages.reduced_now, "/products?reduced=true", &products.reduced))
                    (self.service_promises())
                }
            }
        }
    }

    fn hero(&self, product: Option<&ProductSummary>) -> Markup {
        let (locale, settings) = (self.context.locale, &self.state.settings);
        let messages = locale.messages;
        html! {
            section.hero.wrap {
                div.hero-text {
                    @if settings.tagline.is_empty() {
                        h1 { (settings.name) }
                    } @else {
                        h1 lang=[locale.lang_of(&settings.tagline)] { (locale.translate(&settings.tagline)) }
                    }
                    @if product.is_none() {
                        p { (messages.home.empty) }
                    } @else if !settings.introduction.is_empty() {
                        p lang=[locale.lang_of(&settings.introduction)] { (locale.translate(&settings.introduction)) }
                    }
                    p { a.button.large href="/new" { (messages.home.button) } }
                }
                @if let Some(product) = product {
                    a.hero-picture.tile href=(product_card::address(product)) {
                        (product_image(locale, product.image.as_ref(), &product.name, ImageSlot::Hero, ImageLoading::Priority))
                    }
                }
            }
        }
    }

    fn departments(&self) -> Markup {
        let locale = self.context.locale;
        let messages = locale.messages;
        let departments = self.layout.catalogue.departments();
        let image_of = |category: &Category| {
            self.department_images.get(&category.path).and_then(Option::as_ref)
        };
        html! {
            @if departments.len() > 1 {
                section aria-labelledby="rooms" {
                    h2.vh #rooms { (messages.layout.departments) }
                    ul.rooms role="list" {
                        @for department in departments {
                            li { a.room href=(department.address()) {
                                span.tile { (decorative_image(messages, image_of(department), ImageSlot::Department, ImageLoading::Lazy)) }
                                span lang=[locale.lang_of(department.name())] { (locale.translate(department.name())) }
                            } }
                        }
                    }
                }
            }
        }
    }

    fn row(&self, id: &str, title: &str, all: &str, products: &[ProductSummary]) -> Markup {
        let locale = self.context.locale;
        html! {
            @if !products.is_empty() {
                section.shelf aria-labelledby=(id) {
                    div.shelf-head { h2 id=(id) { (title) } a href=(all) { (locale.messages.home.see_all) span.vh { ": " (title) } } }
                    ul.grid.four role="list" { (product_card::grid(locale, products, ROW_PRODUCTS)) }
                }
            }
        }
    }

    /// Service promises, as far as the settings make them.
    fn service_promises(&self) -> Markup {
        let locale = self.context.locale;
        let messages = locale.messages;
        let settings = &self.state.settings;
        let years = u64::from(settings.guarantee_years);
        html! {
            ul.facts role="list" {
                @if let Some(free) = self.layout.delivery.free_from() {
                    li { (Icon::Van) strong { (interpolate(messages.layout.free_from, &[("amount", &locale.compact_money(free))])) } }
                }
                @if settings.return_days > 0 {
                    li {
                        (Icon::Return)
                        strong { (messages.product.return_days.replace("{n}", &locale.count(settings.return_days.into()))) }
                        span.quiet { (locale.shop_text(&settings.return_note)) }
                    }
                }
                @if years > 0 {
                    li {
                        (Icon::Shield)
                        strong { (locale.plural(&messages.product.guarantee, years)) }
                        span.quiet { (locale.shop_text(&settings.guarantee_note)) }
                    }
                }
            }
        }
    }
}
