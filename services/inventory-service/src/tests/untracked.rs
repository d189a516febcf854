//! Untracked stock: sold without limit, while what is on hand stays as it is.

use super::*;

#[test]
fn an_untracked_sku_has_no_limit_and_keeps_its_units() {
    for on_hand in [None, Some(0), Some(4)] {
        let mut fixture = LedgerFixture::default();
        if let Some(units) = on_hand {
            fixture.count("a", DEFAULT_LOCATION, units);
        }
        fixture.untrack("a");
        let units = (on_hand.unwrap_or_default(), 0, UNITS_MAX);
        assert_eq!(fixture.units("a"), units);
        for (number, quantity) in [(1, 7), (2, 900_000), (3, UNITS_MAX)] {
            fixture.place_hold(&new_hold(number, &[line("a", quantity)]), 0).unwrap();
            assert_eq!(fixture.commit(number, 1), Ok(1));
        }
        fixture.restock(1, "r1", &[line("a", 2)]).unwrap();
        assert_eq!(fixture.release(1), 1);
        assert_eq!(fixture.units("a"), units, "{on_hand:?}");
        assert_eq!(fixture.hold_state(1), Some(HoldState::Returned));
    }
}

#[test]
fn a_hold_keeps_the_policy_that_it_was_placed_under() {
    let mut fixture = LedgerFixture::with(&[("a", 5)]);
    fixture.place_hold(&new_hold(1, &[line("a", 3)]), 0).unwrap();
    fixture.untrack("a");
    fixture.place_hold(&new_hold(2, &[line("a", 50)]), 0).unwrap();
    assert_eq!(fixture.units("a"), (5, 3, UNITS_MAX));
    fixture.count("a", DEFAULT_LOCATION, 5);
    assert_eq!(fixture.units("a"), (5, 3, 2));
    assert_eq!((fixture.commit(1, 1), fixture.commit(2, 1)), (Ok(1), Ok(1)));
    assert_eq!(fixture.units("a"), (2, 0, 2), "the fifty were never units of the stock");
    fixture.release(2);
    fixture.release(1);
    assert_eq!(fixture.units("a"), (5, 0, 5));
}

#[test]
fn units_that_are_missing_are_sold_without_limit_once_the_sku_is_untracked() {
    let mut fixture = LedgerFixture::with(&[("a", 3)]);
    fixture.place_hold(&new_hold(1, &[line("a", 3)]), 0).unwrap();
    fixture.count("a", DEFAULT_LOCATION, 1);
    assert_eq!(fixture.commit(1, 1), Err(Rejection::StockGone { sku: sku("a") }));
    fixture.untrack("a");
    assert_eq!(fixture.commit(1, 1), Ok(1));
    assert_eq!(fixture.units("a"), (1, 0, UNITS_MAX));
}

#[test]
fn a_change_of_the_policy_is_published_and_repeated_without_effect() {
    let mut fixture = LedgerFixture::with(&[("a", 0)]);
    fixture.untrack("a");
    assert_eq!(fixture.state.count(untracked("a")), Ok(vec![]));
    fixture.count("a", DEFAULT_LOCATION, 2);
    let published = fixture.events.iter().filter_map(|event| match event {
        Event::AvailabilityChanged { available, alert, .. } => Some((*available, *alert)),
        _ => None,
    });
    let expected = [
        (0, None),
        (UNITS_MAX, Some(StockAlert::Replenished)),
        // The count comes before the policy, so the old units are never offered.
        (2, Some(StockAlert::Low)),
    ];
    assert_eq!(published.collect::<Vec<_>>(), expected);
}
