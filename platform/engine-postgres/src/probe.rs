//! Probe of the database: whether it answers, and takes writes.

use crate::{
    connection::{Connection, DatabaseConnector},
    error::message,
};
use std::{fmt::Display, sync::Arc, time::Duration};
use storage::StorageError;
use tokio::{
    sync::Mutex,
    time::{Instant, timeout},
};
use tokio_postgres::error::SqlState;

/// How long the database may take to answer.
const ANSWERED_WITHIN: Duration = Duration::from_secs(3);

/// Age at which the connection is made anew: after a failover, an old one may still reach the former server, and only a new one
/// notices that ([`history`](crate::history)).
const CONNECTION_AGE_MAX: Duration = Duration::from_secs(10);

/// Probe, with a connection of its own: those of the services may be busy.
#[derive(Debug)]
pub(crate) struct Probe {
    connector: Arc<DatabaseConnector>,
    connection: Mutex<Option<(Connection, Instant)>>,
}

impl Probe {
    pub(crate) fn new(connector: Arc<DatabaseConnector>, connection: Connection) -> Self {
        Self { connector, connection: Mutex::new(Some((connection, Instant::now()))) }
    }

    /// Ends its connection.
    pub(crate) async fn close(&self) {
        self.connection.lock().await.take();
    }

    /// Asks the database; what is wrong names the server.
    pub(crate) async fn ping(&self) -> Result<(), StorageError> {
        let named = |reason: &dyn Display| {
            let server = self.connector.options.server();
            StorageError::Unavailable(format!("PostgreSQL at {server}: {reason}"))
        };
        let mut kept = self.connection.lock().await;
        // Whatever goes wrong, the next one asks on another connection.
        let open = kept.take().filter(|(connection, _)| !connection.client.is_closed());
        let answered = timeout(ANSWERED_WITHIN, async {
            let connection = match open {
                Some(open) if open.1.elapsed() < CONNECTION_AGE_MAX => open,
                former => match (self.connector.connect(None).await, former) {
                    (Ok(new), _) => (new, Instant::now()),
                    // Others have all connections that there can be: the former one tells as well that the database is there.
                    (Err(error), Some(former)) if is_crowded(&error) => former,
                    (Err(error), _) => return Err(error),
                },
            };
            let row = connection.0.client.query_one("SHOW transaction_read_only", &[]).await?;
            let is_read_only = row.try_get::<_, &str>(0)? == "on";
            Ok::<_, tokio_postgres::Error>((connection, is_read_only))
        });
        let answer = answered.await.map_err(|_| named(&"it does not answer"))?;
        let (connection, is_read_only) = answer.map_err(|error| named(&message(&error)))?;
        if is_read_only {
            return Err(named(&"it takes no writes"));
        }
        *kept = Some(connection);
        Ok(())
    }
}

/// Whether the server, the database or the user has all the connections that it may have.
fn is_crowded(error: &tokio_postgres::Error) -> bool {
    error.code() == Some(&SqlState::TOO_MANY_CONNECTIONS)
}
