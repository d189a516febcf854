//! Bare database: as many rows of the same bytes in as many commits as an order of the shop, written by `pgbench` on the same server.

use super::Backends;
use crate::numbers::float;
use std::{process::Command, time::Duration};

/// Clients of `pgbench`: about as many as there are services that write.
const CLIENTS: u32 = 8;
/// Bytes of a row that are not its body: key, header.
const ROW_OVERHEAD_BYTES: f64 = 48.0;

/// What a database was asked to write. Its processes report rows a second late.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RowCounts {
    pub(crate) rows: f64,
    pub(crate) wal_bytes: f64,
}

/// Rows and commits, each for one order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BareRows {
    pub(crate) commits: f64,
    pub(crate) rows: f64,
    pub(crate) wal_bytes: f64,
}

impl RowCounts {
    /// Counts of a database.
    pub(crate) fn read(backends: &Backends, database: &str) -> Result<Self, String> {
        let (server, _) = backends.postgres()?;
        let query = "SELECT tup_inserted + tup_updated + tup_deleted, \
            pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') \
            FROM pg_stat_database WHERE datname = current_database()";
        let line = server.query(database, query).map_err(|error| error.to_string())?;
        let mut figures = line.trim().split('|').map(str::parse::<f64>);
        let mut next = || match figures.next() {
            Some(Ok(figure)) => Ok(figure),
            _ => Err(format!("not two figures: {line}")),
        };
        Ok(Self { rows: next()?, wal_bytes: next()? })
    }

    /// Difference since an earlier reading.
    pub(crate) fn since(&self, before: &Self) -> Self {
        Self { rows: self.rows - before.rows, wal_bytes: self.wal_bytes - before.wal_bytes }
    }
}

impl BareRows {
    /// Rows and commits of each of `orders`.
    pub(crate) fn of(counts: &RowCounts, commits: u64, orders: u64) -> Self {
        let orders = float(orders.max(1));
        Self {
            commits: float(commits) / orders,
            rows: counts.rows / orders,
            wal_bytes: counts.wal_bytes / orders,
        }
    }

    /// Orders a second that `pgbench` reaches with these rows and commits.
    pub(crate) fn orders_per_second(
        &self,
        backends: &Backends,
        time: Duration,
    ) -> Result<f64, String> {
        let (server, programs) = backends.postgres()?;
        let explained = |error: std::io::Error| error.to_string();
        server.query("postgres", "CREATE DATABASE bare").map_err(explained)?;
        let table = "CREATE TABLE bare_rows (number bigserial PRIMARY KEY, body bytea NOT NULL); \
            ALTER TABLE bare_rows ALTER body SET STORAGE PLAIN";
        server.query("bare", table).map_err(explained)?;
        let rows = (self.rows / self.commits).round().max(1.0);
        let row_bytes = self.wal_bytes / self.rows.max(1.0);
        let body_bytes = (row_bytes - ROW_OVERHEAD_BYTES).clamp(8.0, 1_900.0).round();
        let script = tempfile::NamedTempFile::new().map_err(explained)?;
        let statement = format!(
            "BEGIN;\nINSERT INTO bare_rows (body) SELECT decode(repeat('2a', {body_bytes}), 'hex') FROM generate_series(1, {rows});\nCOMMIT;\n"
        );
        std::fs::write(script.path(), statement).map_err(explained)?;
        let mut pgbench = Command::new(programs.join("pgbench"));
        pgbench.args(["--no-vacuum", "--protocol=prepared", "--jobs=1"]);
        pgbench.arg(format!("--client={CLIENTS}")).arg(format!("--time={}", time.as_secs()));
        pgbench.arg("--file").arg(script.path()).arg(format!("{}/bare", server.url()));
        let output = pgbench.output().map_err(explained)?;
        server.query("postgres", "DROP DATABASE bare WITH (FORCE)").map_err(explained)?;
        let printed = String::from_utf8_lossy(&output.stdout);
        let rate = printed.lines().find_map(|line| line.strip_prefix("tps = "));
        let rate = rate.and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
        let rate = rate.ok_or_else(|| {
            format!("pgbench: {printed}{}", String::from_utf8_lossy(&output.stderr))
        })?;
        Ok(rate / self.commits)
    }
}
