//! Schema: names of tables and the statements on them. The tables of a service begin with its name.

use rusqlite::Connection;
use std::{collections::HashSet, fmt::Write as _};
use storage::Collection;

/// Format of the database, kept in its `user_version`. Since format 4 an append may have an origin, which earlier releases
/// cannot read.
pub(crate) const FORMAT: i32 = 4;
/// Application id of the database, kept in its `application_id`: "ICOM".
pub(crate) const APPLICATION: i32 = 0x4943_4f4d;

/// Log: batches that are flushed and not applied to the tables, by the position of their last write. No service has a table
/// of this name, because the name has no separator.
pub(crate) const CREATE_LOG: &str =
    "CREATE TABLE IF NOT EXISTS log (position INTEGER PRIMARY KEY, batch BLOB NOT NULL)";
pub(crate) const INSERT_BATCH: &str = "INSERT INTO log (position, batch) VALUES (?1, ?2)";
pub(crate) const OLDEST_BATCH: &str = "SELECT position, batch FROM log ORDER BY position LIMIT 1";
pub(crate) const DELETE_BATCHES: &str = "DELETE FROM log WHERE position <= ?1";

/// Separator of the parts of a table's name; no part contains it.
const SEPARATOR: char = '/';
const JOURNAL: &str = "journal";
/// Table of values. Its rows lie in insertion order and the keys in an index of their own: most keys are digests, in random
/// order, and a tree of them that holds the values as well is too large to stay in memory.
const VALUES: &str = "values";
const FIELD: &str = "field";

/// Statements on the tables of one service.
#[derive(Debug)]
pub(crate) struct ServiceTables {
    prefix: String,
    pub(crate) insert_events: String,
    pub(crate) head: String,
    pub(crate) read: String,
    pub(crate) follow: String,
    pub(crate) delete_stream: String,
    pub(crate) put_snapshot: String,
    pub(crate) snapshot: String,
    pub(crate) put_value: String,
    pub(crate) remove_value: String,
    pub(crate) value: String,
    pub(crate) expired: String,
    pub(crate) sweep: String,
}

/// Statements that write to the table of one collection.
#[derive(Debug)]
pub(crate) struct DocumentTable {
    /// Fields that have a column, in the order of the columns.
    pub(crate) fields: Vec<&'static str>,
    pub(crate) put: String,
    pub(crate) delete: String,
}

impl DocumentTable {
    /// Statements on `table` with these field columns.
    fn new(table: &str, columns: &[String], fields: Vec<&'static str>) -> Self {
        let (mut names, mut values, mut updates) = (String::new(), String::new(), String::new());
        for (number, column) in (3..).zip(columns) {
            let _ = write!(names, ", {column}");
            let _ = write!(values, ", ?{number}");
            let _ = write!(updates, ", {column} = excluded.{column}");
        }
        Self {
            put: format!(
                "INSERT INTO {table} (key, body{names}) VALUES (?1, ?2{values}) \
                 ON CONFLICT (key) DO UPDATE SET body = excluded.body{updates}"
            ),
            delete: format!("DELETE FROM {table} WHERE key = ?1"),
            fields,
        }
    }
}

impl ServiceTables {
    /// Statements for the service of this name.
    pub(crate) fn of(service: &str) -> Self {
        let prefix = name_part(service);
        let table = |kind| quoted(&format!("{prefix}{SEPARATOR}{kind}"));
        let (events, snapshots, values) = (table(JOURNAL), table("snapshots"), table(VALUES));
        let row = "position, stream, first_version, count, events";
        Self {
            insert_events: format!("INSERT INTO {events} ({row}) VALUES (?1, ?2, ?3, ?4, ?5)"),
            head: format!(
                "SELECT first_version + count - 1 FROM {events} WHERE stream = ?1 \
                 ORDER BY first_version DESC LIMIT 1"
            ),
            // From the row that contains the requested version, which may begin before it.
            read: format!(
                "SELECT {row} FROM {events} WHERE stream = ?1 AND first_version >= coalesce((SELECT \
                 max(first_version) FROM {events} WHERE stream = ?1 AND first_version <= ?2), 0) \
                 AND first_version < ?3 ORDER BY first_version"
            ),
            follow: format!(
                "SELECT {row} FROM {events} WHERE position >= coalesce((SELECT max(position) FROM {events} \
                 WHERE position <= ?1), 0) AND position <= ?2 ORDER BY position"
            ),
            delete_stream: format!("DELETE FROM {events} WHERE stream = ?1"),
            put_snapshot: format!(
                "REPLACE INTO {snapshots} (name, position, data) VALUES (?1, ?2, ?3)"
            ),
            snapshot: format!("SELECT position, data FROM {snapshots} WHERE name = ?1"),
            put_value: format!(
                "INSERT INTO {values} (key, value, expires_at) VALUES (?1, ?2, ?3) \
                 ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at"
            ),
            remove_value: format!("DELETE FROM {values} WHERE key = ?1"),
            value: format!("SELECT value, expires_at FROM {values} WHERE key = ?1"),
            expired: format!(
                "SELECT key FROM {values} WHERE expires_at IS NOT NULL AND expires_at <= ?1 \
                 ORDER BY expires_at LIMIT ?2"
            ),
            sweep: format!("DELETE FROM {values} WHERE key = ?1 AND expires_at <= ?2"),
            prefix,
        }
    }

