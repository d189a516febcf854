//! Product listings: all products, a category, a search or new products, filtered and sorted by one form.

mod filters;
mod list_query;
mod results;

pub(crate) use list_query::{ListQuery, PAGE_PRODUCTS, Sort};

use crate::{
    app_state::AppState,
    cached_catalogue::Category,
    cart_cookie::CartCookie,
    components::layout::{self, Indexing, LayoutData, PageMeta},
    form_fields::FormFields,
    messages::interpolate,
    page_error::{PageError, PageResult},
    page_response::{PageResponse, moved, see_other},
    request_context::RequestContext,
    structured_data,
};
use axum::{
    extract::{Path, State},
    response::Response,
};
use contracts::product::{ProductPage, ProductQuery};
use kernel::codes;
use maud::{Markup, html};
use std::sync::Arc;

/// `GET /products`
pub(crate) async fn all(State(state): State<Arc<AppState>>, context: RequestContext) -> PageResult {
    let query = read_query(&state, &context);
    let (layout, page) = find(&state, &context, &query, None).await;
    let Some(page) = page? else { return Ok(redirect_to_first_page(&context, &query)) };
    Ok(show(&Listing {
        state: &state,
        context: &context,
        layout: &layout,
        scope: &ListingScope::All,
        query: &query,
        page: &page,
    }))
}

/// `GET /new`
pub(crate) async fn new(State(state): State<Arc<AppState>>, context: RequestContext) -> PageResult {
    let query = read_query(&state, &context);
    let sort = if query.sort == Sort::Relevance { Sort::Newest } else { query.sort };
    let query = ListQuery { sort, ..query };
    let (layout, page) = find_new(&state, &context, &query).await;
    let Some(page) = page? else { return Ok(redirect_to_first_page(&context, &query)) };
    Ok(show(&Listing {
        state: &state,
        context: &context,
        layout: &layout,
        scope: &ListingScope::New,
        query: &query,
        page: &page,
    }))
}

/// `GET /c/{category…}`
pub(crate) async fn category(
    State(state): State<Arc<AppState>>,
    Path(path): Path<String>,
    context: RequestContext,
) -> PageResult {
    let canonical = path.trim_end_matches('/').to_lowercase();
    if canonical != path {
        let segments: Vec<_> = canonical.split('/').map(contracts::path_segment).collect();
        return Ok(moved(&context, &format!("/c/{}", segments.join("/"))));
    }
    let query = read_query(&state, &context);
    let (layout, page) = find(&state, &context, &query, Some(&path)).await;
    let Some(page) = page? else { return Ok(redirect_to_first_page(&context, &query)) };
    let facet = page.facets.get("category").into_iter().flatten().find(|facet| facet.value == path);
    let scope = ListingScope::Category(Category::from_facet(facet.ok_or(PageError::NotFound)?));
    Ok(show(&Listing {
        state: &state,
        context: &context,
        layout: &layout,
        scope: &scope,
        query: &query,
        page: &page,
    }))
}

/// Scope of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
enum ListingScope {
    All,
    New,
    Category(Category),
}

impl ListingScope {
    fn address(&self) -> String {
        match self {
            Self::All => "/products".to_owned(),
            Self::New => "/new".to_owned(),
            Self::Category(category) => category.address(),
        }
    }

    fn category(&self) -> Option<&Category> {
        match self {
            Self::Category(category) => Some(category),
            Self::All | Self::New => None,
        }
    }
}

/// View model of the page.
struct Listing<'a> {
    state: &'a AppState,
    context: &'a RequestContext,
    layout: &'a LayoutData,
    scope: &'a ListingScope,
    query: &'a ListQuery,
    page: &'a ProductPage,
}

fn read_query(state: &AppState, context: &RequestContext) -> ListQuery {
    let query = context.uri.query().unwrap_or_default();
    ListQuery::read(&FormFields::parse(query.as_bytes()), state.settings.currency)
}

/// Page of products and the layout data; no page if the cursor has become invalid.
async fn find(
    state: &AppState,
    context: &RequestContext,
    query: &ListQuery,
    inside: Option<&str>,
) -> (LayoutData, Result<Option<ProductPage>, PageError>) {
    find_products(state, context, query, &query.to_product_query(inside)).await
}

