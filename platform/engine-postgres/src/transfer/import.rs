//! Import of the records of all services into empty schemas, in batches that are one transaction each. How far it has come is noted in
//! the same transaction, so that an import that was killed goes on where it was.

use super::{REACHED, columns::RecordColumns};
use crate::{
    PostgresOptions,
    connection::{Connection, DatabaseConnector},
    error::DatabaseError,
    migrations::{check, role_name, schema_name},
    rounds::signed,
};
use journal::StoredRecord;
use std::collections::BTreeMap;
use storage::{Collection, StorageError};
use tokio_postgres::{Error, types::ToSql};

/// Whether a service has anything.
const IS_EMPTY: &str = "SELECT NOT EXISTS (SELECT FROM events) AND NOT EXISTS (SELECT FROM snapshots) \
    AND NOT EXISTS (SELECT FROM documents) AND NOT EXISTS (SELECT FROM key_values)";

/// Place in the source, as the source counts: two numbers, compared one after the other.
pub type ImportPlace = (u32, u64);

/// Import into a database.
#[derive(Debug)]
pub struct DatabaseImport {
    server: String,
    source: String,
    services: BTreeMap<&'static str, ServiceImport>,
    /// Service whose note is written before everything else, and removed after everything else.
    first: &'static str,
}

#[derive(Debug)]
struct ServiceImport {
    connection: Connection,
    reached: ImportPlace,
    /// Whether the database says that the import is under way.
    is_noted: bool,
}

/// Reasons why an import does not go on.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The database refuses something.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// A schema has something that is not of this import.
    #[error(
        "the schema {schema} is not empty; give a new database, on which `icommerce migrate` was run"
    )]
    NotEmpty {
        /// Name of the schema.
        schema: String,
    },
    /// An import from elsewhere, or of an earlier state of the same source, was broken off.
    #[error(
        "an import of something else was broken off in this database; give a new one, on which `icommerce migrate` was run"
    )]
    OtherSource,
    /// Another import is writing to the same database.
    #[error("another import is under way in this database")]
    Concurrent,
    /// A record is of a service that the database has no schema for.
    #[error("there is no service {0}")]
    UnknownService(String),
    /// A record that the database cannot hold.
    #[error("the document {key} of {collection} cannot be stored: {error}")]
    Document {
        /// Its collection.
        collection: String,
        /// Its key.
        key: String,
        /// The reason.
        error: StorageError,
    },
}

