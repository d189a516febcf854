//! A few seeds with every change; `cargo xtask simulate` plays thousands, and the simulation's own promises.

use crate::{
    campaign::{self, Seeds},
    plan::{Plan, Shape},
    run,
};
use kernel::{Randomness, SystemRandomness};
use shop_client::Progress;

fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

fn books_balance(seeds: Seeds) {
    let shapes = [Shape::One, Shape::Fleet];
    let campaign = campaign::run(seeds, &shapes, threads(), None, Progress::Silent);
    if let Some(failure) = &campaign.failure {
        crate::report::print_failure(failure);
        panic!(
            "seed {} in {}: {:?}",
            failure.plan.seed,
            failure.plan.shape.word(),
            failure.violations
        );
    }
    assert!(campaign.simulated.as_secs() > 10 * seeds.count);
}

#[test]
fn books_balance_for_seeds_that_stay() {
    books_balance(Seeds { first: 1, count: 16 });
}

#[test]
fn books_balance_for_fresh_seeds() {
    let first = SystemRandomness.below(1 << 40);
    println!("fresh seeds from {first}");
    books_balance(Seeds { first, count: 16 });
}

#[test]
fn one_seed_is_one_history() {
    for seed in 0..8 {
        for shape in [Shape::One, Shape::Fleet] {
            let history = || run::play(Plan::of(seed, shape)).unwrap();
            let (one, two) = (history(), history());
            let differs = one.story.iter().zip(&two.story).find(|(one, two)| one != two);
            assert_eq!(differs, None, "seed {seed} in {}", shape.word());
            assert_eq!(one.fingerprint, two.fingerprint, "seed {seed} in {}", shape.word());
        }
    }
}

#[test]
fn another_seed_is_another_history() {
    let history = |seed| run::play(Plan::of(seed, Shape::One)).unwrap().fingerprint;
    assert_ne!(history(1), history(2));
}
