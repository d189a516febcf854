//! One mail: events that come twice, processes that end between any two steps, several starts.

use super::world::{Crash, World};
use crate::domain::notification::StateName;
use std::{sync::Arc, time::Duration};

/// Longer than the lease of an attempt.
const LATER: Duration = Duration::from_mins(10);
/// More points than a run has.
const POINTS_MAX: usize = 100;

/// Runs the service on one order, with an end at a point, and then to the end. Returns the world, what was passed, and whether it ended there.
async fn killed_at(point: usize) -> (World, Vec<&'static str>, bool) {
    let mut world = World::new();
    let order = world.order(1, &["placed", "confirmed"]);
    world.publish(order, "placed").await;
    world.publish(order, "confirmed").await;
    let crash = Crash::at(point);
    let ended = world.run(&crash).await;
    world.clock.advance(LATER);
    assert!(!world.run(&Arc::default()).await);
    (world, crash.passed(), ended)
}

#[tokio::test]
async fn a_mail_is_sent_twice_only_if_its_acceptance_was_not_recorded_and_then_as_the_same_mail() {
    let (mut windows, mut points) = (Vec::new(), Vec::new());
    for point in 0..POINTS_MAX {
        let (world, passed, ended) = killed_at(point).await;
        let [one] = &world.notifications().await[..] else { panic!("{point}") };
        assert_eq!(one.state.name(), StateName::Delivered, "{passed:?}");
        let counts = world.server.counts();
        assert_eq!(counts.len(), 1, "one Message-ID, whatever happens: {passed:?}");
        let mails = world.server.accepted();
        assert!(mails.iter().all(|mail| *mail == mails[0]), "the same mail: {passed:?}");
        points = passed.clone();
        if !ended {
            assert_eq!(mails.len(), 1, "{passed:?}");
            break;
        }
        if mails.len() > 1 {
            windows.push(passed);
        }
    }
    // Consumer, acceptance of the request, claim: three writes. Then the mail, and the record of its acceptance.
    let write = ["before a write", "written, not flushed", "flushed"];
    let mail = ["before the acceptance", "accepted"];
    assert_eq!(points, [&write[..], &write, &write, &mail, &write].concat());
    // The window: from the acceptance until its record is on the disk. There is no other.
    let until_claimed = [&write[..], &write, &write, &mail].concat();
    let expected: Vec<_> =
        (0..3).map(|more| [&until_claimed[..], &write[..more]].concat()).collect();
    assert_eq!(windows, expected);
}

#[tokio::test]
async fn a_process_that_ends_again_and_again_sends_one_mail() {
    for first in 0..11 {
        for second in 0..11 {
            let mut world = World::new();
            let order = world.order(1, &["confirmed"]);
            world.publish(order, "confirmed").await;
            let mut in_window = 0;
            for point in [first, second] {
                let crash = Crash::at(point);
                let ended = world.run(&crash).await;
                let passed = crash.passed();
                let accepted = passed.iter().position(|it| *it == "accepted");
                let flushed = |at: usize| passed[at..].contains(&"flushed");
                in_window += usize::from(ended && accepted.is_some_and(|at| !flushed(at)));
                world.clock.advance(LATER);
            }
            world.run(&Arc::default()).await;
            assert_eq!(world.server.accepted().len(), 1 + in_window, "{first} {second}");
            assert_eq!(world.server.counts().len(), 1, "{first} {second}");
        }
    }
}

#[tokio::test]
async fn an_event_that_comes_twice_is_told_once() {
    let mut world = World::new();
    let order = world.order(1, &["confirmed"]);
    for _ in 0..2 {
        world.publish(order, "confirmed").await;
    }
    world.run(&Arc::default()).await;
    // And once more, after the mail.
    world.publish(order, "confirmed").await;
    world.run(&Arc::default()).await;
    assert_eq!(world.server.accepted().len(), 1);
}

#[tokio::test]
async fn a_feed_that_is_read_again_from_its_beginning_tells_nothing_again() {
    let mut world = World::new();
    for number in 1..20 {
        let order = world.order(number, &["confirmed"]);
        world.publish(order, "confirmed").await;
        world.publish(order, "refunded").await;
    }
    world.run(&Arc::default()).await;
    assert_eq!(world.server.accepted().len(), 38);
    // The position is lost, the notifications are not.
    let storage = world.engine.service("notification-service");
    let subscription = messaging::Subscription::new("notifications", "order-service", storage);
    assert_eq!(subscription.position().await.unwrap(), 38);
    let flush = async { world.engine.flush() };
    let (restarted, ()) = tokio::join!(subscription.restart(), flush);
    restarted.unwrap();
    world.run(&Arc::default()).await;
    assert_eq!(world.server.accepted().len(), 38);
    assert_eq!(world.notifications().await.len(), 38);
}

#[tokio::test]
async fn a_history_that_is_read_for_the_first_time_is_told_as_far_as_it_is_recent() {
    let mut world = World::new();
    let now = kernel::Clock::now(&*world.clock);
    for (number, hours) in [(1, 25 * 365), (2, 25), (3, 23), (4, 0)] {
        let order = world.order(number, &["confirmed"]);
        let at = now.checked_sub(Duration::from_hours(hours)).unwrap();
        world.publish_at(at, order, "confirmed").await;
    }
    world.run(&Arc::default()).await;
    let subjects: Vec<_> = world.server.accepted().into_iter().map(|it| it.subject).collect();
    assert_eq!(subjects.len(), 2, "{subjects:?}");
    assert!(subjects.contains(&"Order 3 is confirmed".to_owned()), "{subjects:?}");
    assert!(subjects.contains(&"Order 4 is confirmed".to_owned()), "{subjects:?}");
    assert_eq!(world.notifications().await.len(), 2);
}
