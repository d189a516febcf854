//! Backup and restore of a shop: while it is used, while it is stopped, and what is refused.

use crate::program::{OPERATOR_TOKEN, assert_fails, get, icommerce, post, start_shop, stop_shop};
use serde_json::{Value, json};
use std::{
    fs,
    path::Path,
    process::Command,
    sync::atomic::{AtomicUsize, Ordering},
};
use tempfile::TempDir;

/// Products before and while the backup is made.
const BEFORE: usize = 20;
const MEANWHILE: usize = 60;

fn create_product(operator: &str, number: usize) {
    let price = json!({ "amount": 1_000, "currency": "EUR" });
    let variant = json!({ "sku": format!("SKU-{number}"), "price": price, "stock": 5 });
    let product = json!({ "name": "Lamp", "variants": [variant], "status": "active" });
    post(operator, "/api/v1/products", &product);
}

/// Numbers of the products that the shop in this folder has, after its invariants were checked.
fn products_of(folder: &Path) -> Vec<usize> {
    let output = icommerce(folder).arg("check").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let (child, [_, operator]) = start_shop(icommerce(folder).arg("--no-demo"));
    let mut numbers = Vec::new();
    let mut path = "/api/v1/stock?limit=100".to_owned();
    loop {
        let page: Value = serde_json::from_str(&get(&operator, &path)).unwrap();
        let items = page["items"].as_array().unwrap();
        let number =
            |item: &Value| item["sku"].as_str()?.strip_prefix("SKU-")?.parse::<usize>().ok();
        numbers.extend(items.iter().filter_map(number));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/api/v1/stock?limit=100&cursor={cursor}");
    }
    stop_shop(child);
    numbers.sort_unstable();
    numbers
}

#[test]
fn a_shop_is_backed_up_while_it_is_used_and_restored() {
    let (folder, place) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let settings = place.path().join("shop.toml");
    fs::write(&settings, "[storefront]\nhue = 120\n").unwrap();
    let mut command = icommerce(folder.path());
    let (child, [_, operator]) =
        start_shop(command.arg("--no-demo").arg("--config").arg(&settings));
    for number in 0..BEFORE {
        create_product(&operator, number);
    }
    let answered = AtomicUsize::new(BEFORE);
    let [first, second] = ["first", "second"].map(|name| place.path().join(name));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in BEFORE..BEFORE + MEANWHILE {
                create_product(&operator, number);
                answered.store(number + 1, Ordering::SeqCst);
            }
        });
        for backup in [&first, &second] {
            let certain = answered.load(Ordering::SeqCst);
            let mut command = icommerce(folder.path());
            command.arg("backup").arg(backup).args(["--operator", &format!("http://{operator}")]);
            let output = command.arg("--config").arg(&settings).output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            let restored = backup.with_extension("restored");
            let output = icommerce(&restored)
                .args(["restore", "--without-keys"])
                .arg(backup)
                .output()
                .unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            let products = products_of(&restored);
            // What was answered before is in it, and of what came meanwhile the first part.
            assert!(products.len() >= certain, "{certain} {products:?}");
            assert_eq!(products, (0..products.len()).collect::<Vec<_>>());
            let kept = fs::read_to_string(restored.join("settings.toml")).unwrap();
            assert_eq!(kept, "[storefront]\nhue = 120\n");
        }
    });
    stop_shop(child);
    assert_eq!(
        fs::read_dir(folder.path().join("icommerce.backups")).unwrap().count(),
        0,
        "taken away"
    );
    assert_eq!(products_of(folder.path()).len(), BEFORE + MEANWHILE);
}

