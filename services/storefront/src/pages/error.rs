//! Error pages: a sentence and links to go on with. They call no service.

use crate::{
    app_state::AppState,
    components::layout::{self, Indexing, LayoutData, PageMeta},
    messages::interpolate,
    page_error::PageError,
    page_response::PageResponse,
    request_context::RequestContext,
};
use axum::response::Response;
use maud::{Markup, html};

/// Error page.
pub(crate) fn page(
    state: &AppState,
    context: &RequestContext,
    error: PageError,
    request_id: Option<&str>,
) -> Response {
    let messages = &context.locale.messages.error_pages;
    let within = |text, seconds: u32| context.locale.plural(text, seconds.into());
    let (title, text) = match error {
        PageError::NotFound => (messages.not_found, messages.not_found_text.to_owned()),
        PageError::MethodNotAllowed | PageError::PayloadTooLarge => {
            (messages.method_not_allowed, messages.method_not_allowed_text.to_owned())
        }
        PageError::CrossOrigin => (messages.cross_origin, messages.cross_origin_text.to_owned()),
        PageError::RateLimited { retry_seconds } => {
            (messages.rate_limited, within(&messages.busy_text, retry_seconds))
        }
        PageError::Unavailable { retry_seconds } => {
            (messages.unavailable, within(&messages.unavailable_text, retry_seconds))
        }
        PageError::Busy { retry_seconds } => {
            (messages.busy, within(&messages.busy_text, retry_seconds))
        }
        PageError::Internal => (messages.internal, messages.internal_text.to_owned()),
    };
    let meta = PageMeta {
        title: title.trim_end_matches('.'),
        indexing: Indexing::NoIndex,
        ..PageMeta::default()
    };
    let main = html! {
        main.wrap #main {
            div.nothing {
                h1 { (title) }
                p.nothing-head { (text) }
                (links(context, error))
                @if error == PageError::Internal && let Some(id) = request_id {
                    p.quiet.small { (interpolate(messages.request_id, &[("id", id)])) }
                }
            }
        }
    };
    let page = match error {
        // After a wrong turn, the shopper needs the navigation.
        PageError::NotFound => {
            layout::page(state, context, &LayoutData::cached(state), &meta, &main)
        }
        _ => layout::minimal_page(state, context, &meta, &html! {}, &main),
    };
    PageResponse::private(state, context).status(error.status()).html(page)
}

fn links(context: &RequestContext, error: PageError) -> Markup {
    let messages = &context.locale.messages.error_pages;
    let current = context.uri.path_and_query().map_or("/", |it| it.as_str());
    html! {
        @match error {
            PageError::Unavailable { .. }
            | PageError::Busy { .. }
            | PageError::RateLimited { .. }
            | PageError::Internal => p {
                a.button href=(current) { (messages.try_again) } " "
                a.button.quiet-button href="/" { (messages.go_home) }
            },
            _ => p {
                a.button href="/products" { (messages.go_to_products) } " "
                a.button.quiet-button href="/" { (messages.go_home) }
            },
        }
    }
}
