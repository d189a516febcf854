//! Document index in a `SQLite` database beside the log. It is written without flushes of its own, in transactions that also say
//! up to which place of the log they bring it.

use crate::{
    index_scan::IndexScan,
    open::{FileIdentity, INDEX_FORMAT, open_error, query_identity, read_identity},
    port::{DocumentIndex, IndexStore, IndexedDocuments, IndexedWrite},
    reader_pool::{ReaderPool, keep_query_plans, storage_error},
    schema::{APPLICATION, DocumentTable, ServiceTables, is_column_of},
    sql_value::{bound, stored_number},
};
use bytes::Bytes;
use data_folder::OpenError;
use parking_lot::{Mutex, RwLock};
use rusqlite::{Connection, OptionalExtension};
use std::{
    collections::{HashMap, HashSet},
    io::ErrorKind,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use storage::{Collection, DocumentPage, QUERY_DOCUMENTS_MAX, Query, StorageError, StoredDocument};

/// Timeout of a lock on the database: how long the writer waits for a tool that has the file open. No one else writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);
const STATEMENTS_MAX: usize = 256;

/// File of a document index (adapter).
#[derive(Clone, Debug)]
pub struct SqliteIndexStore {
    folder: PathBuf,
    name: String,
}

impl SqliteIndexStore {
    /// File of this name in a folder.
    pub fn new(folder: &Path, name: String) -> Self {
        Self { folder: folder.to_owned(), name }
    }

    fn path(&self) -> PathBuf {
        self.folder.join(&self.name)
    }
}

impl IndexStore for SqliteIndexStore {
    fn identify(&self) -> Result<bool, OpenError> {
        let path = self.path();
        if path.metadata().is_ok_and(|file| file.len() > 0) {
            match read_identity(&path).map_err(|error| open_error(&self.folder, &path, &error)) {
                Ok(identity) => {
                    check(&identity, &path)?;
                    return Ok(!identity.is_new());
                }
                Err(OpenError::Damaged { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }

    fn open(&self) -> Result<Arc<dyn DocumentIndex>, OpenError> {
        let path = self.path();
        data_folder::private_file(&path)
            .map_err(|error| data_folder::open_error(&self.folder, &error))?;
        let explained = |error: rusqlite::Error| open_error(&self.folder, &path, &error);
        let connection = Connection::open(&path).map_err(explained)?;
        let identity = query_identity(&connection).map_err(explained)?;
        check(&identity, &path)?;
        prepare(&connection, identity.is_new()).map_err(explained)?;
        let writer = Mutex::new(Some(IndexWriter { connection, services: HashMap::new() }));
        let (readers, schema_changes) = (ReaderPool::new(&path), AtomicU64::new(0));
        Ok(Arc::new(SqliteIndex { readers, writer, schema_changes }))
    }

    fn remove(&self) -> Result<(), OpenError> {
        ["", "-wal", "-shm"].iter().try_for_each(|suffix| {
            match std::fs::remove_file(self.folder.join(format!("{}{suffix}", self.name))) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    Err(data_folder::open_error(&self.folder, &error))
                }
                _ => Ok(()),
            }
        })
    }
}

/// Document index in one file.
#[derive(Debug)]
struct SqliteIndex {
    readers: ReaderPool,
    /// Writer; none after the index was closed.
    writer: Mutex<Option<IndexWriter>>,
    /// Number of changes to tables of collections, so that one that was not there is looked for again.
    schema_changes: AtomicU64,
}

#[derive(Debug)]
struct IndexWriter {
    connection: Connection,
    services: HashMap<String, IndexedService>,
}

/// Tables of one service as they are in the database.
#[derive(Debug)]
struct IndexedService {
    tables: ServiceTables,
    /// Tables of collections, with the names of their field columns.
    collections: HashMap<String, (DocumentTable, Vec<String>)>,
}

impl DocumentIndex for SqliteIndex {
    fn mark(&self) -> Result<u64, StorageError> {
        let mut guard = self.writer.lock();
        let mark = opened(&mut guard)?
            .connection
            .query_row("SELECT place FROM mark", [], |row| row.get(0));
        mark.map(i64::cast_unsigned).map_err(storage_error)
    }

    /// What the index has is copied from the write-ahead log into the database, and flushed, unless a reader keeps a part of it
    /// from being copied.
    fn durable_mark(&self) -> Result<Option<u64>, StorageError> {
        let mut guard = self.writer.lock();
        let connection = &opened(&mut guard)?.connection;
        let mark: i64 = connection
            .query_row("SELECT place FROM mark", [], |row| row.get(0))
            .map_err(storage_error)?;
        let (busy, pages, copied): (bool, i64, i64) = connection
            .query_row("PRAGMA wal_checkpoint(FULL)", [], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })
            .map_err(storage_error)?;
        Ok((!busy && pages == copied).then_some(mark.cast_unsigned()))
    }

    fn apply(&self, writes: &[IndexedWrite<'_>], mark: u64) -> Result<(), StorageError> {
        let mut guard = self.writer.lock();
        let IndexWriter { connection, services } = opened(&mut guard)?;
        let known = collection_count(services);
        let applied = (|| {
            connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
            for write in writes {
                apply_write(connection, services, write)?;
            }
            connection
                .prepare_cached("UPDATE mark SET place = ?1")?
                .execute([stored_number(mark)])?;
            connection.prepare_cached("COMMIT")?.execute([]).map(|_| ())
        })();
        if applied.is_err() {
            // The first error is the one to report; columns of tables that were created are read again.
            let _ = connection.execute_batch("ROLLBACK");
            services.clear();
        }
        if collection_count(services) != known {
            self.schema_changes.fetch_add(1, Ordering::Release);
        }
        applied.map_err(storage_error)
    }

    /// Copies what the write-ahead log has into the database, and closes all connections.
    fn close(&self) {
        self.readers.close();
        let Some(IndexWriter { connection, .. }) = self.writer.lock().take() else { return };
        let truncated =
            connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0));
        if let Err(error) = truncated {
            tracing::warn!(%error, "the write-ahead log is left for the next start");
        }
    }

    fn service(self: Arc<Self>, name: &str) -> Arc<dyn IndexedDocuments> {
        Arc::new(SqliteDocuments {
            index: self,
            tables: ServiceTables::of(name),
            name: name.to_owned(),
            ready: RwLock::default(),
            absent: RwLock::default(),
        })
    }
}

/// Number of collections whose tables the writer knows.
fn collection_count(services: &HashMap<String, IndexedService>) -> usize {
    services.values().map(|service| service.collections.len()).sum()
}

/// Refuses what is no index of this format.
fn check(identity: &FileIdentity, path: &Path) -> Result<(), OpenError> {
    let (file, found) = (path.to_owned(), identity.format);
    match identity.application {
        APPLICATION if found > INDEX_FORMAT => {
            Err(OpenError::NewerFormat { file, found, known: INDEX_FORMAT })
        }
        APPLICATION if found == INDEX_FORMAT => Ok(()),
        _ if identity.is_new() => Ok(()),
        _ => Err(OpenError::NotADatabase { file }),
    }
}

/// Writer of an index that is not closed.
fn opened(writer: &mut Option<IndexWriter>) -> Result<&mut IndexWriter, StorageError> {
    writer.as_mut().ok_or_else(|| StorageError::Unavailable("the engine is closed".to_owned()))
}

/// Configures the connection that writes: consistent after a power failure, not flushed by itself, and with zeros in the place of what was
/// deleted or replaced, because some of it is about people.
fn prepare(connection: &Connection, is_new: bool) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    keep_query_plans(connection)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    connection.pragma_update(None, "temp_store", "memory")?;
    connection.pragma_update(None, "synchronous", "normal")?;
    connection.pragma_update_and_check(None, "secure_delete", "on", |_| Ok(()))?;
    connection.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
    connection.pragma_update_and_check(None, "wal_autocheckpoint", WAL_PAGES, |_| Ok(()))?;
    if is_new {
        connection.execute_batch(&format!(
            "BEGIN IMMEDIATE; CREATE TABLE mark (place INTEGER NOT NULL); INSERT INTO mark VALUES (0);
             PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {INDEX_FORMAT}; COMMIT"
        ))?;
    }
    Ok(())
}

