//! Backups of a shop in a database: through its operator edge while it sells, and from the database itself.

use crate::{
    moves::{events, migrated, storage},
    personal_data::{EMAIL, person, shop, shop_with_orders, shown, succeeds},
    program::{
        OPERATOR_TOKEN, assert_fails, icommerce, post, shopper_get, shopper_post, start_shop,
        status, stop_shop,
    },
};
use serde_json::{Value, json};
use std::{
    fs,
    path::Path,
    process::{Child, Command},
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
};
use tempfile::TempDir;
use test_servers::PostgresDatabase;

/// Path of the backups on the operator edge.
const BACKUPS: &str = "/maintenance/backups";
/// Orders before a backup begins.
const BEFORE: usize = 5;
/// Looks for something that happens soon.
const LOOKS_MAX: usize = 20_000;

/// Shop in a database that takes test payments, whose operators sign in.
fn selling(data: &Path, database: &PostgresDatabase) -> (Child, [String; 2]) {
    let mut command = icommerce(data);
    command.arg("serve").arg(storage(database));
    command.env("ICOMMERCE_API_GATEWAY__OPERATOR_SIGN_IN", "true");
    start_shop(command.env("ICOMMERCE_PAYMENT_SERVICE__TEST_PAYMENTS", "true"))
}

/// Backup by somebody who knows the operator edge alone.
fn through_edge(place: &Path, backup: &Path, operator: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_icommerce"));
    command.current_dir(place).env("ICOMMERCE_TOKEN", OPERATOR_TOKEN);
    command.arg("backup").arg(backup).args(["--operator", &format!("http://{operator}")]);
    command
}

/// Makes a backup while two buyers order one thing after another; returns how many orders were answered before it began.
fn made_under_load(buyers: &str, backup: &mut Command) -> usize {
    let (sold, stopped) = (AtomicUsize::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !stopped.load(Ordering::SeqCst) {
                    buy(buyers);
                    sold.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        while sold.load(Ordering::SeqCst) < BEFORE {
            std::thread::yield_now();
        }
        let certain = sold.load(Ordering::SeqCst);
        let output = backup.output().unwrap();
        stopped.store(true, Ordering::SeqCst);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        certain
    })
}

fn restoring(data: &Path, backup: &Path, keys: &Path) -> Command {
    let mut command = icommerce(data);
    command.arg("restore").arg(backup).arg("--keys-are-current").arg("--keys").arg(keys);
    command
}

/// Restores a backup into a new database and into a folder, which have the same then: a part of all events, and at least so many
/// orders. Both pass the check.
fn assert_restores(place: &Path, backup: &Path, keys: &Path, (all, orders): (&[String], usize)) {
    assert!(!backup.join("icommerce.keys").exists());
    let database = migrated();
    let storage = storage(&database);
    let [data, folder] = ["data", "folder"].map(|kind| place.join("restored").join(kind));
    fs::create_dir_all(place.join("restored")).unwrap();
    succeeds(restoring(&data, backup, keys).arg(&storage));
    succeeds(icommerce(&data).args(["check", &storage]));
    let restored = events(&data, &[&storage]);
    assert!(restored.iter().all(|event| all.contains(event)));
    let confirmed = restored.iter().filter(|event| event.contains("\"name\":\"confirmed\""));
    assert!(confirmed.count() >= orders, "{orders} were sold before");
    let repeated = assert_fails(restoring(&place.join("third"), backup, keys).arg(&storage), 2);
    assert!(repeated.contains("is not empty"), "{repeated}");

    succeeds(&mut restoring(&folder, backup, keys));
    succeeds(icommerce(&folder).arg("check"));
    assert_eq!(events(&folder, &[]), restored);
}

#[test]
fn a_running_shop_in_a_database_is_backed_up_through_its_operator_edge() {
    let (database, place) = (migrated(), TempDir::new().unwrap());
    let [data, backup, other] = ["data", "backup", "other"].map(|name| place.path().join(name));
    let (shop, [buyers, operator]) = selling(&data, &database);
    let certain = made_under_load(&buyers, &mut through_edge(place.path(), &backup, &operator));
    assert!(!place.path().join("data/icommerce.backups").read_dir().unwrap().any(|_| true));
    assert!(backup.join("backup.json").exists());

    // Named with its folder, with and without the database, it is the same; another folder is refused.
    for (name, storage) in [("folder", None), ("both", Some(storage(&database)))] {
        let backup = place.path().join(name);
        let mut command = through_edge(place.path(), &backup, &operator);
        succeeds(command.arg("--data").arg(&data).args(storage));
        assert!(backup.join("backup.json").exists());
    }
    fs::create_dir(&other).unwrap();
    let refused = place.path().join("refused");
    let mut elsewhere = through_edge(place.path(), &refused, &operator);
    let elsewhere = assert_fails(elsewhere.arg("--data").arg(&other).arg(storage(&database)), 2);
    assert!(elsewhere.contains("does not serve"), "{elsewhere}");
    let mut unknown = through_edge(place.path(), &refused, &operator);
    assert_fails(unknown.env("ICOMMERCE_TOKEN", "another-token-than-the-operator's"), 3);
    assert!(!refused.exists());
    stop_shop(shop);

    let all = events(&data, &[&storage(&database)]);
    assert_restores(place.path(), &backup, &data.join("icommerce.keys"), (&all, certain));
}

