//! Property tests: in any sequence of commands no unit is sold twice, appears or vanishes.

use super::*;
use proptest::prelude::*;
use std::collections::HashMap;

const SKUS: [&str; 3] = ["a", "b", "c"];
const LOCATIONS: [&str; 2] = ["main", "west"];

#[derive(Clone, Debug)]
enum Step {
    PlaceHold { hold: u128, lines: Vec<(usize, i64)>, seconds: u64 },
    Commit(u128),
    Release(u128),
    Restock { hold: u128, reference: u8, sku: usize, quantity: i64 },
    Expire,
    Receive { sku: usize, location: usize, quantity: i64 },
    Count { sku: usize, location: usize, on_hand: i64 },
    Untrack(usize),
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let hold = 1..12_u128;
    let (sku, location) = (0..SKUS.len(), 0..LOCATIONS.len());
    let lines = prop::collection::btree_map(sku.clone(), 1..6_i64, 1..3)
        .prop_map(|lines| lines.into_iter().collect::<Vec<_>>());
    prop_oneof![
        6 => (hold.clone(), lines, 1..40_u64)
            .prop_map(|(hold, lines, seconds)| Step::PlaceHold { hold, lines, seconds }),
        4 => hold.clone().prop_map(Step::Commit),
        3 => hold.clone().prop_map(Step::Release),
        2 => (hold, 0..3_u8, sku.clone(), 1..4_i64).prop_map(|(hold, reference, sku, quantity)| {
            Step::Restock { hold, reference, sku, quantity }
        }),
        1 => Just(Step::Expire),
        2 => (sku.clone(), location.clone(), 1..8_i64)
            .prop_map(|(sku, location, quantity)| Step::Receive { sku, location, quantity }),
        1 => sku.clone().prop_map(Step::Untrack),
        1 => (sku, location, 0..12_i64)
            .prop_map(|(sku, location, on_hand)| Step::Count { sku, location, on_hand }),
        2 => (1..30_u64).prop_map(Step::Wait),
    ]
}

fn apply_step(fixture: &mut LedgerFixture, step: Step, now: &mut u64) {
    match step {
        Step::PlaceHold { hold, lines, seconds } => {
            let lines: Vec<HoldLine> =
                lines.into_iter().map(|(sku, quantity)| line(SKUS[sku], quantity)).collect();
            let hold = HoldRequest { expires_at: at(*now + seconds), ..new_hold(hold, &lines) };
            let _ = fixture.place_hold(&hold, *now);
        }
        Step::Commit(hold) => drop(fixture.commit(hold, *now)),
        Step::Release(hold) => drop(fixture.release(hold)),
        Step::Restock { hold, reference, sku, quantity } => {
            let _ = fixture.restock(hold, &reference.to_string(), &[line(SKUS[sku], quantity)]);
        }
        Step::Expire => {
            let expired = fixture.state.expire(at(*now), 2);
            fixture.record(expired);
        }
        Step::Receive { sku: number, location, quantity } => {
            let location = Location::new(LOCATIONS[location]).unwrap();
            let event = fixture.state.receive(sku(SKUS[number]), location, quantity, None).unwrap();
            fixture.record([event]);
        }
        Step::Count { sku, location, on_hand } => {
            fixture.count(SKUS[sku], LOCATIONS[location], on_hand);
        }
        Step::Untrack(sku) => fixture.untrack(SKUS[sku]),
        Step::Wait(seconds) => *now += seconds,
    }
}

/// Per SKU: net units received from operators, and net units sold.
fn flows(events: &[Event]) -> HashMap<String, (i64, i64)> {
    let mut flows: HashMap<String, (i64, i64)> = HashMap::new();
    for event in events {
        match event {
            Event::Received(change) | Event::Adjusted(change) | Event::Counted(change) => {
                flows.entry(change.sku.key()).or_default().0 += change.quantity;
            }
            Event::Committed { lines, .. } => {
                for it in lines.iter().filter(|it| !it.untracked) {
                    flows.entry(it.sku.key()).or_default().1 += it.quantity;
                }
            }
            Event::Restocked { lines, .. } | Event::Returned { lines, .. } => {
                for it in lines.iter().filter(|it| !it.untracked) {
                    flows.entry(it.sku.key()).or_default().1 -= it.quantity;
                }
            }
            _ => {}
        }
    }
    flows
}

fn check(fixture: &LedgerFixture) -> Result<(), TestCaseError> {
    for (sku, (received, sold)) in flows(&fixture.events) {
        let (on_hand, held, available) = fixture.units(&sku);
        prop_assert_eq!(received, on_hand + sold, "stock of {} is conserved", sku);
        prop_assert!(available >= 0 && held >= 0 && on_hand >= 0 && sold >= 0);
        let claimed: i64 = fixture
            .state
            .active_holds()
            .flat_map(Hold::claims)
            .filter(|units| units.sku.key() == sku)
            .map(|units| units.quantity)
            .sum();
        prop_assert_eq!(claimed, held, "held units of {} equal the sum of the holds", sku);
    }
    for hold in (1..12).map(hold_id) {
        let names: Vec<&str> = fixture
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
    fn stock_is_conserved_after_every_step(steps in prop::collection::vec(step(), 1..80)) {
        let mut fixture = LedgerFixture::with(&[("a", 5), ("b", 8), ("c", 3)]);
        let mut now = 0;
        for step in steps {
            apply_step(&mut fixture, step, &mut now);
            check(&fixture)?;
        }
    }

    #[test]
    fn every_prefix_of_the_journal_replays_to_the_same_state(
        steps in prop::collection::vec(step(), 1..40),
    ) {
        let mut fixture = LedgerFixture::with(&[("a", 5), ("b", 8), ("c", 3)]);
        let mut now = 0;
        for step in steps {
            apply_step(&mut fixture, step, &mut now);
            let mut replayed = LedgerState::default();
            fixture.events.iter().for_each(|event| replayed.apply(event));
            prop_assert_eq!(&replayed, &fixture.state);
        }
    }

    #[test]
    fn reads_do_not_depend_on_whether_expiry_was_recorded(
        steps in prop::collection::vec(step(), 1..40),
    ) {
        let mut fixture = LedgerFixture::with(&[("a", 5), ("b", 8), ("c", 3)]);
        let mut now = 0;
        for step in steps {
            apply_step(&mut fixture, step, &mut now);
            let visible = SKUS.map(|name| fixture.state.stock_at(&sku(name), at(now)).unwrap().1.available());
            let mut swept = LedgerFixture { state: fixture.state.clone(), events: Vec::new() };
            let expired = swept.state.expire(at(now), usize::MAX);
            swept.record(expired);
            prop_assert_eq!(visible, SKUS.map(|name| swept.units(name).2));
        }
    }
}
