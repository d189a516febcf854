//! Relay and group consumers on the in-memory bus: whatever the broker does, every message takes effect once and in order.

use crate::source::{
    InjectedFailure, Ledger, SOURCE, WarehouseEvent, WarehouseFeed, consumer_over, entries, feed,
    feed_over_the_wire, ids, parts, publish, reader,
};
use engine_memory::MemoryEngine;
use messaging::{
    ConsumerParts, Subscription,
    bus::{
        Bus, BusEvent, BusKey, BusMessage, GroupConsumer, MemoryBus, PartitionedBus, Relay,
        RelayParts,
    },
};
use std::{
    collections::BTreeMap,
    future::{Ready, ready},
    sync::Arc,
    time::Duration,
};
use telemetry::{Health, HealthStatus, Metrics};
use tokio::time::sleep;

mod conformance {
    use super::*;

    fn make() -> Ready<(Arc<dyn Bus>, ())> {
        ready((Arc::new(MemoryBus::default()), ()))
    }

    messaging::bus_conformance!(make);
}

/// Subjects of the tests; they are in different partitions.
const SUBJECTS: u64 = 9;

/// A source, a reader, and a bus between them.
struct World {
    warehouse: MemoryEngine,
    office: MemoryEngine,
    bus: MemoryBus,
    ledger: Arc<Ledger>,
    metrics: Metrics,
    /// Key of the shop.
    key: BusKey,
}

impl World {
    fn new() -> Self {
        Self {
            warehouse: MemoryEngine::new(),
            office: MemoryEngine::new(),
            bus: MemoryBus::default(),
            ledger: Arc::default(),
            metrics: Metrics::new(),
            key: BusKey::new(b"the key of the shop"),
        }
    }

    fn partitioned(&self, partitions: u32) -> PartitionedBus {
        PartitionedBus::new(Arc::new(self.bus.clone()), partitions, self.key.clone())
    }

    fn relay(&self, partitions: u32) -> Relay<WarehouseEvent> {
        let parts = RelayParts {
            bus: self.partitioned(partitions),
            storage: self.warehouse.service(SOURCE),
            ids: ids(9),
            metrics: self.metrics.clone(),
            health: Health::new(),
        };
        Relay::new(parts, feed(&self.warehouse))
    }

    fn consumer_of(&self, partitions: u32, feed: WarehouseFeed) -> GroupConsumer<WarehouseEvent> {
        let parts = ConsumerParts { metrics: self.metrics.clone(), ..parts(&self.office) };
        let group = "office.ledger".to_owned();
        let handler = Arc::<Ledger>::clone(&self.ledger);
        GroupConsumer::new(self.partitioned(partitions), group, parts, feed, handler)
    }

    fn consumer(&self, partitions: u32) -> GroupConsumer<WarehouseEvent> {
        self.consumer_of(partitions, feed_over_the_wire(&self.warehouse))
    }

    /// Publishes these numbers, each in one of the subjects.
    async fn publish(&self, numbers: std::ops::Range<u64>) {
        for number in numbers {
            publish(&self.warehouse, &format!("s{}", number % SUBJECTS), number).await;
        }
    }

    /// Waits until so many messages have taken effect, and a little longer, so that one too many is seen.
    async fn effects(&self, count: usize) {
        let begun = tokio::time::Instant::now();
        while entries(&self.office).await.values().map(Vec::len).sum::<usize>() < count {
            assert!(begun.elapsed() < Duration::from_mins(10), "{:?}", entries(&self.office).await);
            sleep(Duration::from_millis(20)).await;
        }
        sleep(Duration::from_secs(20)).await;
    }

    /// Runs a relay and a consumer until so many messages have taken effect.
    async fn run(&self, partitions: u32, count: usize) {
        tokio::select! {
            () = self.relay(partitions).run() => unreachable!("a relay does not end"),
            () = self.consumer(partitions).run() => unreachable!("a consumer does not end"),
            () = self.effects(count) => {}
        }
        // Tasks that were dropped end.
        sleep(Duration::from_secs(1)).await;
    }