impl DatabaseImport {
    /// Begins an import from the source of this name, or goes on with it. The schemas must be migrated, and empty when it begins. Nothing is
    /// changed before [`Self::note_begin`].
    ///
    /// # Errors
    ///
    /// [`ImportError`], by variant.
    pub async fn begin(
        options: &PostgresOptions,
        services: &[&'static str],
        first: &'static str,
        source: &str,
    ) -> Result<Self, ImportError> {
        let server = options.server();
        let database = options.config.get_dbname().unwrap_or_default().to_owned();
        let connector = DatabaseConnector::new(options.clone())?;
        // As who may look at all of them: the role of a service is not there before its schema.
        let connection = connector.connect_in_time(None).await?;
        for service in services {
            check(&connection, &schema_name(service)).await?;
        }
        let mut opened = BTreeMap::new();
        let order = [first].into_iter().chain(services.iter().copied().filter(|it| *it != first));
        let mut is_continued = false;
        for service in order {
            let schema = schema_name(service);
            let failed = |error: Error| DatabaseError::in_schema(&server, &schema, &error);
            let connector = connector.with_role(&role_name(&database, service));
            let connection = connector.connect_in_time(Some(&schema)).await?;
            let settings = "SET synchronous_commit = off; SET enable_seqscan = on";
            connection.client.batch_execute(settings).await.map_err(failed)?;
            let noted = reached(&connection).await.map_err(failed)?;
            let (reached, is_noted) = match noted {
                Some((noted, reached)) if noted == source => {
                    is_continued |= service == first;
                    (reached, true)
                }
                Some(_) => return Err(ImportError::OtherSource),
                None => {
                    let row = connection.client.query_one(IS_EMPTY, &[]).await;
                    if row.map_err(failed)?.get(0) {
                        (ImportPlace::default(), false)
                    } else if is_continued {
                        // It was complete, and its note was removed already.
                        ((u32::MAX, u64::MAX), true)
                    } else {
                        return Err(ImportError::NotEmpty { schema });
                    }
                }
            };
            opened.insert(service, ServiceImport { connection, reached, is_noted });
        }
        Ok(Self { server, source: source.to_owned(), services: opened, first })
    }

    /// Notes in the database that the import is under way, unless an earlier attempt has. Until then nothing is changed.
    ///
    /// # Errors
    ///
    /// [`ImportError`].
    pub async fn note_begin(&mut self) -> Result<(), ImportError> {
        let order = [self.first].into_iter();
        let others = self.services.keys().copied().filter(|it| *it != self.first);
        let order: Vec<_> = order.chain(others).collect();
        for service in order {
            let Some(import) = self.services.get_mut(service).filter(|it| !it.is_noted) else {
                continue;
            };
            let noted = note_begin(&import.connection, &self.source).await;
            let schema = schema_name(service);
            noted.map_err(|error| DatabaseError::in_schema(&self.server, &schema, &error))?;
            import.is_noted = true;
        }
        Ok(())
    }

    /// Place up to which everything of a service is stored.
    pub fn reached(&self, service: &str) -> Option<ImportPlace> {
        self.services.get(service).map(|import| import.reached)
    }

    /// Stores records of a service, which are all that it has after the place that was reached, up to this one.
    ///
    /// # Errors
    ///
    /// [`ImportError`]; nothing of them is stored then.
    pub async fn store(
        &mut self,
        service: &str,
        collections: &[&'static Collection],
        records: &[StoredRecord],
        up_to: ImportPlace,
    ) -> Result<(), ImportError> {
        let unknown = || ImportError::UnknownService(service.to_owned());
        let import = self.services.get_mut(service).ok_or_else(unknown)?;
        let schema = schema_name(service);
        let failed = |error: Error| DatabaseError::in_schema(&self.server, &schema, &error);
        let columns = RecordColumns::of(records, collections)?;
        let client = &import.connection.client;
        client.batch_execute("BEGIN").await.map_err(failed)?;
        columns.copy(&import.connection).await.map_err(failed)?;
        let (before, after) = (note(&self.source, import.reached), note(&self.source, up_to));
        let moved = "UPDATE key_values SET value = $3 WHERE key = $1 AND value = $2";
        let parameters: [&(dyn ToSql + Sync); 3] =
            [&REACHED.as_bytes(), &before.as_bytes(), &after.as_bytes()];
        if client.execute(moved, &parameters).await.map_err(failed)? != 1 {
            return Err(ImportError::Concurrent);
        }
        client.batch_execute("COMMIT").await.map_err(failed)?;
        import.reached = up_to;
        Ok(())
    }

    /// Completes the import, once everything was compared: counters give no position again that any service has, and the notes are
    /// removed. A value that belongs to the database alone is put into the storage of the first service. Repeated, it changes nothing.
    ///
    /// # Errors
    ///
    /// [`ImportError`]; the import can be gone on with.
    pub async fn finish(
        self,
        last_position: u64,
        known: Option<(&str, &[u8])>,
    ) -> Result<(), ImportError> {
        let others = self.services.iter().filter(|(service, _)| **service != self.first);
        let first = self.services.iter().filter(|(service, _)| **service == self.first);
        for (service, import) in others.chain(first) {
            let schema = schema_name(service);
            let failed = |error: Error| DatabaseError::in_schema(&self.server, &schema, &error);
            let client = &import.connection.client;
            // What was committed before without waiting is durable with this commit.
            client.batch_execute("SET synchronous_commit = on; BEGIN").await.map_err(failed)?;
            let advance = "UPDATE log_position SET last = greatest(last, $1)";
            client.execute(advance, &[&signed(last_position)]).await.map_err(failed)?;
            if let Some((key, value)) = known.filter(|_| *service == self.first) {
                let put = "INSERT INTO key_values (key, value) VALUES ($1, $2) \
                    ON CONFLICT (key) DO UPDATE SET value = excluded.value";
                client.execute(put, &[&key.as_bytes(), &value]).await.map_err(failed)?;
            }
            let remove = "DELETE FROM key_values WHERE key = $1";
            client.execute(remove, &[&REACHED.as_bytes()]).await.map_err(failed)?;
            client
                .batch_execute("COMMIT; ANALYZE events, documents, index_entries, key_values")
                .await
                .map_err(failed)?;
        }
        Ok(())
    }
}

/// Source and place that a note in the schema of the connection says.
async fn reached(connection: &Connection) -> Result<Option<(String, ImportPlace)>, Error> {
    let read = "SELECT value FROM key_values WHERE key = $1";
    let row = connection.client.query_opt(read, &[&REACHED.as_bytes()]).await?;
    let text = row.and_then(|row| String::from_utf8(row.get(0)).ok());
    Ok(text.and_then(|text| {
        let mut parts = text.split(' ');
        let source = parts.next()?.to_owned();
        Some((source, (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?)))
    }))
}

async fn note_begin(connection: &Connection, source: &str) -> Result<(), Error> {
    let insert = "INSERT INTO key_values (key, value) VALUES ($1, $2)";
    let value = note(source, ImportPlace::default());
    connection.client.execute(insert, &[&REACHED.as_bytes(), &value.as_bytes()]).await.map(drop)
}

fn note(source: &str, (first, second): ImportPlace) -> String {
    format!("{source} {first} {second}")
}
