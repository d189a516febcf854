//! Stored events keep their formats.

use super::*;
use journal::test_vectors;

#[test]
fn stored_events_keep_their_formats() {
    let vectors = include_str!("../../tests/stored_events.jsonl");
    let events = test_vectors::check_values::<Event>(vectors);
    test_vectors::check_variants(&events);
    let alerts = events.iter().filter_map(|event| match event {
        Event::AvailabilityChanged { alert, .. } => alert.as_ref(),
        _ => None,
    });
    test_vectors::check_variants(alerts);
    let policies = events.iter().filter_map(|event| match event {
        Event::PolicyChanged { policy, .. } => Some(policy),
        _ => None,
    });
    test_vectors::check_variants(policies);
}

#[test]
fn an_alert_or_a_location_that_is_unknown_is_refused() {
    // An availability of 0 with alert 9, and a change at a padded location.
    for unknown in ["840b61410009", "850061410101f64220"] {
        let data = kernel::hex::decode(unknown).unwrap();
        assert!(journal::decode::<Event>(&data).is_err(), "{unknown}");
    }
}
