//! Writer of one service: takes everything that waits as one batch, and answers once it is committed.
//!
//! It is a thread of its own. While a batch is under way it holds the lock of the keys of data subjects ([`personal`]), for which an
//! erasure waits; on a thread of the runtime, two erasures could keep the batch from ending.

use crate::{
    batch::{Reply, WriteOperation, WriteOutcome, answer_append},
    connection::{Connection, DatabaseConnector},
    error::{is_refused, message, storage_error_in, was_overtaken},
    failure::EngineFailure,
    fence::{Fence, is_fenced},
    group_commit::{ENOUGH_WRITES, GroupCommit},
    hints,
    recent_events::{RecentEvents, recorded},
    rounds::{self, BatchError, CommittedBatch, signed},
    sequencing, statements,
    writer_statistics::BatchCounters,
};
use journal::{Append, AppendError, Appended, DeleteError, Position, personal};
use kernel::Uuid;
use std::{io, sync::Arc, time::Duration};
use storage::{Commit, StorageError, Watermark};
use subject_keys::SubjectKeys;
use tokio::{
    sync::{
        mpsc::{self, error::TrySendError},
        oneshot, watch,
    },
    time::Instant,
};

/// Operations that may wait for the writer; beyond that, writes are refused.
const QUEUE_OPERATIONS_MAX: usize = 4_096;
/// Operations of one transaction.
const BATCH_OPERATIONS_MAX: usize = 256;
/// Data of one transaction, in bytes; one operation may be larger.
const BATCH_BYTES_MAX: usize = 8 << 20;
/// First pause before a batch is tried again, which doubles up to the second one.
const RETRY_PAUSES: (Duration, Duration) = (Duration::from_millis(10), Duration::from_secs(1));

/// How long a read waits until it is certain what earlier writes have stored.
const SETTLED_WITHIN: Duration = Duration::from_secs(1);

/// Handle of a writer.
#[derive(Clone, Debug)]
pub(crate) struct WriterHandle {
    queue: mpsc::Sender<WriteOperation>,
    doubt: Arc<watch::Sender<bool>>,
}

impl WriterHandle {
    /// Operations that wait.
    pub(crate) fn queue_length(&self) -> usize {
        self.queue.max_capacity() - self.queue.capacity()
    }

    /// Waits until it is certain what earlier writes have stored, where it is not: a connection that was given up may still be executing
    /// one, which nobody sees before it is committed. Whoever reads, and decides on what it read, would decide without it.
    ///
    /// # Errors
    ///
    /// [`StorageError::Unavailable`] when it is not certain soon.
    pub(crate) async fn settled(&self) -> Result<(), StorageError> {
        if !*self.doubt.borrow() {
            return Ok(());
        }
        let mut doubt = self.doubt.subscribe();
        if self.queue_length() == 0 {
            // Any write makes the writer connect again; nobody waits for the answer to this one.
            drop(self.submit::<(), StorageError>(nothing)?);
        }
        let settled = tokio::time::timeout(SETTLED_WITHIN, doubt.wait_for(|doubt| !doubt)).await;
        match settled {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(unavailable(
                "it is not known yet what the database has stored of earlier writes",
            )),
        }
    }

    /// Writes nothing, behind all writes before: what the database had of them under way is stored then, or never will be.
    pub(crate) async fn barrier(&self) -> Result<(), StorageError> {
        self.run(nothing).await
    }

    /// Hands an operation to the writer, and waits for its answer.
    pub(crate) async fn run<T, E: From<StorageError>>(
        &self,
        operation: impl FnOnce(Reply<Result<T, E>>) -> WriteOperation,
    ) -> Result<T, E> {
        answer_of(self.submit(operation)?).await
    }

    /// Hands an operation to the writer, and returns where its answer will come; see [`answer_of`].
    ///
    /// # Errors
    ///
    /// When the writer does not take it.
    pub(crate) fn submit<T, E: From<StorageError>>(
        &self,
        operation: impl FnOnce(Reply<Result<T, E>>) -> WriteOperation,
    ) -> Result<oneshot::Receiver<Result<T, E>>, StorageError> {
        let (reply, answer) = oneshot::channel();
        self.queue.try_send(operation(reply)).map_err(|error| match error {
            TrySendError::Full(_) => {
                StorageError::Refused("too many writes wait for the database".to_owned())
            }
            TrySendError::Closed(_) => StorageError::Refused("the engine is closed".to_owned()),
        })?;
        Ok(answer)
    }
}

