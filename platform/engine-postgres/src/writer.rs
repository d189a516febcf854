//! Writer of one service: takes everything that waits as one batch, and answers once it is committed.
//!
//! It is a thread of its own. While a batch is under way it holds the lock of the keys of data subjects ([`personal`]), for which an
//! erasure waits; on a thread of the runtime, two erasures could keep the batch from ending.

use crate::{
    batch::{Reply, WriteOperation, WriteOutcome},
    connection::{Connection, DatabaseConnector},
    error::{is_refused, storage_error},
    hints,
    rounds::{self, BatchError, signed},
    statements,
    writer_statistics::BatchCounters,
};
use journal::{Append, AppendError, Appended, DeleteError, personal};
use kernel::Uuid;
use std::{io, sync::Arc, time::Duration};
use storage::{Commit, StorageError, Watermark};
use subject_keys::SubjectKeys;
use tokio::{
    sync::{
        mpsc::{self, error::TrySendError},
        watch,
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

/// Handle of a writer.
#[derive(Clone, Debug)]
pub(crate) struct WriterHandle {
    queue: mpsc::Sender<WriteOperation>,
}

impl WriterHandle {
    /// Operations that wait.
    pub(crate) fn queue_length(&self) -> usize {
        self.queue.max_capacity() - self.queue.capacity()
    }

    /// Hands an operation to the writer, and waits for its answer.
    pub(crate) async fn run<T, E: From<StorageError>>(
        &self,
        operation: impl FnOnce(Reply<Result<T, E>>) -> WriteOperation,
    ) -> Result<T, E> {
        let (reply, answer) = tokio::sync::oneshot::channel();
        let unavailable = |reason: &str| StorageError::Unavailable(reason.to_owned());
        self.queue.try_send(operation(reply)).map_err(|error| match error {
            TrySendError::Full(_) => unavailable("too many writes wait for the database"),
            TrySendError::Closed(_) => unavailable("the engine is closed"),
        })?;
        answer.await.map_err(|_| unavailable("the engine was closed"))?
    }
}

/// Thread of a writer, as long as it runs.
struct Running {
    engine: mpsc::Sender<&'static str>,
    service: &'static str,
}

impl Drop for Running {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // Full means that another writer has said so before, and one is enough to stop the process.
            let _ = self.engine.try_send(self.service);
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
    /// Whether others are told of new events.
    pub(crate) sends_hints: bool,
}

impl Writer {
    /// Starts the thread. It ends when the engine is closed, or every handle is gone, and everything that was taken is written;
    /// `running` is dropped then. A thread that panicked sends the name of its service before.
    pub(crate) fn start(self, running: mpsc::Sender<&'static str>) -> io::Result<WriterHandle> {
        let (queue, mut waiting) = mpsc::channel(QUEUE_OPERATIONS_MAX);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        std::thread::Builder::new().name(format!("pg-{}", self.service)).spawn(move || {
            let _running = Running { engine: running, service: self.service };
            runtime.block_on(async move {
                let mut connection = None;
                let mut closing = self.closing.clone();
                let mut is_closing = false;
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
                    let batch = gather(first, &mut waiting);
                    self.write(&mut connection, batch).await;
                }
            });
        })?;
        Ok(WriterHandle { queue })
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
        self.commit(connection, operations, deadline).await;
        drop(in_use);
    }

    fn seal(&self, operation: &mut WriteOperation) -> Result<(), StorageError> {
        let WriteOperation::Append { append: Append { stream, events, .. }, .. } = operation else {
            return Ok(());
        };
        personal::seal_in_use(&self.subject_keys, self.service, stream, events)
    }

    /// Commits a batch, in several attempts until the deadline.
    async fn commit(
        &self,
        connection: &mut Option<Connection>,
        mut operations: Vec<WriteOperation>,
        deadline: Instant,
    ) {
        let (mut pause, pause_max) = RETRY_PAUSES;
        while !operations.is_empty() {
            match tokio::time::timeout_at(deadline, self.attempt(connection, &operations)).await {
                Ok(Ok(outcomes)) => {
                    return self.answer(connection, operations, outcomes, deadline).await;
                }
                Ok(Err(BatchError::Operation(index, error))) => {
                    operations.remove(index).fail(error);
                }
                Ok(Err(BatchError::Database(error))) if is_refused(&error) => {
                    return self.commit_singly(connection, operations, &error, deadline).await;
                }
                Ok(Err(BatchError::Database(error))) => {
                    tracing::warn!(service = self.service, %error, "a batch was not committed, and is tried again");
                    *connection = None;
                    let reason = storage_error(&error);
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
                    *connection = None;
                    let reason =
                        StorageError::Unavailable("the database does not answer".to_owned());
                    return fail_all(operations, &reason);
                }
            }
        }
    }

    async fn attempt(
        &self,
        connection: &mut Option<Connection>,
        operations: &[WriteOperation],
    ) -> Result<Vec<WriteOutcome>, BatchError> {
        let connection = self.connected(connection).await?;
        let begun = Instant::now();
        let outcomes = rounds::run(connection, operations).await?;
        self.counters.record_batch(operations, begun.elapsed());
        let is_accepted = |outcome: &WriteOutcome| matches!(outcome, WriteOutcome::Accepted { .. });
        if self.sends_hints && outcomes.iter().any(is_accepted) {
            hints::send(connection, &self.schema);
        }
        Ok(outcomes)
    }

    async fn connected<'c>(
        &self,
        connection: &'c mut Option<Connection>,
    ) -> Result<&'c Connection, tokio_postgres::Error> {
        if connection.as_ref().is_none_or(|it| it.client.is_closed()) {
            *connection = None;
            let new = self.connector.connect(Some(&self.schema)).await?;
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
        deadline: Instant,
    ) {
        if let [_] = &operations[..] {
            let reason = storage_error(error);
            return fail_all(operations, &reason);
        }
        for operation in operations {
            Box::pin(self.commit(connection, vec![operation], deadline)).await;
        }
    }

    /// Answers the operations of a batch that is committed.
    async fn answer(
        &self,
        connection: &mut Option<Connection>,
        operations: Vec<WriteOperation>,
        outcomes: Vec<WriteOutcome>,
        deadline: Instant,
    ) {
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
                    drop(reply.send(Ok(Appended { version, position, commit })));
                }
                (WriteOperation::Append { append, reply }, _) => {
                    let existing = self.existing(connection, &append);
                    let existing = tokio::time::timeout_at(deadline, existing).await;
                    drop(reply.send(existing.unwrap_or_else(|_| {
                        let reason = "the database does not answer".to_owned();
                        Err(StorageError::Unavailable(reason).into())
                    })));
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
        let read = async {
            let connection = self.connected(connection).await?;
            let statement = connection.prepared(statements::EVENTS_AFTER).await?;
            let count = signed(append.events.len() as u64);
            let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 3] =
                [&append.stream, &signed(append.expected), &count];
            connection.client.query(&statement, &parameters).await
        };
        let rows = read.await.map_err(|error: tokio_postgres::Error| storage_error(&error))?;
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

/// The first operation with those that wait behind it, within the limits of a batch.
fn gather(
    first: WriteOperation,
    waiting: &mut mpsc::Receiver<WriteOperation>,
) -> Vec<WriteOperation> {
    let mut bytes = first.bytes();
    let mut batch = vec![first];
    while batch.len() < BATCH_OPERATIONS_MAX && bytes < BATCH_BYTES_MAX {
        let Ok(next) = waiting.try_recv() else { break };
        bytes += next.bytes();
        batch.push(next);
    }
    batch
}
