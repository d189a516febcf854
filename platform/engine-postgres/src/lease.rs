//! Lease on the services of a process: a row in the schema of each, which only the role of the service may change.
//!
//! Its connection is its own, so that a renewal does not wait behind the work of the services.

use crate::{
    PostgresOptions,
    connection::{Connection, DatabaseConnector, writer_name},
    error::{DatabaseError, storage_error},
    migrations::{check, role_name, schema_name},
};
use async_trait::async_trait;
use std::{fmt::Write, time::Duration};
use storage::{LEASE_OWNER_BYTES_MAX, Lease, LeaseEpoch, LeasePart, LeaseState, StorageError};
use tokio::sync::Mutex;
use tokio_postgres::{Error, SimpleQueryMessage};

/// How long the server may take to answer, connecting included.
const ANSWER_MAX: Duration = Duration::from_secs(2);
/// Name that tells its connections from those of writers.
const CONNECTION: &str = "lease";

/// A process that stops in the middle of taking a lease must not keep others from it.
const BOUNDS: &str =
    "SET LOCAL idle_in_transaction_session_timeout = 1000; SET LOCAL lock_timeout = 1000;";

/// Lease on these services in a database.
#[derive(Debug)]
pub struct PostgresLease {
    connector: DatabaseConnector,
    /// Role and schema of each service, in the order in which they are locked.
    parts: Vec<(String, String)>,
    connection: Mutex<Option<Connection>>,
}

impl PostgresLease {
    /// The lease on services whose schemas are as [`migrate`](crate::migrate) makes them.
    ///
    /// # Errors
    ///
    /// [`DatabaseError`], by variant.
    pub async fn open(
        options: PostgresOptions,
        services: &[&'static str],
    ) -> Result<Self, DatabaseError> {
        let server = options.server();
        let database = options.config.get_dbname().unwrap_or_default().to_owned();
        let connector = DatabaseConnector::new(options)?.named(&writer_name(CONNECTION));
        let connection = connector.connect_in_time(None).await?;
        connection.check_version(&server).await?;
        // One order for all, so that two who take several never wait for each other.
        let mut services = services.to_vec();
        services.sort_unstable();
        let mut parts = Vec::new();
        for service in services {
            let schema = schema_name(service);
            check(&connection, &schema).await?;
            parts.push((role_name(&database, service), schema));
        }
        let mut opened = Self { connector, parts, connection: Mutex::default() };
        // A user who lacks a role is told now.
        let read = opened.read(&connection).await;
        read.map_err(|error| DatabaseError::new(&server, &error))?;
        *opened.connection.get_mut() = Some(connection);
        Ok(opened)
    }

    /// Does this on the connection, within the time that an answer may take: one after the other, as each is a transaction. A connection on
    /// which it failed is not used again: what it was asked may be under way still, and a transaction open.
    async fn within<T>(
        &self,
        operation: impl AsyncFnOnce(&Connection) -> Result<T, Error>,
    ) -> Result<T, StorageError> {
        let done = tokio::time::timeout(ANSWER_MAX, async {
            let mut current = self.connection.lock().await;
            let connection = match current.take().filter(|it| !it.is_over()) {
                Some(connection) => connection,
                None => self.connector.connect(None).await?,
            };
            let done = operation(&connection).await?;
            *current = Some(connection);
            Ok(done)
        });
        let Ok(done) = done.await else {
            let reason = format!("no answer within {} seconds", ANSWER_MAX.as_secs());
            return Err(StorageError::Unavailable(reason));
        };
        done.map_err(|error: Error| storage_error(&error))
    }

    /// Does this to each part, in its role, in one transaction that is left open; returns how many were changed.
    async fn change(
        &self,
        connection: &Connection,
        first: &str,
        statement: impl Fn(&str, usize) -> String,
        last: &str,
    ) -> Result<usize, Error> {
        let mut sql = format!("BEGIN; {BOUNDS} {first}");
        for (index, (role, schema)) in self.parts.iter().enumerate() {
            let statement = statement(&format!("\"{schema}\".lease"), index);
            write!(sql, "SET LOCAL ROLE \"{role}\"; {statement}; RESET ROLE;")
                .expect("a string takes everything");
        }
        sql.push_str(last);
        let messages = connection.client.simple_query(&sql).await?;
        let changed = messages.iter().filter(
            |message| matches!(message, SimpleQueryMessage::CommandComplete(rows) if *rows == 1),
        );
        Ok(changed.count())
    }

    async fn read(&self, connection: &Connection) -> Result<LeaseState, Error> {
        let mut sql = format!("BEGIN READ ONLY; {BOUNDS}");
        for (role, schema) in &self.parts {
            write!(
                sql,
                "SET LOCAL ROLE \"{role}\"; SELECT epoch, renewals, owner FROM \"{schema}\".lease; RESET ROLE;"
            )
            .expect("a string takes everything");
        }
        sql.push_str("COMMIT");
        let messages = connection.client.simple_query(&sql).await?;
        let parts = messages.iter().filter_map(|message| {
            let SimpleQueryMessage::Row(row) = message else { return None };
            let number = |column| row.get(column).and_then(|it: &str| it.parse().ok());
            Some(LeasePart {
                epoch: number(0).unwrap_or_default(),
                renewals: number(1).unwrap_or_default(),
                owner: row.get(2).map(ToOwned::to_owned),
            })
        });
        Ok(LeaseState(parts.collect()))
    }
}

#[async_trait]
impl Lease for PostgresLease {
    async fn state(&self) -> Result<LeaseState, StorageError> {
        let state = self.within(async |connection| self.read(connection).await).await?;
        if state.0.len() != self.parts.len() {
            let reason = "a row is missing in a table of leases".to_owned();
            return Err(StorageError::Corrupt(reason));
        }
        Ok(state)
    }

