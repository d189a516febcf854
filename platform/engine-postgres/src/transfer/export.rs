//! Export of the records of all services as of one moment: one transaction reads all schemas, in the snapshot of its first statement.

use super::REACHED;
use crate::{
    PostgresOptions,
    connection::{Connection, DatabaseConnector},
    error::DatabaseError,
    migrations::{check, role_name, schema_name},
};
use bytes::Bytes;
use journal::{Snapshot, StoredRecord};
use storage::{Collection, FieldValue, IndexPosition, index_entry};
use tokio_postgres::{Error, Row};

/// Rows that are fetched at once: a document may have 4 MiB, most have less than 4 KiB.
const ROWS: usize = 256;

/// Kind of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordKind {
    /// Events, in the order of their positions.
    Events,
    /// Snapshots of projections.
    Snapshots,
    /// Documents.
    Documents,
    /// Values.
    Values,
}

impl RecordKind {
    /// All kinds but events, in the order in which they can be written.
    pub const BESIDE_EVENTS: [Self; 3] = [Self::Snapshots, Self::Documents, Self::Values];

    const fn name(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Snapshots => "snapshots",
            Self::Documents => "documents",
            Self::Values => "values",
        }
    }

    const fn sql(self) -> &'static str {
        match self {
            Self::Events => {
                "SELECT position, stream, version, id, name, recorded_at, recorded_at_nanos, origin, data \
                 FROM events ORDER BY position"
            }
            Self::Snapshots => "SELECT name, position, data FROM snapshots ORDER BY name",
            Self::Documents => {
                "SELECT d.collection, d.key, d.body, \
                 array(SELECT x.index FROM index_entries x WHERE x.collection = d.collection AND x.key = d.key \
                     ORDER BY x.index, x.entry), \
                 array(SELECT x.entry FROM index_entries x WHERE x.collection = d.collection AND x.key = d.key \
                     ORDER BY x.index, x.entry) \
                 FROM documents d ORDER BY d.collection, d.key"
            }
            Self::Values => "SELECT key, value, expires_at FROM key_values ORDER BY key",
        }
    }

    const fn rows(self) -> usize {
        match self {
            // One may have 256 MiB.
            Self::Snapshots => 1,
            Self::Events | Self::Documents | Self::Values => ROWS,
        }
    }
}

/// Reader of a database as of one moment.
#[derive(Debug)]
pub struct DatabaseExport {
    connection: Connection,
    server: String,
    database: String,
}

/// Cursor over the records of one kind of a service.
#[derive(Clone, Debug)]
pub struct StoredCursor {
    name: String,
    service: &'static str,
    kind: RecordKind,
}

