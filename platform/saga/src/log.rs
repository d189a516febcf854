//! Saga log: the sagas of a service as events in the service's own journal, with an index of the unfinished ones.

use crate::{
    SagaInput,
    events::{self, SagaBegun, SagaEnded, SagaOutcome, SagaUndoing, SagaWaiting, SavedSaga},
};
use bytes::Bytes;
use journal::{
    Append, AppendError, EventId, Journal, NewEvent, Personal, Projection, READ_EVENTS_MAX,
    RecordedEvent, Snapshot, Version, catch_up,
};
use kernel::{Ids, Uuid};
use parking_lot::Mutex;
use std::{
    borrow::Cow,
    collections::BTreeMap,
    fmt,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use storage::StorageError;
use tokio::sync::Notify;
use transport::Context;

/// Spawner of background tasks, which run until they end or the process does.
pub type Spawn = Arc<dyn Fn(Pin<Box<dyn Future<Output = ()> + Send>>) + Send + Sync>;

/// Appends after which a snapshot is due: what a start reads again at most, besides the service's other events.
const SNAPSHOT_APPENDS: u64 = 5_000;

/// Name of the snapshots. A new format gets a new name.
const SNAPSHOT: &str = "sagas-1";

/// Durable log of all sagas of one service, whatever their kind. [Runners](crate::Runner) of each kind share it.
pub struct SagaLog {
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) ids: Ids,
    pub(crate) spawn: Spawn,
    /// Every saga that may be unfinished, with its kind: from before its first event until after its last, so that a
    /// snapshot can have too many of them but never too few. A start asks the journal about each.
    unfinished: Mutex<UnfinishedIndex>,
    appends: AtomicU64,
    snapshot_due: Notify,
}

/// Projection of the sagas that may be unfinished: their ids and kinds.
#[derive(Default)]
pub(crate) struct UnfinishedIndex {
    kinds: BTreeMap<Uuid, Cow<'static, str>>,
    /// Events that were read since the snapshot.
    events_read: u64,
}

impl Projection for UnfinishedIndex {
    fn name(&self) -> &'static str {
        SNAPSHOT
    }

    fn apply(&mut self, event: &RecordedEvent) -> Result<(), StorageError> {
        self.events_read += 1;
        let Some(id) = events::saga_of(&event.stream) else { return Ok(()) };
        match event.name.as_str() {
            events::BEGUN => drop(self.kinds.insert(id, events::kind_of(event)?.into())),
            events::ENDED => drop(self.kinds.remove(&id)),
            _ => {}
        }
        Ok(())
    }

    fn save(&self) -> Result<Bytes, StorageError> {
        let saved = kernel::json::to_vec(&self.kinds);
        saved.map(Bytes::from).map_err(|error| StorageError::Corrupt(error.to_string()))
    }

    fn restore(&mut self, data: &Bytes) -> Result<(), StorageError> {
        self.kinds = decode(data)?;
        Ok(())
    }

    /// Surplus sagas do no harm, because a start asks the journal about each; missing ones do.
    fn is_equivalent_to(&self, full_fold: &Bytes) -> Result<bool, StorageError> {
        let full_fold: BTreeMap<Uuid, Cow<'static, str>> = decode(full_fold)?;
        Ok(full_fold.iter().all(|(id, kind)| self.kinds.get(id) == Some(kind)))
    }
}

fn decode(data: &Bytes) -> Result<BTreeMap<Uuid, Cow<'static, str>>, StorageError> {
    serde_json::from_slice(data)
        .map_err(|error| StorageError::Corrupt(format!("unfinished sagas: {error}")))
}

impl SagaLog {
    /// Opens the log: reads which sagas are unfinished, and saves snapshots in a background task from here on.
    /// [Runners](crate::Runner::start) resume the sagas of their kind as they start.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when the journal cannot be read, or holds a saga event that this version cannot decode.
    pub async fn open(
        journal: Arc<dyn Journal>,
        ids: Ids,
        spawn: Spawn,
    ) -> Result<Arc<Self>, StorageError> {
        let mut unfinished = UnfinishedIndex::default();
        catch_up(journal.as_ref(), &mut unfinished).await?;
        // The next start need not read again what this one had to: also where no process lives long enough to append
        // that many events by itself.
        let read = std::mem::take(&mut unfinished.events_read);
        let log = Arc::new(Self {
            journal,
            ids,
            spawn,
            unfinished: Mutex::new(unfinished),
            appends: AtomicU64::new(read % SNAPSHOT_APPENDS),
            snapshot_due: Notify::new(),
        });
        if read >= SNAPSHOT_APPENDS {
            log.snapshot_due.notify_one();
        }
        let snapshotter = Arc::clone(&log);
        (log.spawn)(Box::pin(async move {
            loop {
                snapshotter.snapshot_due.notified().await;
                if let Err(error) = snapshotter.save_snapshot().await {
                    tracing::warn!(%error, "the snapshot of unfinished sagas could not be saved; the next start takes longer");
                }
            }
        }));
        Ok(log)
    }