    async fn take(
        &self,
        seen: &LeaseState,
        owner: &str,
    ) -> Result<Option<LeaseEpoch>, StorageError> {
        if owner.len() > LEASE_OWNER_BYTES_MAX || seen.0.len() != self.parts.len() {
            return Err(StorageError::Refused("no such owner or lease".to_owned()));
        }
        let owner = owner.replace('\'', "''").replace('\0', "");
        let statement = |table: &str, index: usize| {
            let LeasePart { epoch, renewals, .. } = &seen.0[index];
            format!(
                "UPDATE {table} SET epoch = epoch + 1, renewals = 0, owner = '{owner}' WHERE epoch = {epoch} AND renewals = {renewals}"
            )
        };
        let taken = self.within(async |connection| {
            let changed = self.change(connection, "", statement, "").await?;
            let is_taken = changed == self.parts.len();
            let end = if is_taken { "COMMIT" } else { "ROLLBACK" };
            connection.client.batch_execute(end).await.map(|()| is_taken)
        });
        let epochs = seen.0.iter().map(|part| part.epoch + 1);
        Ok(taken.await?.then(|| LeaseEpoch(epochs.collect())))
    }

    async fn renew(&self, epoch: &LeaseEpoch) -> Result<bool, StorageError> {
        let statement = |table: &str, index: usize| {
            let epoch = epoch.0[index];
            format!(
                "UPDATE {table} SET renewals = renewals + 1 WHERE epoch = {epoch} AND owner IS NOT NULL"
            )
        };
        // A renewal that a crash of the server undoes was for nobody.
        let first = "SET LOCAL synchronous_commit = off;";
        let renewed = self
            .within(async |connection| self.change(connection, first, statement, "COMMIT").await);
        Ok(renewed.await? == self.parts.len())
    }

    async fn release(&self, epoch: &LeaseEpoch) -> Result<(), StorageError> {
        let statement = |table: &str, index: usize| {
            let epoch = epoch.0[index];
            format!("UPDATE {table} SET owner = NULL WHERE epoch = {epoch}")
        };
        let released =
            self.within(async |connection| self.change(connection, "", statement, "COMMIT").await);
        released.await.map(drop)
    }
}
