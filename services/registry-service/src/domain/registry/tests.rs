//! Rules of the registry, as the original has them where nothing else is said.

use super::*;
use crate::domain::{
    instance::{Action, samples},
    replication::{PeerAnswer, ReplicatedAction, ReplicatedChange, ReplicatedOutcome},
};
use InstanceStatus::{Down, OutOfService, Starting, Unknown, Up};

const POLICY: RegistryPolicy = RegistryPolicy { is_self_preserving: true, instances_max: 100 };
const OURS: Origin = Origin::Peer { says_override_times: true };
const JAVA: Origin = Origin::Peer { says_override_times: false };
const MINUTE_MS: u64 = 60_000;

fn empty() -> Registry {
    Registry::new(POLICY, 0)
}

/// Registry with an instance `a` of `APP` whose last change was at 100.
fn with_one() -> Registry {
    let mut registry = empty();
    registry.register(samples::instance("APP", "a", 100), Origin::Client, 1_000).unwrap();
    registry
}

fn shown(registry: &Registry, id: &str) -> (InstanceStatus, InstanceStatus) {
    let instance = registry.instance("APP", id).unwrap().instance;
    (instance.status, instance.overridden)
}

fn beat(registry: &mut Registry, dirty_ms: u64, origin: Origin, now_ms: u64) -> Renewal {
    let heartbeat = Heartbeat { last_dirty_ms: Some(dirty_ms), ..Heartbeat::default() };
    registry.renew("APP", "a", &heartbeat, origin, now_ms)
}

fn set(registry: &mut Registry, status: InstanceStatus, now_ms: u64) -> bool {
    let change = OverrideChange { status, last_dirty_ms: None, changed_ms: now_ms };
    registry.set_override("APP", "a", change, now_ms)
}

fn unset(registry: &mut Registry, status: InstanceStatus, now_ms: u64) -> bool {
    let change = OverrideChange { status, last_dirty_ms: None, changed_ms: now_ms };
    registry.remove_override("APP", "a", change, now_ms)
}

fn actions(registry: &Registry) -> Vec<(String, Action)> {
    let changes = registry.changes().all();
    changes.iter().map(|it| (it.instance.id.clone(), it.instance.action.unwrap())).collect()
}

#[test]
fn a_registered_instance_is_added_to_the_delta_and_the_hash() {
    let mut registry = with_one();
    assert_eq!(registry.counts().hash_code(), "UP_1_");
    assert_eq!(actions(&registry), [("a".to_owned(), Action::Added)]);
    let starting = Instance { status: Starting, ..samples::instance("APP", "b", 1) };
    registry.register(starting, Origin::Client, 2_000).unwrap();
    assert_eq!(registry.counts().hash_code(), "STARTING_1_UP_1_");
    let leased = registry.instance("APP", "a").unwrap();
    assert_eq!((leased.times.registered_ms, leased.times.service_up_ms), (1_000, 1_000));
    assert_eq!(registry.instance("APP", "b").unwrap().times.service_up_ms, 0);
}

#[test]
fn an_instance_that_registers_again_keeps_what_is_newer_and_since_when_it_is_up() {
    let mut registry = with_one();
    let older = Instance { ip: "10.0.0.9".to_owned(), ..samples::instance("APP", "a", 99) };
    registry.register(older, Origin::Client, 5_000).unwrap();
    let leased = registry.instance("APP", "a").unwrap();
    assert_eq!((&*leased.instance.ip, leased.instance.last_dirty_ms), ("10.0.0.5", 100));
    assert_eq!((leased.times.registered_ms, leased.times.service_up_ms), (5_000, 1_000));
    let same = Instance { ip: "10.0.0.9".to_owned(), ..samples::instance("APP", "a", 100) };
    registry.register(same, Origin::Client, 6_000).unwrap();
    assert_eq!(&*registry.instance("APP", "a").unwrap().instance.ip, "10.0.0.9");
    assert_eq!((registry.len(), registry.counts().hash_code()), (1, "UP_1_".to_owned()));
}