    /// Saves a snapshot of the sagas that may be unfinished, so that the next start reads only what comes after. The
    /// snapshot is written after every event that it contains, so no crash leaves it without them.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when the journal cannot be read or written.
    pub async fn save_snapshot(&self) -> Result<(), StorageError> {
        let position = self.journal.last_position().await?;
        let data = self.unfinished.lock().save()?;
        let commit = self.journal.save_snapshot(SNAPSHOT, Snapshot { position, data }).await?;
        commit.wait().await.map_err(|error| StorageError::Unavailable(error.to_string()))
    }

    /// Sagas of this kind that may be unfinished.
    pub(crate) fn unfinished(&self, kind: &str) -> Vec<Uuid> {
        let unfinished = self.unfinished.lock();
        unfinished.kinds.iter().filter(|(_, of)| *of == kind).map(|(id, _)| *id).collect()
    }

    /// One saga as its events tell it, unfinished or not.
    pub(crate) async fn load(&self, id: Uuid) -> Result<Option<SavedSaga>, StorageError> {
        let mut saved = None;
        for event in self.journal.read(&events::stream(id), 0, READ_EVENTS_MAX).await? {
            SavedSaga::evolve(&mut saved, &event)?;
        }
        Ok(saved)
    }

    pub(crate) async fn begin(
        &self,
        id: Uuid,
        kind: &'static str,
        input: &impl SagaInput,
    ) -> Result<(), AppendError> {
        let data = SagaBegun::encoded(kind, input)?;
        let personal = input.personal().map(|Personal { key, erased }| {
            let erased = SagaBegun::encoded(kind, &erased)?;
            Ok::<_, StorageError>(Personal { key, erased })
        });
        let personal = personal.transpose()?;
        self.unfinished.lock().kinds.insert(id, kind.into());
        self.append(id, 0, EventContent { name: events::BEGUN, data, personal }).await
    }

    pub(crate) async fn waiting(
        &self,
        id: Uuid,
        version: Version,
        waiting: &SagaWaiting,
    ) -> Result<(), AppendError> {
        self.append(id, version, EventContent::plain(events::WAITING, waiting)?).await
    }

    pub(crate) async fn undoing(
        &self,
        id: Uuid,
        version: Version,
        undoing: &SagaUndoing,
    ) -> Result<(), AppendError> {
        self.append(id, version, EventContent::plain(events::UNDOING, undoing)?).await
    }

    pub(crate) async fn end(
        &self,
        id: Uuid,
        version: Version,
        outcome: SagaOutcome,
    ) -> Result<(), AppendError> {
        let ended = EventContent::plain(events::ENDED, &SagaEnded { outcome })?;
        self.append(id, version, ended).await?;
        self.forget(id);
        Ok(())
    }

    /// Removes a saga from the unfinished ones: the journal shows its end, or nothing of it.
    pub(crate) fn forget(&self, id: Uuid) {
        self.unfinished.lock().kinds.remove(&id);
    }

    /// 62 random bits, from the same source as the identifiers.
    pub(crate) fn random(&self) -> u64 {
        let (_, low) = self.ids.next::<EventId>().0.as_u64_pair();
        low & (u64::MAX >> 2)
    }

    async fn append(
        &self,
        id: Uuid,
        expected: Version,
        EventContent { name, data, personal }: EventContent,
    ) -> Result<(), AppendError> {
        let event = NewEvent {
            id: self.ids.next::<EventId>().0,
            name,
            data,
            recorded_at: self.ids.now(),
            typed: journal::TypedEvent::default(),
            personal,
        };
        let (stream, events, origin) = (events::stream(id), vec![event], Context::current_origin());
        self.journal
            .append(Append { stream, expected, events, writes: vec![], origin, sequence: None })
            .await?;
        if self.appends.fetch_add(1, Ordering::Relaxed) % SNAPSHOT_APPENDS == SNAPSHOT_APPENDS - 1 {
            self.snapshot_due.notify_one();
        }
        Ok(())
    }
}

/// Content of an event that is going to be appended.
struct EventContent {
    name: &'static str,
    data: Bytes,
    personal: Option<Personal<Bytes>>,
}

impl EventContent {
    /// Content without personal data.
    fn plain(name: &'static str, event: &impl minicbor::Encode<()>) -> Result<Self, StorageError> {
        Ok(Self { name, data: journal::encode(event)?, personal: None })
    }
}

impl fmt::Debug for SagaLog {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("SagaLog").field("journal", &self.journal).finish_non_exhaustive()
    }
}
