//! Whatever happens in whatever order: nothing is sold twice, nothing appears, nothing vanishes.

use super::*;
use proptest::prelude::*;
use std::collections::HashMap;

const SKUS: [&str; 3] = ["a", "b", "c"];
const PLACES: [&str; 2] = ["main", "west"];

#[derive(Clone, Debug)]
enum Step {
    Take { hold: u128, lines: Vec<(usize, i64)>, seconds: u64 },
    Commit(u128),
    Release(u128),
    Restock { hold: u128, reference: u8, sku: usize, quantity: i64 },
    Sweep,
    Receive { sku: usize, place: usize, quantity: i64 },
    Count { sku: usize, place: usize, on_hand: i64 },
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let hold = 1..12_u128;
    let (sku, place) = (0..SKUS.len(), 0..PLACES.len());
    let lines = prop::collection::btree_map(sku.clone(), 1..6_i64, 1..3)
        .prop_map(|lines| lines.into_iter().collect::<Vec<_>>());
    prop_oneof![
        6 => (hold.clone(), lines, 1..40_u64)
            .prop_map(|(hold, lines, seconds)| Step::Take { hold, lines, seconds }),
        4 => hold.clone().prop_map(Step::Commit),
        3 => hold.clone().prop_map(Step::Release),
        2 => (hold, 0..3_u8, sku.clone(), 1..4_i64).prop_map(|(hold, reference, sku, quantity)| {
            Step::Restock { hold, reference, sku, quantity }
        }),
        1 => Just(Step::Sweep),
        2 => (sku.clone(), place.clone(), 1..8_i64)
            .prop_map(|(sku, place, quantity)| Step::Receive { sku, place, quantity }),
        1 => (sku, place, 0..12_i64)
            .prop_map(|(sku, place, on_hand)| Step::Count { sku, place, on_hand }),
        2 => (1..30_u64).prop_map(Step::Wait),
    ]
}

fn perform(books: &mut Books, step: Step, now: &mut u64) {
    match step {
        Step::Take { hold, lines, seconds } => {
            let lines: Vec<Line> =
                lines.into_iter().map(|(sku, quantity)| line(SKUS[sku], quantity)).collect();
            let hold = NewHold { expires_at: at(*now + seconds), ..new_hold(hold, &lines) };
            let _ = books.take(&hold, *now);
        }
        Step::Commit(hold) => drop(books.commit(hold, *now)),
        Step::Release(hold) => drop(books.release(hold)),
        Step::Restock { hold, reference, sku, quantity } => {
            let _ = books.restock(hold, &reference.to_string(), &[line(SKUS[sku], quantity)]);
        }
        Step::Sweep => {
            let over = books.ledger.expire(at(*now), 2);
            books.take_down(over);
        }
        Step::Receive { sku: number, place, quantity } => {
            let place = Location::new(PLACES[place]).unwrap();
            let event = books.ledger.receive(sku(SKUS[number]), place, quantity, None).unwrap();
            books.take_down([event]);
        }
        Step::Count { sku, place, on_hand } => books.count(SKUS[sku], PLACES[place], on_hand),
        Step::Wait(seconds) => *now += seconds,
    }
}

/// What came in by operators, less what was written off; and what went out by sales, less what came back.
fn flows(events: &[Event]) -> HashMap<String, (i64, i64)> {
    let mut flows: HashMap<String, (i64, i64)> = HashMap::new();
    for event in events {
        match event {
            Event::Received(change) | Event::Adjusted(change) | Event::Counted(change) => {
                flows.entry(change.sku.key()).or_default().0 += change.quantity;
            }
            Event::Committed { lines, .. } => {
                for it in lines {
                    flows.entry(it.sku.key()).or_default().1 += it.quantity;
                }
            }
            Event::Restocked { lines, .. } | Event::Returned { lines, .. } => {
                for it in lines {
                    flows.entry(it.sku.key()).or_default().1 -= it.quantity;
                }
            }
            _ => {}
        }
    }
    flows
}

fn check(books: &Books) -> Result<(), TestCaseError> {
    for (sku, (received, sold)) in flows(&books.events) {
        let (on_hand, held, available) = books.figures(&sku);
        prop_assert_eq!(received, on_hand + sold, "stock of {} is conserved", sku);
        prop_assert!(available >= 0 && held >= 0 && on_hand >= 0 && sold >= 0);
        let claimed: i64 = books
            .ledger
            .active_holds()
            .flat_map(|hold| &hold.units)
            .filter(|units| units.sku.key() == sku)
            .map(|units| units.quantity)
            .sum();
        prop_assert_eq!(claimed, held, "what is held of {} is what the holds hold", sku);
    }
    for hold in (1..12).map(hold_id) {
        let names: Vec<&str> = books
            .events
            .iter()
            .filter(|event| event.hold() == Some(hold))
            .map(Event::name)
            .collect();
        let committed = names.iter().filter(|name| **name == "committed").count();
        prop_assert!(committed <= 1, "sold once: {:?}", names);
        let released = names.contains(&"released") || names.contains(&"barred");
        prop_assert!(committed == 0 || !released, "committed and released: {:?}", names);
    }
    Ok(())
}

proptest! {
    #[test]
    fn the_books_balance_after_every_step(steps in prop::collection::vec(step(), 1..80)) {
        let mut books = Books::with(&[("a", 5), ("b", 8), ("c", 3)]);
        let mut now = 0;
        for step in steps {
            perform(&mut books, step, &mut now);
            check(&books)?;
        }
    }

    #[test]
    fn every_prefix_of_the_log_replays_to_the_state_it_led_to(
        steps in prop::collection::vec(step(), 1..40),
    ) {
        let mut books = Books::with(&[("a", 5), ("b", 8), ("c", 3)]);
        let mut now = 0;
        for step in steps {
            perform(&mut books, step, &mut now);
            let mut replayed = Ledger::default();
            books.events.iter().for_each(|event| replayed.apply(event));
            prop_assert_eq!(&replayed, &books.ledger);
        }
    }

    #[test]
    fn what_a_reader_sees_does_not_depend_on_whether_the_sweeper_came(
        steps in prop::collection::vec(step(), 1..40),
    ) {
        let mut books = Books::with(&[("a", 5), ("b", 8), ("c", 3)]);
        let mut now = 0;
        for step in steps {
            perform(&mut books, step, &mut now);
            let shown = SKUS.map(|name| books.ledger.stock_at(&sku(name), at(now)).unwrap().1.available());
            let mut swept = Books { ledger: books.ledger.clone(), events: Vec::new() };
            let over = swept.ledger.expire(at(now), usize::MAX);
            swept.take_down(over);
            prop_assert_eq!(shown, SKUS.map(|name| swept.figures(name).2));
        }
    }
}
