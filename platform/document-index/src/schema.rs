//! Schema of the documents: names of tables, and the statements on them. The tables of a service begin with its name.

use crate::sql_value;
use rusqlite::{Connection, params_from_iter, types::Null, types::ToSqlOutput};
use std::fmt::Write as _;
use storage::{Collection, FieldValue};

/// Application id of the database, kept in its `application_id`: "ICOM".
pub(crate) const APPLICATION: i32 = 0x4943_4f4d;

/// Separator of the parts of a table's name; no part contains it.
pub(crate) const SEPARATOR: char = '/';
const FIELD: &str = "field";

/// Tables of one service's collections.
#[derive(Debug)]
pub(crate) struct ServiceTables {
    prefix: String,
}

/// Statements that write to the table of one collection.
#[derive(Debug)]
pub(crate) struct DocumentTable {
    put: String,
    delete: String,
}

impl DocumentTable {
    /// Statements on `table` with these field columns.
    fn new(table: &str, columns: &[String]) -> Self {
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
        }
    }

    /// Upserts a document; `values` are those of the table's field columns, in their order.
    pub(crate) fn put<'a>(
        &self,
        connection: &Connection,
        key: &'a str,
        body: &'a [u8],
        values: impl Iterator<Item = Option<&'a FieldValue>>,
    ) -> rusqlite::Result<()> {
        let values =
            values.map(|value| value.map_or(ToSqlOutput::from(Null), sql_value::from_field));
        let values = [ToSqlOutput::from(key), ToSqlOutput::from(body)].into_iter().chain(values);
        connection.prepare_cached(&self.put)?.execute(params_from_iter(values)).map(|_| ())
    }

    /// Deletes a document.
    pub(crate) fn delete(&self, connection: &Connection, key: &str) -> rusqlite::Result<()> {
        connection.prepare_cached(&self.delete)?.execute([key]).map(|_| ())
    }
}

impl ServiceTables {
    /// Tables of the service of this name.
    pub(crate) fn of(service: &str) -> Self {
        Self { prefix: name_part(service) }
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
    ) -> rusqlite::Result<()> {
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
        Ok(())
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

    /// Table of a collection as it is in the database, with the names of its field columns, without its declaration.
    pub(crate) fn existing_table(
        &self,
        connection: &Connection,
        collection: &str,
    ) -> rusqlite::Result<(DocumentTable, Vec<String>)> {
        let name = self.table_name(collection);
        let names: Vec<String> = columns_of(connection, &name)?
            .into_iter()
            .filter(|column| field_part(column).is_some())
            .collect();
        let columns: Vec<String> = names.iter().map(|name| quoted(name)).collect();
        Ok((DocumentTable::new(&quoted(&name), &columns), names))
    }
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
    let part = field_part(column);
    // Most names are encoded as they are, but for those with the sign of the encoding.
    part.is_some_and(|part| (part == field && !field.contains('%')) || part == name_part(field))
}

/// Encoded name of the field of a column; none for the key and the body.
pub(crate) fn field_part(column: &str) -> Option<&str> {
    column.strip_prefix(FIELD)?.strip_prefix(SEPARATOR)
}

/// Decodes a [part of a table's name](name_part); `None` when it is not one.
pub(crate) fn decoded(part: &str) -> Option<String> {
    let (mut name, mut rest) = (Vec::new(), part.as_bytes());
    while let Some((first, after)) = rest.split_first() {
        if *first == b'%' {
            let code = std::str::from_utf8(after.get(..2)?).ok()?;
            name.push(u8::from_str_radix(code, 16).ok()?);
            rest = &after[2..];
        } else {
            name.push(*first);
            rest = after;
        }
    }
    String::from_utf8(name).ok()
}

/// Name of a field's column.
pub(crate) fn column_name(field: &str) -> String {
    format!("{FIELD}{SEPARATOR}{}", name_part(field))
}

pub(crate) fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}

pub(crate) fn columns_of(connection: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_survives_its_encoding() {
        for name in ["order-service", "Ordner_ä/100%", "a%2fb", "", "ÀÇ 漢字"] {
            assert_eq!(decoded(&name_part(name)).as_deref(), Some(name));
        }
        assert_eq!([decoded("a%2"), decoded("%zz"), decoded("%ff")], [None, None, None]);
    }
}
