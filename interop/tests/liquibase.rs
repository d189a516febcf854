//! Liquibase and `icommerce migrate` on the same schema: what one has applied, the other does not apply again.

use engine_postgres::{PostgresOptions, migrate, pending};
use interop::{prerequisite, run, work_folder};
use std::{path::Path, process::Command};
use test_servers::PostgresDatabase;

const SERVICE: &str = "warehouse";
const FILE: &str = "changelog.xml";

fn options(database: &PostgresDatabase) -> PostgresOptions {
    PostgresOptions::new(&database.url()).expect("it is a URL")
}

/// Output of a goal of Liquibase.
fn liquibase(goal: &str, database: &PostgresDatabase) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    // The tests run at once.
    let work = work_folder(env!("CARGO_TARGET_TMPDIR"), &format!("liquibase-{}", database.name()));
    let address = database.url().replace("postgres://postgres@", "jdbc:postgresql://");
    run(Command::new(prerequisite("TEST_MAVEN"))
        .args(["--batch-mode", "--file"])
        .arg(root.join("liquibase/pom.xml"))
        .arg(format!("liquibase:{goal}"))
        .arg(format!("-DbuildDirectory={}", work.display()))
        .arg(format!(
            "-Dmigrations={}",
            root.join("../platform/engine-postgres/migrations").display()
        ))
        .arg(format!("-Dfile={FILE}"))
        .arg(format!("-Durl={address}?currentSchema={SERVICE}"))
        .arg(format!("-Dschema={SERVICE}"))
        .current_dir(&work))
}

/// How many change sets are outstanding for us.
async fn outstanding(database: &PostgresDatabase) -> usize {
    let pending = pending(&options(database), &[SERVICE]).await.expect("the database answers");
    pending.iter().map(|migration| migration.change_sets.len()).sum()
}

#[tokio::test]
async fn what_we_applied_is_applied_for_liquibase_which_notices_an_edit() {
    let database = PostgresDatabase::create().expect("the server takes another database");
    migrate(&options(&database), "postgres", &[SERVICE]).await.expect("it is empty");
    let status = liquibase("status", &database);
    assert!(status.contains("is up to date"), "{status}");
    let updated = liquibase("update", &database);
    assert!(updated.contains("BUILD SUCCESS"), "{updated}");
    assert_eq!(outstanding(&database).await, 0);
    let empty = "DO $$ BEGIN ASSERT (SELECT count(*) = 0 FROM warehouse.databasechangelog WHERE md5sum IS NULL); END $$";
    database.run(empty).expect("Liquibase has filled in its checksums");
}

#[tokio::test]
async fn what_liquibase_applied_is_applied_for_us() {
    let database = PostgresDatabase::create().expect("the server takes another database");
    database.run("CREATE SCHEMA warehouse").expect("it is empty");
    let updated = liquibase("update", &database);
    assert!(updated.contains("BUILD SUCCESS"), "{updated}");
    assert_eq!(outstanding(&database).await, 0);
    let applied = migrate(&options(&database), "postgres", &[SERVICE]).await;
    let applied = applied.expect("the schema is as we need it");
    assert!(applied.iter().all(|migration| migration.change_sets.is_empty()), "{applied:?}");
}
