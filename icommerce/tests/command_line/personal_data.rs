//! Export and erasure of a person on the real program: what was written is searched as bytes, in the data folder and in what an older
//! backup brings back.

use crate::program::{assert_fails, get, icommerce, post, start_shop, stop_shop};
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command},
};
use tempfile::TempDir;

pub(crate) const EMAIL: &str = "ada.lovelace@example.com";
const OTHER: &str = "grace.hopper@example.com";
/// What is personal in the orders of one person.
const PERSONAL: [&str; 4] = [EMAIL, "Ada Lovelace", "Ringstrasse 17", "53111"];

pub(crate) fn shop(folder: &Path) -> Command {
    let mut command = icommerce(folder);
    command.arg("--no-demo").env("ICOMMERCE_PAYMENT_SERVICE__TEST_PAYMENTS", "true");
    command
}

pub(crate) fn started(folder: &Path) -> (Child, String) {
    let (child, [_, operator]) = start_shop(&mut shop(folder));
    (child, operator)
}

fn order(operator: &str, email: &str, name: &str, quantity: usize) -> String {
    let address = json!({
        "name": name, "line1": "Ringstrasse 17", "city": "Bonn", "postal_code": "53111", "country": "DE",
    });
    let body = json!({
        "lines": [{"sku": "LAMP", "quantity": quantity}],
        "email": email,
        "shipping_address": address,
        "payment": {"method": "test", "token": "success"},
    });
    post(operator, "/api/v1/orders", &body)["id"].as_str().unwrap().to_owned()
}

pub(crate) fn shown(operator: &str, id: &str) -> Value {
    serde_json::from_str(&get(operator, &format!("/api/v1/orders/{id}"))).unwrap()
}

/// Shop with an order of each of two people, both shipped, and an open one of the first.
pub(crate) fn shop_with_orders(folder: &Path) -> [String; 3] {
    let (child, operator) = started(folder);
    let price = json!({ "amount": 1_000, "currency": "EUR" });
    let variant = json!({ "sku": "LAMP", "price": price, "stock": 50 });
    let product = json!({ "name": "Lamp", "variants": [variant], "status": "active" });
    post(&operator, "/api/v1/products", &product);
    let ids = [
        order(&operator, EMAIL, "Ada Lovelace", 1),
        order(&operator, OTHER, "Grace Hopper", 1),
        order(&operator, &EMAIL.to_uppercase(), "Ada Lovelace", 2),
    ];
    for id in &ids[..2] {
        post(&operator, &format!("/api/v1/orders/{id}/fulfil"), &json!({}));
    }
    stop_shop(child);
    ids
}

pub(crate) fn succeeds(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let [shown, errors] = [&output.stdout, &output.stderr].map(|it| String::from_utf8_lossy(it));
    assert!(output.status.success(), "{shown}{errors}");
    String::from_utf8(output.stdout).unwrap()
}

pub(crate) fn person(folder: &Path, what: &str, email: &str) -> String {
    succeeds(shop(folder).args(["person", what, email]))
}

/// Which of these texts the files of a folder have in clear.
pub(crate) fn in_clear<'a>(folder: &Path, texts: &[&'a str]) -> Vec<&'a str> {
    let mut found = Vec::new();
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(in_clear(&path, texts));
            continue;
        }
        let content = fs::read(&path).unwrap();
        let has = |text: &&&str| content.windows(text.len()).any(|bytes| bytes == text.as_bytes());
        found.extend(texts.iter().filter(has).copied());
    }
    found.sort_unstable();
    found.dedup();
    found
}

pub(crate) fn checked(folder: &Path) {
    succeeds(shop(folder).arg("check"));
}