/// Waits for the answer to an operation.
pub(crate) async fn answer_of<T, E: From<StorageError>>(
    answer: oneshot::Receiver<Result<T, E>>,
) -> Result<T, E> {
    answer.await.map_err(|_| unavailable("the engine was closed"))?
}

/// Operation that writes nothing.
fn nothing(reply: Reply<Result<(), StorageError>>) -> WriteOperation {
    WriteOperation::Write { writes: Vec::new(), reply }
}

fn unavailable(reason: &str) -> StorageError {
    StorageError::Unavailable(reason.to_owned())
}

/// What is known of earlier attempts of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Before {
    /// They stored nothing.
    Nothing,
    /// One was not answered, and may have stored it.
    Unanswered,
}

/// Thread of a writer, as long as it runs.
struct Running {
    engine: mpsc::Sender<EngineFailure>,
    service: &'static str,
}

impl Drop for Running {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // Full means that another writer has said so before, and one is enough to stop the process.
            let _ = self.engine.try_send(EngineFailure::Panicked(self.service));
        }
    }
}

/// Writer of one service.
#[derive(Debug)]
pub(crate) struct Writer {
    pub(crate) connector: Arc<DatabaseConnector>,
    pub(crate) service: &'static str,
    pub(crate) schema: String,
    pub(crate) subject_keys: Arc<SubjectKeys>,
    /// Watermark of the service's events.
    pub(crate) events: Arc<Watermark>,
    /// True once the engine is closed.
    pub(crate) closing: watch::Receiver<bool>,
    pub(crate) counters: Arc<BatchCounters>,
    pub(crate) recent: Arc<RecentEvents>,
    /// Whether no other process writes for the service.
    pub(crate) is_sole: bool,
    /// Whether others are told of new events.
    pub(crate) sends_hints: bool,
    pub(crate) fence: Fence,
    /// Told when another process took the place of this one.
    pub(crate) failures: mpsc::Sender<EngineFailure>,
    /// Whether a connection was given up with writes of which it is not known if they are stored, and no other one has its place yet.
    pub(crate) doubt: Arc<watch::Sender<bool>>,
}

impl Writer {
    /// Starts the thread. It ends when the engine is closed, or every handle is gone, and everything that was taken is written;
    /// `failures` is dropped then.
    pub(crate) fn start(self) -> io::Result<WriterHandle> {
        let (queue, mut waiting) = mpsc::channel(QUEUE_OPERATIONS_MAX);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let doubt = Arc::clone(&self.doubt);
        std::thread::Builder::new().name(format!("pg-{}", self.service)).spawn(move || {
            let _running = Running { engine: self.failures.clone(), service: self.service };
            runtime.block_on(async move {
                let mut connection = None;
                let mut closing = self.closing.clone();
                let mut is_closing = false;
                let mut group_commit = GroupCommit::default();
                loop {
                    let first = tokio::select! {
                        first = waiting.recv() => first,
                        // An engine that is gone without having been closed is closed as well.
                        _ = closing.wait_for(|closing| *closing), if !is_closing => {
                            is_closing = true;
                            waiting.close();
                            continue;
                        }
                    };
                    let Some(first) = first else { break };
                    let batch = gather(first, &mut waiting, group_commit.earliest()).await;
                    group_commit.begin(batch.len(), Instant::now());
                    self.write(&mut connection, batch).await;
                }
            });
        })?;
        Ok(WriterHandle { queue, doubt })
    }

    /// Writes a batch, and answers all its operations.
    async fn write(&self, connection: &mut Option<Connection>, batch: Vec<WriteOperation>) {
        let in_use = batch.iter().any(is_personal).then(|| self.subject_keys.use_keys());
        let mut operations = Vec::with_capacity(batch.len());
        for mut operation in batch {
            match self.seal(&mut operation) {
                Ok(()) => operations.push(operation),
                Err(error) => operation.fail(error),
            }
        }
        let deadline = Instant::now() + self.connector.options.write_timeout;
        while !operations.is_empty() {
            let later = sequencing::split_off(&mut operations);
            self.commit(connection, operations, deadline, Before::Nothing).await;
            operations = later;
        }
        drop(in_use);
    }

