//! Storage ports over the connections of a process: each does what it is asked at the database, and waits for the answer.

use super::{
    Asker, Purpose, SimulatedDatabase, WriterIdentity,
    writer::{QueuedWrite, WriteAnswer, WriteQueue},
};
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{FutureExt, future::BoxFuture};
use journal::{
    Append, AppendError, Appended, DeleteError, Journal, Position, RecordedEvent, SequencePlace,
    ServiceStorage, Snapshot, Version,
};
use kernel::Timestamp;
use parking_lot::Mutex;
use std::{sync::Arc, time::Duration};
use storage::{
    Collection, Commit, DocumentPage, Documents, KeyValue, Query, StorageError, StoredDocument,
    Watermark, Write,
};
use tokio::{sync::oneshot, time::timeout};

/// How long a read may take, as in the real engine.
const READ_TIMEOUT: Duration = Duration::from_secs(10);
/// Between two looks of a follower whether there are events that this process did not write.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// Part of the storage that a process has open: that of a service, or its bulk data.
#[derive(Clone, Debug)]
pub(super) struct RemotePart {
    pub(super) database: Arc<SimulatedDatabase>,
    pub(super) identity: WriterIdentity,
    pub(super) service: &'static str,
    pub(super) is_bulk: bool,
    pub(super) queue: WriteQueue,
    /// Watermark of the service's events, as far as this process knows it.
    pub(super) events: Arc<Watermark>,
}

/// Journal of a service.
#[derive(Debug)]
pub(super) struct RemoteJournal(pub(super) RemotePart);

/// Documents of a service.
#[derive(Debug)]
pub(super) struct RemoteDocuments(pub(super) RemotePart);

/// Values of a service.
#[derive(Debug)]
pub(super) struct RemoteKeyValue(pub(super) RemotePart);

/// Answer of the engine in memory, which never waits.
fn now<T>(answer: impl Future<Output = T>) -> T {
    answer.now_or_never().expect("the engine in memory answers at once")
}

impl RemotePart {
    /// What the database has.
    pub(super) fn at_database(&self) -> ServiceStorage {
        if self.is_bulk {
            self.database.bulk(self.service)
        } else {
            self.database.service(self.service)
        }
    }

    /// Reads at the database.
    async fn read<T: Send>(
        &self,
        read: impl FnOnce(ServiceStorage) -> BoxFuture<'static, Result<T, StorageError>> + Send,
    ) -> Result<T, StorageError> {
        self.queue.settled().await?;
        let asker = Asker { process: self.identity.process, purpose: Purpose::Data };
        let reading = timeout(READ_TIMEOUT, async {
            self.database.travel(asker).await?;
            self.database.note_read(self.service, self.identity);
            let found = now(read(self.at_database()));
            self.database.travel(asker).await?;
            found
        });
        let silent = || StorageError::Unavailable("the database does not answer".to_owned());
        reading.await.unwrap_or_else(|_| Err(silent()))
    }

    /// Writes at the database.
    async fn write<T: Send + 'static, E: From<StorageError> + Send + 'static>(
        &self,
        is_repeatable: bool,
        write: impl Fn(&ServiceStorage) -> Result<T, E> + Send + Sync + 'static,
    ) -> Result<T, E> {
        let out_of_sequence = || StorageError::Refused("it has no sequence".to_owned()).into();
        let written = self.submit(is_repeatable, None, write, out_of_sequence, |_| {});
        written.await.unwrap_or_else(|_| Err(closed().into()))
    }

    /// Hands a write to the writer, and returns where its answer will come.
    fn submit<T: Send + 'static, E: From<StorageError> + Send + 'static>(
        &self,
        is_repeatable: bool,
        place: Option<SequencePlace>,
        write: impl Fn(&ServiceStorage) -> Result<T, E> + Send + Sync + 'static,
        out_of_sequence: impl FnOnce() -> E + Send + Sync + 'static,
        record: impl FnOnce(&Result<T, E>) + Send + Sync + 'static,
    ) -> oneshot::Receiver<Result<T, E>> {
        let left: Arc<Mutex<Option<Result<T, E>>>> = Arc::default();
        let of_database = Arc::clone(&left);
        let (reply, answer) = oneshot::channel();
        self.queue.submit(QueuedWrite {
            is_repeatable,
            is_bulk: self.is_bulk,
            place,
            apply: Arc::new(move |storage, is_in_sequence| {
                let answer = is_in_sequence.then(|| write(storage));
                let is_accepted = answer.as_ref().is_some_and(Result::is_ok);
                *of_database.lock() = answer;
                is_accepted
            }),
            answer: Box::new(move |answer| {
                let answer = match answer {
                    WriteAnswer::Committed => {
                        left.lock().take().unwrap_or_else(|| Err(out_of_sequence()))
                    }
                    WriteAnswer::OutOfSequence => Err(out_of_sequence()),
                    WriteAnswer::Failed(error) => Err(error.into()),
                };
                record(&answer);
                // Whoever has given up waiting needs no answer.
                drop(reply.send(answer));
            }),
        });
        answer
    }
}

fn closed() -> StorageError {
    StorageError::Unavailable("the engine was closed".to_owned())
}