#[test]
fn a_person_is_exported_and_erased_and_nothing_is_left_in_clear() {
    let folder = TempDir::new().unwrap();
    let [ended, other, open] = shop_with_orders(folder.path());
    assert_eq!(in_clear(folder.path(), &PERSONAL), [""; 0], "nothing is ever written in clear");
    let exported: Value = serde_json::from_str(&person(folder.path(), "export", EMAIL)).unwrap();
    assert_eq!(exported["orders"].as_array().unwrap().len(), 2);
    assert_eq!(exported["orders"][1]["shipping_address"]["line1"], "Ringstrasse 17");
    checked(folder.path());

    let outcome = person(folder.path(), "erase", "Ada.Lovelace@Example.com");
    assert!(outcome.contains("from 1 orders") && outcome.contains("open_obligations"), "{outcome}");
    let (child, operator) = started(folder.path());
    assert_eq!(shown(&operator, &ended)["customer_erased"], true);
    assert_eq!(shown(&operator, &open)["shipping_address"]["name"], "Ada Lovelace");
    post(&operator, &format!("/api/v1/orders/{open}/fulfil"), &json!({}));
    let erase = ["person", "erase", EMAIL, "--operator", &format!("http://{operator}")];
    let outcome = succeeds(shop(folder.path()).args(erase));
    assert!(outcome.contains("For tax") && !outcome.contains("open_obligations"), "{outcome}");
    for id in [&ended, &open] {
        let erased = shown(&operator, id);
        assert_eq!(
            (&erased["email"], &erased["shipping_address"]["line1"]),
            (&json!(""), &json!(""))
        );
        assert_eq!(erased["shipping_address"]["country"], "DE");
        assert_eq!(erased["lines"][0]["sku"], "LAMP");
    }
    assert_eq!(shown(&operator, &other)["email"], OTHER);
    stop_shop(child);

    let keys = || fs::read(folder.path().join("icommerce.keys")).unwrap();
    let before = keys();
    for email in [EMAIL, EMAIL, "nobody@example.com"] {
        person(folder.path(), "erase", email);
        assert!(keys() == before, "a repetition destroys no key, nor does a stranger: {email}");
    }
    checked(folder.path());
    succeeds(shop(folder.path()).args(["rebuild", "order-service"]));
    let exported: Value = serde_json::from_str(&person(folder.path(), "export", EMAIL)).unwrap();
    assert_eq!(exported["orders"], json!([]));
    let dumped = succeeds(shop(folder.path()).arg("dump"));
    assert!(PERSONAL[..2].iter().all(|text| !dumped.contains(text)), "{dumped}");
    assert!(dumped.contains(OTHER));
    let erasures = dumped.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let erasures = erasures.filter(|event| event["name"] == "customer_erased");
    let origins: Vec<_> = erasures.map(|event| event["origin"].to_string()).collect();
    assert_eq!(origins.len(), 2);
    let is_named = |origin: &String| origin.starts_with("\"operator operator 127.0.0.1");
    assert!(origins.iter().all(is_named), "who erased is recorded: {origins:?}");
    assert_eq!(in_clear(folder.path(), &PERSONAL), [""; 0]);
}

