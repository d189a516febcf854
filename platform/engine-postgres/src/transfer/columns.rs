//! Columns of an import: records as the rows of the tables, which are copied (`COPY … FROM STDIN BINARY`).

use super::ImportError;
use crate::{
    connection::Connection,
    rounds::{ENTRY_BYTES_MAX, signed},
};
use journal::StoredRecord;
use std::pin::pin;
use storage::{Collection, IndexPosition, check_size, index_entry};
use tokio_postgres::{
    Error,
    binary_copy::BinaryCopyInWriter,
    types::{ToSql, Type},
};

const COPY_EVENTS: &str = "COPY events (stream, version, position, id, name, recorded_at, recorded_at_nanos, origin, data) \
    FROM STDIN BINARY";
const COPY_SNAPSHOTS: &str = "COPY snapshots (name, position, data) FROM STDIN BINARY";
const COPY_DOCUMENTS: &str = "COPY documents (collection, key, body) FROM STDIN BINARY";
const COPY_ENTRIES: &str = "COPY index_entries (collection, index, entry, key) FROM STDIN BINARY";
const COPY_VALUES: &str = "COPY key_values (key, value, expires_at) FROM STDIN BINARY";

/// Rows of the tables that records become.
#[derive(Debug, Default)]
pub(super) struct RecordColumns<'a> {
    events: Vec<&'a journal::RecordedEvent>,
    snapshots: Vec<(&'a str, &'a journal::Snapshot)>,
    documents: Vec<(&'a str, &'a [u8], &'a [u8])>,
    entries: Vec<(&'a str, &'static str, Vec<u8>, &'a [u8])>,
    values: Vec<(&'a [u8], &'a [u8], Option<i64>)>,
}

impl<'a> RecordColumns<'a> {
    pub(super) fn of(
        records: &'a [StoredRecord],
        collections: &[&'static Collection],
    ) -> Result<Self, ImportError> {
        let mut columns = Self::default();
        for record in records {
            match record {
                StoredRecord::Event(event) => columns.events.push(event),
                StoredRecord::Snapshot { name, snapshot } => {
                    columns.snapshots.push((name, snapshot));
                }
                StoredRecord::Value { key, value, expires_at } => {
                    columns.values.push((key.as_bytes(), value, *expires_at));
                }
                StoredRecord::Document { collection, key, body, fields } => {
                    columns.documents.push((collection, key.as_bytes(), body));
                    let declared = collections.iter().find(|it| it.name == collection);
                    for index in declared.into_iter().flat_map(|it| it.indexes) {
                        let value = |name: &&str| {
                            let found = fields.iter().find(|(field, _)| field == name);
                            found.map(|(_, value)| value.clone())
                        };
                        let Some(values) = index.fields.iter().map(value).collect() else {
                            continue;
                        };
                        let entry = index_entry::encode(&IndexPosition(values, key.clone()));
                        check_size(entry.len(), ENTRY_BYTES_MAX).map_err(|error| {
                            ImportError::Document {
                                collection: collection.clone(),
                                key: key.clone(),
                                error,
                            }
                        })?;
                        columns.entries.push((collection, index.name, entry, key.as_bytes()));
                    }
                }
            }
        }
        Ok(columns)
    }

    pub(super) async fn copy(&self, connection: &Connection) -> Result<(), Error> {
        let types = [
            Type::TEXT,
            Type::INT8,
            Type::INT8,
            Type::UUID,
            Type::TEXT,
            Type::INT8,
            Type::INT4,
            Type::TEXT,
            Type::BYTEA,
        ];
        copy(connection, (COPY_EVENTS, &types), &self.events, |event| {
            let origin = event.origin.as_ref().map(ToString::to_string);
            vec![
                Box::new(event.stream.as_str()),
                Box::new(signed(event.version)),
                Box::new(signed(event.position)),
                Box::new(event.id),
                Box::new(event.name.as_str()),
                Box::new(event.recorded_at.as_second()),
                Box::new(event.recorded_at.subsec_nanosecond()),
                Box::new(origin),
                Box::new(&event.data[..]),
            ]
        })
        .await?;
        let types = [Type::TEXT, Type::INT8, Type::BYTEA];
        copy(connection, (COPY_SNAPSHOTS, &types), &self.snapshots, |(name, snapshot)| {
            vec![Box::new(*name), Box::new(signed(snapshot.position)), Box::new(&snapshot.data[..])]
        })
        .await?;
        let types = [Type::TEXT, Type::BYTEA, Type::BYTEA];
        copy(connection, (COPY_DOCUMENTS, &types), &self.documents, |(collection, key, body)| {
            vec![Box::new(*collection), Box::new(*key), Box::new(*body)]
        })
        .await?;
        let types = [Type::TEXT, Type::TEXT, Type::BYTEA, Type::BYTEA];
        copy(
            connection,
            (COPY_ENTRIES, &types),
            &self.entries,
            |(collection, index, entry, key)| {
                vec![Box::new(*collection), Box::new(*index), Box::new(&entry[..]), Box::new(*key)]
            },
        )
        .await?;
        let types = [Type::BYTEA, Type::BYTEA, Type::INT8];
        copy(connection, (COPY_VALUES, &types), &self.values, |(key, value, expires_at)| {
            vec![Box::new(*key), Box::new(*value), Box::new(*expires_at)]
        })
        .await
    }
}

/// Column of a row.
type Cell<'a> = Box<dyn ToSql + Sync + Send + 'a>;

/// Copies rows into a table.
async fn copy<'a, T>(
    connection: &Connection,
    (sql, types): (&str, &[Type]),
    rows: &'a [T],
    cells: impl Fn(&'a T) -> Vec<Cell<'a>>,
) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let sink = connection.client.copy_in(sql).await?;
    let mut writer = pin!(BinaryCopyInWriter::new(sink, types));
    for row in rows {
        let cells = cells(row);
        let row: Vec<&(dyn ToSql + Sync)> =
            cells.iter().map(|cell| &**cell as &(dyn ToSql + Sync)).collect();
        writer.as_mut().write(&row).await?;
    }
    writer.finish().await.map(drop)
}