impl DatabaseExport {
    /// Opens the database. It is read as of the moment of the first cursor.
    ///
    /// # Errors
    ///
    /// [`DatabaseError`], by variant.
    pub async fn begin(
        options: &PostgresOptions,
        services: &[&'static str],
    ) -> Result<Self, DatabaseError> {
        let server = options.server();
        let failed = |error: Error| DatabaseError::new(&server, &error);
        let connection = DatabaseConnector::new(options.clone())?.connect_in_time(None).await?;
        for service in services {
            check(&connection, &schema_name(service)).await?;
        }
        let begin = "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY";
        connection.client.batch_execute(begin).await.map_err(failed)?;
        let database = options.config.get_dbname().unwrap_or_default().to_owned();
        Ok(Self { connection, server, database })
    }

    /// Connections of running shops to the database.
    ///
    /// # Errors
    ///
    /// [`DatabaseError`].
    pub async fn shop_connections(&self) -> Result<i64, DatabaseError> {
        let count = "SELECT count(*) FROM pg_stat_activity \
            WHERE datname = current_database() AND (application_name = $1 OR starts_with(application_name, $1 || ' ')) AND pid <> pg_backend_pid()";
        let name = crate::options::APPLICATION_NAME;
        let row = self.connection.client.query_one(count, &[&name]).await;
        Ok(row.map_err(|error| self.failed(&error))?.get(0))
    }

    /// Position that the counter of a service has given last.
    ///
    /// # Errors
    ///
    /// [`DatabaseError`].
    pub async fn last_position(&self, service: &'static str) -> Result<u64, DatabaseError> {
        self.take_role(service).await?;
        let row = self.connection.client.query_one("SELECT last FROM log_position", &[]).await;
        Ok(row.map_err(|error| self.failed_in(service, &error))?.get::<_, i64>(0).unsigned_abs())
    }

    /// Value of a service.
    ///
    /// # Errors
    ///
    /// [`DatabaseError`].
    pub async fn value(
        &self,
        service: &'static str,
        key: &str,
    ) -> Result<Option<Vec<u8>>, DatabaseError> {
        self.take_role(service).await?;
        let read = "SELECT value FROM key_values WHERE key = $1";
        let row = self.connection.client.query_opt(read, &[&key.as_bytes()]).await;
        Ok(row.map_err(|error| self.failed_in(service, &error))?.map(|row| row.get(0)))
    }

    /// Whether an import into the database was broken off.
    ///
    /// # Errors
    ///
    /// [`DatabaseError`].
    pub async fn is_incomplete(&self, service: &'static str) -> Result<bool, DatabaseError> {
        Ok(self.value(service, REACHED).await?.is_some())
    }

    /// Number of all records of these services, and of a few rows besides.
    ///
    /// # Errors
    ///
    /// [`DatabaseError`].
    pub async fn count(&self, services: &[&'static str]) -> Result<u64, DatabaseError> {
        let count = "SELECT (SELECT count(*) FROM events) + (SELECT count(*) FROM snapshots) \
            + (SELECT count(*) FROM documents) + (SELECT count(*) FROM key_values)";
        let mut all = 0;
        for service in services {
            self.take_role(service).await?;
            let row = self.connection.client.query_one(count, &[]).await;
            all += row
                .map_err(|error| self.failed_in(service, &error))?
                .get::<_, i64>(0)
                .unsigned_abs();
        }
        Ok(all)
    }

    /// Opens a cursor.
    ///
    /// # Errors
    ///
    /// [`DatabaseError`].
    pub async fn cursor(
        &self,
        service: &'static str,
        kind: RecordKind,
    ) -> Result<StoredCursor, DatabaseError> {
        self.take_role(service).await?;
        let name = format!("{}_{}", schema_name(service), kind.name());
        let declare = format!("DECLARE {name} NO SCROLL CURSOR FOR {}", kind.sql());
        let declared = self.connection.client.batch_execute(&declare).await;
        declared.map_err(|error| self.failed_in(service, &error))?;
        Ok(StoredCursor { name, service, kind })
    }

    /// Next records; none at the end. `collections` are the declared ones of the service.
    ///
    /// # Errors
    ///
    /// [`DatabaseError`].
    pub async fn next(
        &self,
        cursor: &StoredCursor,
        collections: &[&'static Collection],
    ) -> Result<Vec<StoredRecord>, DatabaseError> {
        let fetch = format!("FETCH {} FROM {}", cursor.kind.rows(), cursor.name);
        let rows = self.connection.client.query(&fetch, &[]).await;
        let rows = rows.map_err(|error| self.failed_in(cursor.service, &error))?;
        let mut records = Vec::with_capacity(rows.len());
        for row in &rows {
            let record = record(cursor.kind, row, collections);
            records.push(record.ok_or_else(|| DatabaseError::Schema {
                schema: schema_name(cursor.service),
                reason: format!("its {} have a row that cannot be read", cursor.kind.name()),
            })?);
        }
        // What this engine notes for itself is no record of the shop.
        if cursor.kind == RecordKind::Values {
            records.retain(
                |record| !matches!(record, StoredRecord::Value { key, .. } if key == REACHED),
            );
            if records.is_empty() && !rows.is_empty() {
                return Box::pin(self.next(cursor, collections)).await;
            }
        }
        Ok(records)
    }

    async fn take_role(&self, service: &str) -> Result<(), DatabaseError> {
        let (role, schema) = (role_name(&self.database, service), schema_name(service));
        let take = format!("SET LOCAL ROLE \"{role}\"; SET LOCAL search_path = \"{schema}\"");
        let taken = self.connection.client.batch_execute(&take).await;
        taken.map_err(|error| self.failed_in(service, &error))
    }

    fn failed_in(&self, service: &str, error: &Error) -> DatabaseError {
        DatabaseError::in_schema(&self.server, &schema_name(service), error)
    }

    fn failed(&self, error: &Error) -> DatabaseError {
        DatabaseError::new(&self.server, error)
    }
}

/// Record of a row; `None` when it is not what the engine writes.
fn record(
    kind: RecordKind,
    row: &Row,
    collections: &[&'static Collection],
) -> Option<StoredRecord> {
    let text = |column: usize| String::from_utf8(row.get(column)).ok();
    let bytes = |column: usize| Bytes::copy_from_slice(row.get::<_, &[u8]>(column));
    Some(match kind {
        RecordKind::Events => StoredRecord::Event(crate::journal::event(row).ok()?),
        RecordKind::Snapshots => {
            let position = row.get::<_, i64>(1).unsigned_abs();
            let snapshot = Snapshot { position, data: bytes(2) };
            StoredRecord::Snapshot { name: row.get(0), snapshot }
        }
        RecordKind::Documents => {
            let collection: String = row.get(0);
            let (indexes, entries): (Vec<&str>, Vec<&[u8]>) = (row.get(3), row.get(4));
            let declared = collections.iter().find(|it| it.name == collection);
            let mut fields: Vec<(String, FieldValue)> = Vec::new();
            for (index, entry) in indexes.into_iter().zip(entries) {
                let Some(index) = declared.and_then(|it| it.index(index)) else { continue };
                let IndexPosition(values, _) = index_entry::decode(entry, index.fields.len())?;
                for (name, value) in index.fields.iter().zip(values) {
                    if !fields.iter().any(|(field, _)| field == name) {
                        fields.push(((*name).to_owned(), value));
                    }
                }
            }
            StoredRecord::Document { collection, key: text(1)?, body: bytes(2), fields }
        }
        RecordKind::Values => {
            StoredRecord::Value { key: text(0)?, value: bytes(1), expires_at: row.get(2) }
        }
    })
}