#[test]
fn an_account_is_exported_and_deleted_with_its_person_by_a_shop_that_is_stopped_or_running() {
    let folder = TempDir::new().unwrap();
    let (child, _) = started(folder.path());
    stop_shop(child);
    for email in [EMAIL, OTHER] {
        succeeds(shop(folder.path()).args(["auth", "user", "add", email]));
    }
    let boss = "boss@example.com";
    succeeds(shop(folder.path()).args(["auth", "user", "add", boss, "--role", "admin"]));
    let exported = |email: &str| -> Value {
        serde_json::from_str(&person(folder.path(), "export", email)).unwrap()
    };
    let account = exported(EMAIL)["account"].clone();
    assert_eq!((&account["email"], &account["cart"]), (&json!(EMAIL), &Value::Null));
    for list in ["passkeys", "sessions", "consents", "grants", "sign_ins"] {
        assert_eq!(account[list], json!([]), "{list}");
    }
    for list in ["wish_list", "address_book"] {
        assert_eq!(account[list]["items"], json!([]), "{list}");
    }

    for (times, says_so) in [(1, true), (2, false)] {
        let outcome = person(folder.path(), "erase", EMAIL);
        assert_eq!(outcome.contains("account is deleted"), says_so, "{times}: {outcome}");
        assert_eq!(exported(EMAIL)["account"], Value::Null);
    }
    let (child, operator) = started(folder.path());
    let erase = ["person", "erase", OTHER, "--operator", &format!("http://{operator}")];
    let outcome = succeeds(shop(folder.path()).args(erase));
    assert!(outcome.contains("account is deleted"), "{outcome}");
    stop_shop(child);
    let sentence = assert_fails(shop(folder.path()).args(["person", "erase", boss]), 1);
    assert!(sentence.contains("take the role away first"), "{sentence}");
    let users = succeeds(shop(folder.path()).args(["auth", "user", "list"]));
    assert!(users.contains(boss) && !users.contains(EMAIL) && !users.contains(OTHER), "{users}");
    checked(folder.path());
}

/// Copy of a file of the data folder, outside of it.
fn copied(folder: &Path, name: &str, to: &Path) -> PathBuf {
    fs::copy(folder.join(name), to).unwrap();
    to.to_owned()
}

#[test]
fn an_older_backup_brings_nobody_back() {
    let (folder, place) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let path = |name: &str| place.path().join(name);
    let [ended, other, open] = shop_with_orders(folder.path());
    let (child, operator) = started(folder.path());
    post(&operator, &format!("/api/v1/orders/{open}/fulfil"), &json!({}));
    stop_shop(child);
    let backup = path("backup");
    succeeds(shop(folder.path()).arg("backup").arg(&backup));
    assert!(!backup.join("icommerce.keys").exists());
    let old_keys = copied(folder.path(), "icommerce.keys", &path("old.keys"));
    person(folder.path(), "erase", EMAIL);
    let new_keys = copied(folder.path(), "icommerce.keys", &path("new.keys"));
    let list = copied(folder.path(), "icommerce.erased", &path("erased"));

    // An old copy of the keys needs the list; a new one has it.
    for (name, keys, erased) in
        [("a", &old_keys, Some(&list)), ("b", &new_keys, None), ("c", &new_keys, Some(&list))]
    {
        let restored = path(name);
        let mut command = shop(&restored);
        command.arg("restore").arg(&backup).arg("--keys").arg(keys);
        match erased {
            Some(erased) => command.arg("--erased").arg(erased),
            None => command.arg("--keys-are-current"),
        };
        succeeds(&mut command);
        let keys = fs::read(restored.join("icommerce.keys")).unwrap();
        assert_ne!(keys, fs::read(&old_keys).unwrap(), "the erasures are applied to the copy");
        assert_eq!(fs::read(restored.join("icommerce.erased")).unwrap(), fs::read(&list).unwrap());
        checked(&restored);
        let (child, operator) = started(&restored);
        assert_eq!(shown(&operator, &ended)["email"], "", "{name}");
        assert_eq!(shown(&operator, &ended)["customer_erased"], true);
        assert_eq!(shown(&operator, &other)["email"], OTHER);
        stop_shop(child);
    }

    // Whoever has no copy of the keys has to say so, and reads nobody.
    let restored = path("d");
    assert_fails(shop(&restored).arg("restore").arg(&backup), 2);
    assert!(!restored.exists());
    succeeds(shop(&restored).arg("restore").arg(&backup).arg("--without-keys"));
    checked(&restored);
    let (child, operator) = started(&restored);
    assert_eq!(shown(&operator, &other)["email"], "");
    stop_shop(child);
}

