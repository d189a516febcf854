//! Restored files: an older copy of the shop beside the present audit trail, and the other way round.

use crate::program::{get, icommerce, post, start_shop, stop_shop};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Requests until the audit trail must have caught up.
const TRIES_MAX: usize = 20_000;

/// Runs the shop, creates products of these names, and waits until the audit trail has all that were ever created and are
/// not lost.
fn run(folder: &Path, created: &[&str], audited: &mut Vec<String>) {
    let mut command = icommerce(folder);
    command.arg("--no-demo");
    let (child, [_, operator]) = start_shop(&mut command);
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

/// Files of one database: their names and contents.
type Files = Vec<(PathBuf, Vec<u8>)>;

/// Files of the folder whose names begin like this, but for the lock and the state.
fn files(folder: &Path, prefix: &str) -> Files {
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let is_one = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy();
        name.starts_with(prefix) && !name.contains("lock") && !name.contains("state")
    };
    paths.filter(is_one).map(|path| (path.clone(), std::fs::read(path).unwrap())).collect()
}

/// Puts older files in the place of the present ones. The state of the folder, which knows better, goes.
fn restore(folder: &Path, prefix: &str, older: &Files) {
    for (path, _) in files(folder, prefix) {
        std::fs::remove_file(path).unwrap();
    }
    for (path, content) in older {
        std::fs::write(path, content).unwrap();
    }
    std::fs::remove_file(folder.join("icommerce.state")).unwrap();
}

#[test]
fn an_older_shop_beside_the_present_audit_trail_loses_no_activity() {
    for (lost, new) in [(&["B", "C", "D"][..], &["E"][..]), (&["B"], &["C", "D", "E", "F"])] {
        let folder = TempDir::new().unwrap();
        let mut audited = Vec::new();
        run(folder.path(), &["A"], &mut audited);
        let older = files(folder.path(), "icommerce.");
        let mut with_lost = audited.clone();
        run(folder.path(), lost, &mut with_lost);
        restore(folder.path(), "icommerce.", &older);
        run(folder.path(), new, &mut audited);
    }
}

#[test]
fn an_older_audit_trail_beside_the_present_shop_loses_no_activity() {
    let folder = TempDir::new().unwrap();
    let mut audited = Vec::new();
    run(folder.path(), &["A"], &mut audited);
    let older = files(folder.path(), "bulk.");
    run(folder.path(), &["B", "C"], &mut audited);
    restore(folder.path(), "bulk.", &older);
    run(folder.path(), &["D"], &mut audited);
}
