//! `pgbench`, PostgreSQL's own load generator: a bare server under the same load as the shop's.

use super::Backends;
use std::{io, process::Command, time::Duration};

impl Backends {
    /// Transactions a second that `pgbench` reaches with this script, on a database of the server.
    pub(super) fn transactions_per_second(
        &self,
        database: &str,
        script: &str,
        clients: u32,
        time: Duration,
    ) -> Result<f64, String> {
        let (server, programs) = self.postgres()?;
        let explained = |error: io::Error| error.to_string();
        let file = tempfile::NamedTempFile::new().map_err(explained)?;
        std::fs::write(file.path(), script).map_err(explained)?;
        let mut pgbench = Command::new(programs.join("pgbench"));
        pgbench.args(["--no-vacuum", "--protocol=prepared", "--jobs=1"]);
        pgbench.arg(format!("--client={clients}")).arg(format!("--time={}", time.as_secs()));
        pgbench.arg("--file").arg(file.path()).arg(format!("{}/{database}", server.url()));
        let output = pgbench.output().map_err(explained)?;
        let printed = String::from_utf8_lossy(&output.stdout);
        let rate = printed.lines().find_map(|line| line.strip_prefix("tps = "));
        let rate = rate.and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
        rate.ok_or_else(|| format!("pgbench: {printed}{}", String::from_utf8_lossy(&output.stderr)))
    }

    /// Runs SQL as the superuser.
    pub(super) fn run_sql(&self, database: &str, sql: &str) -> Result<String, String> {
        let (server, _) = self.postgres()?;
        server.query(database, sql).map_err(|error| error.to_string())
    }
}
