//! Rounds of a batch: operations that do not touch the same thing share a statement; those that do come one after the other.

use crate::{
    batch::{WriteOperation, WriteOutcome},
    connection::Connection,
    pipeline::{Call, Rows, parameter, transaction},
    statements,
};
use journal::Append;
use kernel::{Timestamp, Uuid};
use std::collections::{BTreeMap, HashMap};
use storage::{Collection, Document, StorageError, Write, check_size, index_entry};
use tokio_postgres::Error;

/// Size limit of an entry of an index, in bytes: PostgreSQL takes no larger ones in a B-tree.
pub(crate) const ENTRY_BYTES_MAX: usize = 2_000;
/// Number of documents that are written without an append: they are always accepted.
const ALWAYS: i32 = 0;

/// Number as the database has it. Positions and versions count what was stored, and stay far below the end of the range; a version
/// beyond it, which no stream has, is the last one.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Thing that operations of one statement must not share.
#[derive(PartialEq, Eq, Hash)]
enum WriteTarget<'a> {
    Stream(&'a str),
    Document(&'static str, &'a str),
    Value(&'a str),
    Snapshot(&'a str),
}

fn targets(operation: &WriteOperation) -> Vec<WriteTarget<'_>> {
    fn documents(writes: &[Write]) -> impl Iterator<Item = WriteTarget<'_>> {
        writes.iter().map(|write| match write {
            Write::Put { collection, document } => {
                WriteTarget::Document(collection.name, &document.key)
            }
            Write::Delete { collection, key } => WriteTarget::Document(collection.name, key),
        })
    }
    match operation {
        WriteOperation::Append { append, .. } => {
            let stream = std::iter::once(WriteTarget::Stream(&append.stream));
            stream.chain(documents(&append.writes)).collect()
        }
        WriteOperation::Write { writes, .. } => documents(writes).collect(),
        WriteOperation::Put { key, .. }
        | WriteOperation::Remove { key, .. }
        | WriteOperation::Add { key, .. } => {
            vec![WriteTarget::Value(key)]
        }
        WriteOperation::SaveSnapshot { name, .. } => vec![WriteTarget::Snapshot(name)],
        WriteOperation::Sweep { .. } | WriteOperation::DeleteStream { .. } => Vec::new(),
    }
}

/// Round of each operation.
pub(crate) fn rounds(operations: &[WriteOperation]) -> Vec<usize> {
    let mut last: HashMap<WriteTarget<'_>, usize> = HashMap::new();
    let (mut first, mut next) = (0, 0);
    let mut rounds = Vec::with_capacity(operations.len());
    for operation in operations {
        let is_alone =
            matches!(operation, WriteOperation::Sweep { .. } | WriteOperation::DeleteStream { .. });
        let targets = targets(operation);
        let after = targets.iter().filter_map(|it| last.get(it)).map(|round| round + 1).max();
        let round = if is_alone { next } else { after.unwrap_or(first).max(first) };
        next = next.max(round + 1);
        if is_alone {
            first = next;
        }
        for it in targets {
            last.insert(it, round);
        }
        rounds.push(round);
    }
    rounds
}

/// Arrays of the statement that appends.
#[derive(Debug, Default)]
struct Appends<'a> {
    streams: StreamColumns<'a>,
    events: EventColumns<'a>,
    put: DocumentColumns<'a>,
    /// Without bodies.
    deleted: DocumentColumns<'a>,
    entries: EntryColumns<'a>,
}

#[derive(Debug, Default)]
struct StreamColumns<'a> {
    numbers: Vec<i32>,
    names: Vec<&'a str>,
    expected: Vec<i64>,
}

#[derive(Debug, Default)]
struct DocumentColumns<'a> {
    numbers: Vec<i32>,
    collections: Vec<&'a str>,
    keys: Vec<&'a [u8]>,
    bodies: Vec<&'a [u8]>,
}

