//! Transitions that would contradict what an order is: what was given back does not ship, and an answer says what happened.

use super::{
    domain::{SampleLine, confirmed, order_of},
    test_world::{ORDER, TestWorld, checkout},
};
use crate::{
    application::{ending::require_effect, error::OrderError},
    domain::{
        events::RefundScope,
        order::{Order, OrderCommand},
        refund::RefundRequest,
        rejection::Rejection,
    },
};
use identifiers::RefundId;
use kernel::{Currency, Money, Problem, Timestamp, Uuid, codes};
use saga::{SagaState, SagaStatus};

/// What happens to a refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    Reserved,
    Done,
    Dropped,
}

fn executed(order: Order, command: &OrderCommand) -> Order {
    let events = Order::decide(Some(&order), command, Timestamp::UNIX_EPOCH).unwrap();
    events.iter().fold(order, |order, event| Order::apply(Some(order), event))
}

fn refunded(order: Order, number: u128, scope: RefundScope, progress: Progress) -> Order {
    let id = RefundId(Uuid::from_u128(number));
    let (restock, reason) = (true, "broken".to_owned());
    let request = RefundRequest { id, scope, restock, reason, reference: None };
    let order = executed(order, &OrderCommand::ReserveRefund(request));
    match progress {
        Progress::Reserved => order,
        Progress::Done => executed(order, &OrderCommand::SettleRefund { id }),
        Progress::Dropped => {
            executed(order, &OrderCommand::DropRefund { id, reason: "declined".to_owned() })
        }
    }
}

#[test]
fn what_was_given_back_does_not_ship() {
    let sku = super::test_world::sku("L1");
    let units = |count| RefundScope::Units(vec![(sku.clone(), count)]);
    let sum = |amount| RefundScope::Sum(Money::new(amount, Currency::EUR));
    let rest = || RefundScope::Rest;
    let (ships, nothing, pending) =
        (None, Some(Rejection::NothingToShip), Some(Rejection::RefundPending));
    let rows = [
        (vec![(rest(), Progress::Done)], &nothing),
        (vec![(units(3), Progress::Done)], &nothing),
        (vec![(units(1), Progress::Done), (units(2), Progress::Done)], &nothing),
        (vec![(sum(3_490), Progress::Done)], &nothing),
        (vec![(units(1), Progress::Done), (sum(2_490), Progress::Done)], &nothing),
        (vec![(rest(), Progress::Reserved)], &pending),
        (vec![(units(1), Progress::Reserved)], &pending),
        (vec![(sum(1), Progress::Reserved)], &pending),
        (vec![(units(1), Progress::Done), (units(1), Progress::Reserved)], &pending),
        (vec![], &ships),
        (vec![(units(2), Progress::Done)], &ships),
        (vec![(sum(3_489), Progress::Done)], &ships),
        (vec![(rest(), Progress::Dropped)], &ships),
        (vec![(units(2), Progress::Dropped), (units(1), Progress::Done)], &ships),
    ];
    for (refunds, expected) in rows {
        let line = SampleLine { sku: "L1", quantity: 3, paid: 3_000, tax: 0 };
        let mut order = confirmed(order_of(&[line], 490, 0));
        for (number, (scope, progress)) in refunds.iter().enumerate() {
            order = refunded(order, number as u128, scope.clone(), *progress);
        }
        for command in [OrderCommand::Fulfil, OrderCommand::RequestFulfilment] {
            let decision = Order::decide(Some(&order), &command, Timestamp::UNIX_EPOCH);
            assert_eq!(decision.err(), *expected, "{command:?} after {refunds:?}");
        }
    }
}

#[test]
fn the_same_units_are_given_back_once() {
    let line = SampleLine { sku: "L1", quantity: 2, paid: 2_000, tax: 0 };
    let order = refunded(confirmed(order_of(&[line], 0, 0)), 1, RefundScope::Rest, Progress::Done);
    for scope in [RefundScope::Rest, RefundScope::Units(vec![(super::test_world::sku("L1"), 1)])] {
        let id = RefundId(Uuid::from_u128(2));
        let request =
            RefundRequest { id, scope, restock: true, reason: String::new(), reference: None };
        let command = OrderCommand::ReserveRefund(request);
        assert!(Order::decide(Some(&order), &command, Timestamp::UNIX_EPOCH).is_err());
    }
}

#[tokio::test]
async fn each_ending_of_a_saga_is_told_as_what_it_is() {
    let world = TestWorld::new();
    let process = world.start().await;
    let begun = process.use_cases.place.checkouts.begin(ORDER.into(), checkout(&world, "success"));
    let done = begun.await.unwrap();
    let refusal = || Problem::of(contracts::codes::PAYMENT_DECLINED, "no");
    let status = |state, steps_done, refusal: Option<Problem>| {
        let mut status = done.clone();
        (status.state, status.refusal) = (state, refusal.map(Into::into));
        status.steps_done = steps_done;
        status
    };
    let told = |status: &SagaStatus| match require_effect(status, "the refund") {
        Ok(()) => "effect".to_owned(),
        Err(OrderError::Refused(problem)) => problem.code.to_string(),
        Err(other) => panic!("{other:?}"),
    };
    let (effect, unavailable) = ("effect", codes::UNAVAILABLE.to_string());
    for (state, steps_done, without) in [
        // The first step may still be refused.
        (SagaState::Running, 0, &*unavailable),
        (SagaState::Stuck, 0, &*unavailable),
        (SagaState::Running, 1, effect),
        (SagaState::Waiting, 1, effect),
        (SagaState::Stuck, 1, effect),
        (SagaState::Done, 1, effect),
        (SagaState::Undoing, 1, &*unavailable),
        (SagaState::Undone, 1, &*unavailable),
    ] {
        assert_eq!(told(&status(state, steps_done, None)), without, "{state:?} after {steps_done}");
        if state != SagaState::Done {
            // Refused, and its undo may have met a full disk: never told as success.
            let refused = status(state, steps_done, Some(refusal()));
            assert_eq!(told(&refused), "payment_declined", "{state:?}");
        }
    }
}
