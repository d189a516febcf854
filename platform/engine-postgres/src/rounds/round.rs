//! One round of a batch: what its operations have for each statement.

use super::{
    BatchError,
    appends::{Appends, DocumentColumns},
    signed,
};
use crate::{
    batch::WriteOperation,
    pipeline::{Call, Rows, parameter},
    statements,
};
use kernel::{Timestamp, Uuid};

/// Number of documents that are written without an append: they are always accepted.
const ALWAYS: i32 = 0;

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
pub(super) struct Round<'a> {
    /// Operations of the appends, by their numbers in the round, from 1.
    appending: Vec<usize>,
    appends: Option<Appends<'a>>,
    put: ValueColumns<'a>,
    removed: Vec<&'a [u8]>,
    /// Operations of the counters, likewise.
    adding: Vec<usize>,
    added: CounterColumns<'a>,
    /// Statements of one operation each.
    single: Vec<Call<'a>>,
}

/// Number of one more operation among those of its kind.
fn numbered(operations: &mut Vec<usize>, index: usize) -> i32 {
    operations.push(index);
    // A batch has far fewer operations.
    i32::try_from(operations.len()).unwrap_or(i32::MAX)
}

impl<'a> Round<'a> {
    /// Adds an operation; `place` is the number of positions that the batch has before its events.
    pub(super) fn add(
        &mut self,
        index: usize,
        operation: &'a WriteOperation,
        place: i64,
    ) -> Result<(), BatchError> {
        let failed = |error| BatchError::Operation(index, error);
        match operation {
            WriteOperation::Append { append, .. } => {
                let number = numbered(&mut self.appending, index);
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
                let number = numbered(&mut self.adding, index);
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

    /// The one statement of a round that appends and does nothing else, where it may be a transaction of its own.
    pub(super) fn alone(
        &mut self,
        taken: i64,
        is_sole_writer: bool,
        writer_token: Uuid,
    ) -> Option<Call<'a>> {
        let is_alone = self.put.keys.is_empty()
            && self.removed.is_empty()
            && self.added.numbers.is_empty()
            && self.single.is_empty();
        let may_be = |appends: &mut Appends<'a>| is_sole_writer || !appends.has_documents();
        if is_alone && self.appends.as_ref().is_some_and(Appends::puts_plain_documents) {
            let DocumentColumns { collections, keys, bodies, .. } = self.appends.take()?.put;
            let parameters = vec![
                parameter(collections),
                parameter(keys),
                parameter(bodies),
                parameter(writer_token),
            ];
            return Some(Call::new(statements::PUT_DOCUMENTS, parameters, Rows::Nothing));
        }
        let appends = self.appends.take_if(|appends| is_alone && may_be(appends))?;
        Some(appends.call(taken, std::mem::take(&mut self.appending), Some(writer_token)))
    }

    /// Statements of the round. `taken` is the number of positions that the batch takes.
    pub(super) fn calls(self, taken: i64) -> impl Iterator<Item = Call<'a>> {
        let Self { appending, appends, put, removed, adding, added, single } = self;
        let append = appends.map(|appends| appends.call(taken, appending, None));
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
            Call::new(statements::ADD_TO_VALUES, parameters, Rows::Sums(adding))
        });
        [append, put, removed, added].into_iter().flatten().chain(single)
    }
}
