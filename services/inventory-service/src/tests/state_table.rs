//! State table: every state of a hold against every command, and the operators' commands.

use super::*;

const BEFORE: u64 = 10;
const AFTER: u64 = 901;

/// Hold of one unit of `a` (ten on hand) in the named state.
fn hold_in(state: &str) -> LedgerFixture {
    let mut fixture = LedgerFixture::with(&[("a", 10)]);
    let lines = [line("a", 1)];
    if state == "barred" {
        fixture.release(1);
    } else if state != "unknown" {
        fixture.place_hold(&new_hold(1, &lines), 0).unwrap();
    }
    match state {
        "unknown" | "barred" | "held" | "over" => {}
        "expired" => {
            let expired = fixture.state.expire(at(AFTER), 10);
            fixture.record(expired);
        }
        "released" => {
            fixture.release(1);
        }
        "committed" | "restocked" | "returned" => {
            fixture.commit(1, 1).unwrap();
        }
        _ => panic!("{state}"),
    }
    if state == "restocked" {
        fixture.restock(1, "r1", &lines).unwrap();
    }
    if state == "returned" {
        fixture.release(1);
    }
    fixture
}

/// Outcome of a command: the number of events, or the name of the rejection.
fn outcome(result: Result<usize, Rejection>) -> String {
    match result {
        Ok(events) => events.to_string(),
        Err(rejection) => {
            let text = format!("{rejection:?}");
            text.split([' ', '(']).next().unwrap_or_default().to_owned()
        }
    }
}

#[test]
fn every_state_handles_every_command() {
    let rows = [
        // state, now, then the outcomes of: place, commit, release (number of events), restock
        ("unknown", BEFORE, "1", "UnknownHold", 1, "UnknownHold"),
        ("barred", BEFORE, "HoldEnded", "HoldEnded", 0, "NotReturnable"),
        ("held", BEFORE, "0", "1", 1, "NotReturnable"),
        ("over", AFTER, "2", "1", 1, "NotReturnable"),
        ("expired", AFTER, "1", "1", 1, "NotReturnable"),
        ("released", BEFORE, "HoldEnded", "HoldEnded", 0, "NotReturnable"),
        ("committed", BEFORE, "0", "0", 1, "1"),
        ("restocked", BEFORE, "0", "0", 1, "0"),
        ("returned", BEFORE, "HoldEnded", "0", 0, "0"),
    ];
    let lines = [line("a", 1)];
    for (state, now, place, commit, release, restock) in rows {
        let mut hold = new_hold(1, &lines);
        hold.expires_at = at(now + 900);
        assert_eq!(outcome(hold_in(state).place_hold(&hold, now)), place, "place {state}");
        assert_eq!(outcome(hold_in(state).commit(1, now)), commit, "commit {state}");
        assert_eq!(hold_in(state).release(1), release, "release {state}");
        assert_eq!(outcome(hold_in(state).restock(1, "r1", &lines)), restock, "restock {state}");
    }
}

#[test]
fn every_command_is_idempotent() {
    for state in
        ["unknown", "barred", "held", "over", "expired", "released", "committed", "returned"]
    {
        let lines = [line("a", 1)];
        let mut hold = new_hold(1, &lines);
        hold.expires_at = at(2_000);
        let mut fixture = hold_in(state);
        if fixture.place_hold(&hold, AFTER).is_ok() {
            assert_eq!(fixture.place_hold(&hold, AFTER), Ok(0), "{state}");
        }
        let mut fixture = hold_in(state);
        if fixture.commit(1, AFTER).is_ok() {
            assert_eq!(fixture.commit(1, AFTER), Ok(0), "{state}");
        }
        let mut fixture = hold_in(state);
        fixture.release(1);
        assert_eq!(fixture.release(1), 0, "{state}");
        let mut fixture = hold_in(state);
        if fixture.restock(1, "r1", &lines).is_ok() {
            assert_eq!(fixture.restock(1, "r1", &lines), Ok(0), "{state}");
        }
    }
}

