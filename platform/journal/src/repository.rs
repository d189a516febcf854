//! Repository of aggregates: load, decide, append, with optimistic concurrency control and an LRU cache.

use crate::{
    Aggregate, Append, AppendError, Appended, DeleteError, EventId, EventName, Journal, NewEvent,
    Personal, READ_EVENTS_MAX, TypedEvent, Version,
    eviction_stamps::{EvictionStamp, EvictionStamps},
};
use kernel::{Ids, Problem, Uuid};
use lru::LruCache;
use parking_lot::Mutex;
use std::{num::NonZeroUsize, sync::Arc};
use storage::{Commit, StorageError, Write, durability};

/// Limit of decisions for one command, each repeated because another writer appended first.
const ATTEMPTS_MAX: usize = 64;

/// Repository of a service's aggregates of one type. The recently used ones stay in memory.
///
/// ```
/// # use journal::{Aggregate, EventName, ExecuteError, Repository};
/// # use kernel::{Ids, SystemClock, SystemRandomness};
/// # use std::{num::NonZeroUsize, sync::Arc};
/// # #[derive(serde::Serialize, serde::Deserialize, minicbor::Encode, minicbor::Decode)]
/// # struct Filled { #[n(0)] litres: u64 }
/// # impl EventName for Filled {
/// #     fn name(&self) -> &'static str { "filled" }
/// # }
/// # struct Tank { litres: u64 }
/// # impl Aggregate for Tank {
/// #     type Event = Filled;
/// #     fn apply(tank: Option<&Self>, event: &Filled) -> Self {
/// #         Self { litres: tank.map_or(0, |tank| tank.litres) + event.litres }
/// #     }
/// # }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let journal = engine_memory::MemoryEngine::new().service("tanks").journal;
/// let ids = Ids::new(Arc::new(SystemClock), Arc::new(SystemRandomness));
/// let tanks = Repository::<Tank>::new(journal, ids, NonZeroUsize::MIN);
///
/// let fill = |tank: Option<&Tank>| match tank {
///     Some(Tank { litres: 40.. }) => Err("the tank is full"),
///     _ => Ok(vec![Filled { litres: 40 }]),
/// };
/// let loaded = tanks.execute("tank-1", fill, |_| Vec::new()).await?;
/// assert_eq!(loaded.version, 1);
///
/// let rejected = tanks.execute("tank-1", fill, |_| Vec::new()).await;
/// assert!(matches!(rejected, Err(ExecuteError::Rejected("the tank is full"))));
/// # Ok(())
/// # }
/// ```
pub struct Repository<A: Aggregate> {
    journal: Arc<dyn Journal>,
    ids: Ids,
    cache: Mutex<AggregateCache<A>>,
}

/// LRU cache of aggregates, with stamps that tell a late writer what was evicted since.
struct AggregateCache<A> {
    entries: LruCache<String, LoadedAggregate<A>>,
    limit: CacheLimit<A>,
    /// Weight of all entries.
    weight: usize,
    evictions: EvictionStamps,
}

/// Limit of the aggregates in memory: the most that they may weigh together, and what one of them weighs.
struct CacheLimit<A> {
    weight_max: usize,
    weigh: fn(&A) -> usize,
}

/// Aggregate as loaded: its state and version.
pub struct LoadedAggregate<A> {
    /// State; `None` when the stream has no events.
    pub state: Option<Arc<A>>,
    /// Version of the stream: how many events are folded in.
    pub version: Version,
    commit: Commit,
}

/// Changes that a decision leads to.
#[derive(Debug)]
pub struct Changes<E> {
    /// Events, in order; empty when nothing changes.
    pub events: Vec<E>,
    /// Idempotency key: the ids of the events are derived from it, which makes a repetition recognisable. Without one
    /// the ids are new.
    pub operation: Option<Uuid>,
}

impl<E> From<Vec<E>> for Changes<E> {
    fn from(events: Vec<E>) -> Self {
        Self { events, operation: None }
    }
}

