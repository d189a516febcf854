//! Databases of the tests, on the server that `cargo xtask test` starts.

use engine_memory::MemoryEngine;
use engine_postgres::{PostgresEngine, PostgresOptions, migrate};
use std::{sync::Arc, time::Duration};
use subject_keys::SubjectKeys;
use test_servers::{PostgresDatabase, TableLock};

/// Services whose storage the tests open.
pub(crate) const SERVICES: [&str; 2] = ["warehouse", "letter-service"];

/// Database of one test.
#[derive(Debug)]
pub(crate) struct Database(PostgresDatabase);

impl Database {
    /// Creates an empty database.
    pub(crate) fn empty() -> Self {
        Self(PostgresDatabase::create().expect("the server takes another database"))
    }

    /// Creates a database with the schemas of [`SERVICES`].
    pub(crate) async fn create() -> Self {
        let database = Self::empty();
        let applied = migrate(&database.options(), "postgres", &SERVICES).await;
        applied.expect("an empty database can be migrated");
        database
    }

    pub(crate) fn url(&self) -> String {
        self.0.url()
    }

    pub(crate) fn name(&self) -> &str {
        self.0.name()
    }

    pub(crate) fn try_run(&self, sql: &str) -> std::io::Result<()> {
        self.0.run(sql)
    }

    /// Runs SQL as the superuser.
    pub(crate) fn run(&self, sql: &str) {
        self.0.run(sql).expect("the superuser may do it");
    }

    /// Takes the lock of a table, until the result is dropped.
    pub(crate) fn lock(&self, table: &str) -> TableLock<'_> {
        self.0.lock(table).expect("the superuser may do it")
    }

    /// Rows of a query, as the superuser sees them.
    pub(crate) fn query(&self, sql: &str) -> String {
        self.0.query(sql).unwrap()
    }

    pub(crate) fn options(&self) -> PostgresOptions {
        let mut options = PostgresOptions::new(&self.url()).expect("it is a URL");
        options.poll_interval = Duration::from_millis(20);
        options
    }

    pub(crate) async fn open(&self) -> PostgresEngine {
        let memory = MemoryEngine::new();
        let subject_keys = Arc::new(SubjectKeys::for_tests());
        let blobs = |name| memory.service(name).blobs;
        let engine = PostgresEngine::open(self.options(), &SERVICES, subject_keys, &blobs).await;
        engine.expect("the database is migrated")
    }
}
