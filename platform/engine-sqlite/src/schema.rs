//! Names of tables, and the statements that make them. A service's tables begin with its name.

use rusqlite::Connection;
use std::{collections::HashSet, fmt::Write as _};
use storage::Collection;

/// What this program writes into the database's `user_version`.
pub(crate) const FORMAT: i32 = 3;
/// What it writes into `application_id`: "ICOM".
pub(crate) const APPLICATION: i32 = 0x4943_4f4d;

/// The log: batches that are flushed and not yet in the tables, by the position of their last write. No service has a
/// table of this name, as it has no separator.
pub(crate) const CREATE_LOG: &str =
    "CREATE TABLE IF NOT EXISTS log (position INTEGER PRIMARY KEY, batch BLOB NOT NULL)";
pub(crate) const INSERT_BATCH: &str = "INSERT INTO log (position, batch) VALUES (?1, ?2)";
pub(crate) const OLDEST_BATCH: &str = "SELECT position, batch FROM log ORDER BY position LIMIT 1";
pub(crate) const DELETE_BATCHES: &str = "DELETE FROM log WHERE position <= ?1";

/// Between the parts of a table's name; never within one.
const SEPARATOR: char = '/';
const JOURNAL: &str = "journal";
/// Its rows lie in the order in which they came, and the keys in an index of their own: most keys are digests, in no
/// order, and a tree of them with their values in it is too large to stay in memory.
const VALUES: &str = "values";
const FIELD: &str = "field";

/// The statements on the tables of one service.
#[derive(Debug)]
pub(crate) struct Tables {
    prefix: String,
    pub(crate) insert_events: String,
    pub(crate) head: String,
    pub(crate) read: String,
    pub(crate) follow: String,
    pub(crate) put_snapshot: String,
    pub(crate) snapshot: String,
    pub(crate) put_value: String,
    pub(crate) remove_value: String,
    pub(crate) value: String,
    pub(crate) expired: String,
    pub(crate) sweep: String,
}

/// The table of one collection, as it is written.
#[derive(Debug)]
pub(crate) struct DocumentTable {
    /// The fields that have a column, in the order of the columns.
    pub(crate) fields: Vec<&'static str>,
    pub(crate) put: String,
    pub(crate) delete: String,
}

