//! Whatever happens in whatever order: authorised >= captured >= refunded, and the log replays to the state.

use super::*;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    Learn(u8),
    Message(u8, u8),
    Capture { reference: u8, amount: Option<i64>, at_once: bool },
    Refund { id: u128, amount: Option<i64>, at_once: bool },
    Void { at_once: bool },
    Cancel { at_once: bool },
    Answer { done: bool },
}

fn step() -> impl Strategy<Value = Step> {
    let amount = || prop::option::of(1..60_i64);
    prop_oneof![
        3 => (0..4_u8).prop_map(Step::Learn),
        1 => (0..3_u8, 0..2_u8).prop_map(|(id, outcome)| Step::Message(id, outcome)),
        4 => (0..4_u8, amount(), any::<bool>())
            .prop_map(|(reference, amount, at_once)| Step::Capture { reference, amount, at_once }),
        4 => (0..5_u128, amount(), any::<bool>())
            .prop_map(|(id, amount, at_once)| Step::Refund { id, amount, at_once }),
        1 => any::<bool>().prop_map(|at_once| Step::Void { at_once }),
        1 => any::<bool>().prop_map(|at_once| Step::Cancel { at_once }),
        3 => any::<bool>().prop_map(|done| Step::Answer { done }),
    ]
}

fn outcome(number: u8) -> Outcome {
    match number {
        0 => Outcome::Authorised,
        1 => declined(),
        2 => Outcome::ActionRequired,
        _ => Outcome::Unknown,
    }
}

fn perform(payment: &Payment, step: &Step) -> Result<Vec<Event>, Rejection> {
    let ask = |answers: bool| move |_: &Instruction| answers.then_some(Answer::Done);
    match step {
        Step::Learn(number) => payment.learn(&outcome(*number), &AT_ONCE),
        Step::Message(id, number) => {
            payment.take_message(&id.to_string(), &outcome(*number), &AT_ONCE)
        }
        Step::Capture { reference, amount, at_once } => {
            payment.capture(&reference.to_string(), amount.map(eur), &ask(*at_once))
        }
        Step::Refund { id, amount, at_once } => {
            payment.refund(refund(*id, *amount), &ask(*at_once))
        }
        Step::Void { at_once } => payment.void(&ask(*at_once)),
        Step::Cancel { at_once } => payment.cancel(refund(99, None), &ask(*at_once)),
        Step::Answer { done } => {
            let answer =
                if *done { Answer::Done } else { Answer::Refused { reason: "no".to_owned() } };
            Ok(payment.asked.first().map_or_else(Vec::new, |it| payment.settle(&it.key, &answer)))
        }
    }
}

proptest! {
    #[test]
    fn the_books_balance_after_every_step(steps in prop::collection::vec(step(), 1..60)) {
        let mut books = Books::default();
        books.take_down(Payment::begin(None, order_id(), intent(100))).unwrap();
        for step in steps {
            let before = books.events.len();
            let events = perform(books.payment(), &step);
            let _ = books.take_down(events);
            let payment = books.payment();
            let (authorised, captured, refunded) = (payment.authorised, payment.captured(), payment.refunded());
            prop_assert!(100 >= authorised && authorised >= captured && captured >= refunded && refunded >= 0);
            prop_assert!(payment.refundable() >= 0);
            let replayed = Payment::after(None, &books.events).unwrap();
            prop_assert_eq!(&replayed, payment);
            // What callers ask for may come again. (Setting free what was taken meanwhile is refused by the table;
            // callers cancel instead.)
            let asked_for = matches!(
                step,
                Step::Capture { .. } | Step::Refund { .. } | Step::Cancel { .. } | Step::Message(..)
            );
            if asked_for && books.events.len() > before {
                let again = perform(books.payment(), &step);
                prop_assert_eq!(again.map(|events| events.len()), Ok(0), "{:?}", step);
            }
            let ended = matches!(payment.state, State::Voided | State::Failed);
            prop_assert!(!ended || captured == 0);
            prop_assert!(payment.state != State::Refunded || captured == refunded);
        }
    }

    #[test]
    fn what_is_stored_reads_back(steps in prop::collection::vec(step(), 1..40)) {
        let mut books = Books::default();
        books.take_down(Payment::begin(None, order_id(), intent(100))).unwrap();
        for step in steps {
            let events = perform(books.payment(), &step);
            let _ = books.take_down(events);
        }
        for event in books.events {
            let text = serde_json::to_string(&event).unwrap();
            prop_assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), event);
        }
    }
}
