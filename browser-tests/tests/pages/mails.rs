//! Mails to customers about their orders: each fits a phone, and axe-core finds nothing serious in it.

use crate::{accessibility::RUN_AXE, layout::overflow_script, walkthrough::Findings};
use base64::{Engine, prelude::BASE64_STANDARD};
use browser_tests::{Emulation, Page, Shop, axe_core};
use serde_json::{Value, json};

const KINDS: [&str; 6] = [
    "order_confirmed",
    "payment_due",
    "payment_failed",
    "order_shipped",
    "order_refunded",
    "order_cancelled",
];

#[test]
fn every_mail_fits_a_phone_and_is_accessible() {
    let mut findings = Findings::default();
    let (page, axe) = (Page::new(Emulation { width: 320, ..Emulation::PHONE }), axe_core());
    for (kind, language) in KINDS.iter().flat_map(|kind| [(kind, "en"), (kind, "de")]) {
        let name = format!("{kind} in {language}");
        page.visit_url(&mail(kind, language));
        assert!(page.exists("h1"), "{name}");
        findings.collect_from(&page, &name, &overflow_script(320));
        page.evaluate(&axe);
        findings.collect_from(&page, &name, RUN_AXE);
    }
    findings.assert_none();
}

/// Address that is the HTML of a mail about an invented order.
fn mail(kind: &str, language: &str) -> String {
    let path = format!("/api/v1/notification-templates/{kind}/preview");
    let body = json!({ "language": language }).to_string();
    let answer = Shop::shared().operator_post(&path, &body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let letter: Value = serde_json::from_str(&answer.text()).expect("a letter");
    let html = letter["html"].as_str().expect("HTML");
    format!("data:text/html;base64,{}", BASE64_STANDARD.encode(html))
}