#[async_trait]
impl Journal for RemoteJournal {
    async fn append(&self, mut append: Append) -> Result<Appended, AppendError> {
        let place = append.sequence.take();
        if let Err(error) = append.check() {
            place.inspect(SequencePlace::break_off);
            return Err(error.into());
        }
        let recorded = place.clone();
        let count = append.events.len() as u64;
        let version = append.expected.saturating_add(count);
        let answer = self.0.submit(
            true,
            place,
            move |storage| now(storage.journal.append(append.clone())),
            || AppendError::OutOfSequence,
            move |answer| {
                if let Some(place) = recorded {
                    place.record(answer);
                }
            },
        );
        if kernel::defects::planted("answered_before_accepted") {
            let position = self.0.events.flushed().saturating_add(count);
            return Ok(Appended { version, position, commit: Commit::durable() });
        }
        answer.await.unwrap_or_else(|_| Err(closed().into()))
    }

    async fn delete_stream(&self, stream: &str, expected: Version) -> Result<Commit, DeleteError> {
        let stream = stream.to_owned();
        let delete =
            move |storage: &ServiceStorage| now(storage.journal.delete_stream(&stream, expected));
        self.0.write(false, delete).await
    }

    async fn read(
        &self,
        stream: &str,
        after: Version,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StorageError> {
        let stream = stream.to_owned();
        let read = move |storage: ServiceStorage| {
            async move { storage.journal.read(&stream, after, limit).await }.boxed()
        };
        self.0.read(read).await
    }

    async fn follow(
        &self,
        after: Position,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StorageError> {
        let follow = move |storage: ServiceStorage| {
            async move { storage.journal.follow(after, limit).await }.boxed()
        };
        self.0.read(follow).await
    }

    async fn wait_beyond(&self, after: Position) {
        let (beyond, events) = (after.saturating_add(1), &self.0.events);
        while timeout(POLL_INTERVAL, events.wait_for(beyond)).await.is_err() {
            if let Ok(last) = self.last_position().await {
                events.advance(last);
            }
        }
    }

    async fn last_position(&self) -> Result<Position, StorageError> {
        let read =
            |storage: ServiceStorage| async move { storage.journal.last_position().await }.boxed();
        self.0.read(read).await
    }

    async fn save_snapshot(&self, name: &str, snapshot: Snapshot) -> Result<Commit, StorageError> {
        let name = name.to_owned();
        let save = move |storage: &ServiceStorage| {
            now(storage.journal.save_snapshot(&name, snapshot.clone()))
        };
        self.0.write(true, save).await
    }

    async fn snapshot(&self, name: &str) -> Result<Option<Snapshot>, StorageError> {
        let name = name.to_owned();
        let read = move |storage: ServiceStorage| {
            async move { storage.journal.snapshot(&name).await }.boxed()
        };
        self.0.read(read).await
    }
}

#[async_trait]
impl Documents for RemoteDocuments {
    async fn find(
        &self,
        collection: &'static Collection,
        key: &str,
    ) -> Result<Option<StoredDocument>, StorageError> {
        let key = key.to_owned();
        let find = move |storage: ServiceStorage| {
            async move { storage.documents.find(collection, &key).await }.boxed()
        };
        self.0.read(find).await
    }

    async fn query(
        &self,
        collection: &'static Collection,
        query: Query,
    ) -> Result<DocumentPage, StorageError> {
        let find = move |storage: ServiceStorage| {
            async move { storage.documents.query(collection, query).await }.boxed()
        };
        self.0.read(find).await
    }

    async fn scan(
        &self,
        collection: &'static Collection,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<StoredDocument>, StorageError> {
        let after = after.map(str::to_owned);
        let scan = move |storage: ServiceStorage| {
            async move { storage.documents.scan(collection, after.as_deref(), limit).await }.boxed()
        };
        self.0.read(scan).await
    }

    async fn write(&self, writes: Vec<Write>) -> Result<Commit, StorageError> {
        for write in &writes {
            write.check()?;
        }
        if writes.is_empty() {
            return Ok(Commit::durable());
        }
        let write = move |storage: &ServiceStorage| now(storage.documents.write(writes.clone()));
        self.0.write(true, write).await
    }
}

#[async_trait]
impl KeyValue for RemoteKeyValue {
    async fn value(&self, key: &str, at: Timestamp) -> Result<Option<Bytes>, StorageError> {
        let key = key.to_owned();
        let read = move |storage: ServiceStorage| {
            async move { storage.key_value.value(&key, at).await }.boxed()
        };
        self.0.read(read).await
    }

    async fn put(
        &self,
        key: &str,
        value: Bytes,
        expires_at: Option<Timestamp>,
    ) -> Result<Commit, StorageError> {
        let key = key.to_owned();
        let put = move |storage: &ServiceStorage| {
            now(storage.key_value.put(&key, value.clone(), expires_at))
        };
        self.0.write(true, put).await
    }

    async fn remove(&self, key: &str) -> Result<Commit, StorageError> {
        let key = key.to_owned();
        self.0.write(true, move |storage| now(storage.key_value.remove(&key))).await
    }

    async fn add(
        &self,
        key: &str,
        by: i64,
        at: Timestamp,
        expires_at: Option<Timestamp>,
    ) -> Result<i64, StorageError> {
        let key = key.to_owned();
        self.0
            .write(false, move |storage| now(storage.key_value.add(&key, by, at, expires_at)))
            .await
    }

    async fn sweep(&self, at: Timestamp, limit: usize) -> Result<usize, StorageError> {
        self.0.write(true, move |storage| now(storage.key_value.sweep(at, limit))).await
    }
}