/// Reasons why a command was not executed.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError<R> {
    /// Rejection by the domain: what `decide` returned.
    #[error("{0}")]
    Rejected(R),
    /// Failure of the store, or [`StorageError::Unavailable`] after 64 version conflicts in a row.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl<R> ExecuteError<R> {
    /// The same reason as an error of the caller.
    pub fn into_error<E: From<R> + From<StorageError>>(self) -> E {
        match self {
            Self::Rejected(rejection) => rejection.into(),
            Self::Storage(error) => error.into(),
        }
    }
}

impl<R> From<ExecuteError<R>> for Problem
where
    Self: From<R>,
{
    fn from(error: ExecuteError<R>) -> Self {
        error.into_error()
    }
}

impl<A: Aggregate> Repository<A> {
    /// Repository of the aggregates in `journal`, of which at most `cached_max` are kept in memory.
    pub fn new(journal: Arc<dyn Journal>, ids: Ids, cached_max: NonZeroUsize) -> Self {
        Self::limited(journal, ids, CacheLimit { weight_max: cached_max.get(), weigh: |_| 1 })
    }

    /// Repository of the aggregates in `journal`, of which as many are kept in memory as weigh at most `bytes_max`. `weigh`
    /// says how many bytes one of them occupies; its entry in the cache comes on top.
    pub fn with_bytes_max(
        journal: Arc<dyn Journal>,
        ids: Ids,
        bytes_max: usize,
        weigh: fn(&A) -> usize,
    ) -> Self {
        Self::limited(journal, ids, CacheLimit { weight_max: bytes_max, weigh })
    }

    fn limited(journal: Arc<dyn Journal>, ids: Ids, limit: CacheLimit<A>) -> Self {
        let (entries, evictions) = (LruCache::unbounded(), EvictionStamps::default());
        let cache = AggregateCache { entries, limit, weight: 0, evictions };
        Self { journal, ids, cache: Mutex::new(cache) }
    }

    /// Journal underneath.
    pub fn journal(&self) -> &Arc<dyn Journal> {
        &self.journal
    }

    /// Loads an aggregate, flushed or not; the running [durability scope](crate::durability) depends on what is not
    /// flushed.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when the journal cannot be read, or an event cannot be decoded.
    pub async fn load(&self, stream: &str) -> Result<LoadedAggregate<A>, StorageError> {
        if let Some(loaded) = self.cache.lock().entries.get(stream) {
            durability::depend_on(&loaded.commit);
            return Ok(loaded.clone());
        }
        // Not cached: a cached aggregate needs the commit handle of its last event, and the journal gives none for
        // events it has read. `execute` caches what it appends.
        self.load_at(stream, Version::MAX).await
    }

    /// Loads an aggregate as it was at `version`; as it is when it has not reached that version.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when the journal cannot be read, or an event cannot be decoded.
    pub async fn load_at(
        &self,
        stream: &str,
        version: Version,
    ) -> Result<LoadedAggregate<A>, StorageError> {
        let mut state = None;
        let mut reached = 0;
        loop {
            let events = self.journal.read(stream, reached, READ_EVENTS_MAX).await?;
            for recorded in events.iter().take_while(|recorded| recorded.version <= version) {
                let event = recorded.event(A::decode)?;
                state = Some(A::evolve(state, &event));
                reached = recorded.version;
            }
            if events.len() < READ_EVENTS_MAX || reached == version {
                break;
            }
        }
        let state = state.map(Arc::new);
        Ok(LoadedAggregate { state, version: reached, commit: Commit::durable() })
    }

    /// Executes a command: `decide` returns the events for the current state, and they are appended together with the
    /// document `writes` of the new state, in one commit. After a version conflict it decides again, at most 64 times. No
    /// events is success without an append.
    ///
    /// # Errors
    ///
    /// See [`ExecuteError`].
    pub async fn execute<R, C: Into<Changes<A::Event>>>(
        &self,
        stream: &str,
        decide: impl Fn(Option<&A>) -> Result<C, R>,
        writes: impl Fn(&A) -> Vec<Write>,
    ) -> Result<LoadedAggregate<A>, ExecuteError<R>> {
        self.execute_on(None, stream, decide, writes).await
    }

