//! Rounds of a batch: operations that do not touch the same thing share a statement; those that do come one after the other.

mod appends;
mod round;

use crate::{
    batch::{WriteOperation, WriteOutcome},
    connection::Connection,
    failure::EngineFailure,
    fence::FenceError,
    pipeline::{Call, Rows, parameter, statement, transaction},
    statements,
};
use journal::Position;
use kernel::Uuid;
use round::Round;
use std::collections::HashMap;
use storage::{StorageError, Write};
use tokio_postgres::{Error, Row};

/// Size limit of an entry of an index, in bytes: PostgreSQL takes no larger ones in a B-tree.
pub(crate) const ENTRY_BYTES_MAX: usize = 2_000;

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

/// Why a batch was not committed.
#[derive(Debug)]
pub(crate) enum BatchError {
    /// The database's answer, or that of the connection.
    Database(Error),
    /// Operation, by index, that cannot be stored.
    Operation(usize, StorageError),
    /// The engine must not write any more.
    Failed(EngineFailure),
}

impl From<FenceError> for BatchError {
    fn from(error: FenceError) -> Self {
        match error {
            FenceError::Superseded => Self::Failed(EngineFailure::Superseded),
            FenceError::Database(error) => Self::Database(error),
        }
    }
}

impl From<Error> for BatchError {
    fn from(error: Error) -> Self {
        Self::Database(error)
    }
}

/// Operations of the accepted appends. Without appends, there is no array.
fn accepted_of(
    by_number: Option<Vec<bool>>,
    numbered: &[usize],
) -> impl Iterator<Item = usize> + '_ {
    let by_number = by_number.unwrap_or_default().into_iter();
    by_number.zip(numbered).filter_map(|(is_accepted, index)| is_accepted.then_some(*index))
}

/// Batch that is committed.
#[derive(Debug)]
pub(crate) struct CommittedBatch {
    /// What each operation did.
    pub(crate) outcomes: Vec<WriteOutcome>,
    /// It took the positions after the first one of these up to the second one; none where it only put documents.
    pub(crate) positions: Option<(Position, Position)>,
}

/// Runs a batch in one transaction and one round trip; returns once it is committed.
///
/// A sole writer is one beside which no other process writes for the service; the token is that of the writer's [`Fence`](crate::fence::Fence).
pub(crate) async fn run(
    connection: &Connection,
    operations: &[WriteOperation],
    is_sole_writer: bool,
    writer_token: Uuid,
) -> Result<CommittedBatch, BatchError> {
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
    let alone = match &mut rounds[..] {
        [round] => round.alone(taken, is_sole_writer, writer_token),
        _ => None,
    };
    let (calls, answers) = if let Some(call) = alone {
        let rows = statement(connection, &call).await?;
        (vec![call], vec![rows])
    } else {
        let parameters = vec![parameter(taken), parameter(writer_token)];
        let take = Call::new(statements::TAKE_POSITIONS, parameters, Rows::Position);
        let calls: Vec<Call<'_>> = std::iter::once(take)
            .chain(rounds.into_iter().flat_map(|round| round.calls(taken)))
            .collect();
        let answers = transaction(connection, &calls).await?;
        (calls, answers)
    };
    connection.check_unwarned()?;
    Ok(committed(operations, &places, taken, calls.iter().zip(&answers)))
}

/// What the answers say of the operations, whose positions begin at `places` among those that were taken.
fn committed<'a>(
    operations: &[WriteOperation],
    places: &[i64],
    taken: i64,
    answers: impl Iterator<Item = (&'a Call<'a>, &'a Vec<Row>)>,
) -> CommittedBatch {
    let mut outcomes: Vec<WriteOutcome> = operations
        .iter()
        .map(|operation| match operation {
            WriteOperation::Append { .. } => WriteOutcome::Rejected,
            _ => WriteOutcome::Done,
        })
        .collect();
    let mut first = None;
    let mut accepted: Vec<usize> = Vec::new();
    for (call, row) in answers.flat_map(|(call, rows)| rows.iter().map(move |row| (call, row))) {
        match &call.rows {
            Rows::Nothing => {}
            Rows::Position => first = Some(row.get::<_, i64>(0) - taken),
            Rows::Accepted(numbered) => accepted.extend(accepted_of(row.get(0), numbered)),
            Rows::PositionAndAccepted(numbered) => {
                first = Some(row.get::<_, i64>(0) - taken);
                accepted.extend(accepted_of(row.get(1), numbered));
            }
            Rows::Sums(numbered) => {
                let index = numbered[row.get::<_, i32>(0).unsigned_abs() as usize - 1];
                outcomes[index] = WriteOutcome::Sum(row.get(1));
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
    for (index, first) in accepted.into_iter().zip(first.into_iter().cycle()) {
        if let WriteOperation::Append { append, .. } = &operations[index] {
            let place = places[index] + signed(append.events.len() as u64);
            let position = (first + place).unsigned_abs();
            outcomes[index] = WriteOutcome::Accepted { position };
        }
    }
    let positions = first.map(|first| (first.unsigned_abs(), (first + taken).unsigned_abs()));
    CommittedBatch { outcomes, positions }
}
