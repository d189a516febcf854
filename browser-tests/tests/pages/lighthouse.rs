//! Lighthouse audits of the pages on which shoppers choose and buy. Everything that does not depend on time is asserted;
//! the performance metrics are printed.

use crate::walkthrough::{PRODUCT_PATH, add_to_cart, fill_checkout};
use browser_tests::{
    Emulation, Page,
    lighthouse::{AuditReport, AuditTarget, Device, audit},
    lighthouse_runs,
};

/// Categories that must have the full score.
const FULL_SCORE: &[&str] = &["accessibility", "best-practices", "seo"];
const KILOBYTE: u64 = 1024;
/// Transfer size without pictures.
const BYTES_MAX: u64 = 24 * KILOBYTE;
const REQUESTS_MAX: usize = 6;
const DOM_ELEMENTS_MAX: f64 = 800.0;
const LAYOUT_SHIFT_MAX: f64 = 0.01;

/// Pages of a single shopper, which search engines must not index: for them, the finding is required.
const PRIVATE_PAGES: &[&str] = &["cart", "checkout", "order"];
const NOT_INDEXABLE: &str = "is-crawlable |";

#[test]
fn lighthouse_finds_nothing_wrong_on_a_phone() {
    check_pages(Device::Phone);
}

#[test]
fn lighthouse_finds_nothing_wrong_on_a_desktop() {
    check_pages(Device::Desktop);
}

fn check_pages(device: Device) {
    // Two shoppers, because a cart that became an order can no longer be audited.
    let (shopper, buyer) = (Page::new(Emulation::DESKTOP), Page::new(Emulation::DESKTOP));
    add_to_cart(&shopper, PRODUCT_PATH);
    add_to_cart(&buyer, PRODUCT_PATH);
    buyer.visit("/checkout");
    fill_checkout(&buyer);
    buyer.wait_for_navigation(|page| page.click(".pay .button"));
    let public =
        |name, path: &str| AuditTarget { name, path: path.to_owned(), cookie: String::new() };
    let private =
        |page: &Page, name, path: &str| AuditTarget { cookie: cookies(page), ..public(name, path) };
    let targets = [
        public("home", "/"),
        public("list", "/products"),
        public("product", PRODUCT_PATH),
        private(&shopper, "cart", "/cart"),
        private(&shopper, "checkout", "/checkout"),
        private(&buyer, "order", &buyer.path()),
    ];
    let reports = audit(device, &targets, lighthouse_runs());
    let mut violations = Vec::new();
    for report in &reports {
        println!("measured: {}", summary(device, report));
        violations.extend(
            violations_of(report)
                .into_iter()
                .map(|violation| format!("{}: {violation}", report.name)),
        );
    }
    assert!(violations.is_empty(), "{device:?}\n{}", violations.join("\n"));
}

fn cookies(page: &Page) -> String {
    let text = |it: &serde_json::Value| it.as_str().unwrap_or_default().to_owned();
    let pairs = page.cookies().into_iter();
    pairs
        .map(|it| format!("{}={}", text(&it["name"]), text(&it["value"])))
        .collect::<Vec<_>>()
        .join("; ")
}

fn violations_of(report: &AuditReport) -> Vec<String> {
    let is_private = PRIVATE_PAGES.contains(&report.name);
    let mut violations: Vec<String> =
        FULL_SCORE.iter().flat_map(|category| report.findings(category)).collect();
    if is_private && !violations.iter().any(|violation| violation.starts_with(NOT_INDEXABLE)) {
        violations.push("a private page may be indexed by search engines".to_owned());
    }
    violations.retain(|violation| !(is_private && violation.starts_with(NOT_INDEXABLE)));
    let transfers = report.transfers_by_kind();
    let others = || transfers.iter().filter(|(kind, _)| *kind != "Image").map(|(_, sum)| sum);
    let (requests, bytes) =
        (others().map(|sum| sum.0).sum::<usize>(), others().map(|sum| sum.1).sum::<u64>());
    let mut require = |holds: bool, what: &str| {
        if !holds {
            violations.push(what.to_owned());
        }
    };
    require(
        requests <= REQUESTS_MAX,
        &format!("{requests} requests beside pictures: {transfers:?}"),
    );
    require(bytes <= BYTES_MAX, &format!("{bytes} bytes beside pictures: {transfers:?}"));
    let (shift, elements) = (report.metric("cumulative-layout-shift"), report.metric("dom-size"));
    require(shift <= LAYOUT_SHIFT_MAX, &format!("the layout shifts by {shift}"));
    require(elements <= DOM_ELEMENTS_MAX, &format!("{elements} elements"));
    violations
}

fn summary(device: Device, report: &AuditReport) -> String {
    let milliseconds = |audit: &str| report.metric(audit).round();
    let sum: u64 = report.transfers_by_kind().values().map(|sum| sum.1).sum();
    format!(
        "Lighthouse, {device:?}, {}: performance {}, accessibility {}, best practices {}, SEO {}; \
         LCP {} ms, TBT {} ms, CLS {}, {} KB with pictures, {} elements",
        report.name,
        report.score("performance"),
        report.score("accessibility"),
        report.score("best-practices"),
        report.score("seo"),
        milliseconds("largest-contentful-paint"),
        milliseconds("total-blocking-time"),
        report.metric("cumulative-layout-shift"),
        sum / KILOBYTE,
        report.metric("dom-size"),
    )
}
