//! Site map (`/sitemap.xml`): the addresses of all pages that search engines should know.

use super::merchant_pages::MerchantPage;
use crate::{
    app_state::AppState,
    cached_catalogue::Category,
    page_error::{PageError, PageResult},
    page_response::PageResponse,
    request_context::RequestContext,
};
use axum::{
    extract::{Path, State},
    response::Response,
};
use contracts::product::ProductQuery;
use kernel::Timestamp;
use maud::{Markup, PreEscaped, html};
use std::sync::Arc;
use tokio::sync::Mutex;
use transport::CallError;

/// Maximum number of addresses of one file, a fifth of what the protocol allows: a file is rendered for each request.
const FILE_ADDRESSES_MAX: usize = 10_000;
/// Maximum number of products; further ones are found through the lists alone.
const PRODUCTS_MAX: usize = 500_000;
/// Number of products of one call.
const CALL_PRODUCTS: usize = 200;
/// Maximum age of the site map, in seconds.
const TTL_SECONDS: i64 = 3_600;

const NAMESPACE: &str = "http://www.sitemaps.org/schemas/sitemap/0.9";

/// Cached site map. One request at a time reads the catalogue, and the others wait for it.
#[derive(Debug, Default)]
pub(crate) struct SitemapCache(Mutex<Option<(Timestamp, Arc<SitemapFiles>)>>);

/// Paths of each file, one a line.
#[derive(Debug, Default, PartialEq, Eq)]
struct SitemapFiles(Vec<String>);

impl SitemapFiles {
    fn new(paths: impl IntoIterator<Item = String>, file_addresses_max: usize) -> Self {
        let mut files: Vec<String> = Vec::new();
        for (position, path) in paths.into_iter().enumerate() {
            if position.is_multiple_of(file_addresses_max) {
                files.push(String::new());
            }
            if let Some(file) = files.last_mut() {
                file.push_str(&path);
                file.push('\n');
            }
        }
        Self(files)
    }
}

impl SitemapCache {
    async fn files(&self, state: &AppState) -> Result<Arc<SitemapFiles>, CallError> {
        let mut cached = self.0.lock().await;
        let now = state.ids.now();
        if let Some((since, files)) = &*cached {
            let age = now.as_second().saturating_sub(since.as_second());
            if (0..TTL_SECONDS).contains(&age) {
                return Ok(Arc::clone(files));
            }
        }
        match paths(state).await {
            Ok(paths) => {
                let files = Arc::new(SitemapFiles::new(paths, FILE_ADDRESSES_MAX));
                *cached = Some((now, Arc::clone(&files)));
                Ok(files)
            }
            Err(error) => match &*cached {
                Some((_, old)) => Ok(Arc::clone(old)),
                None => Err(error),
            },
        }
    }
}

/// Paths of all pages: the shop's own, the categories, the products.
async fn paths(state: &AppState) -> Result<Vec<String>, CallError> {
    let mut paths: Vec<String> = ["/", "/products", "/new", "/help"].map(str::to_owned).to_vec();
    paths.extend(MerchantPage::written(&state.settings).map(|page| page.path().to_owned()));
    let catalogue = state.cached_catalogue.catalogue().await;
    let mut categories: Vec<String> = catalogue.categories.iter().map(Category::address).collect();
    categories.sort_unstable();
    paths.extend(categories);
    let mut query = ProductQuery {
        sort: Some("name".to_owned()),
        limit: Some(CALL_PRODUCTS.to_string()),
        ..ProductQuery::default()
    };
    let products_begin = paths.len();
    loop {
        let page = state.prefetch_products().products(&query).await?;
        let slugs = page.items.iter().map(|it| contracts::path_segment(&it.slug));
        paths.extend(slugs.map(|slug| format!("/p/{slug}")));
        let Some(next) = page.next_cursor else { return Ok(paths) };
        if paths.len() - products_begin >= PRODUCTS_MAX {
            tracing::warn!(PRODUCTS_MAX, "the site map does not list all products");
            return Ok(paths);
        }
        query.cursor = Some(next.as_str().to_owned());
    }
}

/// `GET /sitemap.xml`: the site map itself, or the index of its files.
pub(crate) async fn index(
    State(state): State<Arc<AppState>>,
    context: RequestContext,
) -> PageResult {
    let origin = context.origin.as_deref().ok_or(PageError::NotFound)?;
    let files = state.sitemap.files(&state).await?;
    let markup = match files.0.as_slice() {
        [only] => addresses(origin, only),
        files => html! {
            sitemapindex xmlns=(NAMESPACE) {
                @for number in 1..=files.len() {
                    sitemap { loc { (origin) "/sitemaps/" (number) ".xml" } }
                }
            }
        },
    };
    Ok(xml(&state, &context, &markup))
}

/// `GET /sitemaps/{number}.xml`
pub(crate) async fn file(
    State(state): State<Arc<AppState>>,
    Path(file): Path<String>,
    context: RequestContext,
) -> PageResult {
    let number = file.strip_suffix(".xml").and_then(|number| number.parse::<usize>().ok());
    let position = number.and_then(|number| number.checked_sub(1)).ok_or(PageError::NotFound)?;
    let origin = context.origin.as_deref().ok_or(PageError::NotFound)?;
    let files = state.sitemap.files(&state).await?;
    let paths = files.0.get(position).ok_or(PageError::NotFound)?;
    Ok(xml(&state, &context, &addresses(origin, paths)))
}

fn addresses(origin: &str, paths: &str) -> Markup {
    html! {
        urlset xmlns=(NAMESPACE) {
            @for path in paths.lines() { url { loc { (origin) (path) } } }
        }
    }
}

fn xml(state: &AppState, context: &RequestContext, root: &Markup) -> Response {
    let declaration = PreEscaped("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    PageResponse::public(state, context)
        .content_type("application/xml; charset=utf-8")
        .html(html! { (declaration) (root) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_file_has_too_many_addresses() {
        for (count, expected) in
            [(0, vec![]), (1, vec![1]), (3, vec![3]), (4, vec![3, 1]), (7, vec![3, 3, 1])]
        {
            let files = SitemapFiles::new((0..count).map(|number| format!("/p/{number}")), 3);
            let lengths: Vec<usize> = files.0.iter().map(|file| file.lines().count()).collect();
            assert_eq!(lengths, expected);
        }
    }

    #[test]
    fn addresses_are_absolute_and_escaped() {
        let xml = addresses("https://shop.example", "/p/a&b\n/p/c\n").into_string();
        let expected = "<url><loc>https://shop.example/p/a&amp;b</loc></url><url><loc>https://shop.example/p/c</loc></url>";
        assert!(xml.contains(expected), "{xml}");
    }
}