    fn seal(&self, operation: &mut WriteOperation) -> Result<(), StorageError> {
        let WriteOperation::Append { append: Append { stream, events, .. }, .. } = operation else {
            return Ok(());
        };
        personal::seal_in_use(&self.subject_keys, self.service, stream, events)
    }

    /// Logs why a batch was not committed at its first attempt: the next ones fail of the same.
    fn log_first_failure(&self, error: &tokio_postgres::Error) {
        let (server, error) = (self.connector.options.server(), message(error));
        let service = self.service;
        tracing::warn!(service, server, error, "a batch was not committed, and is tried again");
    }

    /// Commits a batch, in several attempts until the deadline.
    async fn commit(
        &self,
        connection: &mut Option<Connection>,
        mut operations: Vec<WriteOperation>,
        deadline: Instant,
        mut before: Before,
    ) {
        let (mut pause, pause_max) = RETRY_PAUSES;
        loop {
            sequencing::fail_out_of_sequence(&mut operations);
            if operations.is_empty() {
                return;
            }
            match tokio::time::timeout_at(deadline, self.attempt(connection, &operations)).await {
                Ok(Ok(committed)) => {
                    return self.answer(connection, operations, committed, deadline).await;
                }
                Ok(Err(BatchError::Operation(index, error))) => {
                    operations.remove(index).fail(error);
                }
                // It is done in the next attempt or, after many, at the deadline.
                Ok(Err(BatchError::Database(error))) if was_overtaken(&error) => {}
                Ok(Err(BatchError::Database(error))) if is_fenced(&error) => *connection = None,
                Ok(Err(BatchError::Failed(failure))) => {
                    // Full means that another writer has said so before.
                    let _ = self.failures.try_send(failure);
                    return fail_all(operations, &unavailable(&failure.to_string()));
                }
                Ok(Err(BatchError::Database(error))) if is_refused(&error) => {
                    return self
                        .commit_singly(connection, operations, &error, (deadline, before))
                        .await;
                }
                Ok(Err(BatchError::Database(error))) => {
                    if pause == RETRY_PAUSES.0 {
                        self.log_first_failure(&error);
                    }
                    self.give_up(connection);
                    before = Before::Unanswered;
                    let reason = storage_error_in(&self.schema, &error);
                    // Whether it was committed is not known; what must not happen twice is not tried again.
                    let (again, once): (Vec<_>, Vec<_>) =
                        operations.into_iter().partition(WriteOperation::is_repeatable);
                    fail_all(once, &reason);
                    operations = again;
                    if Instant::now() + pause >= deadline {
                        return fail_all(operations, &reason);
                    }
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(pause_max);
                }
                Err(_) => {
                    let (service, server) = (self.service, self.connector.options.server());
                    tracing::warn!(
                        service,
                        server,
                        "a batch was given up: the database does not answer"
                    );
                    self.give_up(connection);
                    return fail_all(operations, &unavailable("the database does not answer"));
                }
            }
        }
    }

    /// Gives a connection up that has not answered: what it had under way may be committed yet.
    fn give_up(&self, connection: &mut Option<Connection>) {
        self.doubt.send_replace(true);
        *connection = None;
    }

    async fn attempt(
        &self,
        connection: &mut Option<Connection>,
        operations: &[WriteOperation],
    ) -> Result<CommittedBatch, BatchError> {
        let connection = self.connected(connection).await?;
        let begun = Instant::now();
        let committed =
            rounds::run(connection, operations, self.is_sole, self.fence.token()).await?;
        self.counters.record_batch(operations, begun.elapsed());
        let is_accepted = |outcome: &WriteOutcome| matches!(outcome, WriteOutcome::Accepted { .. });
        if self.sends_hints && committed.outcomes.iter().any(is_accepted) {
            hints::send(connection, &self.schema);
        }
        Ok(committed)
    }

