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
};
use axum::extract::State;
use contracts::product::{ProductQuery, ProductSummary};
use maud::{Markup, html};
use std::sync::Arc;

/// Number of products in a row.
const ROW_PRODUCTS: usize = 4;

/// `GET /`
pub(crate) async fn show(
    State(state): State<Arc<AppState>>,
    context: RequestContext,
) -> PageResult {
    let query = |sort: &str, reduced: Option<&str>, limit: usize| ProductQuery {
        sort: Some(sort.to_owned()),
        reduced: reduced.map(ToOwned::to_owned),
        in_stock: Some("true".to_owned()),
        limit: Some(limit.to_string()),
        ..ProductQuery::default()
    };
    let (newest, reduced) =
        (query("newest", None, ROW_PRODUCTS + 1), query("relevance", Some("true"), ROW_PRODUCTS));
    let products = state.prefetch_products();
    let (layout, newest, reduced) = tokio::join!(
        LayoutData::load(&state, &context),
        products.products(&newest),
        products.products(&reduced)
    );
    let (newest, reduced) = (newest?.items, reduced.map(|page| page.items).unwrap_or_default());
    let department_images =
        state.cached_catalogue.department_images(&layout.catalogue.departments()).await;
    let view = HomeView {
        state: &state,
        context: &context,
        layout: &layout,
        department_images: &department_images,
    };
    let meta = PageMeta { title: &state.settings.tagline, ..PageMeta::default() };
    let main = view.main(&newest, &reduced);
    Ok(PageResponse::public(&state, &context)
        .html(layout::page(&state, &context, &layout, &meta, &main)))
}

struct HomeView<'a> {
    state: &'a AppState,
    context: &'a RequestContext,
    layout: &'a LayoutData,
    department_images: &'a DepartmentImages,
}

impl HomeView<'_> {
    fn main(&self, newest: &[ProductSummary], reduced: &[ProductSummary]) -> Markup {
        let locale = self.context.locale;
        let messages = &locale.messages.home;
        // The product of the hero is not repeated right below it.
        let (hero, newest) =
            newest.split_first().map_or((None, newest), |(hero, others)| (Some(hero), others));
        html! {
            main #main {
                (self.hero(hero))
                div.wrap.home {
                    (self.departments())
                    (self.row("new-in", messages.new_in, "/new", newest))
                    (self.row("reduced", messages.reduced_now, "/products?reduced=true", reduced))
                    (self.service_promises())
                }
            }
        }
    }

    fn hero(&self, product: Option<&ProductSummary>) -> Markup {
        let messages = self.context.locale.messages;
        html! {
            section.hero.wrap {
                div.hero-text {
                    h1 { (self.state.settings.tagline) }
                    p { @if product.is_some() { (messages.home.lead) } @else { (messages.home.empty) } }
                    p { a.button.large href="/new" { (messages.home.button) } }
                }
                @if let Some(product) = product {
                    a.hero-picture.tile href={ "/p/" (product.slug) } {
                        (product_image(messages, product.image.as_ref(), &product.name, ImageSlot::Hero, ImageLoading::Priority))
                    }
                }
            }
        }
    }

    fn departments(&self) -> Markup {
        let messages = self.context.locale.messages;
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
                                span { (department.name()) }
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
                    ul.grid.four role="list" { (product_card::grid(locale, products, self.state.ids.now(), ROW_PRODUCTS)) }
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
                        strong { (messages.product.return_days.replace("{n}", &settings.return_days.to_string())) }
                        span.quiet { (messages.product.return_details) }
                    }
                }
                @if years > 0 {
                    li {
                        (Icon::Shield)
                        strong { (messages.product.guarantee.of(years, &years.to_string())) }
                        span.quiet { (messages.product.guarantee_details) }
                    }
                }
            }
        }
    }
}