    /// Like [`Repository::execute`], but on a stream that does not exist yet as far as the caller knows, so that it is not
    /// read first. If it exists after all, that costs one more decision.
    ///
    /// # Errors
    ///
    /// See [`ExecuteError`].
    pub async fn create<R, C: Into<Changes<A::Event>>>(
        &self,
        stream: &str,
        decide: impl Fn(Option<&A>) -> Result<C, R>,
        writes: impl Fn(&A) -> Vec<Write>,
    ) -> Result<LoadedAggregate<A>, ExecuteError<R>> {
        let absent = LoadedAggregate { state: None, version: 0, commit: Commit::durable() };
        self.execute_on(Some(absent), stream, decide, writes).await
    }

    async fn execute_on<R, C: Into<Changes<A::Event>>>(
        &self,
        mut assumed: Option<LoadedAggregate<A>>,
        stream: &str,
        decide: impl Fn(Option<&A>) -> Result<C, R>,
        writes: impl Fn(&A) -> Vec<Write>,
    ) -> Result<LoadedAggregate<A>, ExecuteError<R>> {
        for _ in 0..ATTEMPTS_MAX {
            let loaded = match assumed.take() {
                Some(assumed) => assumed,
                None => self.load(stream).await?,
            };
            let changes = decide(loaded.state.as_deref()).map_err(ExecuteError::Rejected)?.into();
            if changes.events.is_empty() {
                return Ok(loaded);
            }
            let (append, state) = self.build_append(stream, &loaded, changes, &writes)?;
            let stamp = self.cache.lock().invalidate(stream);
            match self.append(append).await {
                Ok(appended) => {
                    let new = LoadedAggregate {
                        state: Some(state),
                        version: appended.version,
                        commit: appended.commit,
                    };
                    self.cache.lock().insert(stream, &new, stamp);
                    return Ok(new);
                }
                Err(AppendError::Conflict { .. }) => {
                    self.cache.lock().remove(stream);
                }
                Err(error @ AppendError::OutOfSequence) => {
                    return Err(StorageError::Unavailable(error.to_string()).into());
                }
                Err(AppendError::Storage(error)) => return Err(error.into()),
            }
        }
        let reason = format!("{stream} changed {ATTEMPTS_MAX} times while one decision was made");
        Err(StorageError::Unavailable(reason).into())
    }

    /// Deletes an aggregate of this version with all its events. See [`Journal::delete_stream`].
    ///
    /// # Errors
    ///
    /// See [`DeleteError`].
    pub async fn delete(&self, stream: &str, expected: Version) -> Result<Commit, DeleteError> {
        self.cache.lock().invalidate(stream);
        self.journal.delete_stream(stream, expected).await
    }

