//! Positions with identity: a journal that was restored from an older copy, or replaced, is noticed, and no message of it is
//! missed.

use crate::source::{
    Ledger, WarehouseFeed, consumer_of, entries, expected_entries, feed, feed_over_the_wire, parts,
    publish, reader,
};
use engine_memory::MemoryEngine;
use kernel::{Uuid, codes};
use messaging::ConsumerParts;
use std::{sync::Arc, time::Duration};
use storage::{Collection, Document, Write};
use telemetry::{Health, HealthStatus};

/// Collection of the consumers' positions.
static INBOX: Collection = Collection { name: "inbox", indexes: &[] };

/// Source with these numbers in one stream.
async fn source(numbers: impl IntoIterator<Item = u64>) -> MemoryEngine {
    let engine = MemoryEngine::new();
    for number in numbers {
        publish(&engine, "a", number).await;
    }
    engine
}

/// Consumes everything that the feed has, with the progress that this engine keeps.
async fn consume(office: &MemoryEngine, feed: WarehouseFeed, ledger: &Arc<Ledger>) {
    let mut consumer = consumer_of(parts(office), feed, ledger);
    for _ in 0..4 {
        consumer.step().await.unwrap();
    }
}

#[tokio::test]
async fn a_position_of_another_journal_is_refused() {
    let engine = source(0..4).await;
    for feed in [feed(&engine), feed_over_the_wire(&engine)] {
        let page = feed.pull(0, 0, None).await.unwrap();
        let (position, id) = (page.position, page.event_id);
        assert_eq!((position, id), (4, Some(page.messages[3].id)));
        assert_eq!(feed.pull(position, 0, id).await.unwrap().event_id, id, "nothing is new");
        assert_eq!(feed.pull(2, 0, Some(page.messages[1].id)).await.unwrap().messages.len(), 2);
        for (position, id) in [
            (position, Some(Uuid::nil())),
            (position, Some(page.messages[2].id)),
            (2, Some(page.messages[2].id)),
            (position + 1, id),
            (position + 1, None),
            (u64::MAX, None),
        ] {
            let error = feed.pull(position, 0, id).await.unwrap_err();
            assert!(
                error.problem(&codes::POSITION_UNKNOWN).is_some(),
                "{position} {id:?}: {error}"
            );
        }
        // A position of an early version has no id, and the journal's end is all that can be compared.
        assert_eq!(feed.pull(2, 0, None).await.unwrap().messages.len(), 2);
    }
}

#[tokio::test]
async fn no_message_of_a_restored_journal_is_missed() {
    // What the consumer has read of the former journal, and what the restored one has.
    let cases: [(u64, &[u64]); 5] = [
        (6, &[0, 1, 2]),
        (6, &[0, 1, 2, 10, 11]),
        (6, &[0, 1, 2, 10, 11, 12]),
        (6, &[0, 1, 2, 10, 11, 12, 13, 14, 15, 16]),
        (3, &[10, 11, 12, 13]),
    ];
    for (count, restored) in cases {
        let (office, ledger) = (MemoryEngine::new(), Arc::<Ledger>::default());
        consume(&office, feed(&source(0..count).await), &ledger).await;
        let before: Vec<u64> = (0..count).collect();
        assert_eq!(entries(&office).await, expected_entries(&[("a", &before)]));
        let restored_source = source(restored.iter().copied()).await;
        consume(&office, feed_over_the_wire(&restored_source), &ledger).await;
        let all: Vec<u64> = before.iter().chain(restored).copied().collect();
        assert_eq!(entries(&office).await, expected_entries(&[("a", &all)]), "{restored:?}");
        consume(&office, feed(&restored_source), &ledger).await;
        assert_eq!(entries(&office).await, expected_entries(&[("a", &all)]), "and no more");
    }
}

#[tokio::test]
async fn a_journal_that_only_went_on_is_read_on() {
    let (office, engine) = (MemoryEngine::new(), source(0..3).await);
    let ledger = Arc::<Ledger>::default();
    consume(&office, feed(&engine), &ledger).await;
    publish(&engine, "a", 3).await;
    consume(&office, feed(&engine), &ledger).await;
    assert_eq!(entries(&office).await, expected_entries(&[("a", &[0, 1, 2, 3])]));
}

#[tokio::test]
async fn a_position_of_an_early_version_is_read_on_and_gets_its_identity() {
    let (office, engine) = (MemoryEngine::new(), source(0..3).await);
    let ledger = Arc::<Ledger>::default();
    let documents = reader(&office).documents;
    let stored = |body: &'static str| {
        let key = "ledger.warehouse".to_owned();
        let document = Document { key, body: body.into(), fields: Vec::new() };
        Write::Put { collection: &INBOX, document }
    };
    drop(documents.write(vec![stored("2")]).await.unwrap());
    consume(&office, feed(&engine), &ledger).await;
    assert_eq!(entries(&office).await, expected_entries(&[("a", &[2])]));
    let reached = documents.find(&INBOX, "ledger.warehouse").await.unwrap().unwrap();
    let text = String::from_utf8(reached.body.to_vec()).unwrap();
    let (position, id) = text.split_once(' ').unwrap();
    assert!(position == "3" && id.parse::<Uuid>().is_ok(), "{text}");

    drop(documents.write(vec![stored("30")]).await.unwrap());
    consume(&office, feed(&engine), &ledger).await;
    assert_eq!(entries(&office).await, expected_entries(&[("a", &[2, 0, 1, 2])]));
}

#[tokio::test(start_paused = true)]
async fn reading_anew_is_reported_until_it_is_done() {
    let (office, ledger) = (MemoryEngine::new(), Arc::<Ledger>::default());
    consume(&office, feed(&source(0..6).await), &ledger).await;
    let restored = source(0..3).await;
    let health = Health::new();
    let parts = ConsumerParts { health: health.clone(), ..parts(&office) };
    let mut consumer = consumer_of(parts, feed(&restored), &ledger);
    let component = || health.readiness().components["feed ledger.warehouse"].clone();
    consumer.step().await.unwrap();
    assert_eq!(component().status, HealthStatus::Starting);
    assert!(component().details["message"].contains("from its beginning"));
    let running = consumer.run();
    let look = async {
        tokio::time::sleep(Duration::from_mins(1)).await;
        assert_eq!(component().status, HealthStatus::Up);
        assert_eq!(entries(&office).await["a"].len(), 6 + 3);
    };
    tokio::select! {
        () = running => unreachable!("a consumer does not end"),
        () = look => {}
    }
}