    async fn connected<'c>(
        &self,
        connection: &'c mut Option<Connection>,
    ) -> Result<&'c Connection, BatchError> {
        if connection.as_ref().is_none_or(|it| it.client.is_closed()) {
            *connection = None;
            let new = self.connector.connect(Some(&self.schema)).await?;
            self.fence.admit(&new).await?;
            new.check_unwarned()?;
            let last: i64 = new.client.query_one(statements::LAST_TAKEN, &[]).await?.try_get(0)?;
            if last.unsigned_abs() < self.events.flushed() {
                return Err(BatchError::Failed(EngineFailure::LostCommits(self.service)));
            }
            // What an earlier connection has committed without an answer is known of from here on.
            self.events.advance(last.unsigned_abs());
            self.doubt.send_replace(false);
            self.counters.record_connection();
            return Ok(connection.insert(new));
        }
        Ok(connection.as_ref().expect("it is not none"))
    }

    /// Commits each operation alone, so that the one that the database refuses fails alone.
    async fn commit_singly(
        &self,
        connection: &mut Option<Connection>,
        operations: Vec<WriteOperation>,
        error: &tokio_postgres::Error,
        (deadline, before): (Instant, Before),
    ) {
        if let [_] = &operations[..] {
            let reason = match (storage_error_in(&self.schema, error), before) {
                // That it is refused now says nothing of the attempt before.
                (error @ StorageError::Full, Before::Unanswered) => unavailable(&error.to_string()),
                (error, _) => error,
            };
            return fail_all(operations, &reason);
        }
        for operation in operations {
            Box::pin(self.commit(connection, vec![operation], deadline, before)).await;
        }
    }

    /// Adds what a batch committed to the recent events, before anybody is told of it.
    fn remember(
        &self,
        operations: &[WriteOperation],
        outcomes: &[WriteOutcome],
        positions: Option<(Position, Position)>,
    ) {
        let Some(positions) = positions else { return };
        let of_batch = || operations.iter().zip(outcomes);
        // Positions were given in the order of the operations.
        let accepted = of_batch().filter_map(|pair| match pair {
            (WriteOperation::Append { append, .. }, WriteOutcome::Accepted { position }) => {
                Some(recorded(append, *position))
            }
            _ => None,
        });
        self.recent.add(positions, accepted.flatten());
        for pair in of_batch() {
            if let (
                WriteOperation::DeleteStream { stream, expected, .. },
                WriteOutcome::Deleted { actual, is_last: false },
            ) = pair
                && actual == expected
            {
                self.recent.remove_stream(stream);
            }
        }
    }

    /// Answers the operations of a batch that is committed.
    async fn answer(
        &self,
        connection: &mut Option<Connection>,
        operations: Vec<WriteOperation>,
        committed: CommittedBatch,
        deadline: Instant,
    ) {
        let CommittedBatch { outcomes, positions } = committed;
        self.remember(&operations, &outcomes, positions);
        let positions = outcomes.iter().filter_map(|outcome| match outcome {
            WriteOutcome::Accepted { position } => Some(*position),
            _ => None,
        });
        if let Some(last) = positions.max() {
            self.events.advance(last);
        }
        for (operation, outcome) in operations.into_iter().zip(outcomes) {
            // Whoever has given up waiting needs no answer; so in every arm.
            match (operation, outcome) {
                (WriteOperation::Append { append, reply }, WriteOutcome::Accepted { position }) => {
                    let version = append.expected.saturating_add(append.events.len() as u64);
                    let commit = Commit::durable();
                    answer_append(&append, reply, Ok(Appended { version, position, commit }));
                }
                (WriteOperation::Append { append, reply }, _) => {
                    let existing = self.existing(connection, &append);
                    let existing = tokio::time::timeout_at(deadline, existing).await;
                    let existing = existing.unwrap_or_else(|_| {
                        Err(unavailable("the database does not answer").into())
                    });
                    answer_append(&append, reply, existing);
                }
                (
                    WriteOperation::Write { reply, .. }
                    | WriteOperation::Put { reply, .. }
                    | WriteOperation::Remove { reply, .. }
                    | WriteOperation::SaveSnapshot { reply, .. },
                    _,
                ) => drop(reply.send(Ok(()))),
                (WriteOperation::Add { reply, .. }, outcome) => {
                    let sum = match outcome {
                        WriteOutcome::Sum(sum) => sum,
                        _ => None,
                    };
                    let reason = "a value that is not a number was used as a counter";
                    let sum = sum.ok_or_else(|| StorageError::Corrupt(reason.to_owned()));
                    drop(reply.send(sum));
                }
                (WriteOperation::Sweep { reply, .. }, outcome) => {
                    let swept = match outcome {
                        WriteOutcome::Swept(swept) => swept,
                        _ => 0,
                    };
                    drop(reply.send(Ok(swept)));
                }
                (WriteOperation::DeleteStream { expected, reply, .. }, outcome) => {
                    drop(reply.send(match outcome {
                        WriteOutcome::Deleted { actual, .. } if actual != expected => {
                            Err(DeleteError::Conflict { actual })
                        }
                        WriteOutcome::Deleted { is_last: true, .. } => Err(DeleteError::LastEvent),
                        _ => Ok(()),
                    }));
                }
            }
        }
    }

    /// Answer to an append that was not accepted: a repetition of what the stream has, or a conflict.
    async fn existing(
        &self,
        connection: &mut Option<Connection>,
        append: &Append,
    ) -> Result<Appended, AppendError> {
        if let Some(place) = &append.sequence {
            place.check()?;
        }
        let read = async {
            let connection = self.connected(connection).await?;
            let statement = connection.prepared(statements::EVENTS_AFTER).await?;
            let count = signed(append.events.len() as u64);
            let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 3] =
                [&append.stream, &signed(append.expected), &count];
            Ok(connection.client.query(&statement, &parameters).await?)
        };
        let rows = read.await.map_err(|error: BatchError| match error {
            BatchError::Database(error) => storage_error_in(&self.schema, &error),
            BatchError::Operation(_, error) => error,
            BatchError::Failed(failure) => {
                // Full means that another writer has said so before.
                let _ = self.failures.try_send(failure);
                unavailable(&failure.to_string())
            }
        })?;
        let actual = rows.first().map_or(0, |row| row.get::<_, i64>(0).unsigned_abs());
        let stored: Vec<(Uuid, i64, i64)> = rows
            .iter()
            .filter_map(|row| Some((row.get::<_, Option<Uuid>>(1)?, row.get(2), row.get(3))))
            .collect();
        let is_repeated = stored.len() == append.events.len()
            && stored.iter().zip(&append.events).all(|((id, ..), event)| *id == event.id);
        match stored.last() {
            Some((_, version, position)) if is_repeated => Ok(Appended {
                version: version.unsigned_abs(),
                position: position.unsigned_abs(),
                commit: Commit::durable(),
            }),
            _ => Err(AppendError::Conflict { actual }),
        }
    }
}

