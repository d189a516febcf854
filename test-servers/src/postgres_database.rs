//! Database of one test, on the server that `cargo xtask test` starts.

use crate::environment::{postgres_programs, variable};
use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::Duration,
};

/// Variable with the URL of the server, as its superuser and without a database.
const SERVER: &str = "TEST_POSTGRES_URL";

/// Empty database, dropped with its handle.
#[derive(Debug)]
pub struct PostgresDatabase {
    programs: PathBuf,
    server: String,
    name: String,
}

/// Exclusive lock on a table, held until it is dropped: whoever reads or writes the table waits meanwhile.
#[derive(Debug)]
pub struct TableLock<'d> {
    database: &'d PostgresDatabase,
    table: String,
    session: Child,
}

/// Pause between two looks at the server's locks.
const LOCK_POLL: Duration = Duration::from_millis(2);

static NUMBER: AtomicU32 = AtomicU32::new(0);

impl PostgresDatabase {
    /// Creates a database.
    ///
    /// # Errors
    ///
    /// When the environment names no server, or it refuses.
    pub fn create() -> io::Result<Self> {
        let (programs, server) = (postgres_programs()?, variable(SERVER, "PostgreSQL")?);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{}_{number}", std::process::id());
        administer(&programs, &server, &format!("CREATE DATABASE {name}"))?;
        Ok(Self { programs, server, name })
    }

    /// URL of the database, as the superuser.
    pub fn url(&self) -> String {
        format!("{}/{}", self.server, self.name)
    }

    /// Name of the database.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs SQL in the database, as the superuser.
    ///
    /// # Errors
    ///
    /// When the server refuses it.
    pub fn run(&self, sql: &str) -> io::Result<()> {
        self.query(sql).map(drop)
    }

    /// Locks a table, such as `order_service.events`.
    ///
    /// # Errors
    ///
    /// When `psql` does not run, or the server refuses a query.
    pub fn lock(&self, table: &str) -> io::Result<TableLock<'_>> {
        let mut command = psql_command(&self.programs);
        command.args(["--file=-", &self.url()]).stdin(Stdio::piped()).stdout(Stdio::null());
        let mut session = command.spawn()?;
        if let Some(input) = &mut session.stdin {
            // The session ends with its input, which stays open with the lock.
            writeln!(input, "BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE;")?;
            input.flush()?;
        }
        let mut lock = TableLock { database: self, table: table.to_owned(), session };
        lock.wait_until("granted")?;
        Ok(lock)
    }

    /// Runs SQL in the database, as the superuser, and returns the rows: a line each, with `|` between the columns.
    ///
    /// # Errors
    ///
    /// When the server refuses it.
    pub fn query(&self, sql: &str) -> io::Result<String> {
        psql(&self.programs, &self.url(), sql).map(|rows| rows.trim_end().to_owned())
    }
}

impl TableLock<'_> {
    /// Waits until somebody waits for the table.
    ///
    /// # Errors
    ///
    /// When the session that holds the lock has ended, or the server refuses a query.
    pub fn wait_for_waiter(&mut self) -> io::Result<()> {
        self.wait_until("NOT granted")
    }

    fn wait_until(&mut self, condition: &str) -> io::Result<()> {
        let table = &self.table;
        let sql = format!(
            "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database \
             WHERE datname = current_database() AND relation = '{table}'::regclass AND {condition}"
        );
        while self.database.query(&sql)? == "0" {
            if let Some(status) = self.session.try_wait()? {
                return Err(io::Error::other(format!("{table} is not locked: {status}")));
            }
            thread::sleep(LOCK_POLL);
        }
        Ok(())
    }
}

impl Drop for TableLock<'_> {
    fn drop(&mut self) {
        // With its connection the server ends the transaction. A session that is gone already needs neither.
        let _ = self.session.kill();
        let _ = self.session.wait();
    }
}

impl Drop for PostgresDatabase {
    fn drop(&mut self) {
        // A failure leaves a database behind on a server that is thrown away.
        let _ = administer(
            &self.programs,
            &self.server,
            &format!("DROP DATABASE {} WITH (FORCE)", self.name),
        );
    }
}

fn administer(programs: &Path, server: &str, sql: &str) -> io::Result<()> {
    psql(programs, &format!("{server}/postgres"), sql).map(drop)
}

/// Runs SQL, and returns the rows as text.
pub(crate) fn psql(programs: &Path, url: &str, sql: &str) -> io::Result<String> {
    let mut command = psql_command(programs);
    command.args(["--tuples-only", "--no-align", "--command", sql, url]);
    let output = command.output()?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(io::Error::other(format!("{sql}: {}", String::from_utf8_lossy(&output.stderr))))
}

fn psql_command(programs: &Path) -> Command {
    let mut command = Command::new(programs.join("psql"));
    command.args(["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1"]);
    command
}