#[test]
fn keys_that_do_not_fit_are_refused_and_nothing_is_restored() {
    let (folder, place) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let path = |name: &str| place.path().join(name);
    shop_with_orders(folder.path());
    let backup = path("backup");
    succeeds(shop(folder.path()).arg("backup").arg(&backup));
    let keys = copied(folder.path(), "icommerce.keys", &path("keys"));
    let (child, _) = started(&path("other"));
    stop_shop(child);
    let other = copied(&path("other"), "icommerce.keys", &path("other.keys"));
    fs::write(path("damaged"), &fs::read(&keys).unwrap()[1..]).unwrap();
    fs::write(path("no list"), "ada\n").unwrap();
    let list = path("list");
    fs::write(&list, "").unwrap();
    let none = path("none");
    let restored = path("restored");
    let restore = |keys: &Path, erased: Option<&Path>| {
        let mut command = shop(&restored);
        command.arg("restore").arg(&backup).arg("--keys").arg(keys);
        match erased {
            Some(erased) => command.arg("--erased").arg(erased),
            None => command.arg("--keys-are-current"),
        };
        command
    };
    // Whether somebody was erased since is never a matter of forgetting an option.
    let mut silent = shop(&restored);
    let sentence = assert_fails(silent.arg("restore").arg(&backup).arg("--keys").arg(&keys), 2);
    assert!(sentence.contains("--erased") && sentence.contains("--keys-are-current"), "{sentence}");
    let mut silent = shop(&restored);
    let sentence = assert_fails(silent.arg("restore").arg(&backup), 2);
    assert!(sentence.contains("--keys") && sentence.contains("--without-keys"), "{sentence}");
    let swapped = assert_fails(&mut restore(&keys, Some(&keys)), 2);
    assert!(swapped.contains("no list of erasures"), "{swapped}");
    let both = assert_fails(restore(&keys, None).arg("--without-keys"), 2);
    assert!(
        both.contains("--keys") && both.contains("--without-keys") && !both.contains("once"),
        "{both}"
    );
    assert!(assert_fails(&mut restore(&other, None), 2).contains("another shop"));
    assert_fails(restore(&keys, Some(&list)).arg("--keys-are-current"), 2);
    assert!(assert_fails(&mut restore(&path("damaged"), None), 2).contains("icommerce.keys"));
    assert_fails(&mut restore(&none, None), 3);
    assert_fails(&mut restore(&keys, Some(&none)), 2);
    assert!(assert_fails(&mut restore(&keys, Some(&path("no list"))), 2).contains("line 1"));
    assert!(!restored.exists(), "nothing is left that could be taken for a shop");
    succeeds(&mut restore(&keys, None));
    checked(&restored);
}

#[test]
fn a_folder_that_lost_its_keys_does_not_start() {
    let folder = TempDir::new().unwrap();
    let [ended, ..] = shop_with_orders(folder.path());
    let keys = folder.path().join("icommerce.keys");
    let content = fs::read(&keys).unwrap();
    fs::remove_file(&keys).unwrap();
    let sentence = assert_fails(&mut shop(folder.path()), 3);
    assert!(sentence.contains("icommerce.keys is missing"), "{sentence}");
    assert!(!keys.exists());
    let mut damaged = content.clone();
    *damaged.last_mut().unwrap() ^= 1;
    fs::write(&keys, damaged).unwrap();
    assert!(assert_fails(&mut shop(folder.path()), 3).contains("icommerce.keys is damaged"));
    let other = TempDir::new().unwrap();
    stop_shop(started(other.path()).0);
    fs::copy(other.path().join("icommerce.keys"), &keys).unwrap();
    assert!(assert_fails(&mut shop(folder.path()), 3).contains("of another shop"));
    fs::write(&keys, content).unwrap();
    let (child, operator) = started(folder.path());
    assert_eq!(shown(&operator, &ended)["email"], EMAIL);
    stop_shop(child);
    assert_fails(shop(&folder.path().join("nowhere")).args(["person", "erase", EMAIL]), 3);
}
