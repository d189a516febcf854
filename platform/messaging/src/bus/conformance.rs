//! Conformance suite of the bus port; every engine runs it against its own broker.
//!
//! A check is an async function that takes a bus and panics where the bus breaks the contract. Each uses a source of its own, so
//! that they may share a broker. [`bus_conformance!`](crate::bus_conformance) turns each check into a test.

use super::{
    Assignment, Bus, BusError, BusEvent, BusKey, BusMessage, GroupMember, Partition, ShopName,
    Topic,
};
use kernel::Uuid;
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, timeout};

/// Conformance suite of [`Bus`], one test per check. `$make` is an async function without arguments that returns a
/// bus and a guard that outlives it: `(Arc<dyn Bus>, guard)`.
#[macro_export]
macro_rules! bus_conformance {
    ($make:path) => {
        $crate::bus_conformance! { $make;
            a_message_arrives_as_it_was_published
            the_messages_of_a_partition_keep_their_order
            messages_wait_for_the_first_member_of_a_group
            every_group_receives_every_message
            what_was_not_acknowledged_comes_again
            positions_of_others_keep_nothing_from_being_acknowledged
            topics_do_not_mix
            shops_do_not_mix
            a_member_that_leaves_hands_its_partitions_over
            two_members_share_the_partitions
            a_revoked_partition_waits_until_it_is_dropped
            a_large_batch_arrives_whole
            a_broker_that_runs_answers
        }
    };
    ($make:path; $($check:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $check() {
                let (bus, _guard) = $make().await;
                $crate::bus::conformance::$check(bus).await;
            }
        )*
    };
}

/// Time within which whatever a check waits for has happened.
pub const WAIT_MAX: Duration = Duration::from_mins(1);

/// Shop of the checks.
pub const SHOP: ShopName = ShopName(*b"the shop");

/// A message with this number as its position, in the partition of its subject.
#[must_use]
pub fn message(topic: Topic, subject: &str, position: u64, previous: u64) -> BusMessage {
    let id = Uuid::new_v5(&Uuid::nil(), &position.to_be_bytes());
    BusMessage {
        partition: Partition::of(subject, topic.partitions).number,
        position,
        previous,
        id,
        run: Uuid::from_u128(7),
        event: Some(BusEvent {
            subject: subject.to_owned(),
            cloud_event: format!("{{\"number\":{position}}}").into(),
            traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned(),
        }),
        proof: None,
    }
}

/// Messages at these positions of a topic with one partition.
#[must_use]
pub fn messages(topic: Topic, positions: std::ops::Range<u64>) -> Vec<BusMessage> {
    positions.map(|position| message(topic, "only", position, position.saturating_sub(1))).collect()
}

/// A mark in each partition, so that something arrives in all of them.
fn marks(topic: Topic, position: u64) -> Vec<BusMessage> {
    let mark =
        |partition| BusMessage { partition, event: None, ..message(topic, "mark", position, 0) };
    (0..topic.partitions).map(mark).collect()
}

fn topic(source: &'static str, partitions: u32) -> Topic {
    Topic { shop: SHOP, source, partitions }
}

async fn join(bus: &Arc<dyn Bus>, group: &str, topic: Topic) -> Box<dyn GroupMember> {
    bus.join(group, topic).await.expect("the broker runs")
}