#[test]
fn a_full_registry_takes_no_new_instance_and_still_all_it_knows() {
    let mut registry = Registry::new(RegistryPolicy { instances_max: 1, ..POLICY }, 0);
    let register = |registry: &mut Registry, id: &str| {
        registry.register(samples::instance("APP", id, 1), Origin::Client, 1)
    };
    assert_eq!(register(&mut registry, "a"), Ok(()));
    assert_eq!(register(&mut registry, "b"), Err(RegistryFull));
    assert_eq!(register(&mut registry, "a"), Ok(()));
    assert!(registry.cancel("APP", "a", 2));
    assert_eq!(register(&mut registry, "b"), Ok(()));
}

#[test]
fn a_heartbeat_tells_which_side_has_the_newer_instance() {
    let mut registry = with_one();
    for (dirty_ms, origin, expected) in [
        (100, Origin::Client, "renewed"),
        (99, Origin::Client, "renewed"),
        (101, Origin::Client, "unknown"),
        (100, JAVA, "renewed"),
        (99, JAVA, "conflict"),
        (101, JAVA, "unknown"),
        (99, OURS, "conflict"),
    ] {
        let outcome = match beat(&mut registry, dirty_ms, origin, 2_000) {
            Renewal::Renewed => "renewed",
            Renewal::Unknown => "unknown",
            Renewal::Conflict(leased) => {
                assert_eq!(leased.instance.last_dirty_ms, 100);
                "conflict"
            }
        };
        assert_eq!(outcome, expected, "{dirty_ms} of {origin:?}");
    }
    let unknown = registry.renew("APP", "b", &Heartbeat::default(), Origin::Client, 2_000);
    assert!(matches!(unknown, Renewal::Unknown));
    assert_eq!(registry.instance("APP", "a").unwrap().times.renewed_ms, 2_000);
}

#[test]
fn a_cancelled_instance_is_deleted_in_the_delta_and_forgotten() {
    let mut registry = with_one();
    assert!(set(&mut registry, OutOfService, 2_000));
    assert!(registry.cancel("APP", "a", 3_000));
    assert!(!registry.cancel("APP", "a", 3_000));
    assert_eq!(actions(&registry), [("a".to_owned(), Action::Deleted)]);
    assert_eq!(registry.counts().hash_code(), "");
    assert!(registry.application("APP").is_none());
    registry.register(samples::instance("APP", "a", 200), Origin::Client, 4_000).unwrap();
    assert_eq!(shown(&registry, "a"), (Up, Unknown), "its override went with it");
}

#[test]
fn an_override_outlasts_registrations_and_goes_with_the_word_of_an_operator() {
    let mut registry = with_one();
    assert!(set(&mut registry, OutOfService, 2_000));
    assert_eq!(shown(&registry, "a"), (OutOfService, OutOfService));
    assert_eq!(actions(&registry), [("a".to_owned(), Action::Modified)]);
    registry.register(samples::instance("APP", "a", 300), Origin::Client, 3_000).unwrap();
    assert_eq!(shown(&registry, "a"), (OutOfService, OutOfService));
    let down = Instance { status: Down, ..samples::instance("APP", "a", 400) };
    registry.register(down, Origin::Client, 4_000).unwrap();
    assert_eq!(shown(&registry, "a"), (Down, OutOfService), "who is not ready says so itself");
    registry.register(samples::instance("APP", "a", 500), Origin::Client, 5_000).unwrap();
    assert!(unset(&mut registry, Unknown, 6_000));
    assert_eq!(shown(&registry, "a"), (Unknown, Unknown));
    assert!(matches!(beat(&mut registry, 500, Origin::Client, 7_000), Renewal::Unknown));
    registry.register(samples::instance("APP", "a", 600), Origin::Client, 8_000).unwrap();
    assert_eq!(shown(&registry, "a"), (Up, Unknown));
    assert!(!set(&mut registry, Down, 9_000) || registry.instance("APP", "b").is_none());
    let change = OverrideChange { status: Down, last_dirty_ms: None, changed_ms: 9_000 };
    assert!(!registry.set_override("APP", "b", change, 9_000));
    assert!(!registry.remove_override("APP", "b", change, 9_000));
}

#[test]
fn an_override_with_the_status_that_is_shown_changes_nothing() {
    let mut registry = with_one();
    assert!(set(&mut registry, Up, 2_000));
    assert_eq!(shown(&registry, "a"), (Up, Unknown));
    assert_eq!(actions(&registry), [("a".to_owned(), Action::Added)]);
    assert!(unset(&mut registry, Down, 3_000), "there is none to remove");
    assert_eq!(shown(&registry, "a"), (Up, Unknown));
}

