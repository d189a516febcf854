//! Bare database: as many rows of the same bytes in as many commits as an order of the shop, written by `pgbench` on the same server.

use super::Backends;
use crate::numbers::float;
use std::time::Duration;

/// Database that is dropped again.
const DATABASE: &str = "bare";
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
        let query = "SELECT tup_inserted + tup_updated + tup_deleted, \
            pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') \
            FROM pg_stat_database WHERE datname = current_database()";
        let line = backends.run_sql(database, query)?;
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
        backends.new_database(DATABASE)?;
        let table = "CREATE TABLE bare_rows (number bigserial PRIMARY KEY, body bytea NOT NULL); \
            ALTER TABLE bare_rows ALTER body SET STORAGE PLAIN";
        backends.run_sql(DATABASE, table)?;
        let rows = (self.rows / self.commits).round().max(1.0);
        let row_bytes = self.wal_bytes / self.rows.max(1.0);
        let body_bytes = (row_bytes - ROW_OVERHEAD_BYTES).clamp(8.0, 1_900.0).round();
        let script = format!(
            "BEGIN;\nINSERT INTO bare_rows (body) SELECT decode(repeat('2a', {body_bytes}), 'hex') FROM generate_series(1, {rows});\nCOMMIT;\n"
        );
        let rate = backends.transactions_per_second(DATABASE, &script, CLIENTS, time);
        backends.run_sql("postgres", &format!("DROP DATABASE {DATABASE} WITH (FORCE)"))?;
        Ok(rate? / self.commits)
    }
}