#[test]
fn a_stopped_shop_is_backed_up_and_a_damaged_backup_is_refused() {
    let (folder, place) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let (child, [_, operator]) = start_shop(icommerce(folder.path()).arg("--no-demo"));
    create_product(&operator, 0);
    stop_shop(child);
    let (backup, restored) = (place.path().join("backup"), place.path().join("restored"));
    let output = icommerce(folder.path()).arg("backup").arg(&backup).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    let log = backup.join("icommerce.000001.log");
    let whole = fs::read(&log).unwrap();
    let mut damaged = whole.clone();
    damaged[whole.len() / 2] ^= 1;
    for content in [&damaged, &whole[..whole.len() - 1]] {
        fs::write(&log, content).unwrap();
        let sentence =
            assert_fails(icommerce(&restored).args(["restore", "--without-keys"]).arg(&backup), 3);
        assert!(sentence.contains("icommerce.000001.log"), "{sentence}");
        assert!(!restored.exists(), "nothing is left that could be taken for a shop");
    }
    fs::write(&log, &whole).unwrap();
    let output =
        icommerce(&restored).args(["restore", "--without-keys"]).arg(&backup).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(products_of(&restored), [0]);

    // A restore that was broken off is not taken for a shop: the state says what is missing.
    for lost in ["icommerce.000001.log", "bulk.000001.log"] {
        let part = place.path().join(lost);
        let output =
            icommerce(&part).args(["restore", "--without-keys"]).arg(&backup).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        fs::copy(backup.join("icommerce.state"), part.join("icommerce.state")).unwrap();
        fs::remove_file(part.join(lost)).unwrap();
        assert!(assert_fails(icommerce(&part).arg("check"), 3).contains(lost));
        assert_fails(icommerce(&part).args(["restore", "--without-keys"]).arg(&backup), 2);
    }

    // No backup is made of a damaged log, nor within the data folder.
    let log = restored.join("icommerce.000001.log");
    let good = fs::read(&log).unwrap();
    let mut bad = good.clone();
    let at = bad.iter().rposition(|byte| *byte != 0).unwrap() / 2;
    bad[at] ^= 1;
    fs::write(&log, bad).unwrap();
    let of_damaged = place.path().join("of damaged");
    assert_fails(icommerce(&restored).arg("backup").arg(&of_damaged), 3);
    assert!(!of_damaged.exists());
    fs::write(&log, good).unwrap();
    for within in [restored.join("backup"), restored.join("icommerce.backups/1")] {
        assert_fails(icommerce(&restored).arg("backup").arg(&within), 2);
        assert!(!within.exists());
    }

    // Neither overwrites anything.
    assert_fails(icommerce(&restored).args(["restore", "--without-keys"]).arg(&backup), 2);
    assert_fails(icommerce(folder.path()).arg("backup").arg(&backup), 2);
    // A backup that was broken off says so, or has no manifest.
    fs::write(backup.join("backup.incomplete"), "").unwrap();
    let unfinished = place.path().join("unfinished");
    assert_fails(icommerce(&unfinished).args(["restore", "--without-keys"]).arg(&backup), 2);
    fs::remove_file(backup.join("backup.incomplete")).unwrap();
    fs::remove_file(backup.join("backup.json")).unwrap();
    let other = place.path().join("other");
    let sentence =
        assert_fails(icommerce(&other).args(["restore", "--without-keys"]).arg(&backup), 2);
    assert!(sentence.contains("backup.json"), "{sentence}");
    // And without a shop there is nothing to back up.
    assert_fails(icommerce(&other).arg("backup").arg(place.path().join("none")), 3);
}

#[test]
fn a_running_shop_gives_no_backup_to_the_pages_of_a_browser() {
    let folder = TempDir::new().unwrap();
    let (child, [shop, operator]) = start_shop(icommerce(folder.path()).arg("--no-demo"));
    let from_page = "origin: https://elsewhere.example\r\n";
    for (edge, headers) in [(&operator, from_page), (&shop, "")] {
        let status = crate::program::status(edge, "POST", "/maintenance/backups", headers);
        assert!([403, 404].contains(&status), "{status}");
    }
    assert!(!folder.path().join("icommerce.backups").exists());
    stop_shop(child);
}

#[test]
fn the_operator_edge_alone_says_which_shop_is_backed_up() {
    let (folder, place) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let (child, [_, operator]) = start_shop(icommerce(folder.path()).arg("--no-demo"));
    let backup = |name: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_icommerce"));
        command.current_dir(place.path()).env("ICOMMERCE_TOKEN", OPERATOR_TOKEN);
        command.arg("backup").arg(place.path().join(name));
        command.args(["--operator", &format!("http://{operator}")]);
        command
    };
    let output = backup("alone").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(place.path().join("alone/backup.json").exists());
    assert!(!place.path().join("data").exists(), "nothing was made of the default");
    stop_shop(child);
    let nobody = assert_fails(&mut backup("nobody"), 3);
    assert!(nobody.contains(&operator), "{nobody}");
    let stopped = assert_fails(backup("stopped").arg("--data").arg(folder.path()), 2);
    assert!(stopped.contains("leave out --operator"), "{stopped}");
    assert!(!place.path().join("stopped").exists());
}
