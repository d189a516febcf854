//! Behaviours of reading a stream.

use super::{append, appended, event, events, read, stream_versions};
use crate::{Append, NewEvent, ServiceStorage, durability};
use bytes::Bytes;
use kernel::{Edge, Origin, Timestamp, Uuid};

/// Every field survives, with bytes and names of every kind.
pub async fn an_event_comes_back_as_it_was_appended(storage: ServiceStorage) {
    let journal = &*storage.journal;
    let times =
        ["1969-07-20T20:17:40.000001Z", "2026-11-22T21:45:00.123456789Z", "9999-12-30T00:00:00Z"];
    let sent: Vec<NewEvent> = times
        .iter()
        .zip([&b"{}"[..], "{\"имя\":\"лампа 💡\"}".as_bytes(), &[0, 255, 128]])
        .map(|(time, data)| NewEvent {
            id: Uuid::new_v5(&Uuid::NAMESPACE_OID, time.as_bytes()),
            name: "измерено",
            data: Bytes::from_static(data),
            recorded_at: time.parse::<Timestamp>().expect("the time is well formed"),
            typed: crate::TypedEvent::default(),
            personal: None,
        })
        .collect();
    let stream = "поток-'1'; --";
    let last = appended(journal, append(stream, 0, sent.clone())).await;
    let stored = read(journal, stream).await;
    assert_eq!(journal.follow(0, 10).await.expect("the journal answers"), stored);
    for (recorded, new) in stored.iter().zip(&sent) {
        assert_eq!(
            (recorded.stream.as_str(), recorded.id, recorded.name.as_str()),
            (stream, new.id, new.name)
        );
        assert_eq!((&recorded.data, recorded.recorded_at), (&new.data, new.recorded_at));
    }
    assert_eq!(stored.len(), sent.len());
    assert_eq!(stored.last().map(|event| event.position), Some(last.position));
}

/// The origin of an append is that of each of its events, and of no other event.
pub async fn an_origin_comes_back_with_every_event_of_its_append(storage: ServiceStorage) {
    let journal = &*storage.journal;
    let operator =
        Origin::new(Edge::Operator, Some("ann"), "2001:db8::7".parse().ok(), Some("curl/8 (x)"));
    let origins = [None, Some(operator), Some(Origin::of_edge(Edge::Shop)), None];
    for (number, origin) in (0..).zip(&origins) {
        let append = append("stream", 2 * number, events(2 * number..2 * number + 2));
        appended(journal, Append { origin: origin.clone(), ..append }).await;
    }
    let expected: Vec<_> = origins.iter().flat_map(|origin| [origin, origin]).collect();
    for stored in
        [read(journal, "stream").await, journal.follow(0, 10).await.expect("the journal answers")]
    {
        let found: Vec<_> = stored.iter().map(|event| &event.origin).collect();
        assert_eq!(found, expected);
    }
}

/// Pages have every size and begin anywhere, also within one append.
pub async fn reading_goes_on_after_a_version(storage: ServiceStorage) {
    let journal = &*storage.journal;
    for (expected, numbers) in [(0, 0..3), (3, 3..4), (4, 4..9)] {
        let _ = appended(journal, append("thing-1", expected, events(numbers))).await;
    }
    for after in 0..=10 {
        for limit in 1..=10 {
            let page = journal.read("thing-1", after, limit).await.expect("the journal answers");
            let versions: Vec<u64> = page.iter().map(|event| event.version).collect();
            let expected: Vec<u64> = (after + 1..=9).take(limit).collect();
            assert_eq!(versions, expected);
            assert!(page.iter().all(|recorded| recorded.data == event(recorded.version - 1).data));
        }
    }
}

/// A read shows every append that returned, flushed or not, and the next append builds on it.
pub async fn what_is_appended_is_read_at_once(storage: ServiceStorage) {
    let journal = &*storage.journal;
    let mut last = None;
    for number in 0..200 {
        let appended = journal
            .append(append("thing-1", number, vec![event(number)]))
            .await
            .expect("it is taken");
        assert_eq!(read(journal, "thing-1").await.len() as u64, number + 1);
        last = Some(appended);
    }
    last.expect("there were appends").commit.wait().await.expect("it is flushed");
    let stored = read(journal, "thing-1").await;
    assert_eq!(journal.follow(0, 1_000).await.expect("the journal answers"), stored);
}

/// Both the writer of an event and a reader that was shown it before its flush have to wait for the flush.
pub async fn the_scope_depends_on_what_is_read_before_its_flush(storage: ServiceStorage) {
    let journal = &*storage.journal;
    for number in 0..50 {
        let work = journal.append(append("thing-1", number, vec![event(number)]));
        let (appended, of_writer) = durability::scope(work).await;
        let (events, of_reader) = durability::scope(journal.read("thing-1", number, 10)).await;
        let appended = appended.expect("it is taken");
        assert_eq!(events.expect("the journal answers").len(), 1);
        let dependencies = if number % 2 == 0 { of_writer } else { of_reader };
        dependencies.wait().await.expect("it is flushed");
        assert!(appended.commit.is_durable());
        assert_eq!(journal.last_position().await.expect("the journal answers"), appended.position);
    }
}

/// Similar names are different streams.
pub async fn streams_do_not_mix(storage: ServiceStorage) {
    let journal = &*storage.journal;
    for (number, stream) in
        ["thing-1", "thing-10", "thing-", "THING-1", "thing-1 ", ""].into_iter().enumerate()
    {
        let _ = appended(journal, append(stream, 0, vec![event(number as u64)])).await;
        assert_eq!(stream_versions(&read(journal, stream).await), [(stream, 1)]);
    }
}