#[test]
fn a_client_that_registers_again_keeps_the_status_that_is_shown() {
    let mut registry = with_one();
    let out = Instance { status: OutOfService, ..samples::instance("APP", "a", 200) };
    registry.register(out.clone(), Origin::Client, 2_000).unwrap();
    assert_eq!(shown(&registry, "a").0, Up);
    registry.register(out, JAVA, 2_000).unwrap();
    assert_eq!(shown(&registry, "a").0, OutOfService, "a peer knows what it says");
}

#[test]
fn metadata_is_merged_and_counts_as_a_registration() {
    let mut registry = with_one();
    let entries = vec![("zone".to_owned(), "b".to_owned())];
    assert_eq!(registry.merge_metadata("APP", "a", entries.clone(), 2_000), Ok(Some(())));
    let leased = registry.instance("APP", "a").unwrap();
    assert_eq!(leased.instance.metadata["zone"], "b");
    assert_eq!(leased.instance.metadata["management.port"], "8080");
    assert_eq!(leased.times.registered_ms, 2_000);
    assert_eq!(registry.merge_metadata("APP", "b", entries, 2_000), Ok(None));
}

#[test]
fn virtual_host_names_are_a_list() {
    let mut registry = with_one();
    let vips = Instance { vip: Some("x, y".to_owned()), ..samples::instance("APP", "b", 1) };
    registry.register(vips, Origin::Client, 1).unwrap();
    let ids = |name, is_secure| -> Vec<_> {
        registry.by_vip(name, is_secure).iter().map(|it| it.instance.id.clone()).collect()
    };
    assert_eq!((ids("y", false), ids("app", false)), (vec!["b".to_owned()], vec!["a".to_owned()]));
    assert_eq!((ids("y", true), ids("app", true).len()), (vec![], 2));
}

/// Registry with so many instances, all of which sent their heartbeats in the last full minute but the last ones.
fn after_a_minute(policy: RegistryPolicy, instances: usize, silent: usize) -> Registry {
    let mut registry = Registry::new(policy, 0);
    for number in 0..instances {
        let instance = samples::instance("APP", &format!("{number:03}"), 1);
        registry.register(instance, Origin::Client, 0).unwrap();
    }
    for at_ms in [MINUTE_MS, MINUTE_MS + 30_000] {
        for number in 0..instances - silent {
            let id = format!("{number:03}");
            registry.renew("APP", &id, &Heartbeat::default(), Origin::Client, at_ms);
        }
    }
    registry
}

#[test]
fn instances_without_heartbeats_are_evicted_after_their_lease_and_not_before() {
    let mut registry = after_a_minute(POLICY, 20, 2);
    assert_eq!(registry.evict(90_000).expired, 0);
    let outcome = registry.evict(2 * MINUTE_MS);
    assert_eq!((outcome.expired, outcome.evicted), (2, 2));
    assert_eq!((outcome.reason.threshold, outcome.reason.received), (34, 36));
    assert_eq!(registry.counts().hash_code(), "UP_18_");
    assert_eq!(registry.last_eviction(), Some(&outcome));
    assert_eq!(registry.self_preservation(2 * MINUTE_MS).threshold, 30, "of those that are left");
}

#[test]
fn self_preservation_keeps_everything_while_too_few_heartbeats_arrive() {
    let mut registry = after_a_minute(POLICY, 20, 3);
    let outcome = registry.evict(2 * MINUTE_MS);
    assert_eq!((outcome.reason.threshold, outcome.reason.received), (34, 34));
    assert_eq!((outcome.expired, outcome.evicted), (3, 0));
    let off = RegistryPolicy { is_self_preserving: false, ..POLICY };
    assert_eq!(after_a_minute(off, 20, 3).evict(2 * MINUTE_MS).evicted, 3);
}

