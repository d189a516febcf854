//! Search suggestions (`/suggest?q=`): what the search box offers while the shopper types.

use crate::{
    app_state::AppState,
    cached_catalogue::Category,
    components::{
        image::{ImageLoading, ImageSlot, decorative_image},
        price::{self, PriceKind},
    },
    form_fields::FormFields,
    locale::Locale,
    messages::interpolate,
    page_error::{PageError, PageResult},
    page_response::PageResponse,
    request_context::RequestContext,
};
use axum::extract::State;
use contracts::product::{ProductQuery, ProductSummary, Suggestions};
use form_urlencoded::Serializer;
use maud::{Markup, html};
use std::sync::Arc;

/// Minimum length of a search text: shorter ones match nearly everything.
const CHARACTERS_MIN: usize = 2;
/// Maximum length of a search text; the rest is ignored.
const CHARACTERS_MAX: usize = 100;

/// Maximum number of categories.
const CATEGORIES_MAX: usize = 3;

/// `GET /suggest?q=`
pub(crate) async fn show(
    State(state): State<Arc<AppState>>,
    context: RequestContext,
) -> PageResult {
    let fields = FormFields::parse(context.uri.query().unwrap_or_default().as_bytes());
    let text: String = fields.text("q").unwrap_or_default().chars().take(CHARACTERS_MAX).collect();
    let locale = context.locale;
    let response = PageResponse::public(&state, &context).content_type("text/html; charset=utf-8");
    if text.chars().count() < CHARACTERS_MIN {
        return Ok(response.html(html! {}));
    }
    let suggestions = state.products_for(&context).suggestions(&text).await?;
    let typed = text.clone();
    let (text, correction, suggestions) = if suggestions.total == 0 {
        match corrected(&state, &text).await? {
            Some((correction, suggestions)) => (correction.clone(), Some(correction), suggestions),
            None => (text, None, suggestions),
        }
    } else {
        (text, None, suggestions)
    };
    let query = Serializer::new(String::new()).append_pair("q", &text).finish();
    let catalogue = state.cached_catalogue.catalogue().await;
    let translated = catalogue.translated_like(locale, &typed);
    let found = suggestions.categories.iter().map(Category::from_facet);
    let others = found.filter(|it| translated.iter().all(|known| known.path != it.path));
    let categories: Vec<Category> =
        translated.iter().map(|it| (*it).clone()).chain(others).take(CATEGORIES_MAX).collect();
    Ok(response.html(html! {
        @if let Some(correction) = &correction {
            a.offer role="option" tabindex="-1" #offer-correction href={ "/products?" (query) } {
                span.offer-name { (locale.messages.listing.did_you_mean) " " strong { (correction) } "?" }
            }
        }
        @for (position, product) in suggestions.products.iter().enumerate() { (suggestion(locale, position, product)) }
        @for (position, category) in categories.iter().enumerate() {
            a.offer role="option" tabindex="-1" id={ "offer-c" (position) } href=(category.address()) {
                span.offer-name { (locale.shop_text(category.name())) }
                span.quiet { (locale.plural(&locale.messages.listing.count_all, category.count)) }
            }
        }
        @if suggestions.total > 0 {
            a.offer.offer-all role="option" tabindex="-1" #offer-all href={ "/products?" (query) } {
                (interpolate(locale.messages.layout.see_all, &[("n", &locale.count(suggestions.total))]))
            }
        }
    }))
}

/// Correction of a text that nothing was found for, with its suggestions; none where there is no better text.
async fn corrected(
    state: &AppState,
    text: &str,
) -> Result<Option<(String, Suggestions)>, PageError> {
    let query = ProductQuery {
        q: Some(text.to_owned()),
        limit: Some("1".to_owned()),
        ..ProductQuery::default()
    };
    // The shopper's own search was counted already.
    let products = state.prefetch_products();
    let Some(correction) = products.products(&query).await?.did_you_mean else { return Ok(None) };
    let suggestions = products.suggestions(&correction).await?;
    Ok((suggestions.total > 0).then_some((correction, suggestions)))
}

fn suggestion(locale: Locale, position: usize, product: &ProductSummary) -> Markup {
    let kind = if product.price_varies { PriceKind::StartingFrom } else { PriceKind::Exact };
    html! {
        a.offer role="option" tabindex="-1" id={ "offer-" (position) } href={ "/p/" (product.slug) } {
            span.tile { (decorative_image(locale.messages, product.image.as_ref(), ImageSlot::Thumbnail, ImageLoading::Eager)) }
            span.offer-name { (locale.shop_text(&product.name)) }
            span.price { (price::price(locale, product.price, product.reduction.as_ref(), kind)) }
        }
    }
}