    /// Creates the tables of the service that are missing.
    pub(crate) fn create(&self, connection: &Connection) -> rusqlite::Result<()> {
        let name = |kind: &str| quoted(&format!("{}{SEPARATOR}{kind}", self.prefix));
        let (events, streams) = (name(JOURNAL), name("journal/streams"));
        let snapshots = name("snapshots");
        connection.execute_batch(&format!(
            "CREATE TABLE IF NOT EXISTS {events} (position INTEGER PRIMARY KEY, stream TEXT NOT NULL, \
                 first_version INTEGER NOT NULL, count INTEGER NOT NULL, events BLOB NOT NULL);
             CREATE UNIQUE INDEX IF NOT EXISTS {streams} ON {events} (stream, first_version);
             CREATE TABLE IF NOT EXISTS {snapshots} (name TEXT PRIMARY KEY, position INTEGER NOT NULL, \
                 data BLOB NOT NULL);
             {}",
            create_values(&self.prefix)
        ))
    }

    /// Name of a collection's table.
    pub(crate) fn collection_name(&self, collection: &Collection) -> String {
        self.table_name(collection.name)
    }

    /// Name of the table of the collection with this name.
    fn table_name(&self, collection: &str) -> String {
        format!("{}{SEPARATOR}documents{SEPARATOR}{}", self.prefix, name_part(collection))
    }

    /// Name of a collection's table, quoted for SQL.
    pub(crate) fn collection(&self, collection: &Collection) -> String {
        quoted(&self.collection_name(collection))
    }

    /// Name of the SQL index of a declared index, quoted for SQL. It contains the field names, so that a changed declaration
    /// is a new index.
    pub(crate) fn index(&self, collection: &Collection, index: &storage::Index) -> String {
        let mut name = self.collection_name(collection);
        let _ = write!(name, "{SEPARATOR}{}", name_part(index.name));
        for field in index.fields {
            let _ = write!(name, "{SEPARATOR}{}", name_part(field));
        }
        quoted(&name)
    }

    /// Creates the table of a collection, or adds the columns and indexes that its declaration has and the table lacks.
    /// Documents written before have no value in a new column, and so are not in its indexes until they are written again.
    pub(crate) fn create_collection(
        &self,
        connection: &Connection,
        collection: &'static Collection,
    ) -> rusqlite::Result<DocumentTable> {
        let table = self.collection(collection);
        self.add_columns(connection, collection.name, fields_of(collection).into_iter())?;
        for index in collection.indexes.iter().filter(|index| !index.fields.is_empty()) {
            let columns: Vec<String> = index.fields.iter().map(|field| column(field)).collect();
            connection.execute_batch(&format!(
                "CREATE INDEX IF NOT EXISTS {} ON {table} ({}, key) WHERE {} IS NOT NULL",
                self.index(collection, index),
                columns.join(", "),
                columns.join(" IS NOT NULL AND ")
            ))?;
        }
        Ok(self.document_table(collection))
    }

    /// Creates the table of the collection with this name, and adds the columns of these fields that it lacks.
    pub(crate) fn add_columns<'a>(
        &self,
        connection: &Connection,
        collection: &str,
        fields: impl Iterator<Item = &'a str>,
    ) -> rusqlite::Result<()> {
        let name = self.table_name(collection);
        let table = quoted(&name);
        connection.execute_batch(&format!(
            "CREATE TABLE IF NOT EXISTS {table} (key TEXT NOT NULL UNIQUE, body BLOB NOT NULL)"
        ))?;
        let mut existing = columns_of(connection, &name)?;
        for field in fields {
            if !existing.contains(&column_name(field)) {
                connection
                    .execute_batch(&format!("ALTER TABLE {table} ADD COLUMN {}", column(field)))?;
                existing.push(column_name(field));
            }
        }
        Ok(())
    }

    /// Whether the table of a collection has every column and index of its declaration; `None` when there is no table.
    pub(crate) fn is_complete(
        &self,
        connection: &Connection,
        collection: &'static Collection,
    ) -> rusqlite::Result<Option<bool>> {
        let existing = columns_of(connection, &self.collection_name(collection))?;
        if existing.is_empty() {
            return Ok(None);
        }
        let mut is_complete =
            fields_of(collection).iter().all(|field| existing.contains(&column_name(field)));
        let mut known = connection.prepare_cached(
            "SELECT 1 FROM sqlite_master WHERE type = 'index' AND '\"' || name || '\"' = ?1",
        )?;
        for index in collection.indexes.iter().filter(|index| !index.fields.is_empty()) {
            is_complete &= known.exists([self.index(collection, index)])?;
        }
        Ok(Some(is_complete))
    }

    fn document_table(&self, collection: &'static Collection) -> DocumentTable {
        let fields = fields_of(collection);
        let columns: Vec<String> = fields.iter().map(|field| column(field)).collect();
        DocumentTable::new(&self.collection(collection), &columns, fields)
    }

    /// Table of a collection as it is in the database, with the names of its field columns, without its declaration.
    pub(crate) fn existing_table(
        &self,
        connection: &Connection,
        collection: &str,
    ) -> rusqlite::Result<(DocumentTable, Vec<String>)> {
        let name = self.table_name(collection);
        let names: Vec<String> = columns_of(connection, &name)?
            .into_iter()
            .filter(|column| {
                column.starts_with(FIELD) && column[FIELD.len()..].starts_with(SEPARATOR)
            })
            .collect();
        let columns: Vec<String> = names.iter().map(|name| quoted(name)).collect();
        Ok((DocumentTable::new(&quoted(&name), &columns, Vec::new()), names))
    }
}