/// Size of `SQLite`'s write-ahead log, in pages of 4 KiB, from which the writer copies it into the database.
const WAL_PAGES: i64 = 2_048;

fn apply_write(
    connection: &Connection,
    services: &mut HashMap<String, IndexedService>,
    write: &IndexedWrite<'_>,
) -> rusqlite::Result<()> {
    if !services.contains_key(write.service) {
        let (tables, collections) = (ServiceTables::of(write.service), HashMap::new());
        services.insert(write.service.to_owned(), IndexedService { tables, collections });
    }
    let IndexedService { tables, collections } =
        services.get_mut(write.service).expect("it was inserted");
    let fields = write.document.as_ref().map_or(&[][..], |(_, fields)| fields);
    let is_complete = collections.get(write.collection).is_some_and(|(_, columns)| {
        let has = |field: &str| columns.iter().any(|column| is_column_of(column, field));
        fields.iter().all(|(field, _)| has(field))
    });
    if !is_complete {
        let names = fields.iter().map(|(field, _)| *field);
        tables.add_columns(connection, write.collection, names)?;
        let table = tables.existing_table(connection, write.collection)?;
        collections.insert(write.collection.to_owned(), table);
    }
    let (table, columns) = &collections[write.collection];
    match &write.document {
        Some((body, fields)) => {
            let value_of = |column: &String| {
                let is_it = |(name, _): &&(&str, _)| is_column_of(column, name);
                fields.iter().find(is_it).map(|(_, value)| value)
            };
            table.put(connection, write.key, body, columns.iter().map(value_of))
        }
        None => table.delete(connection, write.key),
    }
}

