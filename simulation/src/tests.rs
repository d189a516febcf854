//! Smoke test of a few seeds in all topologies, and determinism of the simulation; `cargo xtask simulate` runs
//! thousands of seeds.

use crate::{
    campaign::{self, SeedRange},
    plan::{self, Topology},
    runner,
};
use kernel::{Randomness, SystemRandomness};
use shop_client::Progress;

fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

fn assert_invariants_hold(seeds: SeedRange) {
    let topologies = Topology::ALL;
    let campaign = campaign::run(seeds, &topologies, threads(), None, Progress::Silent);
    if let Some(failure) = &campaign.failure {
        crate::report::print_failure(failure);
        panic!(
            "seed {} in {}: {:?}",
            failure.plan.seed,
            failure.plan.topology.as_str(),
            failure.violations
        );
    }
    assert!(campaign.simulated.as_secs() > 10 * seeds.count);
}

#[test]
fn invariants_hold_for_fixed_seeds() {
    assert_invariants_hold(SeedRange { first: 1, count: 16 });
}

/// A change of a price that was stored although the database did not answer in time, and then repeated: the catalogue showed the former
/// price.
#[test]
fn invariants_hold_for_seeds_that_have_violated_them() {
    const SEEDS: &[u64] = &[9_000_736];
    for &seed in SEEDS {
        let result = runner::run(plan::generate(seed, Topology::Instances)).unwrap();
        assert!(result.violations.is_empty(), "seed {seed}: {:?}", result.violations);
    }
}

#[test]
fn invariants_hold_for_fresh_seeds() {
    let first = SystemRandomness.below(1 << 40);
    println!("fresh seeds from {first}");
    assert_invariants_hold(SeedRange { first, count: 16 });
}

#[test]
fn two_runs_of_one_seed_are_identical() {
    for seed in 0..8 {
        for topology in [Topology::SingleProcess, Topology::Fleet] {
            let history = || runner::run(plan::generate(seed, topology)).unwrap();
            let (one, two) = (history(), history());
            let differs = one.trace.iter().zip(&two.trace).find(|(one, two)| one != two);
            assert_eq!(differs, None, "seed {seed} in {}", topology.as_str());
            assert_eq!(one.fingerprint, two.fingerprint, "seed {seed} in {}", topology.as_str());
        }
    }
}

#[test]
fn different_seeds_have_different_histories() {
    let history =
        |seed| runner::run(plan::generate(seed, Topology::SingleProcess)).unwrap().fingerprint;
    assert_ne!(history(1), history(2));
}
