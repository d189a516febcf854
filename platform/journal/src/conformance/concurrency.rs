//! Behaviours under concurrent callers.

use super::{append, appending::note, appending::read_note, event, events, read, stream_versions};
use crate::{AppendError, Position, ServiceStorage, Version};
use parking_lot::Mutex;
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};
use storage::Commit;
use tokio::task::JoinSet;

const WRITERS: u64 = 8;

/// Of concurrent appends at one expected version exactly one succeeds; the others learn the version it led to.
pub async fn one_append_wins_a_version(storage: ServiceStorage) {
    for version in 0..25 {
        let mut writers = JoinSet::new();
        for writer in 0..WRITERS {
            let journal = Arc::clone(&storage.journal);
            let request = append("hot", version, vec![event(version * WRITERS + writer)]);
            writers.spawn(async move { journal.append(request).await });
        }
        let results = writers.join_all().await;
        let won = results.iter().filter(|result| result.is_ok()).count();
        assert_eq!(won, 1, "{results:?}");
        for result in results {
            assert!(matches!(
                result.map(|appended| appended.version),
                Ok(actual) | Err(AppendError::Conflict { actual }) if actual == version + 1
            ));
        }
    }
    assert_eq!(read(&*storage.journal, "hot").await.len(), 25);
}

/// A writer that retries after a conflict succeeds in the end, and nothing is stored twice.
pub async fn retried_appends_all_succeed(storage: ServiceStorage) {
    const EACH: u64 = 30;
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let journal = Arc::clone(&storage.journal);
        writers.spawn(async move {
            let mut version: Version = 0;
            for number in 0..EACH {
                loop {
                    let request = append("hot", version, vec![event(writer * EACH + number)]);
                    match journal.append(request).await {
                        Ok(appended) => break version = appended.version,
                        Err(AppendError::Conflict { actual }) => version = actual,
                        Err(error) => panic!("{error}"),
                    }
                    tokio::task::yield_now().await;
                }
            }
        });
    }
    writers.join_all().await;
    let mut ids: Vec<_> =
        read(&*storage.journal, "hot").await.iter().map(|event| event.id).collect();
    assert_eq!(ids.len() as u64, WRITERS * EACH);
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len() as u64, WRITERS * EACH);
}

/// The follower gets events in commit order, none twice, none left out, none that is not flushed.
pub async fn a_follower_beside_many_writers_misses_nothing(storage: ServiceStorage) {
    const EACH: u64 = 40;
    let commits: Arc<Mutex<HashMap<Position, Commit>>> = Arc::default();
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let (journal, commits) = (Arc::clone(&storage.journal), Arc::clone(&commits));
        writers.spawn(async move {
            let mut version = 0;
            for round in 0..EACH {
                let first = (writer * EACH + round) * 10;
                let request = append(
                    &format!("thing-{writer}"),
                    version,
                    events(first..first + 1 + round % 3),
                );
                let appended =
                    journal.append(request).await.expect("this stream has no other writer");
                version = appended.version;
                commits.lock().insert(appended.position, appended.commit.clone());
                if round % 5 == writer % 5 {
                    appended.commit.wait().await.expect("it is flushed");
                }
            }
        });
    }
    let total: u64 = WRITERS * (0..EACH).map(|round| 1 + round % 3).sum::<u64>();
    let mut seen: BTreeMap<String, Version> = BTreeMap::new();
    let (mut position, mut count) = (0, 0);
    while count < total {
        storage.journal.wait_beyond(position).await;
        for recorded in storage.journal.follow(position, 17).await.expect("the journal answers") {
            assert!(recorded.position > position, "positions only grow");
            position = recorded.position;
            if let Some(commit) = commits.lock().get(&position) {
                assert!(commit.is_durable(), "only what is flushed is shown");
            }
            let version = seen.entry(recorded.stream).or_default();
            assert_eq!(recorded.version, *version + 1, "no event of a stream is left out");
            *version = recorded.version;
            count += 1;
        }
    }
    writers.join_all().await;
    assert_eq!(seen.len() as u64, WRITERS);
    assert!(storage.journal.follow(position, 10).await.expect("the journal answers").is_empty());
}

/// The document written with the last append is the one that remains.
pub async fn documents_follow_the_order_of_appends(storage: ServiceStorage) {
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let journal = Arc::clone(&storage.journal);
        writers.spawn(async move {
            let (mut version, mut taken) = (0, 0);
            while taken < 10 {
                let mut request = append("hot", version, vec![event(writer * 10 + taken)]);
                request.writes = vec![note("latest", &(version + 1).to_string())];
                match journal.append(request).await {
                    Ok(appended) => {
                        (version, taken) = (appended.version, taken + 1);
                        let commit = appended.commit;
                        commit.wait().await.expect("it is flushed");
                    }
                    Err(AppendError::Conflict { actual }) => version = actual,
                    Err(error) => panic!("{error}"),
                }
            }
        });
    }
    writers.join_all().await;
    let last =
        storage.journal.read("hot", WRITERS * 10 - 1, 10).await.expect("the journal answers");
    assert_eq!(stream_versions(&last), [("hot", WRITERS * 10)]);
    let expected = (WRITERS * 10).to_string();
    assert_eq!(read_note(&storage, "latest").await.as_deref(), Some(expected.as_bytes()));
}
