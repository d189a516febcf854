//! Database of one test, on the server that `cargo xtask test` starts.

use crate::environment::{postgres_programs, variable};
use std::{
    io,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
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
        psql(&self.programs, &self.url(), sql).map(drop)
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
    let mut command = Command::new(programs.join("psql"));
    command.args(["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1"]);
    command.args(["--tuples-only", "--no-align", "--command", sql, url]);
    let output = command.output()?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(io::Error::other(format!("{sql}: {}", String::from_utf8_lossy(&output.stderr))))
}