impl DocumentTable {
    /// The statements on `table` with these columns for fields.
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

impl Tables {
    pub(crate) fn of(service: &str) -> Self {
        let prefix = part(service);
        let table = |kind| quoted(&format!("{prefix}{SEPARATOR}{kind}"));
        let (events, snapshots, values) = (table(JOURNAL), table("snapshots"), table(VALUES));
        let row = "position, stream, first_version, count, events";
        Self {
            insert_events: format!("INSERT INTO {events} ({row}) VALUES (?1, ?2, ?3, ?4, ?5)"),
            head: format!(
                "SELECT first_version + count - 1 FROM {events} WHERE stream = ?1 \
                 ORDER BY first_version DESC LIMIT 1"
            ),
            // From the row that holds the version asked for: it may begin before it.
            read: format!(
                "SELECT {row} FROM {events} WHERE stream = ?1 AND first_version >= coalesce((SELECT \
                 max(first_version) FROM {events} WHERE stream = ?1 AND first_version <= ?2), 0) \
                 AND first_version < ?3 ORDER BY first_version"
            ),
            follow: format!(
                "SELECT {row} FROM {events} WHERE position >= coalesce((SELECT max(position) FROM {events} \
                 WHERE position <= ?1), 0) AND position <= ?2 ORDER BY position"
            ),
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

    /// Makes the tables of the service where they are not there yet.
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

    /// The name of a collection's table.
    pub(crate) fn collection_name(&self, collection: &Collection) -> String {
        self.named(collection.name)
    }

    fn named(&self, collection: &str) -> String {
        format!("{}{SEPARATOR}documents{SEPARATOR}{}", self.prefix, part(collection))
    }

    pub(crate) fn collection(&self, collection: &Collection) -> String {
        quoted(&self.collection_name(collection))
    }

    /// The SQL index of a declared index; its name tells its fields, so that a changed declaration is another one.
    pub(crate) fn index(&self, collection: &Collection, index: &storage::Index) -> String {
        let mut name = self.collection_name(collection);
        let _ = write!(name, "{SEPARATOR}{}", part(index.name));
        for field in index.fields {
            let _ = write!(name, "{SEPARATOR}{}", part(field));
        }
        quoted(&name)
    }

    /// Makes the table of a collection what its declaration asks for: columns and indexes that are missing are
    /// added. Documents stored before have no value in a new column, and so are not in its indexes until they are
    /// written again.
    pub(crate) fn create_collection(
        &self,
        connection: &Connection,
        collection: &'static Collection,
    ) -> rusqlite::Result<DocumentTable> {
        let table = self.collection(collection);
        connection.execute_batch(&format!(
            "CREATE TABLE IF NOT EXISTS {table} (key TEXT NOT NULL UNIQUE, body BLOB NOT NULL)"
        ))?;
        let there = columns_of(connection, &self.collection_name(collection))?;
        for field in fields_of(collection) {
            if !there.contains(&column_name(field)) {
                connection
                    .execute_batch(&format!("ALTER TABLE {table} ADD COLUMN {}", column(field)))?;
            }
        }
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

    /// Whether the table of a collection has all that its declaration asks for; `None` when there is no table.
    pub(crate) fn is_complete(
        &self,
        connection: &Connection,
        collection: &'static Collection,
    ) -> rusqlite::Result<Option<bool>> {
        let there = columns_of(connection, &self.collection_name(collection))?;
        if there.is_empty() {
            return Ok(None);
        }
        let mut complete =
            fields_of(collection).iter().all(|field| there.contains(&column_name(field)));
        let mut known = connection.prepare_cached(
            "SELECT 1 FROM sqlite_master WHERE type = 'index' AND '\"' || name || '\"' = ?1",
        )?;
        for index in collection.indexes.iter().filter(|index| !index.fields.is_empty()) {
            complete &= known.exists([self.index(collection, index)])?;
        }
        Ok(Some(complete))
    }

    fn document_table(&self, collection: &'static Collection) -> DocumentTable {
        let fields = fields_of(collection);
        let columns: Vec<String> = fields.iter().map(|field| column(field)).collect();
        DocumentTable::new(&self.collection(collection), &columns, fields)
    }

    /// The table of a collection as it is in the database, whatever declares it; with the names of its columns for
    /// fields.
    pub(crate) fn table_as_found(
        &self,
        connection: &Connection,
        collection: &str,
    ) -> rusqlite::Result<(DocumentTable, Vec<String>)> {
        let name = self.named(collection);
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

/// Makes the table of a service's values where it is not there yet.
fn create_values(prefix: &str) -> String {
    let name = |kind: &str| quoted(&format!("{prefix}{SEPARATOR}{kind}"));
    let (values, expiries) = (name(VALUES), name("values/expiries"));
    format!(
        "CREATE TABLE IF NOT EXISTS {values} (key TEXT NOT NULL UNIQUE, value BLOB NOT NULL, \
             expires_at INTEGER);
         CREATE INDEX IF NOT EXISTS {expiries} ON {values} (expires_at) WHERE expires_at IS NOT NULL;"
    )
}

/// Takes a database of an earlier format over; the caller's transaction does it all or nothing. Until format 2 the
/// values of a service lay in the order of their keys, in a table of another name.
pub(crate) fn take_over(connection: &Connection) -> rusqlite::Result<()> {
    const VALUES_BEFORE: &str = "/key_value";
    let mut names = connection.prepare("SELECT name FROM sqlite_master WHERE type = 'table'")?;
    let names: Vec<String> = names.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    for before in names {
        let Some(prefix) = before.strip_suffix(VALUES_BEFORE) else { continue };
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

/// What a database has in it.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    /// Every journal: the service it belongs to, and its last position.
    pub(crate) journals: Vec<(String, u64)>,
    /// The names of all tables.
    pub(crate) tables: HashSet<String>,
}

/// Looks what is in the database.
pub(crate) fn contents(connection: &Connection) -> rusqlite::Result<Contents> {
    let mut names = connection.prepare("SELECT name FROM sqlite_master WHERE type = 'table'")?;
    let tables = names.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    let mut contents = Contents { journals: Vec::new(), tables };
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

/// The column of a field. The prefix keeps it apart from `key` and `body`.
pub(crate) fn column(field: &str) -> String {
    quoted(&column_name(field))
}

/// A part of a table's name. `SQLite` takes large and small letters for the same, and parts are joined by a
/// separator: everything else than small letters, digits, `_` and `-` is written as its code.
pub(crate) fn part(name: &str) -> String {
    let mut part = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' => part.push(char::from(byte)),
            _ => {
                let _ = write!(part, "%{byte:02x}");
            }
        }
    }
    part
}

/// The name of a field's column in the database.
pub(crate) fn column_name(field: &str) -> String {
    format!("{FIELD}{SEPARATOR}{}", part(field))
}

fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}

fn columns_of(connection: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    let mut columns = connection.prepare_cached("SELECT name FROM pragma_table_info(?1)")?;
    columns.query_map([table], |row| row.get(0))?.collect()
}

/// The fields of all indexes, each once.
fn fields_of(collection: &Collection) -> Vec<&'static str> {
    let mut fields: Vec<&'static str> = Vec::new();
    for field in collection.indexes.iter().flat_map(|index| index.fields) {
        if !fields.contains(field) {
            fields.push(field);
        }
    }
    fields
}