#[test]
fn a_run_evicts_a_share_of_all_and_begins_with_those_that_are_silent_for_longest() {
    let off = RegistryPolicy { is_self_preserving: false, ..POLICY };
    let mut registry = after_a_minute(off, 20, 12);
    registry.renew("APP", "008", &Heartbeat::default(), Origin::Client, 1);
    let outcome = registry.evict(2 * MINUTE_MS);
    assert_eq!((outcome.expired, outcome.evicted), (12, 3));
    assert!(registry.instance("APP", "008").is_some(), "it was heard of last");
    let mut runs = 1;
    while registry.evict(2 * MINUTE_MS).evicted > 0 {
        runs += 1;
    }
    assert_eq!((registry.len(), runs > 3), (8, true));
}

#[test]
fn instances_with_other_intervals_promise_other_numbers_of_heartbeats() {
    let mut registry = empty();
    let often = Instance { renewal_interval_seconds: 1, ..samples::instance("APP", "a", 1) };
    registry.register(often, Origin::Client, 0).unwrap();
    registry.register(samples::instance("APP", "b", 1), Origin::Client, 0).unwrap();
    let state = registry.self_preservation(0);
    assert!((state.promised_per_minute - 62.0).abs() < 1e-9);
    assert_eq!(state.threshold, 52);
    registry.cancel("APP", "a", 1);
    registry.cancel("APP", "b", 1);
    assert_eq!(registry.self_preservation(1).threshold, 0);
}

fn replicated(registry: &Registry, action: ReplicatedAction) -> ReplicatedChange {
    registry.replicated(action, "APP", "a").unwrap()
}

#[test]
fn a_peer_that_misses_an_instance_gets_it_and_one_that_has_a_newer_one_gives_it() {
    let (mut here, mut there) = (with_one(), empty());
    let heartbeat = replicated(&here, ReplicatedAction::Heartbeat);
    let answer = there.apply(heartbeat.clone(), OURS, 2_000).answer(&there, OURS);
    assert_eq!(answer, PeerAnswer { status: 404, entity: None });
    let next = here.take_answer(&heartbeat, answer, OURS, 2_000).unwrap();
    assert_eq!(next.action, ReplicatedAction::Register);
    assert!(matches!(there.apply(next, OURS, 2_000), ReplicatedOutcome::Applied));
    assert_eq!(shown(&there, "a"), (Up, Unknown));

    let newer = Instance { ip: "10.0.0.9".to_owned(), ..samples::instance("APP", "a", 200) };
    there.register(newer, Origin::Client, 3_000).unwrap();
    let heartbeat = replicated(&here, ReplicatedAction::Heartbeat);
    let answer = there.apply(heartbeat.clone(), OURS, 4_000).answer(&there, OURS);
    assert_eq!(answer.status, 409);
    assert!(here.take_answer(&heartbeat, answer, OURS, 4_000).is_none());
    assert_eq!(&*here.instance("APP", "a").unwrap().instance.ip, "10.0.0.9");
}

#[test]
fn peers_agree_on_the_override_that_was_changed_last() {
    let (mut here, mut there) = (with_one(), with_one());
    assert!(set(&mut there, OutOfService, 2_000));
    let heartbeat = replicated(&here, ReplicatedAction::Heartbeat);
    let answer = there.apply(heartbeat.clone(), OURS, 3_000).answer(&there, OURS);
    assert_eq!(answer.status, 409);
    here.take_answer(&heartbeat, answer, OURS, 3_000);
    assert_eq!(shown(&here, "a"), (OutOfService, OutOfService));

    assert!(unset(&mut here, Up, 4_000));
    let heartbeat = replicated(&here, ReplicatedAction::Heartbeat);
    assert!(matches!(there.apply(heartbeat, OURS, 5_000), ReplicatedOutcome::Applied));
    assert_eq!(shown(&there, "a"), (Up, Unknown));
}

#[test]
fn a_java_peer_brings_overrides_where_none_is_known() {
    let mut registry = with_one();
    let overridden = Instance {
        status: OutOfService,
        overridden: OutOfService,
        ..samples::instance("APP", "a", 200)
    };
    registry.register(overridden, JAVA, 2_000).unwrap();
    assert_eq!(shown(&registry, "a"), (OutOfService, OutOfService));
    let none = Instance { last_updated_ms: 9_999, ..samples::instance("APP", "a", 300) };
    registry.register(none, JAVA, 3_000).unwrap();
    assert_eq!(shown(&registry, "a"), (OutOfService, OutOfService));
}
