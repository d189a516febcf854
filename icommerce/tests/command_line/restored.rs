//! Restored databases: an older copy of one database beside the present other one.

use crate::program::{get, icommerce, post, start_shop, stop_shop};
use serde_json::{Value, json};
use std::path::Path;
use tempfile::TempDir;

/// Requests until the audit trail must have caught up.
const TRIES_MAX: usize = 20_000;

/// Runs the shop, creates products of these names, and waits until the audit trail has all that were ever created and are
/// not lost.
fn run(folder: &Path, created: &[&str], audited: &mut Vec<String>) {
    let (child, [_, operator]) = start_shop(icommerce(folder).arg("--no-demo"));
    for name in created {
        let price = json!({ "amount": 1_000, "currency": "EUR" });
        let variant = json!({ "sku": format!("SKU-{name}"), "price": price });
        let product = json!({ "name": name, "variants": [variant], "status": "draft" });
        let product = post(&operator, "/api/v1/products", &product);
        audited.push(product["id"].as_str().unwrap().to_owned());
    }
    let is_complete = || {
        let page = get(&operator, "/api/v1/audit?action=product.created&limit=200");
        let page: Value = serde_json::from_str(&page).unwrap();
        let subjects: Vec<_> = page["items"].as_array().unwrap().iter().collect();
        audited.iter().all(|id| {
            let subject = json!(format!("product:{id}"));
            subjects.iter().filter(|activity| activity["subject"] == subject).count() == 1
        })
    };
    assert!((0..TRIES_MAX).any(|_| is_complete()), "{audited:?}");
    stop_shop(child);
}

#[test]
fn an_older_shop_beside_the_present_audit_trail_loses_no_activity() {
    for (lost, new) in [(&["B", "C", "D"][..], &["E"][..]), (&["B"], &["C", "D", "E", "F"])] {
        let folder = TempDir::new().unwrap();
        let database = folder.path().join("icommerce.db");
        let mut audited = Vec::new();
        run(folder.path(), &["A"], &mut audited);
        let older = std::fs::read(&database).unwrap();
        let mut with_lost = audited.clone();
        run(folder.path(), lost, &mut with_lost);
        std::fs::write(&database, older).unwrap();
        run(folder.path(), new, &mut audited);
    }
}

#[test]
fn an_older_audit_trail_beside_the_present_shop_loses_no_activity() {
    let folder = TempDir::new().unwrap();
    let bulk = folder.path().join("bulk.db");
    let mut audited = Vec::new();
    run(folder.path(), &["A"], &mut audited);
    let older = std::fs::read(&bulk).unwrap();
    run(folder.path(), &["B", "C"], &mut audited);
    std::fs::write(&bulk, older).unwrap();
    run(folder.path(), &["D"], &mut audited);
}
