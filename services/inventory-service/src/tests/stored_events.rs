//! Stored events keep their formats.

use super::*;
use journal::fixtures;

#[test]
fn stored_events_keep_their_formats() {
    let fixtures = include_str!("../../tests/stored_events.jsonl");
    let events = fixtures::check_values::<Event>(fixtures);
    fixtures::check_variants(&events);
    let alerts = events.iter().filter_map(|event| match event {
        Event::AvailabilityChanged { alert, .. } => alert.as_ref(),
        _ => None,
    });
    fixtures::check_variants(alerts);
    let policies = events.iter().filter_map(|event| match event {
        Event::PolicyChanged { policy, .. } => Some(policy),
        _ => None,
    });
    fixtures::check_variants(policies);
}

#[test]
fn an_alert_or_a_location_that_is_unknown_is_refused() {
    // An availability of 0 with alert 9, and a change at a padded location.
    for unknown in ["840b61410009", "850061410101f64220"] {
        let data = kernel::hex::decode(unknown).unwrap();
        assert!(journal::decode::<Event>(&data).is_err(), "{unknown}");
    }
}