#[derive(Debug, Default)]
struct EntryColumns<'a> {
    numbers: Vec<i32>,
    collections: Vec<&'a str>,
    indexes: Vec<&'a str>,
    entries: Vec<Vec<u8>>,
    keys: Vec<&'a [u8]>,
}

#[derive(Debug, Default)]
struct EventColumns<'a> {
    numbers: Vec<i32>,
    places: Vec<i64>,
    streams: Vec<&'a str>,
    versions: Vec<i64>,
    ids: Vec<Uuid>,
    names: Vec<&'a str>,
    seconds: Vec<i64>,
    nanos: Vec<i32>,
    origins: Vec<Option<String>>,
    data: Vec<&'a [u8]>,
}

#[derive(Debug, Default)]
struct ValueColumns<'a> {
    keys: Vec<&'a [u8]>,
    values: Vec<&'a [u8]>,
    expiries: Vec<Option<i64>>,
}

#[derive(Debug, Default)]
struct CounterColumns<'a> {
    numbers: Vec<i32>,
    keys: Vec<&'a [u8]>,
    by: Vec<i64>,
    now: Vec<i64>,
    expiries: Vec<Option<i64>>,
}

/// One round: what its operations have for each statement.
#[derive(Debug, Default)]
struct Round<'a> {
    /// Operations by their numbers in the round, from 1.
    numbered: Vec<usize>,
    appends: Option<Appends<'a>>,
    put: ValueColumns<'a>,
    removed: Vec<&'a [u8]>,
    added: CounterColumns<'a>,
    /// Statements of one operation each.
    single: Vec<Call<'a>>,
}

/// Why a batch was not committed.
#[derive(Debug)]
pub(crate) enum BatchError {
    /// The database's answer, or that of the connection.
    Database(Error),
    /// Operation, by index, that cannot be stored.
    Operation(usize, StorageError),
}

impl From<Error> for BatchError {
    fn from(error: Error) -> Self {
        Self::Database(error)
    }
}

impl<'a> Round<'a> {
    fn number(&mut self, index: usize) -> i32 {
        self.numbered.push(index);
        // A batch has far fewer operations.
        i32::try_from(self.numbered.len()).unwrap_or(i32::MAX)
    }

    /// Adds an operation; `place` is the number of positions that the batch has before its events.
    fn add(
        &mut self,
        index: usize,
        operation: &'a WriteOperation,
        place: i64,
    ) -> Result<(), BatchError> {
        let failed = |error| BatchError::Operation(index, error);
        match operation {
            WriteOperation::Append { append, .. } => {
                let number = self.number(index);
                let appends = self.appends.get_or_insert_default();
                appends.append(number, append, place);
                appends.write(number, &append.writes).map_err(failed)?;
            }
            WriteOperation::Write { writes, .. } => {
                let appends = self.appends.get_or_insert_default();
                appends.write(ALWAYS, writes).map_err(failed)?;
            }
            WriteOperation::Put { key, value, expires_at, .. } => {
                self.put.keys.push(key.as_bytes());
                self.put.values.push(value);
                self.put.expiries.push(expires_at.map(Timestamp::as_microsecond));
            }
            WriteOperation::Remove { key, .. } => self.removed.push(key.as_bytes()),
            WriteOperation::Add { key, by, now, expires_at, .. } => {
                let number = self.number(index);
                self.added.numbers.push(number);
                self.added.keys.push(key.as_bytes());
                self.added.by.push(*by);
                self.added.now.push(now.as_microsecond());
                self.added.expiries.push(expires_at.map(Timestamp::as_microsecond));
            }
            WriteOperation::SaveSnapshot { name, snapshot, .. } => {
                let parameters = vec![
                    parameter(name.as_str()),
                    parameter(signed(snapshot.position)),
                    parameter(&snapshot.data[..]),
                ];
                self.single.push(Call::new(statements::SAVE_SNAPSHOT, parameters, Rows::Nothing));
            }
            WriteOperation::Sweep { now, limit, .. } => {
                let limit = i64::try_from(*limit).unwrap_or(i64::MAX);
                let parameters = vec![parameter(now.as_microsecond()), parameter(limit)];
                self.single.push(Call::new(
                    statements::SWEEP_VALUES,
                    parameters,
                    Rows::Swept(index),
                ));
            }
            WriteOperation::DeleteStream { stream, expected, .. } => {
                let parameters = vec![parameter(stream.as_str()), parameter(signed(*expected))];
                self.single.push(Call::new(
                    statements::DELETE_STREAM,
                    parameters,
                    Rows::Deleted(index),
                ));
            }
        }
        Ok(())
    }