    /// Deletes an aggregate with all its events; whether it is gone. It stays for now when it has the last event of its service, or
    /// changes at this moment.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when the store cannot be used.
    pub async fn delete_unless_last(&self, stream: &str) -> Result<bool, StorageError> {
        let version = self.load(stream).await?.version;
        match self.delete(stream, version).await {
            Ok(_) => Ok(true),
            Err(DeleteError::Conflict { .. } | DeleteError::LastEvent) => Ok(false),
            Err(DeleteError::Storage(error)) => Err(error),
        }
    }

    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        if !kernel::defects::planted("append_without_version_check") {
            return self.journal.append(append).await;
        }
        let mut append = append;
        tokio::task::yield_now().await;
        loop {
            match self.journal.append(append.clone()).await {
                Err(AppendError::Conflict { actual }) => append.expected = actual,
                other => return other,
            }
        }
    }

    fn build_append(
        &self,
        stream: &str,
        loaded: &LoadedAggregate<A>,
        changes: Changes<A::Event>,
        writes: &impl Fn(&A) -> Vec<Write>,
    ) -> Result<(Append, Arc<A>), StorageError> {
        let now = self.ids.now();
        let mut state: Option<A> = None;
        let mut events = Vec::with_capacity(changes.events.len());
        for (index, event) in changes.events.into_iter().enumerate() {
            let event = Arc::new(event);
            let next = match state.take() {
                Some(state) => A::evolve(Some(state), &event),
                None => A::apply(loaded.state.as_deref(), &event),
            };
            state = Some(next);
            let id = match changes.operation {
                Some(operation) => Uuid::new_v5(&operation, &index.to_le_bytes()),
                None => self.ids.next::<EventId>().into(),
            };
            let data = A::encode(&event)?;
            let personal = A::personal(&event).map(|personal| {
                let Personal { key, erased } = personal;
                A::encode(&erased).map(|erased| Personal { key, erased })
            });
            let (name, typed, personal) =
                (event.name(), TypedEvent::new(event), personal.transpose()?);
            events.push(NewEvent { id, name, data, recorded_at: now, typed, personal });
        }
        let state =
            state.map(Arc::new).ok_or_else(|| StorageError::Corrupt("no events".to_owned()))?;
        let writes = writes(&state);
        let (stream, expected) = (stream.to_owned(), loaded.version);
        let append = Append { stream, expected, events, writes, origin: None, sequence: None };
        Ok((append, state))
    }
}

impl<A> AggregateCache<A> {
    /// Inserts an appended aggregate, unless a newer one is there, or was there and was evicted since `stamp`.
    fn insert(&mut self, stream: &str, new: &LoadedAggregate<A>, stamp: EvictionStamp) {
        match self.entries.get(stream) {
            Some(cached) if cached.version >= new.version => return,
            Some(_) => drop(self.pop(stream)),
            None if self.evictions.stamp(stream) == stamp => {}
            None => return,
        }
        let weight = self.weight_of(new);
        if weight > self.limit.weight_max {
            // It would push out all others, and then itself.
            self.evictions.note(stream);
            return;
        }
        self.weight += weight;
        self.entries.push(stream.to_owned(), new.clone());
        while self.weight > self.limit.weight_max
            && let Some((evicted, aggregate)) = self.entries.pop_lru()
        {
            self.weight -= self.weight_of(&aggregate);
            self.evictions.note(&evicted);
        }
    }

    /// Invalidates an entry before its append, until the result is inserted: the append may be flushed, and a client told
    /// of it, before this thread continues, and no reader may then see the state before it.
    fn invalidate(&mut self, stream: &str) -> EvictionStamp {
        self.pop(stream);
        self.evictions.note(stream);
        self.evictions.stamp(stream)
    }

    fn remove(&mut self, stream: &str) {
        if self.pop(stream) {
            self.evictions.note(stream);
        }
    }

    /// Takes an entry out; whether there was one.
    fn pop(&mut self, stream: &str) -> bool {
        let Some(popped) = self.entries.pop(stream) else { return false };
        self.weight -= self.weight_of(&popped);
        true
    }

    fn weight_of(&self, aggregate: &LoadedAggregate<A>) -> usize {
        aggregate.state.as_deref().map_or(0, self.limit.weigh)
    }
}

impl<A> LoadedAggregate<A> {
    /// Commit handle of its last event, on which the durability scope of a reader has to [depend](durability::depend_on)
    /// where the state is shown from another cache.
    pub fn commit(&self) -> &Commit {
        &self.commit
    }
}

impl<A> Clone for LoadedAggregate<A> {
    fn clone(&self) -> Self {
        Self { state: self.state.clone(), version: self.version, commit: self.commit.clone() }
    }
}

impl<A> std::fmt::Debug for LoadedAggregate<A> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("LoadedAggregate").field("version", &self.version).finish_non_exhaustive()
    }
}

impl<A: Aggregate> std::fmt::Debug for Repository<A> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Repository").field("journal", &self.journal).finish_non_exhaustive()
    }
}