    /// Asserts that these numbers have taken effect, once and in the order of each subject.
    async fn assert_effects(&self, numbers: std::ops::Range<u64>) {
        let mut expected: BTreeMap<String, Vec<u64>> = BTreeMap::new();
        for number in numbers {
            expected.entry(format!("s{}", number % SUBJECTS)).or_default().push(number);
        }
        assert_eq!(entries(&self.office).await, expected);
    }

    fn fallbacks(&self, reason: &str) -> u64 {
        let text = self.metrics.encode();
        let wanted = format!("reason=\"{reason}\"");
        let line = text.lines().find(|it| it.starts_with("bus_fallbacks") && it.contains(&wanted));
        line.and_then(|line| line.rsplit(' ').next()?.parse().ok()).expect("it is counted")
    }
}

#[tokio::test(start_paused = true)]
async fn every_message_takes_effect_once_and_in_order() {
    let world = World::new();
    let publishing = async {
        for batch in 0..20 {
            world.publish(batch * 10..batch * 10 + 10).await;
            sleep(Duration::from_millis(500)).await;
        }
        assert_eq!(world.fallbacks("silence"), 0, "marks tell the partitions that have nothing");
        world.effects(200).await;
    };
    tokio::select! {
        () = world.relay(4).run() => unreachable!("a relay does not end"),
        () = world.consumer(4).run() => unreachable!("a consumer does not end"),
        () = publishing => {}
    }
    world.assert_effects(0..200).await;
    assert_eq!((world.fallbacks("begin"), world.fallbacks("gap")), (4, 0));
}

