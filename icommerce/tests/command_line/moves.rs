//! Moves between a data folder and a database: with everything that the shop had, killed at any moment, and with a difference planted.

use crate::{
    maintenance::populated_folder,
    personal_data::{EMAIL, person, shop, shop_with_orders, shown, succeeds},
    program::{assert_fails, get, icommerce, shopper_get, shopper_post, start_shop, stop_shop},
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    time::Duration,
};
use tempfile::TempDir;
use test_servers::PostgresDatabase;
use tokio::time::Instant;

/// Kills of one test at most; the pauses before them grow, so that the move comes further each time.
const KILLS_MAX: u32 = 200;

/// Database with the schemas of all services.
fn migrated() -> PostgresDatabase {
    let database = PostgresDatabase::create().unwrap();
    let folder = TempDir::new().unwrap();
    succeeds(icommerce(folder.path()).arg("migrate").arg(storage(&database)));
    database
}

fn storage(database: &PostgresDatabase) -> String {
    format!("--storage={}", database.url())
}

/// Move from one storage to another; `data` is the data folder of the one in the database.
fn moving(data: &Path, from: &str, to: &str) -> Command {
    let mut command = icommerce(data);
    command.args(["move", "--from", from, "--to", to]);
    command
}

fn embedded(folder: &Path) -> String {
    format!("embedded:{}", folder.display())
}

/// Contents of all files below a folder.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(contents(&path));
        } else {
            found.insert(path.clone(), fs::read(path).unwrap());
        }
    }
    found
}

