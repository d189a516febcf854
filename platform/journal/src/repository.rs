//! Loads aggregates, lets them decide, appends what they decided. The recently used ones stay in memory.

use crate::{
    Aggregate, Append, AppendError, Appended, DecodeError, EventId, EventName, Journal, NewEvent,
    READ_EVENTS_MAX, Version,
};
use kernel::{Ids, Uuid};
use lru::LruCache;
use parking_lot::Mutex;
use std::{num::NonZeroUsize, sync::Arc};
use storage::{Commit, EvictionStamp, EvictionStamps, StorageError, Write, durability};

/// How often a decision is made anew because somebody else appended first.
const ATTEMPTS_MAX: usize = 64;

/// A service's aggregates of one kind.
pub struct Repository<A: Aggregate> {
    journal: Arc<dyn Journal>,
    ids: Ids,
    recent: Mutex<Recent<A>>,
}

/// The aggregates used last.
struct Recent<A> {
    kept: LruCache<String, LoadedAggregate<A>>,
    gone: EvictionStamps,
}

/// An aggregate as it stands.
pub struct LoadedAggregate<A> {
    /// Its state; `None` when its stream has no events.
    pub state: Option<Arc<A>>,
    /// How many events led to it.
    pub version: Version,
    commit: Commit,
}

/// What a decision leads to: events, and read models to write together with them.
#[derive(Debug)]
pub struct Changes<E> {
    /// What happened; empty when nothing did.
    pub events: Vec<E>,
    /// The id of the first event; the rest follow from it. Give one to make a repetition recognisable.
    pub operation: Option<Uuid>,
}

impl<E> From<Vec<E>> for Changes<E> {
    fn from(events: Vec<E>) -> Self {
        Self { events, operation: None }
    }
}

