//! Storage in a database: what is refused, and with which sentence; and the commands on a stopped shop.

use crate::program::{assert_fails, get, icommerce, shopper_get, start_shop, stop_shop};
use std::{
    io::{BufRead, BufReader},
    process::Stdio,
};
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
    assert!(run("postgres://127.0.0.1/shop").contains("--storage: "), "without a user");
    assert!(run("postgres://shop@127.0.0.1").contains("--storage: "), "without a database");
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
    assert!(unreachable.contains("--storage: no PostgreSQL server answers"), "{unreachable}");
    assert!(!unreachable.contains("the-password"), "{unreachable}");
    assert!(serve(&format!("{}_missing", database.url())).contains("--storage: "));
    assert!(serve(&database.url()).contains("icommerce migrate"));
    // Whoever has not typed an option knows the setting.
    let mut of_settings = icommerce(&data);
    of_settings.env("ICOMMERCE_STORAGE__ENGINE", "postgres").env("ICOMMERCE_STORAGE__URL", secret);
    let of_settings = assert_fails(&mut of_settings, 3);
    assert!(of_settings.contains("storage.url: no PostgreSQL server answers"), "{of_settings}");
    let mut of_owner = icommerce(&data);
    of_owner.arg("migrate").arg("--storage").arg(database.url());
    of_owner.env("ICOMMERCE_STORAGE__MIGRATE_URL", secret);
    let of_owner = assert_fails(&mut of_owner, 3);
    assert!(of_owner.contains("storage.migrate_url: no PostgreSQL server answers"), "{of_owner}");
    let migrated = assert_fails(icommerce(&data).args(["migrate", "--storage=embedded"]), 2);
    assert!(migrated.contains("--storage: a data folder is migrated"), "{migrated}");
}

/// Runs SQL that makes a user of this test alone; returns a URL of the database as that user.
fn user(database: &PostgresDatabase, name: &str, rights: &str) -> String {
    let user = format!("{name}_{}", database.name());
    database.run(&format!("CREATE USER {user} {rights}")).unwrap();
    database.url().replace("postgres://postgres", &format!("postgres://{user}"))
}

#[test]
fn rights_that_a_migration_lacks_are_told_before_it_and_by_a_dry_run() {
    let folder = TempDir::new().unwrap();
    let database = PostgresDatabase::create().unwrap();
    let (shop, owner) = (user(&database, "shop", ""), user(&database, "owner", "CREATEROLE"));
    let migrate = || {
        let mut command = icommerce(folder.path());
        command.args(["migrate", "--storage", &shop]);
        command
    };
    for arguments in [&["--dry-run"][..], &[]] {
        let refused = assert_fails(migrate().args(arguments), 3);
        assert!(refused.contains("--storage: ") && refused.contains("storage.migrate_url"));
        assert!(refused.contains("may not create schemas"), "{refused}");
        let mut by_owner = migrate();
        by_owner.args(arguments).env("ICOMMERCE_STORAGE__MIGRATE_URL", &owner);
        let refused = assert_fails(&mut by_owner, 3);
        assert!(refused.contains("storage.migrate_url: ") && refused.contains("may not create"));
    }
    let name = database.name();
    database.run(&format!("ALTER DATABASE {name} OWNER TO owner_{name}")).unwrap();
    // As the owner alone, the roles are given to nobody else.
    let alone = icommerce(folder.path()).args(["migrate", "--storage", &owner]).output().unwrap();
    let alone = String::from_utf8(alone.stdout).unwrap();
    assert!(alone.contains("No user but owner_"), "{alone}");
    let data = folder.path().join("data");
    let refused = assert_fails(icommerce(&data).args(["serve", "--storage", &shop]), 3);
    assert!(refused.contains("with this user in storage.url"), "{refused}");
    assert!(!data.exists());
    let mut both = migrate();
    let both = both.env("ICOMMERCE_STORAGE__MIGRATE_URL", &owner).output().unwrap();
    let printed = String::from_utf8(both.stdout).unwrap();
    assert!(both.status.success() && !printed.contains("No user but"), "{printed}");
    stop_shop(start_shop(icommerce(&data).args(["serve", "--storage", &shop])).0);

    let schema = "REVOKE SELECT ON order_service.events FROM";
    database.run(&format!("{schema} {name}_order_service")).unwrap();
    let refused = assert_fails(icommerce(&data).args(["dump", "--storage", &shop]), 3);
    assert!(refused.contains("in the schema order_service: permission denied"), "{refused}");
}