/// Copies a folder, so that what opens it does not change the original.
fn copied(folder: &Path) -> TempDir {
    let copy = TempDir::new().unwrap();
    for (path, content) in contents(folder) {
        let path = copy.path().join(path.strip_prefix(folder).unwrap());
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    copy
}

/// Events of a shop, with positions, identifiers, times and origins, as a dump prints them.
fn events(folder: &Path, arguments: &[&str]) -> Vec<String> {
    let dump = succeeds(icommerce(folder).arg("dump").args(arguments));
    dump.lines().map(str::to_owned).collect()
}

/// Orders as an operator sees them, but for what a payment whose outcome is unknown becomes meanwhile.
fn orders(folder: &Path, arguments: &[&str]) -> Vec<Value> {
    let mut command = icommerce(folder);
    let (shop, [_, operator]) = start_shop(command.arg("serve").args(arguments));
    let orders: Value = serde_json::from_str(&get(&operator, "/api/v1/orders?limit=100")).unwrap();
    stop_shop(shop);
    let kept = ["id", "number", "email", "name", "total", "item_count", "placed_at"];
    let lasting = |order: &Value| kept.iter().map(|field| order[*field].clone()).collect();
    orders["items"].as_array().unwrap().iter().map(lasting).collect()
}

#[test]
fn a_shop_moves_into_a_database_with_all_its_history_and_back() {
    let source = populated_folder();
    let before = contents(source.path());
    let known = events(copied(source.path()).path(), &[]);
    assert!(known.len() > 200 && known.iter().any(|event| event.contains("\"origin\"")));

    let (database, place) = (migrated(), TempDir::new().unwrap());
    let data = place.path().join("data");
    let moved = succeeds(&mut moving(&data, &embedded(source.path()), &database.url()));
    assert!(moved.contains("order-service") && moved.contains("both sides are the same"));
    assert_eq!(contents(source.path()), before, "nothing of the source is changed");

    let storage = storage(&database);
    assert_eq!(events(&data, &[&storage]), known);
    succeeds(icommerce(&data).args(["check", &storage]));
    assert_eq!(orders(&data, &[&storage]), orders(copied(source.path()).path(), &[]));
    succeeds(icommerce(&data).args(["check", &storage]));

    // What was sold in the database comes back with the rest.
    let known = events(&data, &[&storage]);
    let back = place.path().join("back");
    let moved = succeeds(&mut moving(&data, &database.url(), &embedded(&back)));
    assert!(moved.contains("both sides are the same"));
    assert_eq!(events(copied(&back).path(), &[]), known);
    succeeds(icommerce(&back).arg("check"));
    assert_eq!(orders(&back, &[]), orders(&data, &[&storage]));
    succeeds(icommerce(&back).arg("check"));
}

#[test]
fn a_shop_that_was_born_in_a_database_moves_into_a_folder_and_back() {
    let (database, place) = (migrated(), TempDir::new().unwrap());
    let [data, folder, again] = ["data", "folder", "again"].map(|name| place.path().join(name));
    let storage = storage(&database);
    let shown = orders(&data, &[&storage]);
    let known = events(&data, &[&storage]);
    succeeds(&mut moving(&data, &database.url(), &embedded(&folder)));
    succeeds(icommerce(&folder).arg("check"));
    assert_eq!(events(&folder, &[]), known, "although services have the same positions");
    assert_eq!(orders(&folder, &[]), shown);
    let other = migrated();
    succeeds(&mut moving(&again, &embedded(&folder), &other.url()));
    succeeds(icommerce(&again).args(["check", &format!("--storage={}", other.url())]));
}

#[test]
fn a_move_that_is_killed_again_and_again_goes_on_and_ends_well() {
    let source = populated_folder();
    let (database, place) = (migrated(), TempDir::new().unwrap());
    let [data, back] = ["data", "back"].map(|name| place.path().join(name));
    let known = events(copied(source.path()).path(), &[]);
    let storage = storage(&database);
    let there = || moving(&data, &embedded(source.path()), &database.url());
    let is_refused = || {
        let refused = assert_fails(icommerce(&data).args(["serve", &storage]), 3);
        assert!(refused.contains("broken off"), "{refused}");
    };
    kill_until_done(there, &is_refused);
    assert_eq!(events(&data, &[&storage]), known);
    succeeds(icommerce(&data).args(["check", &storage]));
    let home = || moving(&data, &database.url(), &embedded(&back));
    let is_refused = || {
        let refused = assert_fails(icommerce(&back).arg("serve"), 3);
        assert!(refused.contains("broken off"), "{refused}");
    };
    kill_until_done(home, &is_refused);
    assert_eq!(events(&back, &[]), known);
    succeeds(icommerce(&back).arg("check"));
}

/// Runs a command that is killed after pauses that grow, until it ends by itself. When one was killed in the middle, no shop starts.
fn kill_until_done(command: impl Fn() -> Command, is_refused: &dyn Fn()) {
    // The length of a whole run is not known: pauses of any length up to it come in turn.
    let mut pause = Duration::from_millis(20);
    let mut was_refused = false;
    for _ in 0..KILLS_MAX {
        let mut child = command().stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let deadline = Instant::now() + pause;
        let ended = loop {
            match child.try_wait().unwrap() {
                Some(status) => break Some(status),
                None if Instant::now() >= deadline => break None,
                None => std::thread::yield_now(),
            }
        };
        if let Some(status) = ended {
            let mut errors = String::new();
            std::io::Read::read_to_string(&mut child.stderr.take().unwrap(), &mut errors).unwrap();
            assert!(status.success(), "{errors}");
            assert!(was_refused, "it was never killed in the middle");
            return;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let is_begun = pause >= Duration::from_millis(200);
        if is_begun && !was_refused {
            is_refused();
            was_refused = true;
        }
        pause = pause * 3 / 2;
    }
    panic!("it does not end");
}

#[test]
fn a_difference_is_found_and_the_target_is_not_used() {
    let source = populated_folder();
    for (table, change) in [
        ("order_service.events", "NEW.data = NEW.data || '\\x00'::bytea"),
        ("order_service.index_entries", "NEW.index = NEW.index || '_'"),
        ("audit_service.documents", "NEW.body = '\\x'::bytea"),
        ("order_service.key_values", "NEW.expires_at = coalesce(NEW.expires_at, 0) + 1"),
    ] {
        let (database, place) = (migrated(), TempDir::new().unwrap());
        let data = place.path().join("data");
        let condition = if table.ends_with("key_values") {
            "WHEN (NEW.key <> 'import/reached'::bytea)"
        } else {
            ""
        };
        database
            .run(&format!(
                "CREATE FUNCTION public.differ() RETURNS trigger LANGUAGE plpgsql AS \
                 $$ BEGIN {change}; RETURN NEW; END $$; \
                 CREATE TRIGGER differ BEFORE INSERT ON {table} FOR EACH ROW {condition} \
                 EXECUTE FUNCTION public.differ()"
            ))
            .unwrap();
        let mut command = moving(&data, &embedded(source.path()), &database.url());
        let output = command.output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{table}: {errors}");
        let service = table.split('.').next().unwrap().replace('_', "-");
        assert!(errors.contains(&format!("{service} is not the same")), "{table}: {errors}");
        assert_fails(icommerce(&data).args(["serve", &storage(&database)]), 3);
    }
}

#[test]
fn a_move_that_cannot_be_is_refused_in_one_sentence() {
    let source = populated_folder();
    let (database, place) = (migrated(), TempDir::new().unwrap());
    let data = place.path().join("data");
    let there = |data: &Path| moving(data, &embedded(source.path()), &database.url());
    let both = moving(&data, &embedded(source.path()), &embedded(&data)).output().unwrap();
    assert_eq!(both.status.code(), Some(2));
    assert_fails(&mut there(source.path()), 2);
    let empty = TempDir::new().unwrap();
    assert_fails(&mut moving(&data, &embedded(empty.path()), &database.url()), 3);
    let unmigrated = PostgresDatabase::create().unwrap();
    let refused = assert_fails(&mut moving(&data, &embedded(source.path()), &unmigrated.url()), 3);
    assert!(refused.contains("icommerce migrate"), "{refused}");
    fs::remove_dir_all(&data).unwrap();

    let (shop, _) = start_shop(&mut icommerce(source.path()));
    let refused = assert_fails(&mut there(&data), 3);
    assert!(refused.contains("in use by another running icommerce"), "{refused}");
    stop_shop(shop);
    succeeds(&mut there(&data));
    let again = assert_fails(&mut there(&place.path().join("again")), 2);
    assert!(again.contains("is not empty"), "{again}");

    let storage = storage(&database);
    let back = embedded(&place.path().join("back"));
    let (shop, _) = start_shop(icommerce(&data).args(["serve", &storage]));
    assert_fails(&mut moving(&data, &database.url(), &back), 3);
    // Nor with another copy of its data folder.
    let copy = copied(&data);
    let refused = assert_fails(&mut moving(copy.path(), &database.url(), &back), 3);
    assert!(refused.contains("running shop"), "{refused}");
    stop_shop(shop);
}

#[test]
fn a_backup_of_a_shop_in_a_database_is_one_moment_of_it_and_is_restored_into_either_storage() {
    let (database, place) = (migrated(), TempDir::new().unwrap());
    let [data, backup] = ["data", "backup"].map(|name| place.path().join(name));
    let storage = storage(&database);
    let mut command = icommerce(&data);
    command.arg("serve").arg(&storage).env("ICOMMERCE_PAYMENT_SERVICE__TEST_PAYMENTS", "true");
    let (shop, [buyers, _]) = start_shop(&mut command);
    let (sold, stopped) = (AtomicUsize::new(0), AtomicBool::new(false));
    let certain = std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !stopped.load(Ordering::SeqCst) {
                    buy(&buyers);
                    sold.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        while sold.load(Ordering::SeqCst) < 5 {
            std::thread::yield_now();
        }
        let certain = sold.load(Ordering::SeqCst);
        let output = icommerce(&data).arg("backup").arg(&backup).arg(&storage).output().unwrap();
        stopped.store(true, Ordering::SeqCst);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        certain
    });
    stop_shop(shop);
    assert!(!backup.join("icommerce.keys").exists());
    let all = events(&data, &[&storage]);
    let keys = data.join("icommerce.keys");
    let restore = |data: &Path, arguments: &[&str]| {
        let mut command = icommerce(data);
        command.arg("restore").arg(&backup).arg("--keys-are-current").arg("--keys").arg(&keys);
        command.args(arguments);
        command
    };
    let (other, again) = (migrated(), place.path().join("again"));
    let in_other = format!("--storage={}", other.url());
    succeeds(&mut restore(&again, &[&in_other]));
    succeeds(icommerce(&again).args(["check", &in_other]));
    let restored = events(&again, &[&in_other]);
    assert!(restored.iter().all(|event| all.contains(event)));
    let confirmed = restored.iter().filter(|event| event.contains("\"name\":\"confirmed\""));
    assert!(confirmed.count() >= certain, "{certain} were sold before");
    let repeated = assert_fails(&mut restore(&place.path().join("third"), &[&in_other]), 2);
    assert!(repeated.contains("is not empty"), "{repeated}");

    let folder = place.path().join("folder");
    succeeds(&mut restore(&folder, &[]));
    succeeds(icommerce(&folder).arg("check"));
    assert_eq!(events(&folder, &[]), restored);

    let log = backup.join("icommerce.000001.log");
    let mut damaged = fs::read(&log).unwrap();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    fs::write(&log, damaged).unwrap();
    let (target, empty) = (migrated(), place.path().join("none"));
    let storage = format!("--storage={}", target.url());
    let refused = assert_fails(&mut restore(&empty, &[&storage]), 3);
    assert!(refused.contains("icommerce.000001.log"), "{refused}");
    assert!(!empty.exists());
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