/// Why a decision did not come about.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError<R> {
    /// The business said no.
    #[error("{0}")]
    Rejected(R),
    /// The store could not.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl<A: Aggregate> Repository<A> {
    /// Aggregates in `journal`, of which `recent_max` are kept in memory.
    pub fn new(journal: Arc<dyn Journal>, ids: Ids, recent_max: NonZeroUsize) -> Self {
        let recent = Recent { kept: LruCache::new(recent_max), gone: EvictionStamps::default() };
        Self { journal, ids, recent: Mutex::new(recent) }
    }

    /// The journal underneath.
    pub fn journal(&self) -> &Arc<dyn Journal> {
        &self.journal
    }

    /// The aggregate as it stands now, flushed or not; what is not flushed touches the running scope.
    pub async fn load(&self, stream: &str) -> Result<LoadedAggregate<A>, StorageError> {
        if let Some(loaded) = self.recent.lock().kept.get(stream) {
            durability::depend_on(&loaded.commit);
            return Ok(loaded.clone());
        }
        let mut state = None;
        let mut version = 0;
        loop {
            let events = self.journal.read(stream, version, READ_EVENTS_MAX).await?;
            for recorded in &events {
                let event = A::decode(recorded).map_err(|error| corrupt(&error))?;
                state = Some(A::evolve(state, &event));
                version = recorded.version;
            }
            if events.len() < READ_EVENTS_MAX {
                break;
            }
        }
        let loaded =
            LoadedAggregate { state: state.map(Arc::new), version, commit: Commit::durable() };
        // Not kept: nobody says up to where it is flushed, and whoever is shown it from here has to know. `execute`
        // keeps what it appends.
        Ok(loaded)
    }

    /// Lets the aggregate decide and appends what it decided, with `writes` made from the new state in the same
    /// commit. Decides anew when somebody else was faster. No events is success without an append.
    pub async fn execute<R, C: Into<Changes<A::Event>>>(
        &self,
        stream: &str,
        decide: impl Fn(Option<&A>) -> Result<C, R>,
        writes: impl Fn(&A) -> Vec<Write>,
    ) -> Result<LoadedAggregate<A>, ExecuteError<R>> {
        self.execute_on(None, stream, decide, writes).await
    }

    /// [`Repository::execute`] on a stream that does not exist yet as far as the caller knows: it is not read first.
    /// When it exists after all, that costs one decision more.
    pub async fn create<R, C: Into<Changes<A::Event>>>(
        &self,
        stream: &str,
        decide: impl Fn(Option<&A>) -> Result<C, R>,
        writes: impl Fn(&A) -> Vec<Write>,
    ) -> Result<LoadedAggregate<A>, ExecuteError<R>> {
        let nothing = LoadedAggregate { state: None, version: 0, commit: Commit::durable() };
        self.execute_on(Some(nothing), stream, decide, writes).await
    }

    async fn execute_on<R, C: Into<Changes<A::Event>>>(
        &self,
        mut presumed: Option<LoadedAggregate<A>>,
        stream: &str,
        decide: impl Fn(Option<&A>) -> Result<C, R>,
        writes: impl Fn(&A) -> Vec<Write>,
    ) -> Result<LoadedAggregate<A>, ExecuteError<R>> {
        for _ in 0..ATTEMPTS_MAX {
            let loaded = match presumed.take() {
                Some(presumed) => presumed,
                None => self.load(stream).await?,
            };
            let change = decide(loaded.state.as_deref()).map_err(ExecuteError::Rejected)?.into();
            if change.events.is_empty() {
                return Ok(loaded);
            }
            let (append, state) = self.append_of(stream, &loaded, &change, &writes)?;
            let mark = self.recent.lock().make_way(stream);
            match self.appended(append).await {
                Ok(appended) => {
                    let new = LoadedAggregate {
                        state: Some(state),
                        version: appended.version,
                        commit: appended.commit,
                    };
                    self.recent.lock().keep(stream, &new, mark);
                    return Ok(new);
                }
                Err(AppendError::Conflict { .. }) => {
                    self.recent.lock().forget(stream);
                }
                Err(AppendError::Storage(error)) => return Err(error.into()),
            }
        }
        let reason = format!("{stream} changed {ATTEMPTS_MAX} times while one decision was made");
        Err(StorageError::Unavailable(reason).into())
    }

    async fn appended(&self, append: Append) -> Result<Appended, AppendError> {
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

    fn append_of(
        &self,
        stream: &str,
        loaded: &LoadedAggregate<A>,
        change: &Changes<A::Event>,
        writes: &impl Fn(&A) -> Vec<Write>,
    ) -> Result<(Append, Arc<A>), StorageError> {
        let now = self.ids.now();
        let mut state: Option<A> = None;
        let mut events = Vec::with_capacity(change.events.len());
        for (index, event) in change.events.iter().enumerate() {
            let next = match state.take() {
                Some(state) => A::evolve(Some(state), event),
                None => A::apply(loaded.state.as_deref(), event),
            };
            state = Some(next);
            let id = match change.operation {
                Some(operation) => Uuid::new_v5(&operation, &index.to_le_bytes()),
                None => self.ids.next::<EventId>().into(),
            };
            let data =
                A::encode(event).map_err(|error| StorageError::Corrupt(error.to_string()))?;
            events.push(NewEvent { id, name: event.name(), data, recorded_at: now });
        }
        let state =
            state.map(Arc::new).ok_or_else(|| StorageError::Corrupt("no events".to_owned()))?;
        let writes = writes(&state);
        let append = Append { stream: stream.to_owned(), expected: loaded.version, events, writes };
        Ok((append, state))
    }
}

impl<A> Recent<A> {
    /// Keeps what was appended, unless a newer one is there, or was there and has gone since `mark`.
    fn keep(&mut self, stream: &str, new: &LoadedAggregate<A>, mark: EvictionStamp) {
        match self.kept.get_mut(stream) {
            Some(kept) if kept.version >= new.version => {}
            Some(kept) => *kept = new.clone(),
            None if self.gone.stamp(stream) == mark => {
                if let Some((gone, _)) = self.kept.push(stream.to_owned(), new.clone()) {
                    self.gone.note(&gone);
                }
            }
            None => {}
        }
    }

    /// From here until the append has returned and is kept, nobody is shown what was before: the append may be
    /// flushed, and somebody told of it, sooner than this thread goes on.
    fn make_way(&mut self, stream: &str) -> EvictionStamp {
        self.kept.pop(stream);
        self.gone.note(stream);
        self.gone.stamp(stream)
    }

    fn forget(&mut self, stream: &str) {
        if self.kept.pop(stream).is_some() {
            self.gone.note(stream);
        }
    }
}

fn corrupt(error: &DecodeError) -> StorageError {
    StorageError::Corrupt(error.to_string())
}

impl<A> LoadedAggregate<A> {
    /// What to touch the scope with, for whoever shows this state to others from a place of its own.
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
