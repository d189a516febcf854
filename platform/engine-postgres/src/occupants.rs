//! Occupants of a database: shops, and processes with some of their services, that are connected to it already.

use crate::{
    connection::{Connection, writer_name},
    error::DatabaseError,
    options::APPLICATION_NAME,
};
use std::time::Duration;
use tokio::time::Instant;

/// Between two looks for a shop that ends: the server may still execute what a killed one had sent.
const POLL: Duration = Duration::from_millis(100);

/// The oldest connection that is older than this one, with one of these names or one that begins like this. So of two that start at
/// once, one is refused. The server tells the beginning of other users' connections to nobody but its monitors: they count as older.
const OCCUPANT: &str = "
SELECT coalesce(' from ' || other.client_addr::text, ''),
    coalesce(' since ' || to_char(other.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), '')
FROM pg_stat_activity other JOIN pg_stat_activity own ON own.pid = pg_backend_pid()
WHERE other.datname = current_database() AND (other.application_name = ANY ($1) OR starts_with(other.application_name, $2))
    AND (coalesce(other.backend_start, '-infinity'), other.pid) < (own.backend_start, own.pid)
ORDER BY other.backend_start LIMIT 1";

/// Whose connections are looked for.
pub(crate) enum Occupants<'a> {
    /// Any of a shop.
    All,
    /// Those of a process with all services, and writers of these services.
    Whole {
        /// Services.
        or: &'a [&'static str],
    },
}

/// Waits until none of these is connected, for so long at most.
///
/// # Errors
///
/// [`DatabaseError::InUse`] when it stays; those of the server.
pub(crate) async fn wait_until_alone(
    connection: &Connection,
    server: &str,
    occupants: Occupants<'_>,
    timeout: Duration,
) -> Result<(), DatabaseError> {
    let (names, prefix) = match occupants {
        Occupants::All => (vec![APPLICATION_NAME.to_owned()], Some(writer_name(""))),
        Occupants::Whole { or: services } => {
            let writers = services.iter().map(|it| writer_name(it));
            (writers.chain([APPLICATION_NAME.to_owned()]).collect(), None)
        }
    };
    let until = Instant::now() + timeout;
    loop {
        let found = connection.client.query_opt(OCCUPANT, &[&names, &prefix]).await;
        let found = found.map_err(|error| DatabaseError::new(server, &error))?;
        let Some(occupant) = found else { return Ok(()) };
        if Instant::now() >= until {
            let (address, since) = (occupant.get(0), occupant.get(1));
            return Err(DatabaseError::InUse { server: server.to_owned(), address, since });
        }
        tokio::time::sleep(POLL).await;
    }
}