    /// Statements of the round. `taken` is the number of positions that the batch takes.
    fn calls(self, taken: i64) -> impl Iterator<Item = Call<'a>> {
        let Self { numbered, appends, put, removed, added, single } = self;
        let append = appends.map(|appends| appends.call(taken, numbered.clone()));
        let put = (!put.keys.is_empty()).then(|| {
            let parameters =
                vec![parameter(put.keys), parameter(put.values), parameter(put.expiries)];
            Call::new(statements::PUT_VALUES, parameters, Rows::Nothing)
        });
        let removed = (!removed.is_empty())
            .then(|| Call::new(statements::REMOVE_VALUES, vec![parameter(removed)], Rows::Nothing));
        let added = (!added.numbers.is_empty()).then(|| {
            let parameters = vec![
                parameter(added.numbers),
                parameter(added.keys),
                parameter(added.by),
                parameter(added.now),
                parameter(added.expiries),
            ];
            Call::new(statements::ADD_TO_VALUES, parameters, Rows::Sums(numbered))
        });
        [append, put, removed, added].into_iter().flatten().chain(single)
    }
}

impl<'a> Appends<'a> {
    fn append(&mut self, number: i32, append: &'a Append, place: i64) {
        self.streams.numbers.push(number);
        self.streams.names.push(&append.stream);
        self.streams.expected.push(signed(append.expected));
        let origin = append.origin.as_ref().map(ToString::to_string);
        for (event, nth) in append.events.iter().zip(1..) {
            let to = &mut self.events;
            to.numbers.push(number);
            to.places.push(place + nth);
            to.streams.push(&append.stream);
            to.versions.push(signed(append.expected).saturating_add(nth));
            to.ids.push(event.id);
            to.names.push(event.name);
            to.seconds.push(event.recorded_at.as_second());
            to.nanos.push(event.recorded_at.subsec_nanosecond());
            to.origins.push(origin.clone());
            to.data.push(&event.data);
        }
    }

    fn call(self, taken: i64, numbered: Vec<usize>) -> Call<'a> {
        let Self { streams, events, put, deleted, entries } = self;
        let parameters = vec![
            parameter(streams.numbers),
            parameter(streams.names),
            parameter(streams.expected),
            parameter(taken),
            parameter(events.numbers),
            parameter(events.places),
            parameter(events.streams),
            parameter(events.versions),
            parameter(events.ids),
            parameter(events.names),
            parameter(events.seconds),
            parameter(events.nanos),
            parameter(events.origins),
            parameter(events.data),
            parameter(put.numbers),
            parameter(put.collections),
            parameter(put.keys),
            parameter(put.bodies),
            parameter(deleted.numbers),
            parameter(deleted.collections),
            parameter(deleted.keys),
            parameter(entries.numbers),
            parameter(entries.collections),
            parameter(entries.indexes),
            parameter(entries.entries),
            parameter(entries.keys),
        ];
        Call::new(statements::APPEND, parameters, Rows::Accepted(numbered))
    }

    /// Adds documents; of several writes to one of them the last one counts.
    fn write(&mut self, number: i32, writes: &'a [Write]) -> Result<(), StorageError> {
        let mut last: BTreeMap<(&str, &str), Option<(&'static Collection, &'a Document)>> =
            BTreeMap::new();
        for write in writes {
            match write {
                Write::Put { collection, document } => {
                    last.insert((collection.name, &document.key), Some((*collection, document)));
                }
                Write::Delete { collection, key } => {
                    last.insert((collection.name, key), None);
                }
            }
        }
        for ((name, key), put) in last {
            let Some((collection, document)) = put else {
                self.deleted.numbers.push(number);
                self.deleted.collections.push(name);
                self.deleted.keys.push(key.as_bytes());
                continue;
            };
            self.put.numbers.push(number);
            self.put.collections.push(name);
            self.put.keys.push(key.as_bytes());
            self.put.bodies.push(&document.body);
            for index in collection.indexes {
                let Some(position) = document.position_in(index) else { continue };
                self.entries.numbers.push(number);
                self.entries.collections.push(name);
                self.entries.indexes.push(index.name);
                let entry = index_entry::encode(&position);
                check_size(entry.len(), ENTRY_BYTES_MAX)?;
                self.entries.entries.push(entry);
                self.entries.keys.push(key.as_bytes());
            }
        }
        Ok(())
    }
}

