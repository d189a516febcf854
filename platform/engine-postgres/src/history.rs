//! History of the database: whether what a connection reaches is the server that this process knows, on the same timeline.
//!
//! A process decides in memory by what the journal held when it last looked. After a failover, the address of the database may lead to
//! a copy that lacks commits which were confirmed, while older connections still reach the former server. So every connection
//! compares identity and timeline before it is used, and the writers the last position; where they differ, the process must stop.

use crate::{connection::Connection, failure::EngineFailure};
use tokio::sync::mpsc;
use tokio_postgres::{Error, error::SqlState};

/// Identity and timeline; no row where the server is a standby, which is on none of its own.
const HISTORY: &str = "SELECT system_identifier, ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::bigint \
    FROM pg_control_system() WHERE NOT pg_is_in_recovery()";

/// Code of the error that a server of another history makes of a check. The class is not one of PostgreSQL's own.
const OTHER_HISTORY: &str = "IC001";

/// Identity of a server, and its timeline, which becomes another one when a standby is promoted or a backup is restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct History {
    system: i64,
    timeline: i64,
}

impl History {
    /// History of the server; `None` for a standby.
    pub(crate) async fn read(connection: &Connection) -> Result<Option<Self>, Error> {
        let row = connection.client.query_opt(HISTORY, &[]).await?;
        row.map(|row| Ok(Self { system: row.try_get(0)?, timeline: row.try_get(1)? })).transpose()
    }
}

/// Check of connections against the history that is known. A connection whose commits would be answered before they are flushed, by a setting of
/// the role or the database, flushes them.
#[derive(Clone, Debug)]
pub(crate) struct HistoryCheck {
    statement: String,
    /// Told of another history. Weak, because the engine is closed when every writer is.
    failures: mpsc::WeakSender<EngineFailure>,
}

impl HistoryCheck {
    pub(crate) fn new(known: History, failures: &mpsc::Sender<EngineFailure>) -> Self {
        let History { system, timeline } = known;
        let statement = format!(
            "DO $$ BEGIN
    IF pg_is_in_recovery() THEN
        RAISE EXCEPTION 'the server is a standby' USING ERRCODE = 'read_only_sql_transaction';
    END IF;
    IF current_setting('synchronous_commit') = 'off' THEN
        PERFORM set_config('synchronous_commit', 'on', false);
    END IF;
    IF NOT EXISTS (SELECT FROM pg_control_system() WHERE system_identifier = {system}
        AND ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::bigint = {timeline}) THEN
        RAISE EXCEPTION 'the server has another history' USING ERRCODE = '{OTHER_HISTORY}';
    END IF;
END $$"
        );
        Self { statement, failures: failures.downgrade() }
    }

    /// Compares the server that a connection reaches. Where it has another history, the engine fails, and so does this.
    pub(crate) async fn run(&self, connection: &Connection) -> Result<(), Error> {
        let checked = connection.client.batch_execute(&self.statement).await;
        if checked.as_ref().is_err_and(is_other_history)
            && let Some(failures) = self.failures.upgrade()
        {
            // Full means that somebody has said before why the process must stop.
            let _ = failures.try_send(EngineFailure::OtherHistory);
        }
        checked
    }
}

/// Whether a connection was refused because its server has another history.
fn is_other_history(error: &Error) -> bool {
    error.code() == Some(&SqlState::from_code(OTHER_HISTORY))
}
