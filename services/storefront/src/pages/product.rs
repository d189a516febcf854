//! Product page (`/p/{slug}`): images, options, price, price history and specifications.

mod purchase_panel;
mod variant_selection;

pub(crate) use variant_selection::VariantSelection;

use crate::{
    app_state::AppState,
    cached_catalogue::{CATEGORY_SEPARATOR, Catalogue},
    components::{
        icon::Icon,
        image::{self, ImageLoading, ImageSlot, product_image},
        layout::{self, LayoutData, PageMeta},
        price_chart, product_card, quantity_stepper,
    },
    form_fields::FormFields,
    page_error::PageResult,
    page_response::{PageResponse, moved},
    request_context::RequestContext,
    structured_data,
};
use axum::{
    extract::{Path, State},
    response::Response,
};
use contracts::product::{Product, ProductQuery, ProductSummary, VariantPriceHistory};
use contracts::shared::{Image, Sku};
use http::StatusCode;
use kernel::Timestamp;
use maud::{Markup, PreEscaped, html};
use std::sync::Arc;

/// Maximum number of related products.
const RELATED_PRODUCTS_MAX: usize = 4;

/// `GET /p/{slug}`
pub(crate) async fn show(
    State(state): State<Arc<AppState>>,
    Path(slug): Path<String>,
    context: RequestContext,
) -> PageResult {
    let fields = FormFields::parse(context.uri.query().unwrap_or_default().as_bytes());
    let (layout, product) = tokio::join!(
        LayoutData::load(&state, &context),
        state.products_for(&context).product(&slug)
    );
    let product = product?;
    if product.slug != slug {
        return Ok(moved(&context, &format!("/p/{}", contracts::path_segment(&product.slug))));
    }
    Ok(render(&state, &context, &layout, &product, &fields, None).await)
}

/// `GET /p/{slug}/`
pub(crate) async fn redirect_to_canonical(
    Path(slug): Path<String>,
    context: RequestContext,
) -> Response {
    moved(&context, &format!("/p/{}", contracts::path_segment(&slug)))
}

/// Product page, with a message if it could not be added to the cart.
pub(crate) async fn render(
    state: &AppState,
    context: &RequestContext,
    layout: &LayoutData,
    product: &Product,
    fields: &FormFields,
    rejection: Option<&str>,
) -> Response {
    let (history, related_products) = tokio::join!(
        state.prefetch_products().price_history(product.id),
        related_products(state, product)
    );
    let history = history.map(|history| history.variants).unwrap_or_default();
    let selection = VariantSelection::read(product, fields);
    let quantity = quantity_stepper::requested_quantity(fields);
    let unreadable = quantity.is_none().then(|| quantity_stepper::quantity_range(context.locale));
    let view = ProductView {
        state,
        context,
        layout,
        selection: &selection,
        quantity: quantity.unwrap_or(1).max(1),
        history: &history,
        now: state.ids.now(),
        message: rejection.or(unreadable.as_deref()),
    };
    let path = breadcrumb_path(product, &layout.catalogue);
    let description = structured_data::description(product);
    let meta = PageMeta {
        title: context.locale.translate(&product.name),
        description: Some(&description),
        canonical: Some(format!("/p/{}", contracts::path_segment(&product.slug))),
        image: product.media.first().map(|media| &media.image),
        structured_data: vec![
            structured_data::product(product, &description, context, &state.settings),
            structured_data::breadcrumbs(context, &path, &product.name),
        ],
        ..PageMeta::default()
    };
    let page = layout::page(state, context, layout, &meta, &view.main(&related_products));
    let response = if rejection.is_some() {
        PageResponse::private(state, context).status(StatusCode::UNPROCESSABLE_ENTITY)
    } else {
        PageResponse::public(state, context)
    };
    response.html(page)
}

async fn related_products(state: &AppState, product: &Product) -> Vec<ProductSummary> {
    let Some(category) = product.categories.first() else { return Vec::new() };
    let department = category.split(CATEGORY_SEPARATOR).next().unwrap_or(category);
    let query = ProductQuery {
        category: Some(department.to_owned()),
        in_stock: Some("true".to_owned()),
        limit: Some((RELATED_PRODUCTS_MAX + 1).to_string()),
        ..ProductQuery::default()
    };
    let mut products =
        state.prefetch_products().products(&query).await.map(|page| page.items).unwrap_or_default();
    products.retain(|it| it.id != product.id);
    products.truncate(RELATED_PRODUCTS_MAX);
    products
}

/// View model of the page.
struct ProductView<'a> {
    state: &'a AppState,
    context: &'a RequestContext,
    layout: &'a LayoutData,
    selection: &'a VariantSelection<'a>,
    quantity: i64,
    history: &'a [VariantPriceHistory],
    now: Timestamp,
    /// Why the product was not added to the cart, or cannot be.
    message: Option<&'a str>,
}