#[test]
fn the_same_id_with_other_lines_is_rejected() {
    let mut fixture = hold_in("held");
    for other in [vec![line("a", 2)], vec![line("b", 1)], vec![line("a", 1), line("b", 1)]] {
        assert_eq!(fixture.place_hold(&new_hold(1, &other), 1), Err(Rejection::HoldIdReused));
    }
    let stranger = HoldRequest { order_id: order_id(2), ..new_hold(1, &[line("A", 1)]) };
    assert_eq!(fixture.place_hold(&stranger, 1), Err(Rejection::HoldIdReused));
    assert_eq!(fixture.place_hold(&new_hold(1, &[line("A", 1)]), 1), Ok(0), "case does not matter");
}

#[test]
fn all_lines_are_held_or_none() {
    let mut fixture = LedgerFixture::with(&[("a", 5), ("b", 1)]);
    let lines = [line("a", 2), line("b", 2), line("never-counted", 1)];
    let refused = Rejection::OutOfStock { sku: sku("b"), available: 1 };
    assert_eq!(fixture.place_hold(&new_hold(1, &lines), 0), Err(refused));
    assert_eq!((fixture.units("a"), fixture.units("b")), ((5, 0, 5), (1, 0, 1)));
    let refused = Rejection::OutOfStock { sku: sku("never-counted"), available: 0 };
    assert_eq!(fixture.place_hold(&new_hold(1, &lines[2..]), 0), Err(refused));
}

#[test]
fn a_hold_of_a_thousand_lines_is_one_event() {
    let names: Vec<String> = (0..HOLD_LINES_MAX).map(|number| format!("sku-{number}")).collect();
    let stock: Vec<(&str, i64)> = names.iter().map(|name| (name.as_str(), 100)).collect();
    let mut fixture = LedgerFixture::with(&stock);
    let lines: Vec<HoldLine> = names.iter().map(|name| line(name, 2)).collect();
    assert_eq!(fixture.place_hold(&new_hold(1, &lines), 0), Ok(1));
    assert_eq!(fixture.commit(1, 1), Ok(1));
    assert!(names.iter().all(|name| fixture.units(name) == (98, 0, 98)));
}

#[test]
fn units_cannot_be_restocked_twice() {
    let mut fixture = LedgerFixture::with(&[("a", 10), ("b", 10)]);
    fixture.place_hold(&new_hold(1, &[line("a", 3), line("b", 2)]), 0).unwrap();
    fixture.commit(1, 1).unwrap();
    fixture.restock(1, "r1", &[line("a", 2)]).unwrap();
    assert_eq!(fixture.restock(1, "r1", &[line("a", 1)]), Err(Rejection::RestockReferenceReused));
    let refused = Rejection::NotReturnable { sku: sku("a"), returnable: 1 };
    assert_eq!(fixture.restock(1, "r2", &[line("a", 2)]), Err(refused));
    assert_eq!(fixture.release(1), 1);
    assert_eq!((fixture.units("a"), fixture.units("b")), ((10, 0, 10), (10, 0, 10)));
    assert_eq!(fixture.hold_state(1), Some(HoldState::Returned));
}

#[test]
fn a_hold_is_sourced_from_one_location_if_possible_and_from_as_few_as_possible_otherwise() {
    let mut fixture = LedgerFixture::default();
    fixture.count("a", "east", 2);
    fixture.count("a", "main", 4);
    fixture.count("a", "west", 3);
    fixture.place_hold(&new_hold(1, &[line("a", 3)]), 0).unwrap();
    fixture.place_hold(&new_hold(2, &[line("a", 5)]), 0).unwrap();
    let parts = |number| {
        let units = &fixture.state.hold(hold_id(number)).unwrap().units;
        units
            .iter()
            .map(|it| format!("{}:{}", it.location.as_str(), it.quantity))
            .collect::<Vec<_>>()
    };
    assert_eq!(parts(1), ["main:3"]);
    assert_eq!(parts(2), ["west:3", "east:2"]);
    assert_eq!(fixture.units("a"), (9, 8, 1));
}

#[test]
fn a_count_below_the_held_units_is_a_shortage_and_a_commit_fails_when_units_are_missing() {
    let mut fixture = LedgerFixture::with(&[("a", 6)]);
    fixture.place_hold(&new_hold(1, &[line("a", 3)]), 0).unwrap();
    fixture.place_hold(&new_hold(2, &[line("a", 3)]), 0).unwrap();
    fixture.count("a", DEFAULT_LOCATION, 4);
    assert_eq!(fixture.stock("a").shortage(), 2);
    assert_eq!(
        (fixture.hold_state(1), fixture.hold_state(2)),
        (Some(HoldState::Held), Some(HoldState::Held))
    );
    assert_eq!(fixture.commit(2, 1), Ok(1));
    assert_eq!(fixture.commit(1, 1), Err(Rejection::StockGone { sku: sku("a") }));
    fixture.count("a", "west", 3);
    assert_eq!(fixture.commit(1, 1), Ok(1), "the units were sourced from another location");
    assert_eq!(fixture.units("a"), (1, 0, 1));
}

