//! The log of a service's sagas in the service's own journal, and the unfinished ones in memory.

use crate::events::{self, Begun, Ended, Outcome, SavedSaga, Undoing, Waiting};
use bytes::Bytes;
use journal::{
    Append, AppendError, EventId, Journal, NewEvent, Projection, READ_EVENTS_MAX, RecordedEvent,
    Snapshot, Version, catch_up,
};
use kernel::{Ids, Uuid};
use parking_lot::Mutex;
use serde::Serialize;
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

/// Runs a task in the background, for as long as the process lives.
pub type Spawn = Arc<dyn Fn(Pin<Box<dyn Future<Output = ()> + Send>>) + Send + Sync>;

/// After how many appends a snapshot is due: what a start reads again at most, besides what others append.
const SNAPSHOT_APPENDS: u64 = 5_000;

/// The name the snapshots are kept under. A new format gets a new name.
const SNAPSHOT: &str = "sagas-1";

/// The log of all sagas of one service.
pub struct SagaLog {
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) ids: Ids,
    pub(crate) spawn: Spawn,
    /// Every saga that may be unfinished, and its kind. From before it is begun until after it has ended, so that a
    /// snapshot can have too many of them but never too few; a start asks the log itself about each.
    unfinished: Mutex<Unfinished>,
    appends: AtomicU64,
    snapshot_due: Notify,
}

/// The sagas that may be unfinished, and how many events were read since the snapshot.
#[derive(Default)]
pub(crate) struct Unfinished(BTreeMap<Uuid, Cow<'static, str>>, u64);

impl Projection for Unfinished {
    fn name(&self) -> &'static str {
        SNAPSHOT
    }

    fn apply(&mut self, event: &RecordedEvent) -> Result<(), StorageError> {
        self.1 += 1;
        let Some(id) = events::saga_of(&event.stream) else { return Ok(()) };
        match event.name.as_str() {
            events::BEGUN => drop(self.0.insert(id, events::kind_of(event)?.into())),
            events::ENDED => drop(self.0.remove(&id)),
            _ => {}
        }
        Ok(())
    }

    fn save(&self) -> Result<Bytes, StorageError> {
        events::encode(&self.0)
    }

    fn restore(&mut self, data: &Bytes) -> Result<(), StorageError> {
        self.0 = decode(data)?;
        Ok(())
    }

    /// Too many do no harm: a start asks the log about each.
    fn stands_in_for(&self, whole: &Bytes) -> Result<bool, StorageError> {
        let whole: BTreeMap<Uuid, Cow<'static, str>> = decode(whole)?;
        Ok(whole.iter().all(|(id, kind)| self.0.get(id) == Some(kind)))
    }
}

fn decode(data: &Bytes) -> Result<BTreeMap<Uuid, Cow<'static, str>>, StorageError> {
    serde_json::from_slice(data)
        .map_err(|error| StorageError::Corrupt(format!("unfinished sagas: {error}")))
}

impl SagaLog {
    /// Reads which sagas have not ended, and keeps snapshots from here on. Runners take theirs over as they start.
    pub async fn open(
        journal: Arc<dyn Journal>,
        ids: Ids,
        spawn: Spawn,
    ) -> Result<Arc<Self>, StorageError> {
        let mut unfinished = Unfinished::default();
        catch_up(journal.as_ref(), &mut unfinished).await?;
        // What this start had to read, the next one need not: also where no process lives long enough to append so
        // much by itself.
        let read = std::mem::take(&mut unfinished.1);
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
        let keeper = Arc::clone(&log);
        (log.spawn)(Box::pin(async move {
            loop {
                keeper.snapshot_due.notified().await;
                if let Err(error) = keeper.save_snapshot().await {
                    tracing::warn!(%error, "no snapshot of the sagas; the next start takes longer");
                }
            }
        }));
        Ok(log)
    }

    /// Keeps what may be unfinished, so that the next start reads only what comes after. It is written later than
    /// everything it knows of, and so never outlives it.
    pub async fn save_snapshot(&self) -> Result<(), StorageError> {
        let position = self.journal.last_position().await?;
        let data = self.unfinished.lock().save()?;
        let commit = self.journal.save_snapshot(SNAPSHOT, Snapshot { position, data }).await?;
        commit.wait().await.map_err(|error| StorageError::Unavailable(error.to_string()))
    }

    /// The sagas of this kind that may be unfinished.
    pub(crate) fn unfinished(&self, saga: &str) -> Vec<Uuid> {
        let unfinished = self.unfinished.lock();
        unfinished.0.iter().filter(|(_, kind)| *kind == saga).map(|(id, _)| *id).collect()
    }

    /// Everything the log says about one saga, ended or not.
    pub(crate) async fn told(&self, id: Uuid) -> Result<Option<SavedSaga>, StorageError> {
        let mut told = None;
        for event in self.journal.read(&events::stream(id), 0, READ_EVENTS_MAX).await? {
            SavedSaga::evolve(&mut told, &event)?;
        }
        Ok(told)
    }

    pub(crate) async fn begin(
        &self,
        id: Uuid,
        saga: &'static str,
        case: &impl Serialize,
    ) -> Result<(), AppendError> {
        let case = serde_json::value::to_raw_value(case)
            .map_err(|error| StorageError::Corrupt(error.to_string()))?;
        self.unfinished.lock().0.insert(id, saga.into());
        self.append(id, 0, events::BEGUN, &Begun { saga: saga.into(), case }).await
    }

    pub(crate) async fn waiting(
        &self,
        id: Uuid,
        version: Version,
        waiting: &Waiting,
    ) -> Result<(), AppendError> {
        self.append(id, version, events::WAITING, waiting).await
    }

    pub(crate) async fn undoing(
        &self,
        id: Uuid,
        version: Version,
        undoing: &Undoing,
    ) -> Result<(), AppendError> {
        self.append(id, version, events::UNDOING, undoing).await
    }

    pub(crate) async fn ended(
        &self,
        id: Uuid,
        version: Version,
        outcome: Outcome,
    ) -> Result<(), AppendError> {
        self.append(id, version, events::ENDED, &Ended { outcome }).await?;
        self.forget(id);
        Ok(())
    }

    /// This saga is not unfinished: the log shows its end, or nothing of it.
    pub(crate) fn forget(&self, id: Uuid) {
        self.unfinished.lock().0.remove(&id);
    }

    /// 62 random bits, from where the identifiers come from.
    pub(crate) fn random(&self) -> u64 {
        let (_, low) = self.ids.next::<EventId>().0.as_u64_pair();
        low & (u64::MAX >> 2)
    }

    async fn append(
        &self,
        id: Uuid,
        expected: Version,
        name: &'static str,
        event: &impl Serialize,
    ) -> Result<(), AppendError> {
        let event = NewEvent {
            id: self.ids.next::<EventId>().0,
            name,
            data: events::encode(event)?,
            recorded_at: self.ids.now(),
        };
        let (stream, events) = (events::stream(id), vec![event]);
        self.journal.append(Append { stream, expected, events, writes: vec![] }).await?;
        if self.appends.fetch_add(1, Ordering::Relaxed) % SNAPSHOT_APPENDS == SNAPSHOT_APPENDS - 1 {
            self.snapshot_due.notify_one();
        }
        Ok(())
    }
}

impl fmt::Debug for SagaLog {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("SagaLog").field("journal", &self.journal).finish_non_exhaustive()
    }
}