#[tokio::test(start_paused = true)]
async fn a_shop_goes_over_to_a_bus_and_back_and_to_other_numbers_without_repeats() {
    let world = World::new();
    let pulled = async |count: usize| {
        let mut consumer = consumer_over(&world.office, feed(&world.warehouse), &world.ledger);
        while consumer.step().await.unwrap() > 0 {}
        drop(consumer);
        world.effects(count).await;
    };
    world.publish(0..30).await;
    pulled(30).await;
    let mut end = 30;
    for partitions in [4, 1, 8, 4] {
        world.publish(end..end + 30).await;
        end += 30;
        world.run(partitions, usize::try_from(end).unwrap()).await;
        world.assert_effects(0..end).await;
        let subscription = Subscription::new("ledger", SOURCE, reader(&world.office));
        let last = world.warehouse.service(SOURCE).journal.last_position().await.unwrap();
        assert_eq!(subscription.position().await.unwrap(), last, "{partitions}");
    }
    world.publish(end..end + 30).await;
    pulled(usize::try_from(end).unwrap() + 30).await;
    world.assert_effects(0..end + 30).await;
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_is_down_delays_messages_and_loses_none() {
    let world = World::new();
    world.publish(0..20).await;
    world.run(4, 20).await;
    let outage = async {
        world.bus.set_down(true);
        world.publish(20..60).await;
        // The members still have their partitions, and read the feed.
        world.effects(60).await;
        world.assert_effects(0..60).await;
        world.bus.set_down(false);
        world.publish(60..100).await;
        world.effects(100).await;
    };
    tokio::select! {
        () = world.relay(4).run() => unreachable!("a relay does not end"),
        () = world.consumer(4).run() => unreachable!("a consumer does not end"),
        () = async { sleep(Duration::from_secs(10)).await; outage.await } => {}
    }
    world.assert_effects(0..100).await;
}

#[tokio::test(start_paused = true)]
async fn what_a_broker_loses_is_read_from_the_feed() {
    let world = World::new();
    world.publish(0..20).await;
    world.run(4, 20).await;
    // The relay publishes while nobody receives.
    let mut relay = world.relay(4);
    world.publish(20..50).await;
    while relay.step().await.unwrap() > 0 {}
    drop(relay);
    world.bus.lose_messages();
    world.publish(50..60).await;
    world.run(4, 60).await;
    world.assert_effects(0..60).await;
}

#[tokio::test(start_paused = true)]
async fn a_gap_in_the_messages_of_a_running_consumer_is_filled() {
    let world = World::new();
    let losing = async {
        for batch in 0..10 {
            world.publish(batch * 10..batch * 10 + 10).await;
            let mut relay = world.relay(4);
            while relay.step().await.unwrap() > 0 {
                // Before anybody has received them.
                if batch % 2 == 0 {
                    world.bus.lose_messages();
                }
            }
            sleep(Duration::from_millis(100)).await;
        }
        world.effects(100).await;
    };
    tokio::select! {
        () = world.consumer(4).run() => unreachable!("a consumer does not end"),
        () = async { sleep(Duration::from_secs(1)).await; losing.await } => {}
    }
    world.assert_effects(0..100).await;
    assert!(world.fallbacks("gap") > 0);
}

#[tokio::test(start_paused = true)]
async fn members_that_come_and_go_leave_no_message_out_and_double_none() {
    let world = World::new();
    let publishing = async {
        for batch in 0..40 {
            world.publish(batch * 10..batch * 10 + 10).await;
            sleep(Duration::from_millis(50)).await;
        }
        world.effects(400).await;
    };
    let coming_and_going = async {
        for stay in [130, 270, 410, 50] {
            let _ =
                tokio::time::timeout(Duration::from_millis(stay), world.consumer(4).run()).await;
            sleep(Duration::from_millis(70)).await;
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = world.relay(4).run() => unreachable!("a relay does not end"),
        () = world.consumer(4).run() => unreachable!("a consumer does not end"),
        () = coming_and_going => unreachable!("it waits"),
        () = publishing => {}
    }
    world.assert_effects(0..400).await;
}

#[tokio::test(start_paused = true)]
async fn a_poison_message_is_parked_with_its_subject_whatever_the_number_of_partitions() {
    let world = World::new();
    world.ledger.inject("s3", 12, Some(InjectedFailure::Poison));
    world.publish(0..30).await;
    world.run(4, 28).await;
    // 12 and 21 of the subject s3 are parked.
    let seen = entries(&world.office).await;
    assert_eq!(seen["s3"], [3]);
    world.publish(30..40).await;
    world.run(8, 36).await;
    assert_eq!(entries(&world.office).await["s3"], [3], "30 and 39 are parked behind them");
    let subscription = Subscription::new("ledger", SOURCE, reader(&world.office));
    assert_eq!(subscription.parked().await.unwrap(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_source_that_was_restored_from_an_older_copy_is_noticed() {
    let mut world = World::new();
    world.publish(0..60).await;
    world.run(4, 60).await;
    // The restored journal has other events from here on, and its relay knows nothing of the old ones.
    world.warehouse = MemoryEngine::new();
    world.publish(0..20).await;
    world.publish(100..130).await;
    world.run(4, 60 + 50).await;
    let seen = entries(&world.office).await;
    let all: Vec<u64> = seen.values().flatten().copied().collect();
    for number in 100..130 {
        assert_eq!(all.iter().filter(|it| **it == number).count(), 1, "{number}: {seen:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn messages_of_a_history_that_is_no_more_have_no_effect() {
    let world = World::new();
    world.publish(0..10).await;
    // Another relay has published what this journal does not have, as one does before the whole shop is restored.
    let former = World { bus: world.bus.clone(), ..World::new() };
    let mut relay = former.relay(1);
    assert_eq!(relay.step().await.unwrap(), 0, "it begins at the end of the feed");
    former.publish(0..10).await;
    former.publish(500..510).await;
    while relay.step().await.unwrap() > 0 {}
    let topic = world.partitioned(1).topic(SOURCE);
    let mut member = world.bus.join("somebody", topic).await.unwrap();
    let messages: Vec<BusMessage> = member.assigned().await.unwrap().receive(100).await.unwrap();
    assert_eq!(messages.len(), 20);

    world.run(1, 10).await;
    world.publish(10..20).await;
    world.run(1, 20).await;
    world.assert_effects(0..20).await;
}

#[tokio::test(start_paused = true)]
async fn an_idle_relay_and_an_idle_group_are_down_while_the_broker_is() {
    let (world, health) = (World::new(), Health::new());
    let bus = world.partitioned(2);
    let storage = world.warehouse.service(SOURCE);
    let (ids, metrics) = (ids(9), world.metrics.clone());
    let parts_of_relay =
        RelayParts { bus: bus.clone(), storage, ids, metrics, health: health.clone() };
    let relay = Relay::new(parts_of_relay, feed(&world.warehouse));
    let parts = ConsumerParts { health: health.clone(), ..parts(&world.office) };
    let (name, ledger) = ("office.ledger".to_owned(), Arc::<Ledger>::clone(&world.ledger));
    let feed = feed_over_the_wire(&world.warehouse);
    let consumer = GroupConsumer::new(bus.clone(), name, parts, feed, ledger);
    let status = || {
        let components = health.readiness().components;
        let names = [format!("bus relay {SOURCE}"), format!("bus group office.ledger.{SOURCE}")];
        names.map(|name| components[&name].clone())
    };
    let checks = async {
        sleep(Duration::from_secs(10)).await;
        bus.ping().await.unwrap();
        for _ in 0..2 {
            assert_eq!(status().map(|it| it.status), [HealthStatus::Up; 2]);
            world.bus.set_down(true);
            bus.ping().await.unwrap_err();
            sleep(Duration::from_secs(1)).await;
            let down = status();
            assert!(down.iter().all(|it| it.status == HealthStatus::Down), "{down:?}");
            let told = &down[1].details["message"];
            assert!(told.ends_with("; its partitions are read from the feed meanwhile"), "{told}");
            // Nothing is published and nothing received: no call fails.
            sleep(Duration::from_mins(2)).await;
            assert_eq!(status().map(|it| it.status), [HealthStatus::Down; 2]);
            world.bus.set_down(false);
            bus.ping().await.unwrap();
            sleep(Duration::from_secs(10)).await;
        }
    };
    tokio::select! {
        () = relay.run() => unreachable!("a relay does not end"),
        () = consumer.run() => unreachable!("a consumer does not end"),
        () = checks => {}
    }
}

/// What somebody publishes who may write to the broker: a copy of the last real message of each partition, changed.
fn forged(real: &BusMessage, change: impl FnOnce(&mut BusMessage)) -> BusMessage {
    let mut forged = real.clone();
    forged.previous = real.position;
    forged.id = kernel::Uuid::from_u128(5);
    change(&mut forged);
    forged
}

impl World {
    /// The last message of each partition, as somebody sees it who may read the broker.
    async fn last_messages(&self, partitions: u32) -> Vec<BusMessage> {
        let topic = self.partitioned(partitions).topic(SOURCE);
        let mut member = self.bus.join("somebody", topic).await.unwrap();
        let mut last = Vec::new();
        for _ in 0..partitions {
            let mut assignment = member.assigned().await.unwrap();
            let messages = tokio::time::timeout(Duration::ZERO, assignment.receive(10_000)).await;
            last.extend(messages.into_iter().flatten().flatten().next_back());
        }
        last
    }

    fn inject(&self, partitions: u32, messages: &[BusMessage]) {
        self.bus.inject(self.partitioned(partitions).topic(SOURCE), messages);
    }

    fn unproven(&self) -> u64 {
        let text = self.metrics.encode();
        let line = text.lines().find(|it| it.starts_with("bus_unproven"));
        line.and_then(|line| line.rsplit(' ').next()?.parse().ok()).expect("it is counted")
    }
}

#[tokio::test(start_paused = true)]
async fn a_forged_event_has_no_effect_and_a_forged_mark_leaves_none_out() {
    let world = World::new();
    let forging = async {
        // The relay begins at the end of the feed.
        sleep(Duration::from_secs(1)).await;
        world.publish(0..40).await;
        world.effects(40).await;
        for real in world.last_messages(4).await {
            let event = forged(&real, |it| {
                let written = br#"{"specversion":"1.0","id":"00000000-0000-0000-0000-000000000005","type":"icommerce.stored.v1"}"#;
                it.position += 3;
                it.event = Some(BusEvent {
                    subject: "s1".to_owned(),
                    cloud_event: written.as_slice().into(),
                    traceparent: String::new(),
                });
            });
            let mark = forged(&real, |it| {
                it.position += 250;
                it.event = None;
            });
            let far = forged(&real, |it| it.position = u64::MAX - 1);
            let foreign = BusMessage::foreign(real.partition);
            world.inject(4, &[event, mark, far, foreign]);
        }
        world.publish(40..140).await;
        world.effects(140).await;
    };
    tokio::select! {
        () = world.relay(4).run() => unreachable!("a relay does not end"),
        () = world.consumer(4).run() => unreachable!("a consumer does not end"),
        () = forging => {}
    }
    world.assert_effects(0..140).await;
    assert_eq!(world.unproven(), 16);
    assert!(world.fallbacks("unproven") > 0, "the feed was asked for what they should have said");
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_forged_messages_stops_nothing_and_is_no_flood_of_calls() {
    let world = World::new();
    let flooding = async {
        // The relay begins at the end of the feed.
        sleep(Duration::from_secs(1)).await;
        world.publish(0..20).await;
        world.effects(20).await;
        let real = world.last_messages(1).await;
        let before = world.fallbacks("unproven");
        let begun = tokio::time::Instant::now();
        for round in 0..100 {
            let flood: Vec<_> =
                (0..1_000).map(|number| forged(&real[0], |it| it.position += number)).collect();
            world.inject(1, &flood);
            world.publish(20 + round..21 + round).await;
            sleep(Duration::from_millis(50)).await;
        }
        let seconds = begun.elapsed().as_secs() + 1;
        assert!(world.fallbacks("unproven") - before <= seconds, "once a second");
        world.effects(120).await;
    };
    tokio::select! {
        () = world.relay(1).run() => unreachable!("a relay does not end"),
        () = world.consumer(1).run() => unreachable!("a consumer does not end"),
        () = flooding => {}
    }
    world.assert_effects(0..120).await;
    assert_eq!(world.unproven(), 100_000);
}

#[tokio::test(start_paused = true)]
async fn messages_without_a_proof_are_read_from_the_feed_instead() {
    let world = World::new();
    world.publish(0..20).await;
    world.run(1, 20).await;
    // A relay of a process with another key, or of a release that proved nothing.
    let relay =
        World { bus: world.bus.clone(), warehouse: world.warehouse.clone(), ..World::new() };
    let other = BusKey::new(b"another key");
    world.publish(20..40).await;
    let mut member = world.bus.join("somebody", world.partitioned(1).topic(SOURCE)).await.unwrap();
    let mut assignment = member.assigned().await.unwrap();
    let mut sender = relay.relay(1);
    while sender.step().await.unwrap() > 0 {}
    let published = assignment.receive(10_000).await.unwrap();
    assert_eq!(published.len(), 20);
    world.bus.lose_messages();
    let topic = world.partitioned(1).topic(SOURCE);
    let unproven = published.into_iter().map(|it| {
        let stripped = BusMessage { proof: None, ..it };
        if stripped.position.is_multiple_of(2) { other.proven(topic, stripped) } else { stripped }
    });
    world.inject(1, &unproven.collect::<Vec<_>>());
    tokio::select! {
        () = world.consumer(1).run() => unreachable!("a consumer does not end"),
        () = world.effects(40) => {}
    }
    world.assert_effects(0..40).await;
    assert!(world.unproven() >= 20);
}

#[tokio::test(start_paused = true)]
async fn shops_on_one_broker_see_nothing_of_each_other() {
    let world = World::new();
    let neighbour = World {
        bus: world.bus.clone(),
        key: BusKey::new(b"the key of the shop next door"),
        ..World::new()
    };
    let publishing = async {
        for batch in 0..10 {
            world.publish(batch * 10..batch * 10 + 10).await;
            neighbour.publish(batch * 20..batch * 20 + 20).await;
            sleep(Duration::from_millis(500)).await;
        }
        for shop in [&world, &neighbour] {
            let fallbacks = (shop.fallbacks("gap"), shop.fallbacks("silence"), shop.unproven());
            assert_eq!(fallbacks, (0, 0, 0), "each has all of its partitions");
        }
        world.effects(100).await;
        neighbour.effects(200).await;
    };
    tokio::select! {
        () = world.relay(4).run() => unreachable!("a relay does not end"),
        () = world.consumer(4).run() => unreachable!("a consumer does not end"),
        () = neighbour.relay(4).run() => unreachable!("a relay does not end"),
        () = neighbour.consumer(4).run() => unreachable!("a consumer does not end"),
        () = publishing => {}
    }
    for (shop, count) in [(&world, 100), (&neighbour, 200)] {
        shop.assert_effects(0..count).await;
    }
}
