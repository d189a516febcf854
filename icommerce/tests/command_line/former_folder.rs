//! Folder of an earlier format: a shop that was killed, whose data was in `SQLite`, opens with all its orders.

use crate::{
    personal_data::in_clear,
    program::{get, icommerce, shopper_get, start_shop, stop_shop},
};
use rusqlite::Connection;
use serde_json::Value;
use std::{path::Path, process::Stdio, time::Duration};
use tempfile::TempDir;

/// Databases of format 4 as SQL, as the shop left them: an order that was declined, one that was cancelled, three confirmed.
const DATABASES: [(&str, &str); 2] = [
    ("icommerce.db", include_str!("former_folder/icommerce.sql")),
    ("bulk.db", include_str!("former_folder/bulk.sql")),
];
/// What is personal in it.
pub(crate) const PERSONAL: [&str; 4] =
    ["maren@example.com", "Maren Lindqvist", "Hafenweg 4", "24103"];
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

/// Writes the folder of a shop that was killed.
pub(crate) fn write_former(folder: &Path) {
    for (name, sql) in DATABASES {
        let database = Connection::open(folder.join(name)).unwrap();
        database.execute_batch(sql).unwrap();
        let identity = "PRAGMA journal_mode = wal; PRAGMA application_id = 1229147981;
             PRAGMA user_version = 4";
        database.execute_batch(identity).unwrap();
    }
}

/// Checks that a shop answers what it did before it was killed.
pub(crate) fn answers_as_before([shop, operator]: &[String; 2]) {
    let responses: Vec<Value> = serde_json::from_str(RESPONSES).unwrap();
    for then in &responses {
        let path = then["path"].as_str().unwrap();
        let now = match then["edge"].as_str() {
            Some("shop") => shopper_get(shop, path),
            _ => get(operator, path),
        };
        let now: Value = serde_json::from_str(&now).unwrap();
        assert!(includes(&now, &then["response"]), "{path}: {now} instead of {then}");
    }
}

#[test]
fn a_shop_of_format_4_that_was_killed_opens_with_everything_and_nothing_personal_is_left_in_clear()
{
    let folder = TempDir::new().unwrap();
    write_former(folder.path());
    assert_eq!(in_clear(folder.path(), &PERSONAL).len(), PERSONAL.len());
    for _ in 0..2 {
        let (child, edges) = start_shop(icommerce(folder.path()).arg("--no-demo"));
        answers_as_before(&edges);
        assert_eq!(in_clear(folder.path(), &PERSONAL), [""; 0]);
        assert!(!folder.path().join("icommerce.db.former").exists());
        stop_shop(child);
        assert_eq!(in_clear(folder.path(), &PERSONAL), [""; 0]);
    }
    let output = icommerce(folder.path()).arg("check").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test]
async fn a_first_start_that_is_killed_again_and_again_goes_on() {
    let folder = TempDir::new().unwrap();
    write_former(folder.path());
    for milliseconds in [15, 30, 45, 60, 75, 90, 120, 160, 200, 250] {
        let mut command = icommerce(folder.path());
        command.arg("--no-demo").stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let (child, edges) = start_shop(icommerce(folder.path()).arg("--no-demo"));
    answers_as_before(&edges);
    stop_shop(child);
    assert_eq!(in_clear(folder.path(), &PERSONAL), [""; 0]);
}