impl ProductView<'_> {
    fn main(&self, related_products: &[ProductSummary]) -> Markup {
        let locale = self.context.locale;
        let product = self.selection.product;
        html! {
            main.wrap #main {
                (layout::breadcrumbs(locale, &breadcrumb_path(product, &self.layout.catalogue), None))
                div.product {
                    (self.gallery())
                    section.buy aria-labelledby="name" {
                        (self.purchase_panel())
                        (self.details())
                    }
                }
                @if !related_products.is_empty() {
                    section.strip aria-labelledby="also" {
                        h2 #also { (locale.messages.product.related) }
                        ul.grid.four role="list" { (product_card::grid(locale, related_products, usize::MAX / 2)) }
                    }
                }
            }
        }
    }

    fn gallery(&self) -> Markup {
        let messages = self.context.locale.messages;
        let product = self.selection.product;
        let sku = self.selection.variant.map(|variant| &variant.sku);
        let is_selected =
            |skus: &[Sku]| skus.is_empty() || sku.is_some_and(|sku| skus.contains(sku));
        let mut media: Vec<_> = product.media.iter().filter(|it| is_selected(&it.skus)).collect();
        if self.selection.is_explicit {
            // Pictures of the chosen variant come before those of all.
            media.sort_by_key(|it| it.skus.is_empty());
        }
        let mut images: Vec<_> = media.iter().map(|it| &it.image).collect();
        if images.is_empty() {
            images.extend(product.media.first().map(|media| &media.image));
        }
        let alt = |image: &Image| image::alt_text(image, &product.name);
        html! {
            section.gallery data-part="gallery" aria-label=(messages.product.pictures) {
                @if images.len() > 1 {
                    ul.stage role="list" tabindex="0" aria-label=(messages.product.pictures_scroll) {
                        @for (position, image) in images.iter().enumerate() {
                            li.tile { (product_image(self.context.locale, Some(image), &alt(image), ImageSlot::Gallery, if position == 0 { ImageLoading::Priority } else { ImageLoading::Lazy })) }
                        }
                    }
                } @else {
                    div.stage.single {
                        div.tile { (product_image(self.context.locale, images.first().copied(), &images.first().map(|it| alt(it)).unwrap_or_default(), ImageSlot::Gallery, ImageLoading::Priority)) }
                    }
                }
            }
        }
    }

    fn details(&self) -> Markup {
        let locale = self.context.locale;
        let messages = &locale.messages.product;
        let product = self.selection.product;
        html! {
            div.folds {
                @if !product.description.is_empty() {
                    (disclosure("details", messages.details, &html! { div lang=[locale.lang_of(&product.description)] { (PreEscaped(&product.description)) } }))
                }
                div data-part="facts" {
                    @if let Some(chart) = self.chart() { (disclosure("prices", messages.price_history, &chart)) }
                    (disclosure("facts", messages.specifications, &self.specifications()))
                }
            }
        }
    }

    fn chart(&self) -> Option<Markup> {
        let variant = self.selection.variant.or(self.selection.product.variants.first())?;
        let history = self.history.iter().find(|it| it.sku == variant.sku)?;
        price_chart::price_chart(self.context.locale, &history.prices, self.now)
    }

    fn specifications(&self) -> Markup {
        let locale = self.context.locale;
        let messages = &locale.messages.product;
        html! {
            dl.facts-list {
                @if let Some(brand) = &self.selection.product.brand { dt { (messages.brand) } dd { (brand) } }
                @for (option, value) in self.selection.product.options.iter().zip(&self.selection.values) {
                    dt { (locale.shop_text(&option.name)) } dd { (locale.shop_text(value)) }
                }
                @if let Some(variant) = self.selection.variant {
                    @if variant.weight_grams > 0 { dt { (messages.weight) } dd { (weight(locale, variant.weight_grams)) } }
                    dt { (messages.sku) } dd { (variant.sku) }
                }
            }
        }
    }
}

/// Weight with its unit: `850 g`, `1.2 kg`.
fn weight(locale: crate::locale::Locale, grams: u32) -> String {
    if grams < 1000 {
        return format!("{grams} g");
    }
    let tenths = grams.div_ceil(100);
    let separator = locale.messages.decimal_separator;
    format!("{}{separator}{} kg", locale.count(u64::from(tenths / 10)), tenths % 10)
}

fn disclosure(id: &str, title: &str, inside: &Markup) -> Markup {
    html! {
        details.fold id={ "fold-" (id) } open {
            summary { h2 { (title) } (Icon::Chevron) }
            div { (inside) }
        }
    }
}

/// Breadcrumb path of a product: its category and the ancestors of that.
fn breadcrumb_path(product: &Product, catalogue: &Catalogue) -> Vec<(String, String)> {
    let category = product.categories.iter().find_map(|label| catalogue.by_label(label));
    category.map_or_else(Vec::new, |category| {
        let mut path = category.ancestors();
        path.push((category.address(), category.name().to_owned()));
        path
    })
}
