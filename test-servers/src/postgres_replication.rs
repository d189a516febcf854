//! Replication between two servers of `PostgreSQL`: a standby that has every commit before it is answered, and its promotion.

use crate::{
    postgres::{PostgresServer, unprivileged},
    postgres_database::psql,
};
use std::{
    fs, io, thread,
    time::{Duration, Instant},
};

/// Time limit for a standby to have everything.
const STREAMING_TIMEOUT: Duration = Duration::from_mins(1);
/// Between two looks whether it does.
const POLL: Duration = Duration::from_millis(50);

impl PostgresServer {
    /// Makes this server a standby of another one, with a copy of its data in place of its own, and has the commits of that one wait
    /// for it from now on.
    ///
    /// # Errors
    ///
    /// When the data cannot be copied, or the standby does not follow within a minute.
    pub fn follow(&mut self, primary: &Self) -> io::Result<()> {
        self.kill()?;
        let data = self.placement.data();
        fs::remove_dir_all(&data)?;
        let mut backup = unprivileged(&self.kind.programs.join("pg_basebackup"));
        backup.args(["--write-recovery-conf", "--checkpoint=fast", "--no-sync", "--pgdata"]);
        let output = backup
            .arg(&data)
            .args(["--dbname", &format!("{}/postgres", primary.url())])
            .current_dir(self.placement.folder())
            .output()?;
        if !output.status.success() {
            let reason = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(io::Error::other(format!("pg_basebackup failed: {reason}")));
        }
        self.run()?;
        primary.set_synchronous("*")?;
        let until = Instant::now() + STREAMING_TIMEOUT;
        let synchronous = "SELECT count(*) FROM pg_stat_replication \
            WHERE state = 'streaming' AND sync_state IN ('sync', 'quorum')";
        while primary.query("postgres", synchronous)?.trim() != "1" {
            if Instant::now() > until {
                return Err(io::Error::other("the standby does not follow"));
            }
            thread::sleep(POLL);
        }
        Ok(())
    }

    /// Makes this standby the primary. Its commits wait for nobody until another server follows it.
    ///
    /// # Errors
    ///
    /// When it is none, or does not become one.
    pub fn promote(&self) -> io::Result<()> {
        if self.query("postgres", "SELECT pg_promote()")?.trim() != "t" {
            return Err(io::Error::other("the standby was not promoted"));
        }
        self.set_synchronous("")
    }

    fn set_synchronous(&self, names: &str) -> io::Result<()> {
        let url = format!("{}/postgres", self.url());
        let set = format!("ALTER SYSTEM SET synchronous_standby_names = '{names}'");
        for sql in [set.as_str(), "SELECT pg_reload_conf()"] {
            psql(&self.kind.programs, &url, sql)?;
        }
        Ok(())
    }
}
