//! Exactly-once effects, despite redelivery and crashes.

use crate::source::{
    Ledger, ShuffledFeed, append_internal, consumer, consumer_of, consumer_over, entries,
    expected_entries, feed, parts, publish,
};
use engine_memory::MemoryEngine;
use kernel::{Ids, ManualClock, SeededRandomness, Timestamp};
use messaging::ConsumerParts;
use std::{sync::Arc, time::Duration};

#[tokio::test]
async fn a_message_is_taken_in_once_and_in_order() {
    let (engine, ledger) = (MemoryEngine::new(), Arc::<Ledger>::default());
    let mut consumer = consumer(&engine, &ledger);
    assert_eq!(consumer.step().await.unwrap(), 0);
    for number in 0..3 {
        publish(&engine, "a", number).await;
        publish(&engine, "b", number).await;
    }
    assert_eq!(consumer.step().await.unwrap(), 6);
    assert_eq!(consumer.step().await.unwrap(), 0);
    assert_eq!(entries(&engine).await, expected_entries(&[("a", &[0, 1, 2]), ("b", &[0, 1, 2])]));
}

#[tokio::test]
async fn the_lag_of_a_message_is_observed_once_and_never_negative() {
    let (engine, ledger) = (MemoryEngine::new(), Arc::<Ledger>::default());
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let ids = Ids::new(Arc::<ManualClock>::clone(&clock), Arc::new(SeededRandomness::new(2)));
    let parts = ConsumerParts { ids, ..parts(&engine) };
    let metrics = parts.metrics.clone();
    let mut consumer = consumer_of(parts, feed(&engine), &ledger);
    clock.set(Timestamp::from_millisecond(-5).unwrap());
    publish(&engine, "a", 0).await;
    consumer.step().await.unwrap();
    clock.advance(Duration::from_millis(7));
    publish(&engine, "a", 1).await;
    append_internal(&engine, "a", 2).await;
    consumer.step().await.unwrap();
    consumer.step().await.unwrap();
    let page = metrics.encode();
    let lag = |bucket: &str| {
        let line = page
            .lines()
            .find(|line| line.starts_with("message_lag_seconds") && line.contains(bucket));
        line.unwrap_or_else(|| panic!("{bucket} in {page}")).rsplit_once(' ').unwrap().1.to_owned()
    };
    assert_eq!(lag("le=\"0.0005\""), "1", "the clock of the first was behind");
    assert_eq!(lag("le=\"0.002\""), "2", "the second is two milliseconds late");
    assert_eq!(lag("le=\"+Inf\""), "2");
    assert_eq!(lag("_sum"), "0.002");
}

#[tokio::test]
async fn a_consumer_goes_on_where_the_one_before_it_stopped() {
    let (engine, ledger) = (MemoryEngine::new(), Arc::<Ledger>::default());
    publish(&engine, "a", 0).await;
    append_internal(&engine, "a", 1).await;
    assert_eq!(consumer(&engine, &ledger).step().await.unwrap(), 1);
    publish(&engine, "a", 2).await;
    let mut later = consumer(&engine, &ledger);
    assert_eq!(later.step().await.unwrap(), 1);
    assert_eq!(entries(&engine).await, expected_entries(&[("a", &[0, 2])]));
}

#[tokio::test]
async fn what_comes_twice_and_out_of_order_across_subjects_has_its_effect_once() {
    for seed in 0..20 {
        let (engine, ledger) = (MemoryEngine::new(), Arc::<Ledger>::default());
        let shuffled = ShuffledFeed::over(feed(&engine), seed);
        let mut consumer = consumer_over(&engine, shuffled.clone(), &ledger);
        let mut expected = Vec::new();
        for number in 0..40 {
            for subject in ["a", "b", "c"] {
                publish(&engine, subject, number).await;
            }
            expected.push(number);
            if number % 7 == 0 {
                consumer.step().await.unwrap();
            }
            if number % 11 == 0 {
                consumer = consumer_over(&engine, shuffled.clone(), &ledger);
            }
        }
        // A pull that begins too early may bring nothing new; sooner or later one does.
        while consumer.step().await.unwrap() > 0 || ledger.attempts().len() < 120 {}
        let all: &[u64] = &expected;
        assert_eq!(entries(&engine).await, expected_entries(&[("a", all), ("b", all), ("c", all)]));
        assert_eq!(ledger.attempts().len(), 120, "seed {seed}");
    }
}

#[tokio::test]
async fn a_crash_between_effect_and_position_leaves_neither_and_the_effect_comes_once() {
    let (engine, ledger) = (MemoryEngine::new(), Arc::<Ledger>::default());
    publish(&engine, "a", 0).await;
    assert_eq!(consumer(&engine, &ledger).step().await.unwrap(), 1);
    publish(&engine, "a", 1).await;
    engine.hold();
    let mut crashing = consumer(&engine, &ledger);
    let (stepped, restarted) = tokio::join!(crashing.step(), async { engine.crash() });
    assert!(stepped.is_err(), "what is not flushed has not been taken in");
    assert_eq!(ledger.attempts().len(), 2, "it was handled before the crash");

    let restarted_ledger = Arc::<Ledger>::default();
    let mut consumer = consumer(&restarted, &restarted_ledger);
    assert_eq!(consumer.step().await.unwrap(), 1);
    assert_eq!(restarted_ledger.attempts(), [("a".to_owned(), 1)]);
    let mut entries = entries(&restarted).await;
    // Two ledgers have their entries in the order of their addresses.
    for numbers in entries.values_mut() {
        numbers.sort_unstable();
    }
    assert_eq!(entries, expected_entries(&[("a", &[0, 1])]));
}

#[tokio::test]
async fn a_long_feed_comes_in_parts() {
    let (engine, ledger) = (MemoryEngine::new(), Arc::<Ledger>::default());
    let count = messaging::FEED_EVENTS_MAX as u64 + 5;
    for number in 0..count {
        publish(&engine, if number % 2 == 0 { "even" } else { "odd" }, number).await;
    }
    let mut consumer = consumer(&engine, &ledger);
    assert_eq!(consumer.step().await.unwrap(), messaging::FEED_EVENTS_MAX);
    assert_eq!(consumer.step().await.unwrap(), 5);
    assert_eq!(consumer.step().await.unwrap(), 0);
    let numbers: Vec<u64> = ledger.attempts().into_iter().map(|(_, number)| number).collect();
    assert_eq!(numbers, (0..count).collect::<Vec<_>>());
}
