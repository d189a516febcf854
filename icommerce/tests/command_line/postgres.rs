//! Storage in a database: what is refused, and with which sentence; and the commands on a stopped shop.

use crate::program::{assert_fails, get, icommerce, shopper_get, start_shop, stop_shop};
use tempfile::TempDir;
use test_servers::PostgresDatabase;

#[test]
fn storage_that_is_none_is_refused_before_anything_is_opened() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let run = |storage: &str| {
        assert_fails(icommerce(&data).arg("serve").arg(format!("--storage={storage}")), 2)
    };
    for wrong in ["mysql://127.0.0.1/shop", "postgres", ""] {
        assert!(run(wrong).contains("--storage"), "{wrong}");
    }
    assert!(run("postgres://127.0.0.1/shop").contains("storage.url"), "without a user");
    assert!(run("postgres://shop@127.0.0.1").contains("storage.url"), "without a database");
    let mut without = icommerce(&data);
    without.arg("serve").env("ICOMMERCE_STORAGE__ENGINE", "postgres");
    assert!(assert_fails(&mut without, 2).contains("storage.url"));
    assert!(!data.exists());
}

#[test]
fn a_database_that_cannot_be_used_is_told_by_its_setting() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let serve = |url: &str| {
        let mut command = icommerce(&data);
        command.arg("serve").arg(format!("--storage={url}"));
        assert_fails(&mut command, 3)
    };
    let database = PostgresDatabase::create().unwrap();
    let secret = "postgres://shop:the-password@127.0.0.1:1/shop";
    let unreachable = serve(secret);
    assert!(unreachable.contains("storage.url: no PostgreSQL server answers"), "{unreachable}");
    assert!(!unreachable.contains("the-password"), "{unreachable}");
    assert!(serve(&format!("{}_missing", database.url())).contains("storage.url"));
    assert!(serve(&database.url()).contains("icommerce migrate"));
}

#[test]
fn a_shop_is_migrated_served_checked_and_found_again_with_its_keys_alone() {
    let folder = TempDir::new().unwrap();
    let (data, other) = (folder.path().join("data"), folder.path().join("other"));
    let database = PostgresDatabase::create().unwrap();
    let storage = format!("--storage={}", database.url());
    let output = |arguments: &[&str]| {
        let output = icommerce(&data).args(arguments).arg(&storage).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{arguments:?} {text}");
        text
    };
    assert!(output(&["migrate", "--dry-run"]).contains("order-service          would apply"));
    assert!(output(&["migrate"]).contains("order-service          applied"));
    assert!(output(&["migrate"]).contains("nothing to apply"));

    let mut names = Vec::new();
    for _ in 0..2 {
        let (shop, [address, _]) = start_shop(icommerce(&data).args(["serve", &storage]));
        names.push(shopper_get(&address, "/api/v1/products?limit=5"));
        stop_shop(shop);
    }
    assert!(names[0].contains("\"slug\""), "the demonstration is there: {}", names[0]);
    assert_eq!(names[0], names[1], "a restart finds everything");
    output(&["check"]);
    assert!(output(&["dump"]).lines().count() > 100);
    output(&["rebuild", "product-service"]);

    let refused = assert_fails(icommerce(&other).args(["serve", &storage]), 3);
    assert!(refused.contains("keys of this database"), "{refused}");
    let mistyped =
        assert_fails(icommerce(&folder.path().join("typo")).args(["check", &storage]), 3);
    assert!(mistyped.contains("typo"), "{mistyped}");
    let (mut command, printed) = (icommerce(&data), output(&["settings", "--dump"]));
    assert!(printed.contains("storage.engine = \"postgres\""), "{printed}");
    command.arg("backup").arg(folder.path().join("backup")).arg(&storage);
    let refused = assert_fails(command.arg("--operator=http://127.0.0.1:1"), 2);
    assert!(refused.contains("--operator"), "{refused}");
}

#[test]
fn a_shop_in_a_database_shows_what_its_writers_do() {
    let folder = TempDir::new().unwrap();
    let database = PostgresDatabase::create().unwrap();
    let storage = format!("--storage={}", database.url());
    assert!(icommerce(folder.path()).arg("migrate").arg(&storage).status().unwrap().success());
    let (shop, [_, operator]) = start_shop(icommerce(folder.path()).args(["serve", &storage]));
    let metrics = get(&operator, "/metrics");
    for name in [
        "engine_batches_total",
        "engine_writes_total",
        "engine_appends_total",
        "engine_queue",
        "engine_reconnects_total",
        "engine_commit_seconds_bucket",
    ] {
        let of_service = "service=\"product-service\"";
        let mut lines = metrics.lines();
        assert!(lines.any(|it| it.starts_with(name) && it.contains(of_service)), "{name}");
    }
    stop_shop(shop);
}
