//! Page weight: compressed sizes, number of requests, and caching.

use browser_tests::{Emulation, Page, Shop, http::Response};

const KILOBYTE: usize = 1024;
const LIST_PAGE_BYTES_MAX: usize = 24 * KILOBYTE;
const STYLE_BYTES_MAX: usize = 10 * KILOBYTE;
const SCRIPT_BYTES_MAX: usize = 12 * KILOBYTE;
const REQUESTS_MAX: usize = 6;

const LIST: &str = "/products";

fn get_compressed(path: &str) -> Response {
    let response = Shop::shared().get(path, &[("accept-encoding", "br")]);
    assert_eq!((response.status, response.header("content-encoding")), (200, "br"), "{path}");
    response
}

/// Paths of the assets of the list page, by selector and attribute.
fn asset_paths(selector: &str, attribute: &str) -> Vec<String> {
    let page = Page::new(Emulation::DESKTOP);
    page.visit(LIST);
    let joined = page.evaluate_text(&format!(
        "[...document.querySelectorAll('{selector}')].map(it => it.getAttribute('{attribute}')).join(' ')"
    ));
    let paths: Vec<String> = joined.split_whitespace().map(ToOwned::to_owned).collect();
    assert!(!paths.is_empty(), "{selector}");
    paths
}

fn total_compressed_bytes(paths: &[String]) -> usize {
    paths.iter().map(|path| get_compressed(path).body.len()).sum()
}

#[test]
fn a_list_of_24_products_weighs_at_most_24_kilobytes() {
    let page = Page::new(Emulation::DESKTOP);
    page.visit(LIST);
    assert_eq!(page.evaluate("document.querySelectorAll('#grid > li').length"), 24);
    let bytes = get_compressed(LIST).body.len();
    assert!(bytes <= LIST_PAGE_BYTES_MAX, "{bytes} bytes");
}

#[test]
fn styles_weigh_at_most_10_kilobytes() {
    let bytes = total_compressed_bytes(&asset_paths("link[rel=stylesheet]", "href"));
    assert!(bytes <= STYLE_BYTES_MAX, "{bytes} bytes");
}

#[test]
fn scripts_weigh_at_most_12_kilobytes() {
    let bytes = total_compressed_bytes(&asset_paths("script[src]", "src"));
    assert!(bytes <= SCRIPT_BYTES_MAX, "{bytes} bytes");
}

#[test]
fn a_list_needs_at_most_6_requests_besides_its_pictures() {
    let page = Page::new(Emulation::DESKTOP);
    let requests = page.record_requests(|page| page.visit(LIST));
    let besides_pictures: Vec<_> =
        requests.iter().filter(|request| request.kind != "Image").collect();
    assert!(besides_pictures.len() <= REQUESTS_MAX, "{besides_pictures:?}");
    assert!(
        requests.iter().all(|request| request.url.starts_with(&Shop::shared().url("/"))),
        "{requests:?}"
    );
}

#[test]
fn pictures_out_of_view_load_lazily_and_the_first_ones_have_priority() {
    let page = Page::new(Emulation::PHONE);
    page.visit(LIST);
    let pictures = |test: &str| format!("[...document.querySelectorAll('#grid img')].{test}");
    assert!(
        page.is_true(&pictures(
            "every(it => it.getAttribute('width') && it.getAttribute('height'))"
        ))
    );
    assert!(page.is_true(&pictures("at(0).fetchPriority === 'high'")));
    assert!(page.is_true(&pictures("slice(6).every(it => it.loading === 'lazy')")));
}

#[test]
fn files_with_a_hash_in_their_name_are_cached_for_ever() {
    let all = [
        asset_paths("link[rel=stylesheet]", "href"),
        asset_paths("script[src]", "src"),
        asset_paths("link[rel=icon]", "href"),
    ];
    for path in all.iter().flatten() {
        let response = get_compressed(path);
        let caching = response.header("cache-control");
        assert!(
            caching.contains("immutable") && caching.contains("max-age=31536000"),
            "{path}: {caching}"
        );
    }
}

#[test]
fn an_unchanged_page_is_not_sent_again() {
    for path in ["/", LIST, crate::walkthrough::PRODUCT_PATH] {
        let first = get_compressed(path);
        let tag = first.header("etag");
        assert!(!tag.is_empty(), "{path} has no tag");
        assert_eq!(first.header("cache-control"), "no-cache", "{path}");
        let second = Shop::shared().get(path, &[("accept-encoding", "br"), ("if-none-match", tag)]);
        assert_eq!((second.status, second.body.len()), (304, 0), "{path}");
        assert_eq!(second.header("etag"), tag, "{path}");
    }
}

#[test]
fn private_pages_are_not_cached() {
    for path in ["/cart", "/orders"] {
        let response = Shop::shared().get(path, &[]);
        assert_eq!(
            (response.status, response.header("cache-control")),
            (200, "no-store"),
            "{path}"
        );
        assert_eq!(response.header_count("etag"), 0, "{path}");
    }
}