#[test]
fn impossible_operator_changes_are_rejected() {
    let fixture = LedgerFixture::with(&[("a", 6)]);
    let main = Location::default;
    let refused = Rejection::InsufficientOnHand { on_hand: 6 };
    assert_eq!(fixture.state.adjust(sku("a"), main(), -7, None), Err(refused));
    for quantity in [UNITS_MAX, i64::MAX] {
        let refused = Err(Rejection::QuantityOverflow);
        assert_eq!(fixture.state.receive(sku("a"), main(), quantity, None), refused);
    }
    assert_eq!(fixture.state.count(counted("a", main(), 6)), Ok(vec![]), "nothing changed");
    assert_eq!(fixture.state.count(counted("new", main(), 0)).unwrap().len(), 1);
}

#[test]
fn locations_are_limited() {
    let mut fixture = LedgerFixture::default();
    for number in 0..LOCATIONS_MAX {
        fixture.count("a", &format!("location-{number}"), 1);
    }
    let refused = Rejection::TooManyLocations { sku: sku("a") };
    assert_eq!(fixture.state.receive(sku("a"), Location::default(), 1, None), Err(refused));
}

#[test]
fn low_stock_and_back_in_stock_are_published() {
    let published = |fixture: &LedgerFixture| -> Vec<i64> {
        let available = fixture.events.iter().filter_map(|event| match event {
            Event::AvailabilityChanged { available, .. } => Some(*available),
            _ => None,
        });
        available.collect()
    };
    let mut fixture = LedgerFixture::with(&[("a", 9)]);
    fixture.place_hold(&new_hold(1, &[line("a", 2)]), 0).unwrap();
    assert_eq!(published(&fixture), [9], "the new SKU, then nothing above the threshold");
    fixture.place_hold(&new_hold(2, &[line("a", 3)]), 0).unwrap();
    fixture.commit(2, 1).unwrap();
    fixture.place_hold(&new_hold(3, &[line("a", 4)]), 0).unwrap();
    fixture.release(3);
    fixture.release(1);
    assert_eq!(published(&fixture), [9, 4, 0, 4, 6]);
}

#[test]
fn ended_holds_are_evicted_and_recognised_when_loaded_again() {
    let mut fixture = LedgerFixture::with(&[("a", 1_000_000)]);
    let lines = [line("a", 1)];
    fixture.place_hold(&new_hold(1, &lines), 0).unwrap();
    fixture.release(1);
    let stream: Vec<Event> =
        fixture.events.iter().filter(|it| it.hold() == Some(hold_id(1))).cloned().collect();
    for number in 2..=10_001 {
        fixture.place_hold(&new_hold(number, &lines), 0).unwrap();
        fixture.commit(number, 1).unwrap();
    }
    assert_eq!(fixture.hold_state(1), None);
    let hold = stream.iter().fold(None, Hold::evolve).unwrap();
    fixture.state.cache_hold(hold);
    assert_eq!(
        fixture.place_hold(&new_hold(1, &lines), 2),
        Err(Rejection::HoldEnded(HoldState::Released))
    );
}

#[test]
fn a_restock_after_a_full_return_changes_nothing() {
    let mut fixture = LedgerFixture::with(&[("a", 10)]);
    fixture.place_hold(&new_hold(1, &[line("a", 3)]), 0).unwrap();
    fixture.commit(1, 1).unwrap();
    fixture.release(1);
    // A refund of two units began before the order was cancelled and arrives only now.
    assert_eq!(outcome(fixture.restock(1, "r1", &[line("a", 2)])), "0");
    assert_eq!(
        outcome(fixture.restock(1, "r2", &[line("a", 4)])),
        "NotReturnable",
        "more was never sold"
    );
    assert_eq!(
        fixture.state.stock_at(&sku("a"), at(2)).map(|(_, stock)| stock.available()),
        Some(10)
    );
}