fn fail_all(operations: Vec<WriteOperation>, reason: &StorageError) {
    for operation in operations {
        operation.fail(reason.clone());
    }
}

fn is_personal(operation: &WriteOperation) -> bool {
    match operation {
        WriteOperation::Append { append, .. } => {
            append.events.iter().any(|event| event.personal.is_some())
        }
        _ => false,
    }
}

/// The first operation with those that wait behind it and those that come before the earliest time, within the limits of a batch.
async fn gather(
    first: WriteOperation,
    waiting: &mut mpsc::Receiver<WriteOperation>,
    earliest: Option<Instant>,
) -> Vec<WriteOperation> {
    let mut bytes = first.bytes();
    let mut batch = vec![first];
    while batch.len() < BATCH_OPERATIONS_MAX && bytes < BATCH_BYTES_MAX {
        let next = match (waiting.try_recv(), earliest) {
            (Ok(next), _) => Some(next),
            (Err(_), Some(earliest)) if batch.len() < ENOUGH_WRITES => {
                // Ends at once when no more can come.
                tokio::time::timeout_at(earliest, waiting.recv()).await.ok().flatten()
            }
            (Err(_), _) => None,
        };
        let Some(next) = next else { break };
        bytes += next.bytes();
        batch.push(next);
    }
    batch
}
