//! Property tests over arbitrary sequences of operations: authorised >= captured >= refunded, and replaying the events
//! gives the state.

use super::*;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Operation {
    Outcome(u8),
    Message(u8, u8),
    Capture { reference: u8, amount: Option<i64>, inline: bool },
    Refund { id: u128, amount: Option<i64>, inline: bool },
    Void { inline: bool },
    Cancel { inline: bool },
    Settle { done: bool },
}

fn operation() -> impl Strategy<Value = Operation> {
    let amount = || prop::option::of(1..60_i64);
    prop_oneof![
        3 => (0..4_u8).prop_map(Operation::Outcome),
        1 => (0..3_u8, 0..2_u8).prop_map(|(id, outcome)| Operation::Message(id, outcome)),
        4 => (0..4_u8, amount(), any::<bool>())
            .prop_map(|(reference, amount, inline)| Operation::Capture { reference, amount, inline }),
        4 => (0..5_u128, amount(), any::<bool>())
            .prop_map(|(id, amount, inline)| Operation::Refund { id, amount, inline }),
        1 => any::<bool>().prop_map(|inline| Operation::Void { inline }),
        1 => any::<bool>().prop_map(|inline| Operation::Cancel { inline }),
        3 => any::<bool>().prop_map(|done| Operation::Settle { done }),
    ]
}

fn outcome(number: u8) -> AuthorisationOutcome {
    match number {
        0 => AuthorisationOutcome::Authorised,
        1 => declined(),
        2 => AuthorisationOutcome::ActionRequired,
        _ => AuthorisationOutcome::Unknown,
    }
}

fn execute(payment: &Payment, operation: &Operation) -> Result<Vec<PaymentEvent>, Rejection> {
    let processor = |answers: bool| move |_: &Transfer| answers.then_some(TransferOutcome::Done);
    match operation {
        Operation::Outcome(number) => payment.apply_outcome(&outcome(*number), &INLINE),
        Operation::Message(id, number) => {
            payment.receive_message(&id.to_string(), &outcome(*number), &INLINE)
        }
        Operation::Capture { reference, amount, inline } => {
            payment.capture(&reference.to_string(), amount.map(eur), &processor(*inline))
        }
        Operation::Refund { id, amount, inline } => {
            payment.refund(refund(*id, *amount), &processor(*inline))
        }
        Operation::Void { inline } => payment.void(&processor(*inline)),
        Operation::Cancel { inline } => payment.cancel(refund(99, None), &processor(*inline)),
        Operation::Settle { done } => {
            let outcome = if *done {
                TransferOutcome::Done
            } else {
                TransferOutcome::Refused { reason: "no".to_owned() }
            };
            Ok(payment
                .funds
                .pending_transfers
                .first()
                .map_or_else(Vec::new, |it| payment.settle(&it.key, &outcome)))
        }
    }
}

proptest! {
    #[test]
    fn amounts_are_consistent_after_every_operation(operations in prop::collection::vec(operation(), 1..60)) {
        let mut fixture = PaymentFixture::default();
        fixture.record(Payment::create(None, order_id(), intent(100))).unwrap();
        for operation in operations {
            let before = fixture.events.len();
            let events = execute(fixture.payment(), &operation);
            let _ = fixture.record(events);
            let payment = fixture.payment();
            let (authorised, captured, refunded) = (payment.funds.authorised, payment.captured(), payment.refunded());
            prop_assert!(100 >= authorised && authorised >= captured && captured >= refunded && refunded >= 0);
            prop_assert!(payment.refundable() >= 0);
            prop_assert_eq!(fixture.events.last().unwrap().state, payment.state());
            let replayed = Payment::after(None, &fixture.events).unwrap();
            prop_assert_eq!(&replayed, payment);
            // Requests of callers may be repeated. (A void after a capture is refused by the state table; callers cancel
            // instead.)
            let is_repeatable = matches!(
                operation,
                Operation::Capture { .. } | Operation::Refund { .. } | Operation::Cancel { .. } | Operation::Message(..)
            );
            if is_repeatable && fixture.events.len() > before {
                let again = execute(fixture.payment(), &operation);
                prop_assert_eq!(again.map(|events| events.len()), Ok(0), "{:?}", operation);
            }
            let ended = matches!(payment.state(), PaymentState::Voided | PaymentState::Failed);
            prop_assert!(!ended || captured == 0);
            prop_assert!(payment.state() != PaymentState::Refunded || captured == refunded);
        }
    }

    #[test]
    fn stored_events_can_be_read_back(operations in prop::collection::vec(operation(), 1..40)) {
        let mut fixture = PaymentFixture::default();
        fixture.record(Payment::create(None, order_id(), intent(100))).unwrap();
        for operation in operations {
            let events = execute(fixture.payment(), &operation);
            let _ = fixture.record(events);
        }
        for event in fixture.events {
            let text = serde_json::to_string(&event).unwrap();
            prop_assert_eq!(serde_json::from_str::<PaymentEvent>(&text).unwrap(), event);
        }
    }
}
