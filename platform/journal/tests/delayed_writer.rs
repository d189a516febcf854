//! Repository under a delayed writer: no reader sees the state before an append that may be flushed.

use async_trait::async_trait;
use engine_memory::MemoryEngine;
use journal::{
    Aggregate, EventName, Repository,
    interceptor::{InterceptedJournal, JournalInterceptor},
};
use kernel::{Ids, ManualClock, SeededRandomness, Timestamp};
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use std::{convert::Infallible, num::NonZeroUsize, sync::Arc};
use tokio::{sync::Semaphore, task::JoinSet};

/// Aggregate that counts its events.
struct Count(u64);

#[derive(Serialize, Deserialize, Encode, Decode)]
struct Counted;

impl EventName for Counted {
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

/// Interceptor whose appends return late, as when the thread was preempted.
#[derive(Debug)]
struct DelayedReturn {
    appended: Semaphore,
    may_return: Semaphore,
}

#[async_trait]
impl JournalInterceptor for DelayedReturn {
    async fn after_append(&self) {
        self.appended.add_permits(1);
        self.may_return.acquire().await.expect("it is never closed").forget();
    }
}

#[tokio::test]
async fn an_append_is_visible_before_it_returns() {
    let journal = MemoryEngine::new().service("works").journal;
    let (appended, may_return) = (Semaphore::new(0), Semaphore::new(1));
    let late = Arc::new(DelayedReturn { appended, may_return });
    let journal = Arc::new(InterceptedJournal { journal, interceptor: Arc::clone(&late) });
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let ids = Ids::new(clock, Arc::new(SeededRandomness::new(1)));
    let counts = Repository::<Count>::new(journal, ids, NonZeroUsize::MIN);
    let counts = Arc::new(counts);
    count(&counts).await;
    late.appended.acquire().await.unwrap().forget();

    let slow = Arc::clone(&counts);
    let mut second = JoinSet::from_iter([async move { count(&slow).await }]);
    late.appended.acquire().await.unwrap().forget();
    // It is in the journal and may be flushed, and a client may know of it.
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