#[test]
fn addresses_that_lead_to_two_databases_are_refused_by_a_migration() {
    let folder = TempDir::new().unwrap();
    let (shop, owner) = (PostgresDatabase::create().unwrap(), PostgresDatabase::create().unwrap());
    let mut command = icommerce(folder.path());
    command.args(["migrate", "--storage", &shop.url()]);
    command.env("ICOMMERCE_STORAGE__MIGRATE_URL", owner.url());
    let refused = assert_fails(&mut command, 2);
    for part in ["--storage: ", shop.name(), owner.name(), "storage.migrate_url"] {
        assert!(refused.contains(part), "{part}: {refused}");
    }
}

#[test]
fn a_database_that_a_file_names_is_told_by_the_setting_of_the_file() {
    let folder = TempDir::new().unwrap();
    let (data, file) = (folder.path().join("data"), folder.path().join("url"));
    let database = PostgresDatabase::create().unwrap();
    let missing = format!("{}_missing", database.url());
    for (content, code) in [
        ("", 2),
        ("postgres://shop@127.0.0.1", 2),
        ("postgres://shop:the-password@127.0.0.1:1/shop", 3),
        (&missing, 3),
        (&format!("{}?sslmode=require", database.url()), 3),
    ] {
        std::fs::write(&file, content).unwrap();
        for name in ["serve", "migrate"] {
            let mut command = icommerce(&data);
            command.arg(name).env("ICOMMERCE_STORAGE__ENGINE", "postgres");
            // What others can read is warned of, which is a line of its own.
            command.env("ICOMMERCE_STORAGE__URL_FILE", &file).env("ICOMMERCE_LOG_FILTER", "error");
            let refused = assert_fails(&mut command, code);
            assert!(refused.starts_with("icommerce: storage.url_file: "), "{content}: {refused}");
            assert_eq!(refused.contains("does not speak TLS"), content.contains("sslmode"));
            assert!(!refused.contains("the-password"), "{refused}");
        }
    }
    assert!(!data.exists());
}

#[test]
fn a_migration_says_for_whom_it_waits_and_how_long() {
    let folder = TempDir::new().unwrap();
    let database = PostgresDatabase::create().unwrap();
    let storage = format!("--storage={}", database.url());
    assert!(icommerce(folder.path()).arg("migrate").arg(&storage).status().unwrap().success());
    let lock = "UPDATE order_service.databasechangeloglock SET";
    database
        .run(&format!(
            "{lock} locked = true, lockedby = 'liquibase@host', lockgranted = localtimestamp"
        ))
        .unwrap();
    let mut waiting = icommerce(folder.path());
    let mut waiting = waiting.arg("migrate").arg(&storage).stderr(Stdio::piped()).spawn().unwrap();
    let line = BufReader::new(waiting.stderr.take().unwrap()).lines().next().unwrap().unwrap();
    for part in ["liquibase@host (since ", "order_service", "up to 120 seconds"] {
        assert!(line.contains(part), "{line}");
    }
    database.run(&format!("{lock} locked = false")).unwrap();
    assert!(waiting.wait().unwrap().success());
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
    let refused = assert_fails(command.arg("--operator=http://127.0.0.1:1"), 3);
    assert!(refused.contains("no shop gives a backup of itself at"), "{refused}");
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

#[test]
fn a_folder_is_bound_to_the_storage_of_its_shop() {
    let place = TempDir::new().unwrap();
    let [data, own, copy] = ["data", "own", "copy"].map(|name| place.path().join(name));
    let database = crate::moves::migrated();
    let storage = crate::moves::storage(&database);
    let (shop, _) = start_shop(icommerce(&data).args(["--no-demo", &storage]));
    stop_shop(shop);
    for command in ["serve", "check", "dump"] {
        let refused = assert_fails(icommerce(&data).arg(command), 3);
        assert!(refused.contains("belongs to the shop in the database"), "{refused}");
        assert!(refused.contains(database.name()) && !refused.contains("postgres://"), "{refused}");
    }
    let (shop, _) = start_shop(icommerce(&own).arg("--no-demo"));
    stop_shop(shop);
    let refused = assert_fails(icommerce(&own).args(["serve", &storage]), 3);
    assert!(refused.contains("has a shop of its own"), "{refused}");

    // A copy of the folder, as of a restored machine: the database has one shop at a time.
    std::fs::create_dir(&copy).unwrap();
    for entry in data.read_dir().unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() {
            std::fs::copy(entry.path(), copy.join(entry.file_name())).unwrap();
        }
    }
    let (shop, edges) = start_shop(icommerce(&data).args(["--no-demo", &storage]));
    for command in [&["serve"][..], &["check"], &["rebuild", "order-service"]] {
        let refused = assert_fails(icommerce(&copy).args(command).arg(&storage), 3);
        assert!(
            refused.contains("another shop, or a process with some of its services, is connected"),
            "{refused}"
        );
    }
    shopper_get(&edges[0], "/");
    stop_shop(shop);
    let (shop, _) = start_shop(icommerce(&copy).args(["--no-demo", &storage]));
    stop_shop(shop);
}
