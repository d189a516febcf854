//! Migrations, and the rights of the roles that they make.

use crate::server::{Database, SERVICES};
use engine_postgres::{DatabaseError, PostgresEngine, PostgresOptions, migrate, pending};
use std::sync::Arc;
use storage::Blobs;
use subject_keys::SubjectKeys;

/// How many change sets are outstanding, by service.
async fn outstanding(database: &Database) -> Vec<usize> {
    let pending = pending(&database.options(), &SERVICES).await.expect("the database answers");
    pending.iter().map(|migration| migration.change_sets.len()).collect()
}

async fn open_error(database: &Database) -> DatabaseError {
    let memory = engine_memory::MemoryEngine::new();
    let blobs = |name| -> Arc<dyn Blobs> { memory.service(name).blobs };
    let keys = Arc::new(SubjectKeys::for_tests());
    let opened = PostgresEngine::open(database.options(), &SERVICES, keys, &blobs).await;
    opened.map(drop).expect_err("the database is not ready")
}

#[tokio::test]
async fn a_database_is_migrated_once() {
    let database = Database::empty();
    let before = outstanding(&database).await;
    assert!(before.iter().all(|count| *count > 0), "{before:?}");
    assert!(open_error(&database).await.to_string().contains("icommerce migrate"));

    let first = migrate(&database.options(), "postgres", &SERVICES).await.unwrap();
    assert_eq!(first.iter().map(|it| it.change_sets.len()).collect::<Vec<_>>(), before);
    let second = migrate(&database.options(), "postgres", &SERVICES).await.unwrap();
    assert!(second.iter().all(|migration| migration.change_sets.is_empty()));
    assert_eq!(outstanding(&database).await, [0, 0]);
    database.open().await.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_migrations_at_once_each_change_set_is_applied_by_one() {
    let database = Database::empty();
    let options = database.options();
    let before: usize = outstanding(&database).await.iter().sum();
    // Of the schemas and roles as well, of which creating one twice at once is an error of PostgreSQL.
    let (one, two) = tokio::join!(
        migrate(&options, "postgres", &SERVICES),
        migrate(&options, "postgres", &SERVICES)
    );
    let applied = |migrations: Vec<engine_postgres::Migration>| -> usize {
        migrations.iter().map(|migration| migration.change_sets.len()).sum()
    };
    assert_eq!(applied(one.unwrap()) + applied(two.unwrap()), before);
    database.open().await.close().await;
}

#[tokio::test]
async fn a_change_set_that_was_edited_or_is_of_a_later_release_is_refused() {
    let database = Database::create().await;
    let edit = "UPDATE warehouse.change_set_checksums SET sha256 = 'other' WHERE id = '1-events'";
    database.run(edit);
    let error = open_error(&database).await.to_string();
    assert!(error.contains("0001-initial.sql::1-events was changed"), "{error}");

    let database = Database::create().await;
    let later = "INSERT INTO warehouse.databasechangelog \
        (id, author, filename, dateexecuted, orderexecuted, exectype) \
        VALUES ('9-later', 'icommerce', 'migrations/0009-later.sql', now(), 99, 'EXECUTED')";
    database.run(later);
    let error = open_error(&database).await.to_string();
    assert!(error.contains("0009-later.sql::9-later"), "{error}");
}

#[tokio::test]
async fn a_lock_that_a_killed_migration_left_is_taken_after_a_while() {
    let database = Database::create().await;
    let left = "UPDATE warehouse.databasechangeloglock SET locked = true, lockedby = 'killed', \
        lockgranted = localtimestamp - interval '11 minutes'";
    database.run(left);
    migrate(&database.options(), "postgres", &SERVICES).await.unwrap();
}

#[tokio::test]
async fn a_lock_whose_process_is_gone_is_taken_at_once_and_that_of_another_one_is_not() {
    let database = Database::create().await;
    let mut options = database.options();
    options.migration_wait = std::time::Duration::from_millis(300);
    let held_by = |process: &str| {
        database.run(&format!(
            "UPDATE warehouse.databasechangeloglock SET locked = true, lockgranted = localtimestamp, lockedby = 'icommerce, process {process}'"
        ));
    };
    held_by("99999999");
    migrate(&options, "postgres", &SERVICES).await.unwrap();
    assert_eq!(database.query("SELECT locked FROM warehouse.databasechangeloglock"), "f");

    let other = database.open().await;
    let present = "SELECT min(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'icommerce'";
    held_by(&database.query(present));
    let refused = migrate(&options, "postgres", &SERVICES).await.unwrap_err().to_string();
    assert!(refused.contains("icommerce, process ") && refused.contains("has held"), "{refused}");
    other.close().await;
}

#[tokio::test]
async fn the_role_of_a_service_reaches_its_own_tables_alone() {
    let database = Database::create().await;
    let as_role =
        |sql: &str| database.try_run(&format!("SET ROLE {}_warehouse; {sql}", database.name()));
    as_role("SELECT * FROM warehouse.events").unwrap();
    for forbidden in [
        "SELECT * FROM letter_service.events",
        "SELECT * FROM letter_service.key_values",
        "INSERT INTO letter_service.log_position (last) VALUES (1)",
        "UPDATE warehouse.databasechangelog SET md5sum = ''",
        "DROP TABLE warehouse.events",
        "CREATE TABLE warehouse.other (one int)",
    ] {
        let refused = as_role(forbidden).expect_err(forbidden).to_string();
        assert!(
            refused.contains("permission denied") || refused.contains("must be owner"),
            "{forbidden}: {refused}"
        );
    }
}

#[tokio::test]
async fn what_cannot_be_opened_is_told_in_a_sentence() {
    let database = Database::create().await;
    let open = async |url: String| {
        let mut options = engine_postgres::PostgresOptions::new(&url).unwrap();
        options.connect_timeout = std::time::Duration::from_secs(1);
        let memory = engine_memory::MemoryEngine::new();
        let blobs = |name| -> Arc<dyn Blobs> { memory.service(name).blobs };
        let keys = Arc::new(SubjectKeys::for_tests());
        PostgresEngine::open(options, &SERVICES, keys, &blobs).await.map(drop).unwrap_err()
    };
    let missing = open(format!("{}_missing", database.url())).await;
    assert!(matches!(missing, DatabaseError::NoDatabase { .. }), "{missing}");
    let nobody = open(database.url().replace("postgres@", "nobody@")).await;
    assert!(matches!(nobody, DatabaseError::Credentials { .. }), "{nobody}");
    let read_only =
        open(format!("{}?options=-c%20default_transaction_read_only%3Don", database.url())).await;
    assert!(matches!(read_only, DatabaseError::ReadOnly { .. }), "{read_only}");
    let unreachable = open("postgres://postgres@127.0.0.1:1/shop".to_owned()).await;
    assert!(matches!(unreachable, DatabaseError::Unreachable { .. }), "{unreachable}");
}

#[tokio::test]
async fn an_owner_who_is_no_superuser_migrates_and_the_shop_needs_no_right_of_its_own() {
    let database = Database::empty();
    let (owner, shop) = (format!("{}_owner", database.name()), format!("{}_user", database.name()));
    database.run(&format!("CREATE USER {owner} CREATEROLE; CREATE USER {shop}"));
    database.run(&format!("ALTER DATABASE {} OWNER TO {owner}", database.name()));
    let as_user = |user: &str| {
        let url = database.url().replace("postgres@", &format!("{user}@"));
        engine_postgres::PostgresOptions::new(&url).unwrap()
    };
    migrate(&as_user(&owner), &shop, &SERVICES).await.unwrap();

    let memory = engine_memory::MemoryEngine::new();
    let blobs = |name| -> Arc<dyn Blobs> { memory.service(name).blobs };
    let keys = Arc::new(SubjectKeys::for_tests());
    let engine = PostgresEngine::open(as_user(&shop), &SERVICES, keys, &blobs).await.unwrap();
    let values = engine.service(SERVICES[0]).unwrap().key_value;
    let _ = values.put("key", "value".into(), None).await.unwrap();
    let found = values.value("key", kernel::Timestamp::UNIX_EPOCH).await.unwrap();
    assert_eq!(found.as_deref(), Some(&b"value"[..]));
    engine.close().await;
}

#[tokio::test]
async fn a_database_that_cannot_hold_every_text_is_refused() {
    let database = Database::empty();
    let other = format!("{}_latin", database.name());
    database.run(&format!(
        "CREATE DATABASE {other} ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"
    ));
    let url = database.url().replace(database.name(), &other);
    let refused = migrate(&PostgresOptions::new(&url).unwrap(), "postgres", &SERVICES).await;
    let refused = refused.unwrap_err();
    assert!(matches!(refused, DatabaseError::Encoding { .. }), "{refused}");
    assert!(refused.to_string().contains("LATIN1"), "{refused}");
    database.run(&format!("DROP DATABASE {other} WITH (FORCE)"));
}
