//! What Lighthouse says of the pages on which people choose and buy: everything that does not depend on time is a
//! test, the rest is told.

use crate::tour::{GOODS, fill_checkout, put_into_cart};
use browser_tests::{
    Look, Page,
    lighthouse::{Device, Sight, Verdict, lighthouse},
    lighthouse_rounds,
};

const FULL: &[&str] = &["accessibility", "best-practices", "seo"];
const KILOBYTE: u64 = 1024;
/// Everything but pictures, as it comes over the line.
const BYTES_MAX: u64 = 24 * KILOBYTE;
const REQUESTS_MAX: usize = 6;
const DOM_ELEMENTS_MAX: f64 = 800.0;
const LAYOUT_SHIFT_MAX: f64 = 0.01;

/// Nobody should find a shopper's own pages by searching; that they cannot be found is then no fault.
const OWN: &[&str] = &["cart", "checkout", "order"];
const HIDDEN: &str = "is-crawlable |";

#[test]
fn lighthouse_finds_nothing_wrong_on_a_phone() {
    examine(Device::Phone);
}

#[test]
fn lighthouse_finds_nothing_wrong_on_a_desktop() {
    examine(Device::Desktop);
}

fn examine(device: Device) {
    // Two shoppers, because a cart that became an order is no longer one to look at.
    let (filling, done) = (Page::new(Look::DESKTOP), Page::new(Look::DESKTOP));
    put_into_cart(&filling, GOODS);
    put_into_cart(&done, GOODS);
    done.visit("/checkout");
    fill_checkout(&done);
    done.leads(|page| page.click(".pay .button"));
    let open = |name, path: &str| Sight { name, path: path.to_owned(), cookie: String::new() };
    let own = |page: &Page, name, path: &str| Sight { cookie: cookies(page), ..open(name, path) };
    let sights = [
        open("home", "/"),
        open("list", "/products"),
        open("product", GOODS),
        own(&filling, "cart", "/cart"),
        own(&filling, "checkout", "/checkout"),
        own(&done, "order", &done.path()),
    ];
    let verdicts = lighthouse(device, &sights, lighthouse_rounds());
    let mut wrong = Vec::new();
    for verdict in &verdicts {
        println!("told: {}", figures(device, verdict));
        wrong.extend(faults(verdict).into_iter().map(|fault| format!("{}: {fault}", verdict.name)));
    }
    assert!(wrong.is_empty(), "{device:?}\n{}", wrong.join("\n"));
}

fn cookies(page: &Page) -> String {
    let word = |it: &serde_json::Value| it.as_str().unwrap_or_default().to_owned();
    let pairs = page.cookies().into_iter();
    pairs
        .map(|it| format!("{}={}", word(&it["name"]), word(&it["value"])))
        .collect::<Vec<_>>()
        .join("; ")
}

fn faults(verdict: &Verdict) -> Vec<String> {
    let is_own = OWN.contains(&verdict.name);
    let mut faults: Vec<String> =
        FULL.iter().flat_map(|category| verdict.findings(category)).collect();
    if is_own && !faults.iter().any(|fault| fault.starts_with(HIDDEN)) {
        faults.push("a shopper's own page can be found by searching".to_owned());
    }
    faults.retain(|fault| !(is_own && fault.starts_with(HIDDEN)));
    let fetched = verdict.fetched();
    let others = || fetched.iter().filter(|(kind, _)| *kind != "Image").map(|(_, sum)| sum);
    let (requests, bytes) =
        (others().map(|sum| sum.0).sum::<usize>(), others().map(|sum| sum.1).sum::<u64>());
    let mut limit = |holds: bool, what: &str| {
        if !holds {
            faults.push(what.to_owned());
        }
    };
    limit(requests <= REQUESTS_MAX, &format!("{requests} requests beside pictures: {fetched:?}"));
    limit(bytes <= BYTES_MAX, &format!("{bytes} bytes beside pictures: {fetched:?}"));
    let (shift, elements) = (verdict.figure("cumulative-layout-shift"), verdict.figure("dom-size"));
    limit(shift <= LAYOUT_SHIFT_MAX, &format!("the layout shifts by {shift}"));
    limit(elements <= DOM_ELEMENTS_MAX, &format!("{elements} elements"));
    faults
}

fn figures(device: Device, verdict: &Verdict) -> String {
    let milliseconds = |audit: &str| verdict.figure(audit).round();
    let sum: u64 = verdict.fetched().values().map(|sum| sum.1).sum();
    format!(
        "Lighthouse, {device:?}, {}: performance {}, accessibility {}, best practices {}, SEO {}; \
         LCP {} ms, TBT {} ms, CLS {}, {} KB with pictures, {} elements",
        verdict.name,
        verdict.score("performance"),
        verdict.score("accessibility"),
        verdict.score("best-practices"),
        verdict.score("seo"),
        milliseconds("largest-contentful-paint"),
        milliseconds("total-blocking-time"),
        verdict.figure("cumulative-layout-shift"),
        sum / KILOBYTE,
        verdict.figure("dom-size"),
    )
}
