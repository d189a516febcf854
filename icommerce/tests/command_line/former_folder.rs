//! Folder of an earlier format: a shop that was killed, whose data was in `SQLite`, opens with all its orders.

use crate::program::{get, icommerce, shopper_get, start_shop, stop_shop};
use rusqlite::Connection;
use serde_json::Value;
use tempfile::TempDir;

/// Databases of format 4 as SQL, as the shop left them: an order that was declined, one that was cancelled, three confirmed.
const DATABASES: [(&str, &str); 2] = [
    ("icommerce.db", include_str!("former_folder/icommerce.sql")),
    ("bulk.db", include_str!("former_folder/bulk.sql")),
];
/// What the shop answered before it was killed.
const RESPONSES: &str = include_str!("former_folder/responses.json");

/// Whether `now` says all that `then` said; today's answer may say more.
fn includes(now: &Value, then: &Value) -> bool {
    match (now, then) {
        (Value::Object(now), Value::Object(then)) => {
            then.iter().all(|(key, then)| now.get(key).is_some_and(|now| includes(now, then)))
        }
        (Value::Array(now), Value::Array(then)) => {
            now.len() >= then.len()
                && then.iter().all(|then| now.iter().any(|now| includes(now, then)))
        }
        _ => now == then,
    }
}

#[test]
fn a_shop_of_format_4_that_was_killed_opens_with_everything() {
    let folder = TempDir::new().unwrap();
    for (name, sql) in DATABASES {
        let database = Connection::open(folder.path().join(name)).unwrap();
        database.execute_batch(sql).unwrap();
        let identity = "PRAGMA journal_mode = wal; PRAGMA application_id = 1229147981;
             PRAGMA user_version = 4";
        database.execute_batch(identity).unwrap();
    }
    let responses: Vec<Value> = serde_json::from_str(RESPONSES).unwrap();
    for _ in 0..2 {
        let (child, [shop, operator]) = start_shop(icommerce(folder.path()).arg("--no-demo"));
        for then in &responses {
            let path = then["path"].as_str().unwrap();
            let now = match then["edge"].as_str() {
                Some("shop") => shopper_get(&shop, path),
                _ => get(&operator, path),
            };
            let now: Value = serde_json::from_str(&now).unwrap();
            assert!(includes(&now, &then["response"]), "{path}: {now} instead of {then}");
        }
        stop_shop(child);
    }
    let output = icommerce(folder.path()).arg("check").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
