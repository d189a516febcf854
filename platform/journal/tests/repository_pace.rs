//! A thread that goes on late after its append shows nobody what was before.

use async_trait::async_trait;
use engine_memory::Engine;
use journal::{
    Aggregate, Append, AppendError, Appended, Journal, Named, Position, Recorded, Repository,
    Snapshot, Version,
};
use kernel::{Ids, ManualClock, SeededRandomness, Timestamp};
use serde::{Deserialize, Serialize};
use std::{convert::Infallible, num::NonZeroUsize, sync::Arc};
use storage::{Commit, StorageError};
use tokio::{sync::Semaphore, task::JoinSet};

/// Counts.
struct Count(u64);

#[derive(Serialize, Deserialize)]
struct Counted;

impl Named for Counted {
    fn name(&self) -> &'static str {
        "counted"
    }
}

impl Aggregate for Count {
    type Event = Counted;

    fn apply(state: Option<&Self>, _: &Counted) -> Self {
        Self(state.map_or(0, |count| count.0) + 1)
    }
}

/// A journal whose appends return late: the thread was held up on its way back.
#[derive(Debug)]
struct Late {
    journal: Arc<dyn Journal>,
    appended: Semaphore,
    may_return: Semaphore,
}

#[async_trait]
impl Journal for Late {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        let appended = self.journal.append(append).await;
        self.appended.add_permits(1);
        self.may_return.acquire().await.expect("it is never closed").forget();
        appended
    }

    async fn read(
        &self,
        stream: &str,
        after: Version,
        limit: usize,
    ) -> Result<Vec<Recorded>, StorageError> {
        self.journal.read(stream, after, limit).await
    }

    async fn follow(&self, after: Position, limit: usize) -> Result<Vec<Recorded>, StorageError> {
        self.journal.follow(after, limit).await
    }

    async fn wait_beyond(&self, after: Position) {
        self.journal.wait_beyond(after).await;
    }

    async fn last_position(&self) -> Result<Position, StorageError> {
        self.journal.last_position().await
    }

    async fn save_snapshot(&self, name: &str, snapshot: Snapshot) -> Result<Commit, StorageError> {
        self.journal.save_snapshot(name, snapshot).await
    }

    async fn snapshot(&self, name: &str) -> Result<Option<Snapshot>, StorageError> {
        self.journal.snapshot(name).await
    }
}

#[tokio::test]
async fn what_was_appended_is_shown_before_the_append_returns() {
    let journal = Engine::new().service("works").journal;
    let (appended, may_return) = (Semaphore::new(0), Semaphore::new(1));
    let late = Arc::new(Late { journal, appended, may_return });
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let ids = Ids::new(clock, Arc::new(SeededRandomness::new(1)));
    let counts = Repository::<Count>::new(Arc::clone(&late) as _, ids, NonZeroUsize::MIN);
    let counts = Arc::new(counts);
    count(&counts).await;
    late.appended.acquire().await.unwrap().forget();

    let slow = Arc::clone(&counts);
    let mut second = JoinSet::from_iter([async move { count(&slow).await }]);
    late.appended.acquire().await.unwrap().forget();
    // It is in the journal, and may be flushed; somebody may have been told.
    let seen = counts.load("one").await.unwrap();
    assert_eq!((seen.state.map(|count| count.0), seen.version), (Some(2), 2));
    late.may_return.add_permits(1);
    second.join_next().await;
    assert_eq!(counts.load("one").await.unwrap().version, 2);
}

async fn count(counts: &Repository<Count>) {
    let decide = |_: Option<&Count>| Ok::<_, Infallible>(vec![Counted]);
    counts.execute("one", decide, |_| Vec::new()).await.expect("it is taken");
}