#[test]
fn a_backup_from_the_database_is_one_moment_of_the_shop_and_is_restored_into_either_storage() {
    let (database, place) = (migrated(), TempDir::new().unwrap());
    let [data, backup] = ["data", "backup"].map(|name| place.path().join(name));
    let (shop, [buyers, _]) = selling(&data, &database);
    let mut command = icommerce(&data);
    let certain =
        made_under_load(&buyers, command.arg("backup").arg(&backup).arg(storage(&database)));
    stop_shop(shop);
    let (all, keys) = (events(&data, &[&storage(&database)]), data.join("icommerce.keys"));
    assert_restores(place.path(), &backup, &keys, (&all, certain));

    let log = backup.join("icommerce.000001.log");
    let mut damaged = fs::read(&log).unwrap();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    fs::write(&log, damaged).unwrap();
    let (target, empty) = (migrated(), place.path().join("none"));
    let refused = assert_fails(restoring(&empty, &backup, &keys).arg(storage(&target)), 3);
    assert!(refused.contains("icommerce.000001.log"), "{refused}");
    assert!(!empty.exists());
}

#[test]
fn one_backup_of_a_database_is_written_at_a_time_and_ends_with_whoever_wanted_it() {
    let (database, folder) = (migrated(), TempDir::new().unwrap());
    let (shop, [_, operator]) = selling(folder.path(), &database);
    let request = |method: &str, path: &str| status(&operator, method, path, "");
    let begin = || {
        let taken = post(&operator, BACKUPS, &json!({}));
        assert!(taken["point"].is_null(), "it is not written yet: {taken}");
        (format!("{BACKUPS}/{}", taken["name"]), taken["folder"].as_str().unwrap().to_owned())
    };
    let is_gone = |folder: &str| {
        (0..LOOKS_MAX).any(|_| request("GET", BACKUPS) == 405 && !Path::new(folder).exists())
    };
    std::thread::scope(|scope| {
        // A table that the shop itself does not read, so that a backup waits.
        let lock = "BEGIN; LOCK TABLE process.snapshots; SELECT pg_sleep(600); COMMIT";
        let holder = scope.spawn(|| database.run(lock).unwrap_err());
        let free = "BEGIN; LOCK TABLE process.snapshots IN ACCESS SHARE MODE NOWAIT; COMMIT";
        while database.run(free).is_ok() {}

        let (first, files) = begin();
        assert_eq!((request("POST", BACKUPS), request("GET", &first)), (409, 202));
        assert_eq!((request("DELETE", &first), request("GET", &first)), (204, 404));
        assert!(is_gone(&files), "nothing is left of it");
        let (_, files) = begin();
        stop_shop(shop);
        assert!(!Path::new(&files).exists(), "a stop does not wait for it, and leaves nothing");
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
            WHERE datname = current_database() AND query LIKE '%pg_sleep(600); COMMIT'";
        database.run(end).unwrap();
        holder.join().unwrap();
    });
}

#[test]
fn a_backup_that_the_shop_cannot_write_is_told_and_leaves_nothing() {
    let (database, place) = (migrated(), TempDir::new().unwrap());
    let [data, backup] = ["data", "backup"].map(|name| place.path().join(name));
    let (shop, [_, operator]) = selling(&data, &database);
    database.run("DELETE FROM order_service.databasechangelog").unwrap();
    let sentence = assert_fails(&mut through_edge(place.path(), &backup, &operator), 3);
    assert!(sentence.contains("the schema order_service is not ready"), "{sentence}");
    assert!(!backup.exists() && !data.join("icommerce.backups").read_dir().unwrap().any(|_| true));
    stop_shop(shop);
}

#[test]
fn who_was_erased_after_a_backup_stays_erased_in_a_database() {
    let source = TempDir::new().unwrap();
    let [order, ..] = shop_with_orders(source.path());
    let place = TempDir::new().unwrap();
    let [backup, keys, restored] = ["backup", "keys", "restored"].map(|it| place.path().join(it));
    succeeds(shop(source.path()).arg("backup").arg(&backup));
    fs::copy(source.path().join("icommerce.keys"), &keys).unwrap();
    person(source.path(), "erase", EMAIL);
    let database = migrated();
    let storage = storage(&database);
    let mut command = shop(&restored);
    command.arg("restore").arg(&backup).arg("--keys").arg(&keys).arg(&storage);
    command.arg("--erased").arg(source.path().join("icommerce.erased"));
    succeeds(&mut command);
    let (child, [_, operator]) = start_shop(shop(&restored).args(["serve", &storage]));
    let shown = shown(&operator, &order).to_string();
    assert!(!shown.contains(EMAIL) && !shown.contains("Ada Lovelace"), "{shown}");
    stop_shop(child);
    succeeds(shop(&restored).args(["check", &storage]));
}

/// Buys something of the demonstration catalogue.
fn buy(buyers: &str) {
    let number = CARTS.fetch_add(1, Ordering::SeqCst);
    let page = shopper_get(buyers, "/api/v1/products?in_stock=true&limit=24");
    let page: Value = serde_json::from_str(&page).unwrap();
    let items = page["items"].as_array().unwrap();
    // Each another product, so that nothing sells out: what is in stock is known a moment late.
    let slug = items[number % items.len()]["slug"].as_str().unwrap();
    let product = shopper_get(buyers, &format!("/api/v1/products/{slug}"));
    let product: Value = serde_json::from_str(&product).unwrap();
    let variants = product["variants"].as_array().unwrap();
    let sku = variants.iter().find(|it| it["in_stock"] == true).unwrap()["sku"].clone();
    // The idempotency keys of these tests come from paths and bodies.
    let path = format!("/api/v1/carts?number={number}");
    let cart = shopper_post(buyers, &path, &json!({ "lines": [{"sku": sku, "quantity": 1}] }));
    let path = format!("/api/v1/carts/{}/checkout", cart["id"].as_str().unwrap());
    shopper_post(buyers, &path, &crate::maintenance::order("success"));
}

/// Carts that were made, so that no two requests are the same.
static CARTS: AtomicUsize = AtomicUsize::new(0);
