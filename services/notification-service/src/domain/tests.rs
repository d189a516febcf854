//! Tests of the domain: the decision, the state machine, the back-off.

use super::{
    backoff::{pause, pause_max},
    decision::{Decision, Kind, OrderChange, Request, Window, decide},
    notification::{Notification, Outcome, Retry, State, StateName},
};
use identifiers::{NotificationId, OrderId};
use kernel::{Timestamp, Uuid};
use proptest::prelude::*;
use std::time::Duration;

const DAY: Duration = Duration::from_hours(24);

const WINDOW: Window = Window { told_from: Timestamp::UNIX_EPOCH, tell_within: DAY };

fn now() -> Timestamp {
    "2026-11-30T12:00:00Z".parse().unwrap()
}

fn change(order: u128, event: u128, change: &str) -> OrderChange<'_> {
    let (order, event) = (OrderId(Uuid::from_u128(order)), Uuid::from_u128(event));
    OrderChange { order, change, event, at: now() }
}

fn requested(change: &OrderChange<'_>) -> Request {
    match decide(change, now(), WINDOW) {
        Decision::Tell(request) => request,
        other => panic!("{change:?}: {other:?}"),
    }
}

fn request() -> Request {
    requested(&change(1, 2, "confirmed"))
}

#[test]
fn an_order_has_one_notification_of_each_kind_and_one_of_each_refund() {
    for kind in ["confirmed", "payment_waiting", "fulfilled", "cancelled"] {
        assert_eq!(requested(&change(1, 2, kind)).id, requested(&change(1, 3, kind)).id, "{kind}");
        assert_ne!(requested(&change(1, 2, kind)).id, requested(&change(4, 2, kind)).id, "{kind}");
    }
    assert_ne!(requested(&change(1, 2, "confirmed")).id, requested(&change(1, 2, "fulfilled")).id);
    assert_eq!(requested(&change(1, 2, "refunded")).id, requested(&change(1, 2, "refunded")).id);
    assert_ne!(requested(&change(1, 2, "refunded")).id, requested(&change(1, 3, "refunded")).id);
}

#[test]
fn an_identifier_is_for_ever() {
    let id = request().id.to_string();
    assert_eq!(
        id, "d1829a3c-9308-5914-8eb7-ea9813f8cf27",
        "after a new release a mail would be sent again"
    );
}

#[test]
fn what_is_too_old_is_told_to_nobody() {
    let at_age = |age: Duration| {
        let seen = now().checked_add(age).unwrap();
        decide(&change(1, 2, "confirmed"), seen, WINDOW)
    };
    assert!(matches!(at_age(Duration::ZERO), Decision::Tell(_)));
    assert!(matches!(at_age(DAY), Decision::Tell(_)));
    assert_eq!(at_age(DAY + Duration::from_millis(1)), Decision::TooOld);
    // Clocks differ: an event of the future is told.
    let before = now().checked_sub(Duration::from_hours(1)).unwrap();
    assert!(matches!(decide(&change(1, 2, "confirmed"), before, WINDOW), Decision::Tell(_)));
    assert_eq!(decide(&change(1, 2, "placed"), now(), WINDOW), Decision::Nothing);
    // What happened before the shop told anything.
    for (told_from, is_told) in [(now(), true), (Timestamp::MAX, false)] {
        let window = Window { told_from, ..WINDOW };
        let decision = decide(&change(1, 2, "confirmed"), now(), window);
        assert_eq!(matches!(decision, Decision::Tell(_)), is_told);
    }
}

#[test]
fn names_of_kinds_lead_back_to_them() {
    for kind in Kind::ALL {
        assert_eq!(Kind::of_name(kind.name()), Some(kind));
    }
    assert_eq!(Kind::of_name("order_eaten"), None);
}

#[test]
fn pauses_double_up_to_half_an_hour() {
    let longest: Vec<_> = (0..12).map(|attempts| pause_max(attempts).as_secs()).collect();
    assert_eq!(longest, [5, 5, 10, 20, 40, 80, 160, 320, 640, 1_280, 1_800, 1_800]);
    assert_eq!(pause_max(u32::MAX), Duration::from_mins(30));
}

/// What can happen to a notification.
#[derive(Clone, Debug)]
enum Step {
    Claim,
    End(Outcome),
    Redeliver,
    Suppress,
    Wait(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let outcome = prop_oneof![
        Just(Outcome::Accepted),
        Just(Outcome::Refused("550 no".to_owned())),
        Just(Outcome::Postponed("451 later".to_owned())),
        Just(Outcome::Unwanted("nobody")),
    ];
    let step = prop_oneof![
        Just(Step::Claim),
        outcome.prop_map(Step::End),
        Just(Step::Redeliver),
        Just(Step::Suppress),
        (0_u64..100_000).prop_map(Step::Wait),
    ];
    prop::collection::vec(step, 0..40)
}

proptest! {
    #[test]
    fn a_mail_leaves_between_a_claim_and_the_next_change_alone(steps in steps()) {
        let retry = Retry { pause: Duration::from_mins(1), give_up_after: 3 * DAY };
        let (mut one, mut now) = (Notification::new(&request(), now()), now());
        let mut accepted: Vec<NotificationId> = Vec::new();
        for step in steps {
            let before = one.clone();
            match step {
                Step::Wait(seconds) => now = now.checked_add(Duration::from_secs(seconds)).unwrap(),
                Step::Claim => {
                    let claimed = one.claim(now, Duration::from_mins(1));
                    prop_assert_eq!(claimed.is_some(), one.state.due().is_some_and(|due| due <= now));
                    one = claimed.unwrap_or(one);
                }
                // Only whoever has claimed it ends it.
                Step::End(outcome) if matches!(one.state, State::Sending { .. }) => {
                    if outcome == Outcome::Accepted {
                        accepted.push(one.message_id());
                    }
                    one = one.ended(&outcome, now, retry);
                }
                Step::End(_) => {}
                Step::Redeliver => one = one.redelivered(now).unwrap_or(one),
                Step::Suppress => one = one.suppressed("erased", now).unwrap_or(one),
            }
            prop_assert_eq!((one.id, one.order, one.kind), (before.id, before.order, before.kind));
            prop_assert!(one.copy >= before.copy);
            prop_assert!(one.log.entries().len() <= super::log::ENTRIES_MAX);
        }
        let count = accepted.len();
        accepted.sort_unstable();
        accepted.dedup();
        prop_assert_eq!(accepted.len(), count, "a copy is accepted once");
    }

    #[test]
    fn a_pause_is_between_half_of_the_longest_and_the_whole(attempts: u32, random: u64) {
        let longest = pause_max(attempts);
        let pause = pause(attempts, random);
        prop_assert!(longest / 2 <= pause && pause <= longest);
    }
}

#[test]
fn names_of_states_lead_back_to_them() {
    for name in StateName::ALL {
        assert_eq!(StateName::of_name(name.as_str()), Some(name));
    }
    assert_eq!(StateName::of_name("lost"), None);
}