/// Documents of one service in the index.
#[derive(Debug)]
struct SqliteDocuments {
    index: Arc<SqliteIndex>,
    tables: ServiceTables,
    name: String,
    /// Collections whose tables are known to match their declarations, by the address of the declaration.
    ready: RwLock<HashSet<usize>>,
    /// Collections that had no table, with the number of changes to tables at that time.
    absent: RwLock<HashMap<usize, u64>>,
}

impl SqliteDocuments {
    /// Whether the collection has a table; the table matches the declaration then.
    fn exists(&self, collection: &'static Collection) -> Result<bool, StorageError> {
        if self.ready.read().contains(&address(collection)) {
            return Ok(true);
        }
        let changes = self.index.schema_changes.load(Ordering::Acquire);
        if self.absent.read().get(&address(collection)) == Some(&changes) {
            return Ok(false);
        }
        let is_complete = self.index.readers.read(|connection| {
            self.tables.is_complete(connection, collection).map_err(storage_error)
        })?;
        match is_complete {
            None => {
                self.absent.write().insert(address(collection), changes);
                return Ok(false);
            }
            Some(true) => drop(self.ready.write().insert(address(collection))),
            Some(false) => self.declare(collection)?,
        }
        Ok(true)
    }
}

impl IndexedDocuments for SqliteDocuments {
    /// The table is made once in a process.
    fn declare(&self, collection: &'static Collection) -> Result<(), StorageError> {
        if self.ready.read().contains(&address(collection)) {
            return Ok(());
        }
        let mut guard = self.index.writer.lock();
        let writer = opened(&mut guard)?;
        self.tables.create_collection(&writer.connection, collection).map_err(storage_error)?;
        // Its columns are read again.
        writer.services.remove(&self.name);
        self.index.schema_changes.fetch_add(1, Ordering::Release);
        self.ready.write().insert(address(collection));
        Ok(())
    }

    fn find(
        &self,
        collection: &'static Collection,
        key: &str,
    ) -> Result<Option<StoredDocument>, StorageError> {
        if !self.exists(collection)? {
            return Ok(None);
        }
        let sql = format!("SELECT body FROM {} WHERE key = ?1", self.tables.collection(collection));
        self.index.readers.read(|connection| {
            let mut select = connection.prepare_cached(&sql).map_err(storage_error)?;
            let found = select
                .query_row([key], |row| row.get::<_, Vec<u8>>(0))
                .optional()
                .map_err(storage_error)?;
            Ok(found.map(|body| StoredDocument { key: key.to_owned(), body: Bytes::from(body) }))
        })
    }

    fn query(
        &self,
        collection: &'static Collection,
        query: &Query,
    ) -> Result<DocumentPage, StorageError> {
        let index = query.check(collection)?;
        if !self.exists(collection)? {
            return Ok(DocumentPage::default());
        }
        let Some(scan) = IndexScan::new(&self.tables, collection, index, query) else {
            return Ok(DocumentPage::default());
        };
        self.index.readers.read(|connection| scan.run(connection).map_err(storage_error))
    }

    fn scan(
        &self,
        collection: &'static Collection,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<StoredDocument>, StorageError> {
        if !self.exists(collection)? {
            return Ok(Vec::new());
        }
        let (comparison, after) = after.map_or((">=", ""), |after| (">", after));
        let sql = format!(
            "SELECT key, body FROM {} WHERE key {comparison} ?1 ORDER BY key LIMIT ?2",
            self.tables.collection(collection)
        );
        let limit = bound(limit.min(QUERY_DOCUMENTS_MAX) as u64);
        self.index.readers.read(|connection| {
            let mut select = connection.prepare_cached(&sql).map_err(storage_error)?;
            let found = select.query_map((after, limit), |row| {
                let (key, body) = (row.get(0)?, row.get::<_, Vec<u8>>(1)?);
                Ok(StoredDocument { key, body: Bytes::from(body) })
            });
            found.and_then(Iterator::collect).map_err(storage_error)
        })
    }
}

/// Address of a declaration, which tells it from another one of the same name.
fn address(collection: &'static Collection) -> usize {
    std::ptr::from_ref(collection).addr()
}
