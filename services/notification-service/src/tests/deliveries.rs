//! Deliveries: what the mail server answers, what becomes of orders meanwhile, copies, erasure.

use super::world::{POLICY, World};
use crate::domain::{
    decision::Kind,
    notification::{Notification, State, StateName},
};
use contracts::{codes, shared::OrderId};
use kernel::{Clock, Uuid};
use mail::MailError;
use std::{sync::Arc, time::Duration};

async fn confirmed(world: &World, number: u128) -> OrderId {
    let order = world.order(number, &["placed", "confirmed"]);
    world.publish(order, "confirmed").await;
    order
}

async fn only(world: &World) -> Notification {
    let mut all = world.notifications().await;
    assert_eq!(all.len(), 1);
    all.remove(0)
}

fn unavailable() -> MailError {
    MailError::Unavailable("451 try later".to_owned())
}

#[tokio::test]
async fn what_is_postponed_is_tried_again_after_longer_and_longer_pauses() {
    let mut world = World::new();
    confirmed(&world, 1).await;
    world.server.answer((0..12).map(|_| unavailable()).collect());
    let mut pauses = Vec::new();
    loop {
        world.run(&Arc::default()).await;
        let State::Pending { due } = only(&world).await.state else { break };
        let now = world.clock.now();
        pauses.push(u64::try_from(due.duration_since(now).as_secs()).unwrap());
        // Nothing happens before it is due.
        world.clock.set(due.checked_sub(Duration::from_millis(2)).unwrap());
        world.run(&Arc::default()).await;
        assert!(world.server.accepted().is_empty());
        world.clock.set(due);
    }
    assert_eq!(pauses.len(), 12);
    for (attempt, pause) in pauses.iter().enumerate() {
        let longest = (5 << attempt).min(1_800);
        assert!((longest / 2..=longest).contains(pause), "{pauses:?}");
    }
    let one = only(&world).await;
    assert_eq!((one.state, one.attempts), (State::Delivered, 13));
    assert_eq!(world.server.accepted().len(), 1);
    let reasons: Vec<_> = one.log.entries().iter().filter_map(|it| it.reason.as_deref()).collect();
    assert!(reasons.contains(&"451 try later"), "{reasons:?}");
}

#[tokio::test]
async fn what_is_refused_is_not_tried_again_and_what_waits_too_long_is_given_up() {
    let mut world = World::new();
    confirmed(&world, 1).await;
    let refusal = "550 <maren@example.com>: no such user".to_owned();
    world.server.answer(vec![MailError::Refused(refusal)]);
    world.run(&Arc::default()).await;
    let refused = only(&world).await;
    assert_eq!(refused.state, State::Failed);
    let log = format!("{:?}", refused.log);
    assert!(log.contains("550 … no such user") && !log.contains("maren"), "{log}");

    let mut world = World::new();
    confirmed(&world, 1).await;
    world.server.answer((0..1_000).map(|_| unavailable()).collect());
    let mut hours = 0;
    while only_or_none(&world).await.is_none_or(|one| one.state != State::Failed) {
        world.run(&Arc::default()).await;
        world.clock.advance(Duration::from_hours(1));
        hours += 1;
    }
    assert_eq!(hours, 73, "given up when the next attempt would be after 72 hours");
    assert!(only(&world).await.log.entries().len() <= crate::domain::log::ENTRIES_MAX);
}

async fn only_or_none(world: &World) -> Option<Notification> {
    world.notifications().await.into_iter().next()
}

#[tokio::test]
async fn a_dead_server_holds_up_no_more_than_a_round_at_once() {
    let mut world = World::new();
    for number in 1..=50 {
        confirmed(&world, number).await;
    }
    world.server.answer((0..50).map(|_| unavailable()).collect());
    let process = world.start(&Arc::default());
    let mut process = process;
    while process.consumer.step().await.unwrap() > 0 {}
    let round = process.sender.round().await.unwrap();
    assert_eq!((round.attempts, round.postponed), (POLICY.at_once_max, POLICY.at_once_max));
    drop(process);
    world.run(&Arc::default()).await;
    world.clock.advance(Duration::from_mins(1));
    world.run(&Arc::default()).await;
    assert_eq!(world.server.accepted().len(), 50, "and nothing is lost");
}

