//! What a run of seeds prints.

use crate::{
    campaign::{Campaign, Failure, Seeds},
    plan::Shape,
    world::Violation,
};

/// The figures, and what was seen.
pub(crate) fn print(campaign: &Campaign, seeds: Seeds, shapes: &[Shape]) {
    let words: Vec<_> = shapes.iter().map(|shape| shape.word()).collect();
    let Seeds { first, count } = seeds;
    println!("seen");
    for (what, times) in campaign.coverage.all() {
        println!("  {times:>9}  {what}");
    }
    let spots = campaign.blind_spots(seeds, shapes);
    for spot in &spots {
        println!(
            "  blind spot: {} was seen {} times, {} are needed",
            spot.what, spot.seen, spot.needed
        );
    }
    let seconds = campaign.took.as_secs_f64().max(0.001);
    let played = u32::try_from(campaign.played).unwrap_or(u32::MAX);
    println!(
        "seeds      {first} to {} in {}",
        first.wrapping_add(count.saturating_sub(1)),
        words.join(" and ")
    );
    let plays = f64::from(played) / seconds;
    let shapes_of_each = u32::try_from(shapes.len()).unwrap_or(1).max(1);
    let seeds = plays / f64::from(shapes_of_each);
    println!("played     {played} in {seconds:.1} s: {plays:.1} plays/s, {seeds:.1} seeds/s");
    println!("simulated  {:.1} days", campaign.simulated.as_secs_f64() / 86_400.0);
    let again = if shapes.len() == 1 { format!(" --shape {}", words[0]) } else { String::new() };
    println!("again with cargo xtask simulate --seed {first} --seeds {count}{again}");
    if campaign.failure.is_none() && spots.is_empty() {
        println!("all books balance");
    }
}

/// A failure as it was found.
pub(crate) fn print_failure(failure: &Failure) {
    let Failure { plan, violations, .. } = failure;
    println!();
    println!("FAILED  seed {}, shape {}", plan.seed, plan.shape.word());
    print_violations(violations);
    println!(
        "the whole story: cargo xtask simulate --seed {} --shape {} --story",
        plan.seed,
        plan.shape.word()
    );
}

/// The same failure, as small as it was made.
pub(crate) fn print_shrunk(failure: &Failure) {
    let Failure { plan, violations, story } = failure;
    println!();
    println!("the smallest plan that fails so");
    println!("  {:?}", plan.terms);
    println!("  {:?}", plan.weather);
    for article in &plan.articles {
        println!("  {article:?}");
    }
    for act in &plan.acts {
        println!("  {act:?}");
    }
    for strike in &plan.strikes {
        println!("  {strike:?}");
    }
    println!();
    println!("its story, in simulated time");
    for line in story {
        println!("{line}");
    }
    print_violations(violations);
}

fn print_violations(violations: &[Violation]) {
    for Violation { invariant, what } in violations.iter().take(5) {
        println!("  {invariant}: {what}");
    }
}