/// Publishes, again after an error, as a relay does.
pub async fn publish(bus: &Arc<dyn Bus>, topic: Topic, messages: &[BusMessage]) {
    let deadline = Instant::now() + WAIT_MAX;
    while let Err(error) = bus.publish(topic, messages).await {
        assert!(Instant::now() < deadline, "not published: {error}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The next partition of a member.
pub async fn assigned(member: &mut dyn GroupMember) -> Box<dyn Assignment> {
    timeout(WAIT_MAX, member.assigned()).await.expect("a partition").expect("the broker runs")
}

/// The next so many messages of a partition.
pub async fn receive_count(assignment: &mut dyn Assignment, count: usize) -> Vec<BusMessage> {
    let deadline = Instant::now() + WAIT_MAX;
    let mut received = Vec::new();
    while received.len() < count {
        let wait = deadline.saturating_duration_since(Instant::now());
        match timeout(wait, assignment.receive(count - received.len())).await {
            Ok(Ok(messages)) => received.extend(messages),
            Ok(Err(BusError::Unavailable(_))) => {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            Ok(Err(BusError::Revoked)) | Err(_) => panic!("{} messages came", received.len()),
        }
    }
    received
}

/// The next messages of a partition, up to that with this position, without repeats.
pub async fn receive_until(assignment: &mut dyn Assignment, last: u64) -> Vec<BusMessage> {
    let deadline = Instant::now() + WAIT_MAX;
    let mut received: Vec<BusMessage> = Vec::new();
    while received.last().is_none_or(|message| message.position < last) {
        let wait = deadline.saturating_duration_since(Instant::now());
        match timeout(wait, assignment.receive(100)).await.expect("the messages come") {
            Ok(messages) => {
                assert!(!messages.is_empty() && messages.len() <= 100);
                for message in messages {
                    if received.last().is_none_or(|last| last.position < message.position) {
                        received.push(message);
                    }
                }
            }
            Err(BusError::Unavailable(_)) => tokio::time::sleep(Duration::from_millis(100)).await,
            Err(BusError::Revoked) => panic!("it is revoked after {} messages", received.len()),
        }
    }
    received
}

/// A message arrives with everything that it was published with, a mark too, and their proofs.
pub async fn a_message_arrives_as_it_was_published(bus: Arc<dyn Bus>) {
    let topic = topic("whole-service", 1);
    let mut published = messages(topic, 1..2);
    published.extend(marks(topic, 2));
    let key = BusKey::new(b"the key of the shop");
    let published: Vec<_> = published.into_iter().map(|it| key.proven(topic, it)).collect();
    publish(&bus, topic, &published).await;
    let mut member = join(&bus, "whole", topic).await;
    let mut assignment = assigned(&mut *member).await;
    assert_eq!(assignment.partition(), 0);
    assert_eq!(receive_until(&mut *assignment, 2).await, published);
}

/// What is published in one order arrives in it.
pub async fn the_messages_of_a_partition_keep_their_order(bus: Arc<dyn Bus>) {
    let topic = topic("order-keeper", 4);
    let mut member = join(&bus, "order", topic).await;
    let mut assignments = Vec::new();
    for _ in 0..topic.partitions {
        assignments.push(assigned(&mut *member).await);
    }
    let subject = |position: u64| format!("subject-{}", position % 13);
    for batch in 0..10 {
        let batch: Vec<_> = (batch * 50 + 1..=batch * 50 + 50)
            .map(|position| message(topic, &subject(position), position, 0))
            .collect();
        publish(&bus, topic, &batch).await;
    }
    publish(&bus, topic, &marks(topic, 501)).await;
    let mut count = 0;
    for mut assignment in assignments {
        let received = receive_until(&mut *assignment, 501).await;
        assert!(received.is_sorted_by(|one, next| one.position < next.position));
        assert!(received.iter().all(|message| message.partition == assignment.partition()));
        count += received.len() - 1;
    }
    assert_eq!(count, 500);
}

/// Messages that were published before a group had a member are there for it.
pub async fn messages_wait_for_the_first_member_of_a_group(bus: Arc<dyn Bus>) {
    let topic = topic("early-service", 1);
    let published = messages(topic, 1..20);
    publish(&bus, topic, &published).await;
    let mut member = join(&bus, "late", topic).await;
    let mut assignment = assigned(&mut *member).await;
    assert_eq!(receive_until(&mut *assignment, 19).await, published);
}

/// Groups do not take messages away from each other.
pub async fn every_group_receives_every_message(bus: Arc<dyn Bus>) {
    let topic = topic("popular-service", 1);
    let published = messages(topic, 1..20);
    publish(&bus, topic, &published).await;
    for group in ["one", "two"] {
        let mut member = join(&bus, group, topic).await;
        let mut assignment = assigned(&mut *member).await;
        assert_eq!(receive_until(&mut *assignment, 19).await, published, "{group}");
        assignment.acknowledge(19);
    }
}

/// A consumer that ends before it acknowledges leaves the messages to the next one.
pub async fn what_was_not_acknowledged_comes_again(bus: Arc<dyn Bus>) {
    let topic = topic("repeating-service", 1);
    publish(&bus, topic, &messages(topic, 1..20)).await;
    let mut member = join(&bus, "again", topic).await;
    let mut assignment = assigned(&mut *member).await;
    receive_until(&mut *assignment, 19).await;
    assignment.acknowledge(9);
    drop((assignment, member));

    let mut member = join(&bus, "again", topic).await;
    let mut assignment = assigned(&mut *member).await;
    let received = receive_until(&mut *assignment, 19).await;
    // Repeats before that are allowed.
    assert!(received.first().is_some_and(|message| message.position <= 10));
    assert!(received.iter().rev().take(10).map(|it| it.position).eq((10..20).rev()));
}

/// What was received is acknowledged whatever positions it names: somebody may have written one that none ever reaches.
pub async fn positions_of_others_keep_nothing_from_being_acknowledged(bus: Arc<dyn Bus>) {
    let topic = topic("far-service", 1);
    let mut published = vec![message(topic, "only", u64::MAX - 1, 0)];
    published.extend(messages(topic, 1..20));
    publish(&bus, topic, &published).await;
    let mut member = join(&bus, "far", topic).await;
    let mut assignment = assigned(&mut *member).await;
    assert_eq!(receive_count(&mut *assignment, 20).await, published);
    assignment.acknowledge(20);
    drop((assignment, member));

    publish(&bus, topic, &messages(topic, 20..21)).await;
    let mut member = join(&bus, "far", topic).await;
    let mut assignment = assigned(&mut *member).await;
    assert_eq!(receive_count(&mut *assignment, 1).await, messages(topic, 20..21));
}

/// Shops that use one broker have topics and groups of their own, under the same names.
pub async fn shops_do_not_mix(bus: Arc<dyn Bus>) {
    let one = topic("same-service", 2);
    let two = Topic { shop: ShopName(*b"the next"), ..one };
    publish(&bus, one, &marks(one, 3)).await;
    publish(&bus, two, &marks(two, 9)).await;
    let mut first = join(&bus, "same", one).await;
    let mut second = join(&bus, "same", two).await;
    for (member, position) in [(&mut first, 3), (&mut second, 9)] {
        for _ in 0..2 {
            let mut assignment = assigned(&mut **member).await;
            let received = receive_until(&mut *assignment, position).await;
            assert_eq!(received.len(), 1, "{received:?}");
        }
    }
}

/// Sources, and numbers of partitions, are apart.
pub async fn topics_do_not_mix(bus: Arc<dyn Bus>) {
    let (one, two) = (topic("apart-service", 1), topic("apart-service", 2));
    publish(&bus, one, &messages(one, 1..5)).await;
    publish(&bus, two, &marks(two, 9)).await;
    let mut member = join(&bus, "apart", two).await;
    for _ in 0..2 {
        let mut assignment = assigned(&mut *member).await;
        let received = receive_until(&mut *assignment, 9).await;
        assert_eq!(received.len(), 1, "{received:?}");
    }
}

/// A member that leaves is replaced, and what it acknowledged is not lost with it.
pub async fn a_member_that_leaves_hands_its_partitions_over(bus: Arc<dyn Bus>) {
    let topic = topic("leaving-service", 2);
    let mut first = join(&bus, "leaving", topic).await;
    for _ in 0..2 {
        drop(assigned(&mut *first).await);
    }
    drop(first);
    publish(&bus, topic, &marks(topic, 1)).await;
    let mut next = join(&bus, "leaving", topic).await;
    for _ in 0..2 {
        let mut assignment = assigned(&mut *next).await;
        assert_eq!(receive_until(&mut *assignment, 1).await.len(), 1);
    }
}

/// Two members share the partitions, and each message comes to one of them.
pub async fn two_members_share_the_partitions(bus: Arc<dyn Bus>) {
    let topic = topic("shared-service", 4);
    let mut first = join(&bus, "shared", topic).await;
    let mut held = Vec::new();
    for _ in 0..4 {
        held.push(assigned(&mut *first).await);
    }
    let mut second = join(&bus, "shared", topic).await;
    let mut others: Vec<Box<dyn Assignment>> = Vec::new();
    let deadline = Instant::now() + WAIT_MAX;
    // The first member may give up all of its partitions and get some of them again.
    while others.is_empty() || held.len() + others.len() < 4 {
        assert!(Instant::now() < deadline, "{held:?} {others:?}");
        held.retain(|assignment| !*assignment.revoked().borrow());
        others.retain(|assignment| !*assignment.revoked().borrow());
        let _ = timeout(Duration::from_millis(50), async {
            tokio::select! {
                assigned = first.assigned() => held.push(assigned.expect("the broker runs")),
                assigned = second.assigned() => others.push(assigned.expect("the broker runs")),
            }
        })
        .await;
    }
    assert!(!held.is_empty() && !others.is_empty());
    publish(&bus, topic, &marks(topic, 1)).await;
    let mut partitions = Vec::new();
    for mut assignment in held.into_iter().chain(others) {
        assert_eq!(receive_until(&mut *assignment, 1).await.len(), 1);
        partitions.push(assignment.partition());
    }
    partitions.sort_unstable();
    assert_eq!(partitions, [0, 1, 2, 3]);
}

/// A partition that is revoked does not go to the next member while its consumer is still at work.
pub async fn a_revoked_partition_waits_until_it_is_dropped(bus: Arc<dyn Bus>) {
    let topic = topic("drained-service", 1);
    publish(&bus, topic, &messages(topic, 1..3)).await;
    let mut first = join(&bus, "drained", topic).await;
    let mut assignment = assigned(&mut *first).await;
    receive_until(&mut *assignment, 2).await;
    drop(first);
    let mut revoked = assignment.revoked();
    // An engine that has no sender any more says so as well.
    let _ = timeout(WAIT_MAX, revoked.wait_for(|revoked| *revoked)).await.expect("it is revoked");
    let mut second = join(&bus, "drained", topic).await;
    let early = timeout(Duration::from_secs(2), second.assigned()).await;
    assert!(early.is_err(), "it has two consumers");
    assignment.acknowledge(2);
    drop(assignment);
    let mut next = assigned(&mut *second).await;
    publish(&bus, topic, &messages(topic, 3..4)).await;
    receive_until(&mut *next, 3).await;
}

/// A batch as large as a relay makes them arrives whole.
pub async fn a_large_batch_arrives_whole(bus: Arc<dyn Bus>) {
    let topic = topic("large-service", 1);
    let mut published = messages(topic, 1..513);
    for message in &mut published {
        let event = message.event.as_mut().expect("it has one");
        event.cloud_event = format!("{{\"text\":\"{}\"}}", "x".repeat(8_000)).into();
    }
    let mut member = join(&bus, "large", topic).await;
    let mut assignment = assigned(&mut *member).await;
    publish(&bus, topic, &published).await;
    assert_eq!(receive_until(&mut *assignment, 512).await, published);
}

/// A broker that runs says so.
pub async fn a_broker_that_runs_answers(bus: Arc<dyn Bus>) {
    answers(&bus).await;
    let topic = topic("answering-service", 1);
    let mut member = join(&bus, "answering", topic).await;
    let _assignment = assigned(&mut *member).await;
    answers(&bus).await;
}

/// Waits until the broker answers a ping.
async fn answers(bus: &Arc<dyn Bus>) {
    let deadline = Instant::now() + WAIT_MAX;
    while let Err(error) = bus.ping().await {
        assert!(Instant::now() < deadline, "it does not answer: {error}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Time for which the broker is away in [`a_member_keeps_its_partition_without_a_broker`]: three sessions or leases of the engines.
const AWAY: Duration = Duration::from_secs(35);

/// A member has its partition until it learns that somebody else does. A broker that is away says nothing of the kind, however long
/// that takes: the consumer is told that there is none, reads the feed, and receives from the same partition again afterwards.
/// `run` starts the broker when it is called with `true`, and kills it with `false`.
pub async fn a_member_keeps_its_partition_without_a_broker(
    bus: Arc<dyn Bus>,
    mut run: impl FnMut(bool),
) {
    let topic = topic("lonely-service", 1);
    let mut member = join(&bus, "lonely", topic).await;
    let mut assignment = assigned(&mut *member).await;
    publish(&bus, topic, &messages(topic, 1..10)).await;
    receive_until(&mut *assignment, 9).await;
    assignment.acknowledge(9);
    run(false);
    let away = Instant::now() + AWAY;
    let mut is_told = false;
    while Instant::now() < away {
        match timeout(Duration::from_secs(1), assignment.receive(100)).await {
            Ok(Ok(repeats)) => assert!(repeats.iter().all(|it| it.position <= 9), "{repeats:?}"),
            Ok(Err(BusError::Unavailable(_))) => {
                is_told = true;
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            Ok(Err(BusError::Revoked)) => panic!("it is revoked by nobody"),
            Err(_) => {}
        }
    }
    assert!(is_told, "the broker is away, and nobody says so");
    let pinged = timeout(WAIT_MAX, bus.ping()).await.expect("the client bounds the time");
    assert!(matches!(pinged, Err(BusError::Unavailable(_))), "{pinged:?}");
    run(true);
    answers(&bus).await;
    publish(&bus, topic, &messages(topic, 10..20)).await;
    let received = receive_until(&mut *assignment, 19).await;
    assert!(received.iter().rev().take(10).map(|it| it.position).eq((10..20).rev()));
}