#[tokio::test]
async fn what_the_order_says_decides_what_is_told() {
    type Change = fn(&mut contracts::order::Order);
    let nothing: Change = |_| {};
    let cases: [(&'static str, &[&str], Change, Option<Kind>); 9] = [
        ("confirmed", &["confirmed"], nothing, Some(Kind::OrderConfirmed)),
        ("fulfilled", &["confirmed"], nothing, Some(Kind::OrderShipped)),
        ("refunded", &["confirmed"], nothing, Some(Kind::OrderRefunded)),
        ("cancelled", &["confirmed"], nothing, Some(Kind::OrderCancelled)),
        ("cancelled", &["placed"], nothing, None),
        ("cancelled", &["payment_waiting"], nothing, Some(Kind::OrderCancelled)),
        (
            "cancelled",
            &["payment_waiting"],
            |order| order.cancel_reason = Some(codes::PAYMENT_DECLINED.as_str().to_owned()),
            Some(Kind::PaymentFailed),
        ),
        ("payment_waiting", &["payment_waiting"], nothing, None),
        (
            "payment_waiting",
            &["payment_waiting"],
            |order| {
                order.payment.bank_details = Some("DE02".to_owned());
                order.status = contracts::order::OrderStatus::Pending;
            },
            Some(Kind::PaymentDue),
        ),
    ];
    for (event, history, change, told) in cases {
        let mut world = World::new();
        let order = world.order(1, history);
        world.change(order, change);
        world.publish(order, event).await;
        world.run(&Arc::default()).await;
        let one = only(&world).await;
        let expected = told.map_or(State::Suppressed, |_| State::Delivered);
        assert_eq!(one.state, expected, "{event} {history:?}");
        assert_eq!(world.server.accepted().len(), usize::from(told.is_some()));
        assert!(told.is_none_or(|kind| kind == one.kind), "{event} {history:?}: {:?}", one.kind);
    }
    for silent in ["placed", "captured", "completed", "eaten"] {
        let mut world = World::new();
        let order = world.order(1, &[]);
        world.publish(order, silent).await;
        world.run(&Arc::default()).await;
        assert!(world.notifications().await.is_empty(), "{silent}");
    }
}

#[tokio::test]
async fn an_order_that_is_not_there_is_told_to_nobody() {
    let mut world = World::new();
    world.publish(OrderId(Uuid::from_u128(7)), "confirmed").await;
    world.run(&Arc::default()).await;
    assert_eq!(only(&world).await.state, State::Suppressed);
}

#[tokio::test]
async fn a_copy_is_another_mail_and_only_of_what_has_ended() {
    let world = World::new();
    confirmed(&world, 1).await;
    let mut process = world.start(&Arc::default());
    while process.consumer.step().await.unwrap() > 0 {}
    process.sender.notifications.accept(world.clock.now()).await.unwrap();
    let pending = only(&world).await;
    let redeliver = async |process: &super::world::Process| {
        process.sender.notifications.redeliver(pending.id, world.clock.now()).await.unwrap()
    };
    assert_eq!(redeliver(&process).await.unwrap().copy, 0, "it is under way");
    process.run().await;
    let copy = redeliver(&process).await.unwrap();
    assert_eq!((copy.copy, copy.state.name()), (1, StateName::Pending));
    assert_eq!(redeliver(&process).await.unwrap().copy, 1, "the copy is under way");
    process.run().await;
    let ids: Vec<_> = world.server.counts().into_iter().collect();
    assert_eq!(ids.len(), 2, "two mails with a Message-ID each");
    assert!(ids.iter().all(|(_, count)| *count == 1));
}

#[tokio::test]
async fn erasure_suppresses_what_waits_and_removes_what_was_delivered() {
    let mut world = World::new();
    let order = confirmed(&world, 1).await;
    world.run(&Arc::default()).await;
    world.server.answer(vec![unavailable()]);
    world.publish(order, "fulfilled").await;
    world.run(&Arc::default()).await;
    world.publish(order, "customer_erased").await;
    world.run(&Arc::default()).await;
    world.clock.advance(Duration::from_hours(1));
    world.run(&Arc::default()).await;
    let states: Vec<_> = world.notifications().await.into_iter().map(|it| it.state).collect();
    assert!(states.contains(&State::Suppressed) && states.contains(&State::Delivered));
    assert_eq!(world.server.accepted().len(), 1);
    let mail = world.server.accepted()[0].id;
    assert!(world.server.removed().contains(&mail));
    assert_eq!(world.server.removed().len(), 2);
}

#[tokio::test]
async fn nothing_about_the_customer_is_stored() {
    let mut world = World::new();
    let order = confirmed(&world, 1).await;
    world.server.answer(vec![MailError::Unavailable("450 maren@example.com is busy".to_owned())]);
    world.run(&Arc::default()).await;
    world.change(order, |order| order.customer_erased = true);
    world.clock.advance(Duration::from_hours(1));
    world.run(&Arc::default()).await;
    let documents = world.engine.service("notification-service").documents;
    let mut stored = String::new();
    for collection in [
        &crate::application::notifications::REQUESTS,
        &crate::application::notifications::NOTIFICATIONS,
        &crate::application::notifications::ERASURES,
    ] {
        for document in documents.scan(collection, None, 1_000).await.unwrap() {
            stored += &String::from_utf8_lossy(&document.body);
        }
    }
    assert!(stored.contains("the customer was erased"), "{stored}");
    for personal in ["maren", "Maren", "Lindqvist", "Hafenweg", "Kiel", "example.com"] {
        assert!(!stored.contains(personal), "{personal}: {stored}");
    }
}

#[tokio::test]
async fn what_ended_long_ago_is_deleted() {
    let mut world = World::new();
    confirmed(&world, 1).await;
    world.run(&Arc::default()).await;
    world.clock.advance(POLICY.keep);
    let process = world.start(&Arc::default());
    let before = |days: u64| {
        let age = POLICY.keep + Duration::from_hours(24 * days);
        world.clock.now().checked_sub(age).unwrap()
    };
    let notifications = &process.sender.notifications;
    assert_eq!(notifications.delete_ended(before(1)).await.unwrap(), 0);
    let now = world.clock.now();
    assert_eq!(notifications.delete_ended(now).await.unwrap(), 1);
    assert!(world.notifications().await.is_empty());
}