/// Runs a batch in one transaction and one round trip; returns what each operation did, once it is committed.
pub(crate) async fn run(
    connection: &Connection,
    operations: &[WriteOperation],
) -> Result<Vec<WriteOutcome>, BatchError> {
    let mut taken = 0;
    let mut places = Vec::with_capacity(operations.len());
    for operation in operations {
        places.push(taken);
        if let WriteOperation::Append { append, .. } = operation {
            taken += i64::try_from(append.events.len()).unwrap_or(i64::MAX);
        }
    }
    let numbers = rounds(operations);
    let count = numbers.iter().max().map_or(0, |last| last + 1);
    let mut rounds: Vec<Round<'_>> = std::iter::repeat_with(Round::default).take(count).collect();
    for (index, operation) in operations.iter().enumerate() {
        rounds[numbers[index]].add(index, operation, places[index])?;
    }
    let take = Call::new(statements::TAKE_POSITIONS, vec![parameter(taken)], Rows::Position);
    let calls: Vec<Call<'_>> = std::iter::once(take)
        .chain(rounds.into_iter().flat_map(|round| round.calls(taken)))
        .collect();
    let answers = transaction(connection, &calls).await?;

    let mut outcomes: Vec<WriteOutcome> = operations
        .iter()
        .map(|operation| match operation {
            WriteOperation::Append { .. } => WriteOutcome::Rejected,
            _ => WriteOutcome::Done,
        })
        .collect();
    let mut first = 0;
    for (call, rows) in calls.iter().zip(&answers) {
        for row in rows {
            let of_number =
                |numbered: &[usize]| numbered[row.get::<_, i32>(0).unsigned_abs() as usize - 1];
            match &call.rows {
                Rows::Nothing => {}
                Rows::Position => first = row.get::<_, i64>(0) - taken,
                Rows::Accepted(numbered) => {
                    let index = of_number(numbered);
                    let WriteOperation::Append { append, .. } = &operations[index] else {
                        continue;
                    };
                    let place = places[index] + signed(append.events.len() as u64);
                    outcomes[index] =
                        WriteOutcome::Accepted { position: (first + place).unsigned_abs() };
                }
                Rows::Sums(numbered) => {
                    outcomes[of_number(numbered)] = WriteOutcome::Sum(row.get(1));
                }
                Rows::Swept(index) => {
                    let count = row.get::<_, i64>(0).unsigned_abs();
                    outcomes[*index] =
                        WriteOutcome::Swept(usize::try_from(count).unwrap_or(usize::MAX));
                }
                Rows::Deleted(index) => {
                    let actual = row.get::<_, i64>(0).unsigned_abs();
                    outcomes[*index] = WriteOutcome::Deleted { actual, is_last: row.get(1) };
                }
            }
        }
    }
    Ok(outcomes)
}