/// Statements that create the table of a service's values when it is missing.
fn create_values(prefix: &str) -> String {
    let name = |kind: &str| quoted(&format!("{prefix}{SEPARATOR}{kind}"));
    let (values, expiries) = (name(VALUES), name("values/expiries"));
    format!(
        "CREATE TABLE IF NOT EXISTS {values} (key TEXT NOT NULL UNIQUE, value BLOB NOT NULL, \
             expires_at INTEGER);
         CREATE INDEX IF NOT EXISTS {expiries} ON {values} (expires_at) WHERE expires_at IS NOT NULL;"
    )
}

/// Migrates a database of an earlier format, in the caller's transaction. Up to format 2 the values of a service lay in the
/// order of their keys, in a table of another name.
pub(crate) fn migrate(connection: &Connection) -> rusqlite::Result<()> {
    const FORMER_VALUES: &str = "/key_value";
    let mut names = connection.prepare("SELECT name FROM sqlite_master WHERE type = 'table'")?;
    let names: Vec<String> = names.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    for before in names {
        let Some(prefix) = before.strip_suffix(FORMER_VALUES) else { continue };
        let (values, before) = (quoted(&format!("{prefix}{SEPARATOR}{VALUES}")), quoted(&before));
        connection.execute_batch(&format!(
            "{} INSERT INTO {values} (key, value, expires_at) \
                 SELECT key, value, expires_at FROM {before} ORDER BY expires_at;
             DROP TABLE {before};",
            create_values(prefix)
        ))?;
    }
    Ok(())
}

/// Contents of a database, as the engine finds them when it opens it.
#[derive(Debug, Default)]
pub(crate) struct DatabaseContents {
    /// Journals: the name part of the service, and the last position.
    pub(crate) journals: Vec<(String, u64)>,
    /// Names of all tables.
    pub(crate) tables: HashSet<String>,
}

/// Reads the contents of a database.
pub(crate) fn read_contents(connection: &Connection) -> rusqlite::Result<DatabaseContents> {
    let mut names = connection.prepare("SELECT name FROM sqlite_master WHERE type = 'table'")?;
    let tables = names.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    let mut contents = DatabaseContents { journals: Vec::new(), tables };
    for name in &contents.tables {
        let Some((service, JOURNAL)) = name.split_once(SEPARATOR) else { continue };
        let last = format!(
            "SELECT coalesce(max(position + count - 1), 0) FROM (SELECT position, count \
             FROM {} ORDER BY position DESC LIMIT 1)",
            quoted(name)
        );
        contents.journals.push((
            service.to_owned(),
            connection.query_row(&last, [], |row| row.get::<_, i64>(0))?.cast_unsigned(),
        ));
    }
    Ok(contents)
}

/// Column of a field, quoted for SQL. The prefix keeps it apart from `key` and `body`.
pub(crate) fn column(field: &str) -> String {
    quoted(&column_name(field))
}

/// Encodes a name as a part of a table's name. `SQLite` ignores the case of names, and parts are joined by a separator, so
/// everything but lower-case letters, digits, `_` and `-` is percent-encoded.
pub(crate) fn name_part(name: &str) -> String {
    let mut encoded = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' => encoded.push(char::from(byte)),
            _ => {
                let _ = write!(encoded, "%{byte:02x}");
            }
        }
    }
    encoded
}

/// Whether a column of this name is that of a field.
pub(crate) fn is_column_of(column: &str, field: &str) -> bool {
    let part = column.strip_prefix(FIELD).and_then(|rest| rest.strip_prefix(SEPARATOR));
    // Most names are encoded as they are, but for those with the sign of the encoding.
    part.is_some_and(|part| (part == field && !field.contains('%')) || part == name_part(field))
}

/// Name of a field's column.
pub(crate) fn column_name(field: &str) -> String {
    format!("{FIELD}{SEPARATOR}{}", name_part(field))
}

fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}

fn columns_of(connection: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    let mut columns = connection.prepare_cached("SELECT name FROM pragma_table_info(?1)")?;
    columns.query_map([table], |row| row.get(0))?.collect()
}

/// Fields of all indexes, each once.
fn fields_of(collection: &Collection) -> Vec<&'static str> {
    let mut fields: Vec<&'static str> = Vec::new();
    for field in collection.indexes.iter().flat_map(|index| index.fields) {
        if !fields.contains(field) {
            fields.push(field);
        }
    }
    fields
}
