//! What pages weigh on the line, and what never has to be sent twice.

use browser_tests::{Look, Page, Shop, http::Answer};

const KILOBYTE: usize = 1024;
const LIST_PAGE_BYTES_MAX: usize = 24 * KILOBYTE;
const STYLE_BYTES_MAX: usize = 10 * KILOBYTE;
const SCRIPT_BYTES_MAX: usize = 12 * KILOBYTE;
const REQUESTS_MAX: usize = 6;

const LIST: &str = "/products";

fn packed(path: &str) -> Answer {
    let answer = Shop::shared().get(path, &[("accept-encoding", "br")]);
    assert_eq!((answer.status, answer.header("content-encoding")), (200, "br"), "{path}");
    answer
}

/// The addresses of a page's files, by their selector and attribute.
fn files(selector: &str, attribute: &str) -> Vec<String> {
    let page = Page::new(Look::DESKTOP);
    page.visit(LIST);
    let found = page.text(&format!(
        "[...document.querySelectorAll('{selector}')].map(it => it.getAttribute('{attribute}')).join(' ')"
    ));
    let found: Vec<String> = found.split_whitespace().map(ToOwned::to_owned).collect();
    assert!(!found.is_empty(), "{selector}");
    found
}

fn weigh(files: &[String]) -> usize {
    files.iter().map(|path| packed(path).body.len()).sum()
}

#[test]
fn a_list_of_24_products_weighs_at_most_24_kilobytes() {
    let page = Page::new(Look::DESKTOP);
    page.visit(LIST);
    assert_eq!(page.value("document.querySelectorAll('#grid > li').length"), 24);
    let bytes = packed(LIST).body.len();
    assert!(bytes <= LIST_PAGE_BYTES_MAX, "{bytes} bytes");
}

#[test]
fn styles_weigh_at_most_10_kilobytes() {
    let bytes = weigh(&files("link[rel=stylesheet]", "href"));
    assert!(bytes <= STYLE_BYTES_MAX, "{bytes} bytes");
}

#[test]
fn scripts_weigh_at_most_12_kilobytes() {
    let bytes = weigh(&files("script[src]", "src"));
    assert!(bytes <= SCRIPT_BYTES_MAX, "{bytes} bytes");
}

#[test]
fn a_list_takes_at_most_6_requests_beside_its_pictures() {
    let page = Page::new(Look::DESKTOP);
    let requests = page.requests(|page| page.visit(LIST));
    let others: Vec<_> = requests.iter().filter(|request| request.kind != "Image").collect();
    assert!(others.len() <= REQUESTS_MAX, "{others:?}");
    assert!(
        requests.iter().all(|request| request.url.starts_with(&Shop::shared().url("/"))),
        "{requests:?}"
    );
}

#[test]
fn pictures_that_are_not_seen_are_not_fetched_and_the_first_ones_come_first() {
    let page = Page::new(Look::PHONE);
    page.visit(LIST);
    let picture = |test: &str| format!("[...document.querySelectorAll('#grid img')].{test}");
    assert!(
        page.holds(&picture("every(it => it.getAttribute('width') && it.getAttribute('height'))"))
    );
    assert!(page.holds(&picture("at(0).fetchPriority === 'high'")));
    assert!(page.holds(&picture("slice(6).every(it => it.loading === 'lazy')")));
}

#[test]
fn files_with_a_hash_in_their_name_are_kept_for_ever() {
    let all = [
        files("link[rel=stylesheet]", "href"),
        files("script[src]", "src"),
        files("link[rel=icon]", "href"),
    ];
    for path in all.iter().flatten() {
        let answer = packed(path);
        let kept = answer.header("cache-control");
        assert!(kept.contains("immutable") && kept.contains("max-age=31536000"), "{path}: {kept}");
    }
}

#[test]
fn a_page_that_is_as_it_was_is_not_sent_again() {
    for path in ["/", LIST, crate::tour::GOODS] {
        let first = packed(path);
        let tag = first.header("etag");
        assert!(!tag.is_empty(), "{path} has no tag");
        assert_eq!(first.header("cache-control"), "no-cache", "{path}");
        let second = Shop::shared().get(path, &[("accept-encoding", "br"), ("if-none-match", tag)]);
        assert_eq!((second.status, second.body.len()), (304, 0), "{path}");
        assert_eq!(second.header("etag"), tag, "{path}");
    }
}

#[test]
fn what_is_one_shoppers_own_is_kept_by_nobody() {
    for path in ["/cart", "/orders"] {
        let answer = Shop::shared().get(path, &[]);
        assert_eq!((answer.status, answer.header("cache-control")), (200, "no-store"), "{path}");
        assert_eq!(answer.count("etag"), 0, "{path}");
    }
}