/// Page of the products that count as new; where none does, those that came last.
async fn find_new(
    state: &AppState,
    context: &RequestContext,
    query: &ListQuery,
) -> (LayoutData, Result<Option<ProductPage>, PageError>) {
    let newest = query.to_product_query(None);
    let new = ProductQuery { new: Some("true".to_owned()), ..newest.clone() };
    let found = find_products(state, context, query, &new).await;
    let is_unfiltered = query.filter_count() == 0 && query.q.is_empty();
    match &found.1 {
        Ok(Some(page)) if page.total == 0 && is_unfiltered => {
            find_products(state, context, query, &newest).await
        }
        _ => found,
    }
}

async fn find_products(
    state: &AppState,
    context: &RequestContext,
    query: &ListQuery,
    product_query: &ProductQuery,
) -> (LayoutData, Result<Option<ProductPage>, PageError>) {
    let (layout, page) = tokio::join!(
        LayoutData::load(state, context),
        state.products_for(context).products(product_query)
    );
    let page = match page {
        Ok(page) => Ok(Some(page)),
        Err(error) if error.problem(&codes::INVALID_CURSOR).is_some() && query.cursor.is_some() => {
            Ok(None)
        }
        Err(error) => Err(error.into()),
    };
    (layout, page)
}

fn redirect_to_first_page(context: &RequestContext, query: &ListQuery) -> Response {
    let first = query.modified(|_| ()).address(context.uri.path());
    see_other(context, &first, CartCookie::Unchanged)
}

fn show(listing: &Listing<'_>) -> Response {
    let Listing { state, context, layout, query, .. } = listing;
    let title = listing.title();
    // A later page of a list is found through the products on it and the site map.
    let is_whole = query.q.is_empty() && query.filter_count() == 0 && query.cursor.is_none();
    let indexing = if is_whole { Indexing::Index } else { Indexing::NoIndex };
    let description = listing.description(&title);
    let meta = PageMeta {
        title: &title,
        description: Some(&description),
        indexing,
        canonical: Some(listing.scope.address()),
        image: listing.page.items.first().and_then(|product| product.image.as_ref()),
        structured_data: vec![structured_data::breadcrumbs(context, &listing.ancestors(), &title)],
    };
    PageResponse::public(state, context).html(layout::page(
        state,
        context,
        layout,
        &meta,
        &listing.main(&title),
    ))
}

impl Listing<'_> {
    fn title(&self) -> String {
        let messages = self.context.locale.messages;
        if !self.query.q.is_empty() {
            return interpolate(messages.listing.results_for, &[("q", &self.query.q)]);
        }
        match self.scope {
            ListingScope::Category(category) => {
                self.context.locale.translate(category.name()).to_owned()
            }
            ListingScope::New => messages.layout.new.to_owned(),
            ListingScope::All if self.query.reduced => messages.layout.reduced.to_owned(),
            ListingScope::All => messages.layout.all_products.to_owned(),
        }
    }

    /// Categories above the one of the list.
    fn ancestors(&self) -> Vec<(String, String)> {
        self.scope.category().map(Category::ancestors).unwrap_or_default()
    }

    /// Description for search engines.
    fn description(&self, title: &str) -> String {
        let locale = self.context.locale;
        let messages = &locale.messages.listing;
        let count = locale.plural(&messages.count_all, self.page.total);
        let values = [("title", title), ("shop", &self.state.settings.name), ("count", &count)];
        interpolate(messages.description, &values)
    }

    fn main(&self, title: &str) -> Markup {
        let (locale, tagline) = (self.context.locale, &self.state.settings.tagline);
        let lead =
            *self.scope == ListingScope::All && self.query.q.is_empty() && !tagline.is_empty();
        let heading = match self.scope.category() {
            Some(category) if self.query.q.is_empty() => locale.shop_text(category.name()),
            _ => html! { (title) },
        };
        html! {
            main.wrap #main {
                (layout::breadcrumbs(locale, &self.ancestors(), Some(&heading)))
                div.page-head {
                    h1 { (heading) }
                    @if lead { p { (locale.shop_text(tagline)) } }
                }
                div.listing {
                    (filters::form(self))
                    (results::results(self))
                }
            }
        }
    }
}
